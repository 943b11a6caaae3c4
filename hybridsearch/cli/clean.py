"""`hybridsearch clean`: list the leftovers of interrupted runs and former indices, and remove them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch


@click.command("clean")
@click.option("--list", "only_list", is_flag=True, help="List all generations and remove nothing.")
@click.option("--all", "everything", is_flag=True, help="Also remove the generations that are kept for a rollback.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
@options.config
def command(only_list: bool, everything: bool, yes: bool, as_json: bool, config: Path | None) -> int:
    """List the leftovers of interrupted runs, ask, and remove them. An interrupted run then restarts."""
    with HybridSearch.open(config) as shop:
        generations = shop.engine.generations()
        doomed = [] if only_list else shop.leftovers(kept=everything)
        if not as_json:
            for generation in generations:
                fate = " - to be removed" if generation in doomed else ""
                size = f"{generation.documents:,} products, {generation.bytes / 1e6:,.1f} MB"
                click.echo(f"{generation.name}  {generation.state}, {size}{fate}")
            if not doomed and not only_list:
                click.echo("Nothing to remove.")
        if doomed and not yes:
            click.confirm(f"Remove {len(doomed)} of them?", abort=True, err=True)
        shop.clean(doomed)
    if as_json:
        removed = [generation.name for generation in doomed]
        show.print_json({"generations": [asdict(generation) for generation in generations], "removed": removed})
    elif doomed:
        click.echo(f"Removed {len(doomed)}.")
    return 0
