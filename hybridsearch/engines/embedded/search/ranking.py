"""Ranking: runs a plan on a view.

Scores are float32 wherever Elasticsearch's are, so that products tied there are tied here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from hybridsearch.disk.errors import damaged
from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.arrays.ranks import best
from hybridsearch.engines.embedded.compiled.bm25 import Scores
from hybridsearch.engines.embedded.compiled.compiling import NAME as COMPILED
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search import near
from hybridsearch.engines.embedded.search.candidates import Candidates, Found
from hybridsearch.engines.embedded.search.counting import count
from hybridsearch.engines.embedded.search.orders import in_order
from hybridsearch.engines.embedded.search.window import Window, contributions, total
from hybridsearch.search.clauses import Proof
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.cursor import Key
from hybridsearch.search.plan import FIRST_PASS_SHARE, Plan
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
        keys: What the last one of the page is put in order by, in a steady order.
    """

    plan: Plan
    placed: list[Placed]
    total: int
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    details: dict[str, FacetDetails] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
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
    candidates = Candidates(plan, view)
    found = reaching(plan, view, candidates.of(plan))
    if plan.proofs and not all_proved(plan.proofs, leading(found, plan.window)):
        return Ranking(plan, [], 0, proved=False)
    if plan.needs_best and found.chosen.count:
        leader, *_ = by_score(plan.best(), found)
        plan = plan.near(leader.score, found.chosen.count)
        found = reaching(plan, view, found)
    chosen = found.chosen
    keys: tuple[Key, ...] = ()
    if plan.is_steady:
        ordinals, keys = in_order(plan, view, chosen)
        placed = scored(plan, view, ordinals)
    else:
        placed = by_score(plan, found)[plan.skipped :]
    counted = [count(view, plan, facet, counted_by(plan, facet, candidates, chosen)) for facet in plan.facets]
    return Ranking(
        replace(plan, facets=tuple(facet for facet, _, _ in counted)),
        placed,
        chosen.count,
        {facet.field: values for facet, values, _ in counted},
        {facet.field: details for facet, _, details in counted},
        keys,
    )


def reaching(plan: Plan, view: View, found: Found) -> Found:
    """Return those of the candidates that reach the score that a product must have."""
    if not plan.least:
        return found
    return Found(Chosen(found.chosen.documents, near.reaching(plan, view, found.chosen.docs)), found.leaders)


def counted_by(plan: Plan, facet: Facet, candidates: Candidates, chosen: Chosen) -> Chosen:
    """Return the documents that a facet counts: what is found, and what would be without the filters on its field."""
    if not plan.own(facet):
        return chosen
    wider = candidates.of(plan.as_counted(facet)).chosen
    if not (plan.neighbours or plan.least):  # with fewer filters all of them are found again
        return wider
    if plan.least:
        new = wider.within(~chosen.mask).docs
        wider = Chosen(wider.documents, near.reaching(plan, candidates.view, new))
    return chosen.and_also(wider)


def leading(found: Found, k: int) -> Window:
    """Return the `k` documents that lead in the first pass."""
    window, first = found.leaders(k)
    return window.at(np.sort(best(first, k)))


def all_proved(proofs: Iterable[Proof], window: Window) -> bool:
    """Tell whether each of some proofs holds of a document of the window."""
    return all(is_proved(proof, window) for proof in proofs)


def is_proved(proof: Proof, window: Window) -> bool:
    """Tell whether a document of the window has what the proof needs."""
    evidence = window.counted(proof.words) + window.nearest(proof.near)
    known = proof.codes is not None and bool(np.isin(window.docs, window.view.carrying(proof.codes)).any())
    return known or bool((evidence >= proof.needed).any())


def by_score(plan: Plan, found: Found) -> list[Placed]:
    """Return the candidates in order of score, down to the end of the page.

    Without signals the first pass is the score, as there is no second one.
    """
    end = plan.skipped + plan.wanted
    leaders, first = found.leaders(max(plan.window, end))
    docs, reach = leaders.docs, best(first, max(plan.window, end))
    if not plan.signals:
        return [Placed(int(docs[place]), float(first[place])) for place in reach]
    inside, outside = reach[: plan.window], reach[plan.window :]
    inside.sort()
    window = leaders.at(inside)
    parts = contributions(plan, window)
    share = np.float32(FIRST_PASS_SHARE)
    scores = first[inside] * share + total(parts)
    names = [signal.name for signal in plan.signals]
    order = best(scores, end)
    return [
        *map(Placed, docs[inside[order]].tolist(), scores[order].tolist(), named(names, parts[:, order])),
        *(Placed(int(docs[place]), float(first[place] * share)) for place in outside),
    ]


def scored(plan: Plan, view: View, ordinals: Ordinals) -> list[Placed]:
    """Return documents with their score, where a score is needed."""
    if not (plan.least or plan.scores_all):
        return [Placed(ordinal, 0.0) for ordinal in ordinals.tolist()]
    docs = np.sort(ordinals)
    parts = contributions(plan, Window(view, docs))
    names = [signal.name for signal in plan.signals]
    order = np.searchsorted(docs, ordinals)
    return list(map(Placed, ordinals.tolist(), total(parts)[order].tolist(), named(names, parts[:, order])))


def named(names: list[str], parts: Scores) -> Iterator[dict[str, float]]:
    """Yield for each document (column) the contributions above 0 by signal, the largest first."""
    for own in parts.T.tolist():
        given = [pair for pair in zip(names, own, strict=True) if pair[1] > 0]
        yield dict(sorted(given, key=itemgetter(1), reverse=True))
