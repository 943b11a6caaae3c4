"""Files for a browser: a page of products by `--html` and `--open`, and how a report is written."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hybridsearch.clients.client import HybridSearch
from hybridsearch.disk import modes
from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.values import Page


def saving(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a page as a file; it gets them as `saved`, which is None where neither is given."""

    @wraps(command)
    def with_saved(html: Path | None, opened: bool, **others: Any) -> Any:
        from hybridsearch.web import extra

        if html or opened:
            if others["planned"]:
                raise click.UsageError("--plan searches nothing: leave out --html and --open.")
            extra.require(("jinja2",))
        return command(saved=Saved(html, opened) if html or opened else None, **others)

    to_file = click.option(
        "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with pictures, in one file."
    )
    to_browser = click.option("--open", "opened", is_flag=True, help="Show that page in a browser.")
    return to_file(to_browser(with_saved))


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a page of products is written.

    Attributes:
        path: The file; None: a temporary one.
        opened: Whether a browser is to show it.
    """

    path: Path | None
    opened: bool

    def write(self, shop: HybridSearch, hits: Page, asked: str, photo: Path | None = None) -> None:
        """Write a page, and show it if so.

        Args:
            shop: Where it was found.
            hits: What was found.
            asked: What for.
            photo: That was searched with.

        Raises:
            ConfigError: The file cannot be written.
        """
        from hybridsearch.thumbnails import Thumbnails, data_address, small
        from hybridsearch.web import saved

        rows = {hit.id: hit.product for hit in (*hits, *(each for region in hits.regions for each in region.hits))}
        with Thumbnails(shop.settings) as thumbnails:
            pictures = thumbnails.embedded(rows)
        page = saved.html(
            hits,
            shop.settings.fields,
            pictures,
            heading=f"{asked}, {datetime.now(UTC):%Y-%m-%d}",
            photo=data_address(small(photo.read_bytes())) if photo else "",
            synonyms=shop.guidance.synonyms[0],
        )
        path = self.path or temporary()
        write_html(path, page, "page")
        if self.opened and click.launch(str(path)):
            click.echo("No browser could be started: open the file in one.", err=True)


def temporary() -> Path:
    """Return the path of a new temporary file; `modes` makes it private, as such a folder is shared with strangers."""
    return Path(tempfile.gettempdir()) / f"hybridsearch-{secrets.token_urlsafe(8)}.html"


def write_html(path: Path, page: str, what: str) -> None:
    """Write a file for a browser, and say where it is.

    Args:
        path: Where.
        page: Its content.
        what: What it is called.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        modes.write(path, page.encode(errors="replace"))
    except OSError as error:
        raise ConfigError(f"Cannot write the {what} {shown(path)}: {error.strerror}. Name another file.") from error
    click.echo(f"The {what} is in {shown(path)}.", err=True)
