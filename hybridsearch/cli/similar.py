"""`hybridsearch similar`: products like one of the index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.facets import read_facets
from hybridsearch.cli.filters import read_filters
from hybridsearch.client import HybridSearch


@click.command("similar")
@click.argument("product", metavar="ID")
@options.size
@options.page
@options.filters
@options.facets
@options.strict
@options.timeout
@options.planned
@options.as_json
@options.config
def command(
    product: str,
    size: int,
    page: int,
    filters: tuple[str, ...],
    facets: tuple[str, ...],
    strict: bool,
    timeout: float | None,
    planned: bool,
    as_json: bool,
    config: Path | None,
) -> None:
    """Show products like one, which is named by its ID; it itself is left out."""
    with HybridSearch.open(config) as shop:
        arguments: dict[str, Any] = {
            "filters": read_filters(filters),
            "facets": read_facets(facets),
            "page": page,
            "size": size,
        }
        if planned:
            show.plan(shop.engine, shop.plan_similar(product, **arguments), as_json=as_json)
            return
        hits = shop.similar(product, **arguments, strict=strict, timeout=timeout)
        show.products(hits, shop.settings.fields, as_json=as_json)
