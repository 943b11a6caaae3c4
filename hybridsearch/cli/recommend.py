"""`hybridsearch recommend`: the start page of a person, by what they looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch


@click.command("recommend")
@click.argument("history", metavar="ID,ID,…", default="")
@click.option("--again", is_flag=True, help="Show what they looked at too.")
@options.listing
@options.strict
@options.timeout
@options.planned
@options.as_json
@options.config
def command(
    history: str,
    again: bool,
    asked: dict[str, Any],
    strict: bool,
    timeout: float | None,
    planned: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show products for a person who looked at some, the newest last; without any, the shop as it is browsed."""
    looked_at = options.ids(history)
    with HybridSearch.open(config) as shop:
        if planned:
            show.plan(shop.engine, shop.plan_recommended(looked_at, again=again, **asked), as_json=as_json)
            return
        hits = shop.recommend(looked_at, again=again, **asked, strict=strict, timeout=timeout)
        show.products(hits, shop.settings.fields, as_json=as_json)
