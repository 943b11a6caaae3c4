"""`hybridsearch doctor`: what works, what does not, and what to do next."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hybridsearch.cli import UNREACHABLE, options, show
from hybridsearch.clients.client import HybridSearch
from hybridsearch.doctor import checks, ready
from hybridsearch.engines.base import Check
from hybridsearch.errors import HybridSearchError

COLOURS = {"ok": "green", "warning": "yellow", "failure": "red"}


@click.command("doctor")
@click.option("--ready", is_flag=True, help="Only try one search: exit code 0 if nothing of its answer is missing.")
@options.as_json
@options.config
def command(ready: bool, as_json: bool, config: Path | None) -> int:
    """Check server, licence, index, encoder and weights, and say what to do next."""
    with HybridSearch.open(config) as shop:
        results = [readiness(shop)] if ready else checks(shop)
    if as_json:
        show.print_json([asdict(check) for check in results])
    else:
        console = show.out()
        width = max(len(check.name) for check in results) + 2
        for check in results:
            state = f"[{COLOURS[check.state]}]{check.state:8}[/]"
            step = f"\n{' ' * (9 + width)}→ {show.safe(check.next_step, 200)}" if check.next_step else ""
            console.print(f"{state} {check.name:{width}}{show.safe(check.found, 300)}{step}", soft_wrap=True)
    return UNREACHABLE if any(check.state == "failure" for check in results) else 0


def readiness(shop: HybridSearch) -> Check:
    """Say whether searches work now, with words and, where pictures are read, a photo."""
    try:
        shop.warm_up(suggestions=False)
    except HybridSearchError as error:
        return ready(error)
    return ready()
