"""Output for people: tables on a terminal, plain lines in a pipe. Catalogue text is never read as markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hybridsearch.clients.presenting import encoded
from hybridsearch.roles import Fields
from hybridsearch.suggestion import Suggestions
from hybridsearch.texts import text
from hybridsearch.values import FacetDetails, Hit, Page, Reject, Row

if TYPE_CHECKING:
    from hybridsearch.engines.base import Engine
    from hybridsearch.search.plan import Plan
    from hybridsearch.search.why import Why

VALUES_SHOWN = 12
"""Values of a facet on a terminal; `--json` has all."""


def out() -> Console:
    """Return the console for results; in a pipe, lines are not folded."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=200)


def print_json(data: Any) -> None:
    """Print one object for programs, in UTF-8 whatever a query or a row holds."""
    click.echo(encoded(data))


def safe(value: object, limit: int = 80) -> str:
    """Return catalogue text for a terminal: one line, no control characters, no markup."""
    words = " ".join(text.clean(str(value)).split())
    return escape(words if len(words) <= limit else words[: limit - 1] + "…")


def line(sentence: str) -> str:
    """Return a sentence in which names or values of a catalogue stand as one line without control characters."""
    return " ".join(text.clean(sentence, 500).splitlines())


def page(
    hits: Page,
    title_field: str | None,
    *,
    first: int = 1,
    more: Callable[[Hit], Sequence[str]] = lambda _: (),
    whole: bool = False,
) -> None:
    """Print a page: rank from `first`, score, id, title, the largest signals or the `whole` score, and `more` lines."""
    console = out()
    for note in (*hits.degraded, *hits.notes):
        click.echo(f"Note: {note}", err=True)
    if hits.heard:
        sure = f"{hits.heard.confidence:.0%}"
        console.print(f"Heard: {safe(hits.heard.text, 200) or '-'} ({safe(hits.heard.language) or '?'}, {sure})")
    console.print(f"{hits.total:,} products, page {hits.number}, {hits.took_ms:.1f} ms")
    if hits.rules:
        console.print(f"Rules: {', '.join(safe(name) for name in hits.rules)}")
    if hits.redirect:
        console.print(f"Redirect: {safe(hits.redirect, 200)}")
    for banner in hits.banners:
        console.print(f"Banner: {safe(json.dumps(banner, ensure_ascii=False, default=str), 200)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("#", "score", "id", "title", "because"):
        table.add_column(name, justify="right" if name in ("#", "score") else "left", overflow="fold")
    for rank, hit in enumerate(hits, first):
        signals = ", ".join(f"{name} {value:.2f}" for name, value in list(hit.signals.items())[: None if whole else 3])
        table.add_row(str(rank), f"{hit.score:.3f}", safe(hit.id, 24), safe(title(hit, title_field), 60), signals)
        for more_line in more(hit):
            table.add_row("", "", "", f"[dim]{safe(more_line, 200)}[/dim]", "")
    if hits:
        console.print(table)
    if hits.suggestions:
        console.print(f"Try: {', '.join(safe(words, 40) for words in hits.suggestions)}")
    for name, counts in hits.facets.items():
        console.print(f"[bold]{safe(name)}[/bold]: {facet(counts, hits.details.get(name, FacetDetails()))}")


def regions(hits: Page, title_field: str | None) -> None:
    """Print what is in a photo of several things, with the box of each, and the titles of what was found for it."""
    console = out()
    for each in hits.regions:
        console.print(f"In the photo: --region {','.join(f'{side:g}' for side in each.box)}")
        for hit in each.hits:
            console.print(f"  {hit.score:.3f}  {safe(hit.id, 24)}  {safe(title(hit, title_field), 60)}")


def products(hits: Page, fields: Fields, *, as_json: bool) -> None:
    """Print a page that nobody typed words for: with the variants of its products and why they are there."""
    if as_json:
        print_json(hits.to_json())
        return

    def lines(hit: Hit) -> list[str]:
        shown = [] if hit.variant is None else [variant(hit.variant, fields)]
        return [*shown, f"because you looked at {hit.looked_at}"] if hit.looked_at else shown

    page(hits, fields.title, first=hits.offset + 1, more=lines)


def suggestions(found: Suggestions, title_field: str | None) -> None:
    """Print suggestions with their kind and count, and the titles of the products."""
    for reason in found.degraded:
        say(f"Note: {reason}")
    console = out()
    console.print(f"{len(found)} suggestions, {found.took_ms:.1f} ms")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("suggestion", "kind", "count", ""):
        table.add_column(name, justify="right" if name == "count" else "left", overflow="fold")
    for each in found:
        inside = f"with {each.query}" if each.filters and each.query else ""
        table.add_row(safe(each.text, 60), each.kind, f"{each.count:,}", safe(inside, 60))
    if found:
        console.print(table)
    for hit in found.products:
        console.print(f"{safe(hit.id, 24)}  {safe(title(hit, title_field), 60)}")


def facet(counts: Mapping[str, int], details: FacetDetails) -> str:
    """Return the nodes above a facet, its first counts, the sum of the others, and what is known of its numbers."""
    shown = list(counts.items())[:VALUES_SHOWN]
    parts = counted(shown)
    if other := details.other + sum(counts.values()) - sum(count for _, count in shown):
        parts.append(f"others ({other})")
    if details.mean is not None:
        parts.append(f"from {details.minimum:.10g} to {details.maximum:.10g}, mean {details.mean:.10g}")
    above = ", ".join(counted(details.nodes.items()))
    return ": ".join(filter(None, [above and f"in {above}", ", ".join(parts)]))


def counted(values: Iterable[tuple[str, int]]) -> list[str]:
    """Return each value of a facet with its count."""
    return [f"{safe(value, 60)} ({count})" for value, count in values]


def title(hit: Hit, field: str | None) -> str:
    """Return the title of a product, empty without a title field."""
    from hybridsearch.inputs.rows import field as lookup
    from hybridsearch.inputs.rows import strings

    return " ".join(strings(lookup(hit.product, field))) if field else ""


def variant(found: Row, fields: Fields) -> str:
    """Return what a variant has in the fields that have a role."""
    from hybridsearch.document import as_row
    from hybridsearch.inputs.rows import field as lookup
    from hybridsearch.inputs.rows import strings

    row = as_row(found, fields)
    names = sorted(fields.names_of_variants, key=lambda name: name in fields.codes)
    said = ((fields.within_variant(name), ", ".join(strings(lookup(row, name)))) for name in names)
    return "; ".join(f"{name} {value}" for name, value in said if value)


def why(found: Why, *, as_json: bool) -> None:
    """Print why a product is where it is, or is not found."""
    if as_json:
        print_json(found.to_json())
        return
    click.echo(f"{line(found.id)}: {line(found.verdict)}")
    if found.matched or found.missing:
        click.echo(f"has: {line(' '.join(found.matched)) or '-'}   lacks: {line(' '.join(found.missing)) or '-'}")
    for reason in found.because:
        click.echo(line(reason))
    for bar in found.bars:
        click.echo(f"  {bar.added:.3f} of {bar.weight:.3f}  {line(bar.name)}")


def plan(engine: Engine, planned: Plan, *, as_json: bool) -> None:
    """Print a plan with the exact request, or this alone as JSON."""
    request = engine.request(planned)
    if as_json:
        print_json(request.to_json())
    else:
        click.echo(f"{planned}\n{request}")


def rejects(shown: Sequence[Reject], total: int, where: str) -> None:
    """Print the first rejects, and where all are."""
    for reject in shown[:5]:
        click.echo(f"  {line(f'{reject.where}: {reject.stage}: {reject.reason}')}", err=True)
    if shown:
        click.echo(f"  {total:,} products rejected; {where}", err=True)


def say(sentence: str) -> None:
    """Print a sentence on standard error."""
    click.echo(line(sentence), err=True)
