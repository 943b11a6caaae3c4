"""`hybridsearch serve`: the page and the JSON API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.settings import Settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine a token is required.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--edit", is_flag=True, help="Let the page change files of the shop; it has nothing to change yet.")
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Another configuration, to be seen beside this one; several times.",
)
@click.option(
    "--judgments",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judged queries that set-ups are compared by. Default: those of the configuration.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
@options.config
def command(
    host: str,
    port: int,
    edit: bool,
    beside: tuple[Path, ...],
    judgments: Path | None,
    opened: bool,
    config: Path | None,
) -> None:
    """Show the shop as a page in the browser, and answer other programs as JSON, until Ctrl-C."""
    from hybridsearch.web import serving

    def ready(address: str) -> None:
        click.echo(f"The page is at {address} and the API at {address}api/openapi.json. Stop with Ctrl-C.")
        if opened:
            click.launch(address)

    served = serving.serve(
        Settings.load(config),
        host,
        port,
        edit=edit,
        say=show.say,
        ready=ready,
        beside=beside,
        judgments=judgments,
    )
    asyncio.run(served)
