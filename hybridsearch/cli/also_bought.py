"""`hybridsearch also-bought`: what was bought together with a product."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch


@click.command("also-bought")
@click.argument("product", metavar="ID")
@options.listing
@options.timeout
@options.as_json
@options.config
def command(
    product: str,
    asked: dict[str, Any],
    timeout: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show what was bought together with a product, which is named by its ID, as `learn-baskets` learned it."""
    with HybridSearch.open(config) as shop:
        hits = shop.also_bought(product, **asked, timeout=timeout)
        show.products(hits, shop.settings.fields, as_json=as_json)
