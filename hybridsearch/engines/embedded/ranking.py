"""Ranking: runs a plan on a view.

Scores are float32 wherever Elasticsearch's are, so that products tied there are tied here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.errors import damaged
from hybridsearch.engines.embedded.bm25 import Scores
from hybridsearch.engines.embedded.counting import count
from hybridsearch.engines.embedded.filters import passing
from hybridsearch.engines.embedded.postings import Ordinals
from hybridsearch.engines.embedded.ranks import best
from hybridsearch.engines.embedded.view import NAME as COMPILED
from hybridsearch.engines.embedded.view import View
from hybridsearch.engines.embedded.window import Window
from hybridsearch.search.clauses import NEIGHBOUR_LIFT, Match, Proof
from hybridsearch.search.counts import Facet
from hybridsearch.search.plan import FIRST_PASS_SHARE, Plan, Sort
from hybridsearch.values import FacetDetails


@dataclass(frozen=True, slots=True)
class Placed:
    """A document on the page."""

    ordinal: int
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The result of a plan: the page's documents in order, and counts of all candidates.

    Attributes:
        plan: What was run, with the score that a product must have, and the bars that numbers are counted in.
    """

    plan: Plan
    placed: list[Placed]
    total: int
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    details: dict[str, FacetDetails] = field(default_factory=dict)
    proved: bool = True


def rank(plan: Plan, view: View) -> Ranking:
    """Run a plan.

    Raises:
        QueryError: It needs a vector leg that the index does not have.
        StoreDamaged: A file was changed in place while it was mapped.
    """
    try:
        return ranked(plan, view)
    except (LookupError, ValueError) as error:
        remedy = "Open the shop again, or run: hybridsearch reindex"
        raise damaged(view.store.folder / COMPILED, "it was changed while it was in use", remedy) from error


def ranked(plan: Plan, view: View) -> Ranking:
    """Run a plan on a view whose files are as they were written."""
    docs, first = found(plan, view)
    if plan.proof and not is_proved(plan.proof, Window(view, np.sort(docs[best(first, plan.window)]))):
        return Ranking(plan, [], 0, proved=False)
    if plan.needs_best and len(docs):
        leader, *_ = by_score(plan.best(), view, docs, first)
        plan = plan.near(leader.score, len(docs))
        docs, first = reaching(plan, view, docs, first)
    if plan.sort:
        placed = scored(plan, view, in_order(plan.sort, view, docs, plan.offset + plan.size))
    else:
        placed = by_score(plan, view, docs, first)
    counted = [count(view, facet, counted_by(plan, facet, view, docs)) for facet in plan.facets]
    return Ranking(
        replace(plan, facets=tuple(facet for facet, _, _ in counted)),
        placed[plan.offset : plan.offset + plan.size],
        len(docs),
        {facet.field: values for facet, values, _ in counted},
        {facet.field: details for facet, _, details in counted},
    )


def found(plan: Plan, view: View) -> tuple[Ordinals, Scores]:
    """Return what is found: the candidates, where a score is needed those that reach it; as `candidates` does."""
    return reaching(plan, view, *candidates(plan, view))


def reaching(plan: Plan, view: View, docs: Ordinals, first: Scores) -> tuple[Ordinals, Scores]:
    """Return those of some candidates that reach the score that a product must have."""
    if not plan.least:
        return docs, first
    near = total(contributions(plan, Window(view, docs))) >= plan.least
    return docs[near], first[near]


def counted_by(plan: Plan, facet: Facet, view: View, docs: Ordinals) -> Ordinals:
    """Return the documents that a facet counts: what is found, and what would be without the filters on its field."""
    if not plan.own(facet):
        return docs
    either = np.zeros(view.documents, np.bool_)
    either[docs] = either[found(plan.as_counted(facet), view)[0]] = True
    return np.flatnonzero(either).astype(np.int32)


def is_proved(proof: Proof, window: Window) -> bool:
    """Tell whether a document of the window has what the proof needs."""
    evidence = window.counted(proof.words) + window.nearest(proof.near)
    known = proof.codes is not None and bool(np.isin(window.docs, window.view.carrying(proof.codes)).any())
    return known or bool((evidence >= proof.needed).any())


