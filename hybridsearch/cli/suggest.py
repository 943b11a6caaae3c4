"""`hybridsearch suggest`: what a shopper may be about to type."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch
from hybridsearch.search.filters.written_filters import read_filters


@click.command("suggest")
@click.argument("query", default="")
@click.option("-k", "size", default=8, show_default=True, type=click.IntRange(min=0, max=50), help="Suggestions.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FIELD=VALUE",
    help="As of `search`; what is suggested finds something under it.",
)
@options.as_json
@options.config
def command(query: str, size: int, filters: tuple[str, ...], as_json: bool, config: Path | None) -> None:
    """Suggest queries, words, categories and brands for what is typed so far, and a few products."""
    with HybridSearch.open(config) as shop:
        found = shop.suggest(query, size=size, filters=read_filters(filters))
        if as_json:
            show.print_json(found.to_json())
        else:
            show.suggestions(found, shop.settings.fields.title)
