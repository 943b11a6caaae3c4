"""`hybridsearch serve`: the page and the JSON API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.disk.paths import shown
from hybridsearch.settings import Settings

FILE = click.Path(path_type=Path)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine a token is required.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--edit", is_flag=True, help="Let the page rebuild, roll back, learn, and edit rules and synonyms.")
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
@click.option(
    "--judge", type=FILE, metavar="FILE", help="Let people judge products on /judge, and add their grades to this file."
)
@click.option("--queries", type=FILE, metavar="FILE", help="The queries to judge; left out: those of the shop's log.")
@click.option("--show", "fields", multiple=True, metavar="FIELD", help="Of a product, to whoever judges it.")
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser.")
@options.config
def command(
    host: str,
    port: int,
    edit: bool,
    beside: tuple[Path, ...],
    judgments: Path | None,
    judge: Path | None,
    queries: Path | None,
    fields: tuple[str, ...],
    opened: bool,
    config: Path | None,
) -> None:
    """Show the shop as a page in the browser, and answer other programs as JSON, until Ctrl-C."""
    from hybridsearch.web import JudgeOptions, serving

    if judge is None and (queries or fields):
        raise click.UsageError("--queries and --show are for --judge FILE. Name the file of judgments too.")
    judged = None if judge is None else JudgeOptions(judge, queries, fields)

    def ready(address: str) -> None:
        click.echo(f"The page is at {address} and the API at {address}api/openapi.json. Stop with Ctrl-C.")
        if judge:
            click.echo(f"Judge at {address}judge; the grades are added to {shown(judge)}.")
        if opened:
            click.launch(f"{address}judge" if judge else address)

    served = serving.serve(
        Settings.load(config),
        host,
        port,
        edit=edit,
        say=show.say,
        ready=ready,
        beside=beside,
        judgments=judgments,
        judge=judged,
    )
    asyncio.run(served)
