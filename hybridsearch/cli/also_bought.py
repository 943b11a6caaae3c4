"""`hybridsearch also-bought`: what was bought together with a product."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.facets import read_facets
from hybridsearch.cli.filters import read_filters
from hybridsearch.client import HybridSearch


@click.command("also-bought")
@click.argument("product", metavar="ID")
@options.size
@options.page
@options.filters
@options.facets
@options.timeout
@options.as_json
@options.config
def command(
    product: str,
    size: int,
    page: int,
    filters: tuple[str, ...],
    facets: tuple[str, ...],
    timeout: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show what was bought together with a product, which is named by its ID, as `learn-baskets` learned it."""
    filtered, counted = read_filters(filters), read_facets(facets)
    with HybridSearch.open(config) as shop:
        hits = shop.also_bought(product, filters=filtered, facets=counted, page=page, size=size, timeout=timeout)
        show.products(hits, shop.settings.fields, as_json=as_json)
