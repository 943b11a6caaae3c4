"""Candidates: what a plan finds under its filters, and without those of a facet; what both share is found once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.bm25 import Scores
from hybridsearch.engines.embedded.cells import Mask
from hybridsearch.engines.embedded.filters import passing
from hybridsearch.engines.embedded.postings import Ordinals
from hybridsearch.engines.embedded.vectors import Comparison
from hybridsearch.engines.embedded.view import View
from hybridsearch.search.clauses import NEIGHBOUR_LIFT, PIN_LIFT, Match, Neighbours
from hybridsearch.search.plan import Plan


class Candidates:
    """What the clauses of one plan find in a view.

    Raises:
        QueryError: It needs a vector leg that the index does not have.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self.plan, self.view = plan, view
        again = any(map(plan.own, plan.facets))
        self._near = [Comparison(view.leg(each.leg, each.vector), each.vector, again=again) for each in plan.neighbours]

    def of(self, plan: Plan) -> tuple[Ordinals, Scores]:
        """Return the documents that this plan finds, or one with fewer filters, and their scores in the first pass.

        They ascend.
        """
        allowed = passing(conditions, self.view.products) if (conditions := plan.conditions) else None
        if plan.kind == "browse":
            everything = np.arange(self.view.documents) if allowed is None else np.flatnonzero(allowed)
            return everything.astype(np.int32), np.ones(len(everything), np.float32)
        scores, is_candidate = self._matched[0].copy(), self._matched[1].copy()
        for clause, near in zip(plan.neighbours, self._near, strict=True):
            within = self._among(clause, plan) if clause.among else allowed
            docs, cosines = near.nearest(clause.k, clause.floor, within)
            scores[docs] += np.float32(NEIGHBOUR_LIFT) * ((1 + cosines) / 2)
            is_candidate[docs] = True
        if allowed is not None:
            is_candidate &= allowed
        docs = np.flatnonzero(is_candidate).astype(np.int32)
        return docs, scores[docs].astype(np.float32)

    def _among(self, clause: Neighbours, plan: Plan) -> Mask:
        """Return which documents a clause looks among."""
        mask = passing(replace(plan, filters=(*plan.filters, *clause.filters)).conditions, self.view.products)
        for words in clause.texts:
            having = np.zeros(self.view.documents, np.bool_)
            having[match(words, self.view)[0]] = True
            mask &= having
        return mask

    @cached_property
    def _matched(self) -> tuple[NDArray[np.float64], Mask]:
        """What words, codes and pins give each document, and whether they find it; no filter changes that."""
        scores, is_candidate = np.zeros(self.view.documents, np.float64), np.zeros(self.view.documents, np.bool_)
        if self.plan.keyword:
            docs, values = match(self.plan.keyword, self.view)
            scores[docs] += values
            is_candidate[docs] = True
        if self.plan.ruled.pins:
            docs = self.view.find([pin.id for pin in self.plan.ruled.pins])
            scores[docs] += PIN_LIFT
            is_candidate[docs] = True
        for part, lift in self.plan.codes.by_lift() if self.plan.codes else ():
            docs = np.unique(self.view.carrying(part))
            scores[docs] += lift
            is_candidate[docs] = True
        return scores, is_candidate


def match(clause: Match, view: View) -> tuple[Ordinals, Scores]:
    """Return the documents that match in any language, and the score of the best."""
    by_language = [view.text(clause.field, words.language).match(words, view.documents) for words in clause.everywhere]
    if len(by_language) == 1:
        return by_language[0]
    scores = np.zeros(view.documents, np.float32)
    for docs, values in by_language:
        scores[docs] = np.maximum(scores[docs], values)
    matching = np.flatnonzero(scores).astype(np.int32)
    return matching, scores[matching]