def candidates(plan: Plan, view: View) -> tuple[Ordinals, Scores]:
    """Return the candidates, ascending, and the score of each in the first pass."""
    allowed = passing(plan.filters, view) if plan.filters else None
    if plan.kind == "browse":
        everything = np.arange(view.documents) if allowed is None else np.flatnonzero(allowed)
        return everything.astype(np.int32), np.ones(len(everything), np.float32)
    scores = np.zeros(view.documents, np.float64)
    is_candidate = np.zeros(view.documents, np.bool_)
    if plan.keyword:
        docs, values = match(plan.keyword, view)
        scores[docs] += values
        is_candidate[docs] = True
    for part, lift in plan.codes.by_lift() if plan.codes else ():
        docs = np.unique(view.carrying(part))
        scores[docs] += lift
        is_candidate[docs] = True
    for clause in plan.neighbours:
        docs, cosines = view.leg(clause.leg, clause.vector).nearest(clause.vector, clause.k, clause.floor, allowed)
        scores[docs] += np.float32(NEIGHBOUR_LIFT) * ((1 + cosines) / 2)
        is_candidate[docs] = True
    if allowed is not None:
        is_candidate &= allowed
    docs = np.flatnonzero(is_candidate).astype(np.int32)
    return docs, scores[docs].astype(np.float32)


def match(clause: Match, view: View) -> tuple[Ordinals, Scores]:
    """Return the documents that match in any language, and the score of the best."""
    by_language = [view.text(clause.field, words.language).match(words, view.documents) for words in clause.words]
    if len(by_language) == 1:
        return by_language[0]
    scores = np.zeros(view.documents, np.float32)
    for docs, values in by_language:
        scores[docs] = np.maximum(scores[docs], values)
    matching = np.flatnonzero(scores).astype(np.int32)
    return matching, scores[matching]


def by_score(plan: Plan, view: View, docs: Ordinals, first: Scores) -> list[Placed]:
    """Return the candidates in order of score, down to the end of the page.

    Without signals the first pass is the score, as there is no second one.
    """
    reach = best(first, max(plan.window, plan.offset + plan.size))
    if not plan.signals:
        return [Placed(int(docs[place]), float(first[place])) for place in reach]
    inside, outside = reach[: plan.window], reach[plan.window :]
    inside.sort()
    window = Window(view, docs[inside])
    parts = contributions(plan, window)
    share = np.float32(FIRST_PASS_SHARE)
    scores = first[inside] * share + total(parts)
    names = [signal.name for signal in plan.signals]
    order = best(scores, plan.offset + plan.size)
    return [
        *(Placed(int(docs[inside[place]]), float(scores[place]), named(names, parts[:, place])) for place in order),
        *(Placed(int(docs[place]), float(first[place] * share)) for place in outside),
    ]


def scored(plan: Plan, view: View, ordinals: list[int]) -> list[Placed]:
    """Return documents with their score, where a score is needed."""
    if not plan.least:
        return [Placed(ordinal, 0.0) for ordinal in ordinals]
    docs = np.array(sorted(ordinals), np.int32)
    parts = contributions(plan, Window(view, docs))
    names = [signal.name for signal in plan.signals]
    scores = dict(zip(docs.tolist(), zip(total(parts), parts.T, strict=True), strict=True))
    return [Placed(doc, float(score), named(names, own)) for doc in ordinals for score, own in [scores[doc]]]


def contributions(plan: Plan, window: Window) -> Scores:
    """Return the contribution of each signal (row) to the score of each document (column)."""
    parts = [window.contribution(signal) for signal in plan.signals]
    return np.array(parts, np.float32).reshape(len(parts), len(window.docs))


def total(parts: Scores) -> Scores:
    """Return the sum of the contributions to each document, as exact as a score is."""
    scores: Scores = parts.sum(axis=0, dtype=np.float64).astype(np.float32)
    return scores


def named(names: list[str], parts: Scores) -> dict[str, float]:
    """Return the contributions above 0, the largest first."""
    pairs = sorted(zip(names, parts.tolist(), strict=True), key=lambda pair: -pair[1])
    return {name: value for name, value in pairs if value > 0}


def in_order(sorts: Sequence[Sort], view: View, docs: Ordinals, reach: int) -> list[int]:
    """Return the first `reach` candidates in order of fields; those without one last, ties in order of id."""
    keys = [sort_key(sort, view)[docs] for sort in sorts]
    if 0 < reach < len(docs):
        within = keys[0] <= np.partition(keys[0], reach - 1)[reach - 1]
        docs, keys = docs[within], [key[within] for key in keys]
    by_least = np.array([view.order[docs], *reversed(keys)])
    return [int(ordinal) for ordinal in docs[np.lexsort(by_least)][:reach]]


def sort_key(sort: Sort, view: View) -> NDArray[np.float64]:
    """Return a number for each document that ascends in the order of a field; infinite for those without it."""
    numbers = view.ranks(sort.role, sort.field, sort.descending)
    return np.where(np.isnan(numbers), np.inf, -numbers if sort.descending else numbers)
