"""`hybridsearch search`: words, typed or spoken, a photo or a video, or both."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.saved import Saved, saving
from hybridsearch.clients import presenting
from hybridsearch.clients.client import HybridSearch
from hybridsearch.roles import Fields
from hybridsearch.search import explain
from hybridsearch.search.facets.written_facets import read_facets
from hybridsearch.search.filters.written_filters import read_filters
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.values import Hit, Page


@click.command("search")
@click.argument("query", default="")
@click.option("--image", "--photo", type=click.Path(path_type=Path), help="A photo to search with.")
@click.option("--region", metavar="L,T,R,B", help="The part of it that is meant, as the 'box' of a region says it.")
@click.option("--regions/--no-regions", default=True, help="What each of several things in a photo finds.")
@click.option("--audio", type=click.Path(path_type=Path), help="A recording of a spoken query.")
@click.option("--video", type=click.Path(path_type=Path), help="A video to search with, in place of a photo.")
@options.size
@options.page
@click.option("--cursor", metavar="TOKEN", help="What comes behind a page: its 'cursor', which --json shows.")
@options.filters
@click.option("--any", "either", multiple=True, metavar="FIELD=VALUE", help="A filter; one of these must hold.")
@click.option("--exists", multiple=True, metavar="FIELD", help="Products that have a field.")
@click.option("--missing", multiple=True, metavar="FIELD", help="Products that lack a field.")
@options.facets
@click.option("--history", metavar="ID,ID,…", help="What the person looked at, the newest last: what is like it gains.")
@click.option("--sort", multiple=True, metavar="FIELD:asc|desc", help="Order by a field, then the next, not by score.")
@click.option(
    "--explain", "explained", is_flag=True, help="Show all signals of each hit, and words matched and missing."
)
@click.option("--diverse", is_flag=True, help="Each hit adds something to those before it.")
@click.option("--highlight", is_flag=True, help="Show where the words are in title and texts, as HTML.")
@options.strict
@options.timeout
@click.option("--variant", type=click.Choice(["a", "b", "interleaved"]), help="The arm of a test of two weightings.")
@click.option("--why-not", metavar="ID", help="Say why a product is where it is, or is not found, in place of hits.")
@options.planned
@saving
@options.as_json
@options.config
def command(
    query: str,
    image: Path | None,
    region: str | None,
    regions: bool,
    audio: Path | None,
    video: Path | None,
    size: int,
    page: int,
    cursor: str | None,
    filters: tuple[str, ...],
    either: tuple[str, ...],
    exists: tuple[str, ...],
    missing: tuple[str, ...],
    facets: tuple[str, ...],
    history: str | None,
    sort: tuple[str, ...],
    explained: bool,
    diverse: bool,
    highlight: bool,
    strict: bool,
    timeout: float | None,
    variant: str | None,
    why_not: str | None,
    planned: bool,
    saved: Saved | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Search with words, typed or spoken, a photo or a video, or both; with neither, browse what passes the filters."""
    with HybridSearch.open(config) as shop:
        arguments: dict[str, Any] = {
            "image": image,
            "region": options.numbers(region),
            "audio": audio,
            "video": video,
            "filters": read_filters(filters, either, exists, missing),
            "facets": read_facets(facets),
            "history": options.ids(history),
            "sort": sort,
            "page": page,
            "size": size,
            "cursor": cursor,
            "variant": variant,
            "diverse": diverse,
        }
        if why_not is not None:
            paging = ("facets", "page", "size", "cursor", "diverse")
            asked = {name: value for name, value in arguments.items() if name not in paging}
            show.why(shop.why_not(why_not, query, **asked), as_json=as_json)
            return
        if planned:
            show.plan(shop.engine, shop.plan(query, **arguments), as_json=as_json)
            return
        marks = highlight or saved is not None
        hits = shop.search(query, **arguments, highlight=marks, strict=strict, timeout=timeout, regions=regions)
        fields = shop.settings.fields
        synonyms = shop.guidance.synonyms[0]
        if as_json:
            show.print_json(presenting.as_json(hits, fields, synonyms, explained=explained))
        else:
            more = partial(
                lines, page=hits, fields=fields, highlight=highlight, synonyms=synonyms if explained else None
            )
            show.page(hits, fields.title, first=(hits.number - 1) * size + 1, more=more, whole=explained or highlight)
            show.regions(hits, fields.title)
        if saved:
            files = [path.name for path in (image, audio, video) if path]
            heading = [f"“{query}”"] * bool(query) + files + [*filters, *either]
            saved.write(shop, hits, ", ".join(heading) or "All products", image)


def lines(hit: Hit, page: Page, fields: Fields, synonyms: Synonyms | None, *, highlight: bool) -> list[str]:
    """Return what is shown below a hit.

    Args:
        hit: One of the page.
        page: What was found.
        fields: Of the shop.
        synonyms: By which words that the hit has and lacks are told; None tells none.
        highlight: Whether to show where they are.
    """
    marked = [f"{name}: {shown}" for name, shown in hit.highlights.items() if highlight]
    if hit.variant is not None:
        marked.insert(0, show.variant(hit.variant, fields))
    if hit.looked_at:
        marked.append(f"because you looked at {hit.looked_at}")
    if synonyms is None:
        return marked
    words = explain.words(page.spelled or page.query, hit.product, fields, synonyms)
    return [*marked, f"has: {' '.join(words.matched) or '-'}   lacks: {' '.join(words.missing) or '-'}"]
