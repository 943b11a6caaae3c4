"""`hybridsearch similar`: products like one of the index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.saved import Saved, saving
from hybridsearch.clients.client import HybridSearch


@click.command("similar")
@click.argument("product", metavar="ID")
@options.listing
@options.strict
@options.timeout
@options.planned
@saving
@options.as_json
@options.config
def command(
    product: str,
    asked: dict[str, Any],
    strict: bool,
    timeout: float | None,
    planned: bool,
    saved: Saved | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show products like one, which is named by its ID; it itself is left out."""
    with HybridSearch.open(config) as shop:
        if planned:
            show.plan(shop.engine, shop.plan_similar(product, **asked), as_json=as_json)
            return
        hits = shop.similar(product, **asked, strict=strict, timeout=timeout)
        show.products(hits, shop.settings.fields, as_json=as_json)
        if saved:
            saved.write(shop, hits, f"Like {product}")
