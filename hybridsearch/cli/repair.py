"""`hybridsearch repair`: what `doctor` finds damaged and no rebuild replaces."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch


@click.command("repair")
@options.as_json
@options.config
def command(as_json: bool, config: Path | None) -> int:
    """Put a damaged log of changes aside, keep what can be read of it, and say what is missing."""
    with HybridSearch.open(config) as shop:
        done = shop.engine.repair()
    if as_json:
        show.print_json({"done": done})
        return 0
    for sentence in done or ["Nothing to repair."]:
        click.echo(sentence)
    return 0
