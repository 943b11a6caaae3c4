"""`hybridsearch recommend`: the start page of a person, by what they looked at."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.facets import read_facets
from hybridsearch.cli.filters import read_filters
from hybridsearch.client import HybridSearch


@click.command("recommend")
@click.argument("history", metavar="ID,ID,…", default="")
@click.option("--again", is_flag=True, help="Show what they looked at too.")
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
    history: str,
    again: bool,
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
    """Show products for a person who looked at some, the newest last; without any, the shop as it is browsed."""
    looked_at, filtered, counted = options.ids(history), read_filters(filters), read_facets(facets)
    with HybridSearch.open(config) as shop:
        if planned:
            plan = shop.plan_recommended(looked_at, again=again, filters=filtered, facets=counted, page=page, size=size)
            show.plan(shop.engine, plan, as_json=as_json)
            return
        hits = shop.recommend(
            looked_at,
            again=again,
            filters=filtered,
            facets=counted,
            page=page,
            size=size,
            strict=strict,
            timeout=timeout,
        )
        show.products(hits, shop.settings.fields, as_json=as_json)
