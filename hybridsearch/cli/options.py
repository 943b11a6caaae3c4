"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hybridsearch.search.facets.written_facets import read_facets
from hybridsearch.search.filters.written_filters import read_filters

config = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    help="Configuration file. Default: hybridsearch.toml in this folder, else the file that HYBRIDSEARCH_CONFIG names.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
irrelevant = click.option(
    "--irrelevant", default=0.0, show_default=True, metavar="GRADE", help="The grade that means irrelevant."
)


def ids(text: str | None) -> list[str]:
    """Return ids that stand in one text with commas between them."""
    return [key for part in (text or "").split(",") if (key := part.strip())]


size = click.option("-k", "size", default=10, show_default=True, type=click.IntRange(min=0), help="Hits on a page.")
page = click.option("--page", default=1, show_default=True, type=click.IntRange(min=1))
filters = click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Also brand!=Acme, price>10, price>=10, price<50 and released<=2025-06-30; all must hold.",
)
facets = click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="FIELD",
    help="Count the values of a field. Also brand,size=200,order=asc and brand,containing=ac, "
    "price,ranges=20:50 and price,bars=10, released,by=month, and of a tree category,below=Home,depth=2.",
)
strict = click.option("--strict", is_flag=True, help="Fail when the answer would come from less than was planned.")
timeout = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Instead of engine.timeout."
)
planned = click.option("--plan", "planned", is_flag=True, help="Show the plan and the exact request; search nothing.")


def listing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a list of products; it gets them as `asked`: arguments of the client's methods."""

    @wraps(command)
    def with_asked(filters: tuple[str, ...], facets: tuple[str, ...], page: int, size: int, **others: Any) -> Any:
        asked = {"filters": read_filters(filters), "facets": read_facets(facets), "page": page, "size": size}
        return command(asked=asked, **others)

    return size(page(filters(facets(with_asked))))


def numbers(value: str | None) -> list[float] | str | None:
    """Return the numbers of an option, which commas separate; what is none is left for the search to refuse."""
    try:
        return None if value is None else [float(part) for part in value.split(",")]
    except ValueError:
        return value
