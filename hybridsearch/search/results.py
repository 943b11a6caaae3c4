"""What an engine found becomes the page that its plan asked for: the same, whichever engine it was. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hybridsearch.search.diversity import diversified
from hybridsearch.search.facets.counts import FACET_VALUES, Facet
from hybridsearch.search.filters import cursor, letter_case
from hybridsearch.search.filters.cursor import Key, Place
from hybridsearch.search.person.because import explained
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails, Hit, Page, Vector

CUT = "facet '{}' shows {} of its values, the counts of the others add up to {}; a larger size shows more"
UNPROVED = "the words do not fit anything in this catalogue well enough"
MEANT = "they are near to '{}', and no product is called so"


@dataclass(frozen=True, slots=True)
class Results:
    """What an engine found for a plan.

    Attributes:
        hits: As many as are `wanted`, or all that there are.
        total: Number of candidates.
        facets: Count of each value of each facet.
        details: What else is known of each facet.
        written: For each of the filters that are compared, values of the index that may differ in case only.
        keys: What the last hit of the page is put in order by, in a steady order.
        vectors: Of each hit by leg, of those legs that are shown.
        proved: Whether candidates have what the proofs need; else the page is empty.
        counted: Of what is counted beside the candidates, how many products each has.
        degraded: What the engine could not do.
    """

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    details: Mapping[str, FacetDetails] = field(default_factory=dict)
    written: Sequence[Iterable[str]] = ()
    keys: Sequence[Key] = ()
    vectors: Sequence[Mapping[str, Vector]] = ()
    proved: bool = True
    counted: Sequence[int] = ()
    degraded: Sequence[str] = ()


def page_of(plan: Plan, found: Results) -> Page:
    """Return the page that a plan makes of what was found."""
    total, hits = (found.total, tuple(found.hits)) if found.proved else (0, ())
    vectors = {hit.id: own for hit, own in zip(hits, found.vectors, strict=True)} if found.vectors and hits else {}
    if plan.diverse and plan.is_diverse:
        hits = tuple(diversified(hits, found.vectors, plan.diverse)[plan.offset :])
    shown = hits[: plan.size]
    more = len(hits) > plan.size if plan.after else plan.offset + len(hits) < total
    if plan.taste.seen:
        shown = explained(shown, plan.taste, plan.signals, vectors)
    return Page(
        query=plan.query,
        hits=shown,
        total=total,
        facets=found.facets if found.proved else {facet.field: {} for facet in plan.facets},
        details={facet.field: details_of(found, facet) for facet in plan.facets},
        number=plan.number,
        cursor=cursor_behind(plan, shown, found.keys) if more else "",
        degraded=(*plan.degraded, *found.degraded),
        notes=tuple(notes(plan, found)),
        spelled=plan.spelled,
        corrected=plan.corrected,
        dropped=plan.dropped,
        suggestions=() if total else plan.suggestions,
        counted=tuple(found.counted),
        rules=plan.ruled.names,
        redirect=plan.ruled.redirect,
        banners=plan.ruled.banners,
        offset=plan.offset,
        filters=plan.given_filters,
        sort=tuple(f"{sort.field}:{'desc' if sort.descending else 'asc'}" for sort in plan.sort),
    )


def notes(plan: Plan, found: Results) -> Iterator[str]:
    """Yield what the page says beside its hits."""
    yield from plan.notes
    pairs = zip(plan.compared, found.written, strict=True) if found.written else ()
    yield from itertools.chain.from_iterable(letter_case.notes(*pair) for pair in pairs)
    for facet in cut_short(plan, found):
        yield CUT.format(facet.field, facet.size, details_of(found, facet).other)
    if not found.proved:
        yield UNPROVED
        yield from (MEANT.format(proof.goods) for proof in plan.proofs if proof.goods)


def details_of(found: Results, facet: Facet) -> FacetDetails:
    """Return what else is known of a facet."""
    return found.details.get(facet.field, FacetDetails()) if found.proved else FacetDetails()


def cut_short(plan: Plan, found: Results) -> Iterator[Facet]:
    """Yield the facets that do not show all their values though nobody asked for so many."""
    return (facet for facet in plan.facets if facet.size == FACET_VALUES and details_of(found, facet).other)


def cursor_behind(plan: Plan, shown: Sequence[Hit], keys: Sequence[Key]) -> str:
    """Return the cursor of the page behind some hits; empty where it cannot be had."""
    if not shown or not plan.is_steady:
        return ""
    seen = plan.offset + len(shown)
    return cursor.write(Place(shown[-1].id, tuple(keys), seen, plan.least, plan.found), plan.identity)
