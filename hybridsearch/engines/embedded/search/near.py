"""Near: which of many documents reach a score: signal by signal, until it is sure of each whether it does or cannot."""

from __future__ import annotations

import numpy as np

from hybridsearch.engines.embedded.arrays.chosen import united
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.bm25 import Scores
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.window import Window, total
from hybridsearch.search.clauses import Cosine, Match, Saturated, Signal
from hybridsearch.search.plan import Plan

ROUNDING = 1e-5
"""What sums of float32 may lack, as a part of the most that all signals give together."""


def reaching(plan: Plan, view: View, docs: Ordinals) -> Ordinals:
    """Return those of some documents, ascending, whose full score is the least of a plan or more.

    The signals that may give most are asked first, the others for what is left alone.
    """
    bounds = [most(signal, view) for signal in plan.signals]
    rest, rounding = sum(bounds), ROUNDING * sum(bounds)
    window, so_far = Window(view, docs), np.zeros(len(docs))
    known: dict[int, Scores] = {}
    sure = []
    for place in sorted(range(len(bounds)), key=bounds.__getitem__, reverse=True):
        part = window.contribution(plan.signals[place])
        known[place] = part.astype(np.float32)
        so_far += part
        rest -= bounds[place]
        enough = so_far >= plan.least + rounding
        left = np.flatnonzero(~enough & (so_far + rest >= plan.least - rounding))
        if 2 * len(left) < len(so_far):
            sure.append(window.docs[enough])
            window, so_far = window.at(left), so_far[left]
            known = {number: row[left] for number, row in known.items()}
    parts = np.array([known[place] for place in range(len(bounds))], np.float32).reshape(len(bounds), len(so_far))
    return united(view.documents, [*sure, window.docs[total(parts) >= plan.least]])


def most(signal: Signal, view: View) -> float:
    """Return the most that a signal can add to a score."""
    match signal:
        case Saturated():
            score = most_of(signal.match, view)
            return signal.weight * score / (score + signal.half)
        case Cosine():
            return signal.weight * max((1 - signal.low) / (signal.high - signal.low), 0.0)
    return signal.weight


def most_of(match: Match, view: View) -> float:
    """Return the most that the words of a clause score in any document."""
    fields = ((view.text(match.field, words.language), words.tokens) for words in match.everywhere)
    return max((sum(map(field.most, tokens)) for field, tokens in fields), default=0.0)
