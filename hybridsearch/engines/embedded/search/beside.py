"""Beside: how many documents of the whole index have some words and pass some filters, whatever a plan finds."""

from __future__ import annotations

import numpy as np

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import marked
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.filters import passing
from hybridsearch.search.clauses import Counted, Words
from hybridsearch.search.filters.conditions import together
from hybridsearch.search.plan import Plan

Key = tuple[str, str, tuple[str, ...]]
"""Field, language and the tokens that stand for a word."""


KEPT = 20_000
"""Counts that are remembered for a view: what is counted for one keystroke mostly is for the next too."""


def counts(plan: Plan, view: View) -> list[int]:
    """Return the number of documents of each that a plan counts."""
    words, known = Holders(view), view.counts
    found = [known.get(each) for each in plan.counted]
    if len(known) >= KEPT:
        known.clear()
    numbers = [
        count(each, plan, view, words) if number is None else number
        for each, number in zip(plan.counted, found, strict=True)
    ]
    known.update(zip(plan.counted, numbers, strict=True))
    return numbers


def count(counted: Counted, plan: Plan, view: View, words: Holders) -> int:
    """Return the number of documents that have the words and pass the filters."""
    conditions = together(counted.filters, plan.of_variants)
    allowed = passing(conditions, view.products) if conditions else None
    if counted.words is None:
        return view.count if allowed is None else int(np.count_nonzero(allowed))
    found = [words.all_of(counted.words.field, each) for each in counted.words.words]
    if len(found) == 1:
        return len(found[0]) if allowed is None else int(np.count_nonzero(allowed[found[0]]))
    either = np.zeros(view.documents, np.bool_)
    for docs in found:
        either[docs] = True
    return int(np.count_nonzero(either if allowed is None else either & allowed))


class Holders:
    """Which documents of a view have which words; those that several counts ask for are looked up once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: dict[Key, Ordinals] = {}
        self._masks: dict[Key, Mask] = {}

    def all_of(self, field: str, words: Words) -> Ordinals:
        """Return the documents that have all of some words, each once."""
        keys = [(field, words.language, tokens) for tokens in words.tokens]
        fewest = min(keys, key=lambda key: len(self._having(key)))
        docs = self._having(fewest)
        for key in keys:
            if key != fewest:
                docs = docs[self._mask(key)[docs]]
        return docs

    def _having(self, key: Key) -> Ordinals:
        if key not in self._found:
            field, language, tokens = key
            self._found[key] = self._view.text(field, language).holders(tokens)
        return self._found[key]

    def _mask(self, key: Key) -> Mask:
        if key not in self._masks:
            self._masks[key] = marked(self._view.documents, self._having(key))
        return self._masks[key]
