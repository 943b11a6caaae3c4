"""`hybridsearch rollback`: make the generation before the live one the live one again."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch


@click.command("rollback")
@click.option("--to", "generation", help="A generation that `clean --list` names. Left out: the one before.")
@options.as_json
@options.config
def command(generation: str | None, as_json: bool, config: Path | None) -> int:
    """Go back to the generation before the live one, in one atomic step."""
    with HybridSearch.open(config) as shop:
        report = shop.rollback(generation)
    if as_json:
        show.print_json(report.to_json())
        return 0
    click.echo(f"'{shop.settings.engine.index}' answers from '{report.now}' again; '{report.before}' is kept.")
    if report.missing:
        click.echo(f"  {report.missing}", err=True)
    else:
        click.echo(f"  {report.changes:,} changes that came in since are in it too.")
    return 0
