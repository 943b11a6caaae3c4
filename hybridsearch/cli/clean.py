"""`hybridsearch clean`: list what dead runs and former indices left behind, and remove it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.client import HybridSearch


@click.command("clean")
@click.option("--list", "only_list", is_flag=True, help="List all generations and remove nothing.")
@click.option("--all", "everything", is_flag=True, help="Remove the generations that are kept to go back to as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
@options.config
def command(only_list: bool, everything: bool, yes: bool, as_json: bool, config: Path | None) -> int:
    """List what dead runs left behind, ask, and remove it. A run that could be continued begins anew afterwards."""
    with HybridSearch.open(config) as shop:
        found = shop.engine.generations()
        doomed = [] if only_list else shop.leftovers(kept=everything)
        if not as_json:
            for each in found:
                fate = " - to be removed" if each in doomed else ""
                click.echo(f"{each.name}  {each.state}, {each.documents:,} products, {each.bytes / 1e6:,.1f} MB{fate}")
            if not doomed and not only_list:
                click.echo("Nothing to remove.")
        if doomed and not yes:
            click.confirm(f"Remove {len(doomed)} of them?", abort=True, err=True)
        shop.clean(doomed)
    if as_json:
        removed = [each.name for each in doomed]
        show.print_json({"generations": [asdict(each) for each in found], "removed": removed})
    elif doomed:
        click.echo(f"Removed {len(doomed)}.")
    return 0
