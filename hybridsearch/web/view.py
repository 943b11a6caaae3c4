"""Decides what the page shows of an answer: cards, facets to click, what is chosen. Pure values, no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from hybridsearch import document
from hybridsearch.errors import QueryError
from hybridsearch.inputs.rows import field as lookup
from hybridsearch.inputs.rows import strings
from hybridsearch.roles import Fields, is_price
from hybridsearch.search.filters.written_filters import parts
from hybridsearch.values import FacetDetails, Hit, Page, Region, Row
from hybridsearch.web import trees
from hybridsearch.web.media import moment, scene_viewer, solids

SIZE = 24
"""Hits on a page."""
MOST_FACETS = 8
VALUES = 12
"""Of a facet that are shown."""
BARS = 6
PICTURED = 3
"""Products that a thing in a photo is shown with."""
LONGEST_TITLE = 200
NAMED = ("locale", "language", "lang")
"""Fields that may say the language of a product."""
KANA, HAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u4e00-\u9fff]")

Pairs = Sequence[tuple[str, str]]
"""Names and values of an address, in their order."""


@dataclass(frozen=True, slots=True)
class Card:
    """A product as it is shown.

    Attributes:
        marked: Its title as HTML with the words of the query marked.
        price: That of the variant that is shown, where that has one of its own.
        variant: What the variant that fits best has: values of its facets, and its codes.
        place: Of this variant among those of the product, from 0, where it has a picture of its own.
        moment: When its video is the most like the query: `1:07`.
        film: The address of the video from then on, where the catalogue has one.
        solids: The kinds of its 3-D files.
        android: By which address Android shows one of them in the room.
    """

    id: str
    title: str
    pictured: bool = False
    language: str = ""
    marked: str = ""
    snippet: str = ""
    price: str = ""
    facts: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    signals: tuple[tuple[str, float], ...] = ()
    variant: tuple[str, ...] = ()
    place: int | None = None
    moment: str = ""
    film: str = ""
    solids: tuple[str, ...] = ()
    android: str = ""

    @property
    def key(self) -> str:
        """Its id as a part of an address."""
        return quote(self.id, safe="")

    @property
    def picture(self) -> str:
        """Its picture below that address."""
        return self.key if self.place is None else f"{self.key}?variant={self.place}"


@dataclass(frozen=True, slots=True)
class Part:
    """A thing in a photo of several: its box as it is asked for, and what was found for it."""

    region: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet; `filter` is how it is written, `href` where a link to it leads."""

    label: str
    filter: str
    count: int
    chosen: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class FacetShown:
    """A facet: values to choose several of, nodes of a tree, or bars of numbers with a lower and an upper bound."""

    name: str
    choices: tuple[Choice, ...] = ()
    is_number: bool = False
    low: str = ""
    high: str = ""
    nodes: tuple[trees.Node, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for, as its address says it.

    Attributes:
        filters: As they are written: `color=red`.
        bounds: By number field its lower and its upper bound, as somebody typed them.
    """

    q: str = ""
    filters: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1

    @property
    def written(self) -> tuple[str, ...]:
        """All filters, those of the bounds too."""
        given = (
            (name, sign, value)
            for name, ends in self.bounds.items()
            for sign, value in zip((">=", "<="), ends, strict=True)
        )
        return (*self.filters, *(f"{name}{sign}{value}" for name, sign, value in given if value))

    def chosen(self, name: str) -> list[str]:
        """Return the values of a field that are filtered by."""
        return [value for key, sign, value in map(parts, self.filters) if (key, sign) == (name, "=")]

    def pairs(self, *, page: int = 1, without: str | None = None, filters: Sequence[str] | None = None) -> Pairs:
        """Return the names and values of its address, on another page, without a filter, or with others."""
        kept = self.written if filters is None else filters
        found = [("q", self.q), *(("filter", each) for each in kept if each != without)]
        found += [("sort", self.sort)] * bool(self.sort) + [("page", str(page))] * (page > 1)
        return [pair for pair in found if pair[1]]


def query_of(pairs: Pairs) -> str:
    """Return names and values as the end of an address."""
    return f"?{urlencode(pairs)}" if pairs else "?"


def asked_of(given: Mapping[str, Sequence[str]], fields: Fields) -> Asked:
    """Return what an address asks for; names that it does not know are passed over, as links carry anything.

    Raises:
        QueryError: The page is no number.
    """
    bounds = {name: (first(given, f"from.{name}"), first(given, f"to.{name}")) for name in fields.numbers}
    page = first(given, "page") or "1"
    if not (page.isdecimal() and 1 <= len(page) <= 6 and int(page)):
        raise QueryError(f"The page is {page[:20]!r}, expected a whole number from 1.")
    filters = narrowed([each for each in given.get("filter", ()) if each], fields)
    kept = {name: ends for name, ends in bounds.items() if any(ends)}
    return Asked(first(given, "q"), filters, kept, first(given, "sort"), int(page))


def narrowed(filters: Sequence[str], fields: Fields) -> tuple[str, ...]:
    """Return filters once each, without nodes of a tree below which another one is chosen: that is what is meant."""
    kept = list(dict.fromkeys(filters))
    for name in [name for name in fields.facets if fields.format(name).levels]:
        form, chosen = fields.format(name), [each for each in kept if each.startswith(f"{name}=")]
        paths = {each: form.path(each.removeprefix(f"{name}=")) for each in chosen}
        wider = {node for path in paths.values() for node in trees.above(form, path)}
        kept = [each for each in kept if paths.get(each) not in wider]
    return tuple(kept)


def first(given: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the first value of a name, without white space around it; empty where there is none."""
    return str(next(iter(given.get(name, ())), "")).strip()


def facets_of(fields: Fields, asked: Asked) -> dict[str, dict[str, Any]]:
    """Return the facets that the page asks for, with their options."""
    names = [name for name in (*fields.facets, *fields.booleans) if can_be_written(name)]
    chosen: dict[str, dict[str, Any]] = {name: {"size": VALUES} for name in names[:MOST_FACETS]}
    for name in chosen:
        if name in fields.facets and (form := fields.format(name)).levels:
            chosen[name] = trees.options(form, asked.chosen(name))
    price = price_field(fields)
    return {**({price: {"bars": BARS}} if price and can_be_written(price) else {}), **chosen}


def can_be_written(name: str) -> bool:
    """Tell whether a filter on a field can be written with an operator behind its name."""
    try:
        return parts(f"{name}=x") == (name, "=", "x")
    except QueryError:
        return False


def price_field(fields: Fields) -> str | None:
    """Return the number field that people look for by its bounds: the price, else the first of all."""
    of_variants = [name for name in fields.numbers if fields.of_variants(name)]
    price = fields.price_in() or fields.price_in(offers=True) or next(filter(is_price, of_variants), None)
    return price or next(iter((*fields.of_products("numbers"), *of_variants)), None)


def facets_shown(page: Page, asked: Asked, fields: Fields) -> Iterator[FacetShown]:
    """Yield the facets of an answer that have something to choose."""
    for name, counts in page.facets.items():
        details = page.details.get(name, FacetDetails())
        if details.filters:
            shown = bars(name, counts, details, asked)
        elif name in fields.facets and fields.format(name).levels:
            shown = tree(name, counts, details, asked, fields)
        else:
            shown = values(name, counts, asked)
        if shown.choices:
            yield replace(shown, label=called(name, fields))


def called(name: str, fields: Fields) -> str:
    """Return what people read for a field: one of variants as it is called there, unless products have such a field."""
    short = fields.within_variant(name)
    return name if short in fields.names else short


def tree(name: str, counts: Mapping[str, int], details: FacetDetails, asked: Asked, fields: Fields) -> FacetShown:
    """Return a facet whose values are paths; what is chosen is shown whether it is counted or not."""
    nodes = trees.nested(fields.format(name), counts, details, asked.chosen(name))
    return FacetShown(name, tuple(flattened(name, nodes)), nodes=nodes)


def flattened(name: str, nodes: Iterable[trees.Node]) -> Iterator[Choice]:
    """Yield the nodes of a tree as choices."""
    for node in nodes:
        yield Choice(node.label, f"{name}={node.path}", node.count, node.chosen)
        yield from flattened(name, node.below)


def values(name: str, counts: Mapping[str, int], asked: Asked) -> FacetShown:
    """Return a facet of values; one that is chosen is shown whether it is counted or not."""
    chosen = asked.chosen(name)
    shown = {**counts, **{value: 0 for value in chosen if value not in counts}}
    return FacetShown(
        name, tuple(Choice(value, f"{name}={value}", count, value in chosen) for value, count in shown.items())
    )


def bars(name: str, counts: Mapping[str, int], details: FacetDetails, asked: Asked) -> FacetShown:
    """Return a facet of numbers: each bar leads to what lies in it."""
    others = [each for each in asked.filters if parts(each)[0] != name]
    low, high = asked.bounds.get(name, ("", ""))
    choices = []
    for label, count in counts.items():
        ends = details.filters.get(label, {})
        within = [f"{name}{sign}{ends[bound]:.15g}" for bound, sign in (("gte", ">="), ("lt", "<")) if bound in ends]
        without_typed = Asked(asked.q, tuple(others), {}, asked.sort)
        chosen = all(each in asked.filters for each in within)
        target = others if chosen else [*others, *within]
        href = query_of(without_typed.pairs(filters=target))
        choices.append(Choice(label.replace("..", " – "), "", count, chosen, href))
    return FacetShown(name, tuple(choices), True, low, high)


def sorts(fields: Fields) -> list[tuple[str, str]]:
    """Return the orders that the page offers, each with what it is called."""
    found = [("", "Best first")]
    for name in [name for name in fields.numbers if can_be_written(name)][:4]:
        label = called(name, fields)
        found += [(f"{name}:asc", f"{label}, low to high"), (f"{name}:desc", f"{label}, high to low")]
    return found + [(f"{name}:desc", f"{name}, newest first") for name in fields.of_products("dates")[:2]]


def card(hit: Hit, fields: Fields, *, signals: bool = False) -> Card:
    """Return a product as it is shown; with its largest `signals` where they cannot be asked for later."""
    row, variant = hit.product, hit.variant
    own = row if variant is None else {**row, **document.as_row(variant, fields)}
    title = text_of(row, fields.title)[:LONGEST_TITLE] or hit.id
    price = price_field(fields)
    facts = (text_of(row, name) for name in fields.of_products("facets")[:4] if name not in NAMED)
    marks = {name: shown for name, shown in hit.highlights.items() if "<mark>" in shown}
    of_variant = (*fields.facets, *fields.codes) if variant is not None else ()
    chosen = (text_of(own, name) for name in of_variant if fields.of_variants(name))
    return Card(
        hit.id,
        title,
        bool(document.pictures(row, fields)),
        language_of(row, title, fields),
        marks.get(fields.title or "", ""),
        next((shown for name, shown in marks.items() if name != fields.title), ""),
        text_of(own, price) if price else "",
        tuple(fact[:60] for fact in facts if fact),
        hit.because,
        tuple(hit.signals.items())[:6] if signals else (),
        tuple(each[:60] for each in chosen if each),
        place_of(variant, row, fields) if variant is not None else None,
        *moment(hit, fields),
        tuple(found := solids(row)),
        scene_viewer(found.get("glb", ""), title),
    )


def part(found: Region, fields: Fields) -> Part:
    """Return a thing in a photo as it is shown."""
    return Part(
        ",".join(f"{side:.4g}" for side in found.box), tuple(card(hit, fields) for hit in found.hits[:PICTURED])
    )


def place_of(variant: Row, row: Row, fields: Fields) -> int | None:
    """Return the place of a variant with a picture of its own among those of its product; None for any other."""
    if not document.pictures(document.as_row(variant, fields), fields):
        return None
    return document.variants(row, fields).index(variant)


def text_of(row: Row, name: str | None) -> str:
    """Return what a product has in a field, as text."""
    return ", ".join(strings(lookup(row, name))) if name else ""


def language_of(row: Row, title: str, fields: Fields) -> str:
    """Return the language of a product, as it says itself, or as its letters tell; empty where neither does."""
    named = next((value for name in NAMED for value in strings(row.get(name)) if value in fields.languages), "")
    if named or len(fields.languages) == 1:
        return named or fields.languages[0]
    if KANA.search(title):
        return "ja"
    return "zh" if HAN.search(title) else ""
