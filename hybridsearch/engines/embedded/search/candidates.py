"""Candidates: what a plan finds under its filters, and without those of a facet; what both share is found once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import Chosen, united
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals
from hybridsearch.engines.embedded.arrays.vectors import Comparison
from hybridsearch.engines.embedded.compiled.bm25 import Scores
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.filters import passing
from hybridsearch.engines.embedded.search.matching import Matching
from hybridsearch.engines.embedded.search.window import Compared, Window
from hybridsearch.search.clauses import NEIGHBOUR_LIFT, PIN_LIFT, Match, Neighbours
from hybridsearch.search.plan import Plan

Lift = tuple[Ordinals, NDArray[np.floating[Any]] | float]
"""Documents, each once, and what lifts them in the first pass."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a plan finds.

    Attributes:
        chosen: Which documents.
        leaders: Given a number, returns a window with as many as lead in the first pass, or more, or all that there
            are, and their scores in it.
    """

    chosen: Chosen
    leaders: Callable[[int], tuple[Window, Scores]]


class Candidates:
    """What the clauses of one plan find in a view.

    Raises:
        QueryError: It needs a vector leg that the index does not have.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self.plan, self.view = plan, view
        again = any(map(plan.own, plan.facets))
        self._near = [Comparison(view.leg(each.leg, each.vector), each.vector, again=again) for each in plan.neighbours]
        self._matchings = matchings(plan.keyword, view) if plan.keyword else []

    def of(self, plan: Plan) -> Found:
        """Return what this plan finds, or one with fewer filters."""
        view = self.view
        allowed = passing(conditions, view.products) if (conditions := plan.conditions) else None
        if plan.kind == "browse":
            everything = Chosen(view.documents, marks=view.products.everything() if allowed is None else allowed)
            return Found(everything, partial(self._first, everything))
        fixed = [(docs if allowed is None else docs[allowed[docs]], lift) for docs, lift in self._lifts]
        lifts = [*fixed, *self._neighbours(plan, allowed)]
        compared = [
            Compared(clause.leg, clause.vector, *near.compared)
            for clause, near in zip(plan.neighbours, self._near, strict=True)
            if near.compared and not clause.among
        ]
        lifted = Chosen(view.documents, united(view.documents, (np.sort(docs) for docs, _ in lifts)))
        leaders = cache(partial(self._leaders, allowed, lifted.docs, lifts, compared))
        return Found(self._matched.within(allowed).and_also(lifted), leaders)

    def _first(self, everything: Chosen, k: int) -> tuple[Window, Scores]:
        """Return the first `k` of what is browsed, where all score the same."""
        docs = everything.docs[:k]
        return Window(self.view, docs), np.ones(len(docs), np.float32)

    def _leaders(
        self, allowed: Mask | None, lifted: Ordinals, lifts: Sequence[Lift], compared: Sequence[Compared], k: int
    ) -> tuple[Window, Scores]:
        """Return what is lifted and the best `k` by words: nothing else can be among the first `k`."""
        by_words = [matching.leaders(allowed, k) for matching in self._matchings]
        window = Window(self.view, united(self.view.documents, [lifted, *by_words]), compared)
        scores = window.bm25(self.plan.keyword) if self.plan.keyword else np.zeros(len(window.docs), np.float64)
        for docs, lift in lifts:
            scores[np.searchsorted(window.docs, docs)] += lift
        return window, scores.astype(np.float32)

    def _neighbours(self, plan: Plan, allowed: Mask | None) -> Iterator[Lift]:
        """Yield what each clause finds by vector."""
        for clause, near in zip(plan.neighbours, self._near, strict=True):
            within = self._among(clause, plan) if clause.among or clause.later else allowed
            docs, cosines = near.nearest(clause.k, clause.floor, within)
            if clause.later and allowed is not None:
                docs, cosines = docs[allowed[docs]], cosines[allowed[docs]]
            yield docs, np.float32(NEIGHBOUR_LIFT) * ((1 + cosines) / 2)

    def _among(self, clause: Neighbours, plan: Plan) -> Mask | None:
        """Return which documents a clause looks among; None: all."""
        conditions = plan.among(clause)
        if not conditions and not clause.texts:
            return None
        mask = passing(conditions, self.view.products)
        for words in clause.texts:
            mask &= matched(matchings(words, self.view), self.view.documents).mask
        return mask

    @cached_property
    def _matched(self) -> Chosen:
        """What the words find; no filter changes that."""
        return matched(self._matchings, self.view.documents)

    @cached_property
    def _lifts(self) -> list[tuple[Ordinals, float]]:
        """What pins find, then what codes do."""
        pins, codes = self.plan.ruled.pins, self.plan.codes
        lifts = [(self.view.find([pin.id for pin in pins]), PIN_LIFT)] if pins else []
        lifts += [(np.unique(self.view.carrying(part)), lift) for part, lift in (codes.by_lift() if codes else ())]
        return lifts


def matchings(clause: Match, view: View) -> list[Matching]:
    """Return what matches in each language."""
    return [Matching(view.text(clause.field, words.language), words) for words in clause.everywhere]


def matched(by_language: Sequence[Matching], documents: int) -> Chosen:
    """Return what matches in any language."""
    found = [matching.found for matching in by_language]
    return reduce(Chosen.and_also, found) if found else Chosen(documents, EMPTY["docs"])
