"""BM25 as Lucene computes it, in the same float32 steps.

Source: Lucene's BM25Similarity and SmallFloat; k1 1.2, b 0.75. Elasticsearch keeps the factor (k1 + 1) that Lucene has
dropped (its LegacyBM25Similarity; measured on 8.16.6 and 9.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays
from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import marked, united
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals, Postings
from hybridsearch.search.clauses import Words

Scores = NDArray[np.float32]

K1 = np.float32(1.2)
B = np.float32(0.75)
EXACT = 24
"""Lengths below this are stored as they are."""
LOOKED_UP = 16
"""Finding a document in postings takes as long as marking so many of them, or clearing this square of marks."""
SCORED: Arrays = {**EMPTY, "weight": np.zeros(0, np.float32), "spread": np.zeros(0, np.float32)}
"""What stands for each array of a text field that no document has."""


def byte_to_length(byte: int) -> int:
    """Return the document length that Lucene's one-byte norm stands for: exact to 39, then to four significant bits."""
    if byte < EXACT:
        return byte
    mantissa, exponent = (byte - EXACT) & 7, (byte - EXACT) >> 3
    return EXACT + (mantissa if exponent == 0 else (mantissa | 8) << (exponent - 1))


LENGTHS = np.array([byte_to_length(byte) for byte in range(256)], np.int64)
"""The lengths that a norm can hold, ascending."""


def rounded(lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Round lengths down to what Lucene's norm can hold."""
    return LENGTHS[np.searchsorted(LENGTHS, lengths, side="right") - 1]


def weight(documents: int, having: NDArray[np.integer]) -> Scores:
    """Return (k1 + 1) idf of terms that `having` of `documents` documents contain: the most that a term can score."""
    idf: NDArray[np.float64] = np.log(1 + (documents - having + 0.5) / (having + 0.5))
    return (1 + K1) * idf.astype(np.float32)


def spread(counts: NDArray[np.integer], lengths: NDArray[np.integer], average: float) -> Scores:
    """Return 1 + tf / (k1 (1 - b + b dl / avgdl)). The score of a posting is weight - weight / spread.

    Args:
        counts: How often the term occurs in the document.
        lengths: Length of the document, already rounded.
        average: Average length over all documents of the field, not rounded.
    """
    return np.float32(1) + counts.astype(np.float32) * inverse(lengths, average)


def inverse(lengths: NDArray[np.integer], average: float) -> Scores:
    """Return 1 / (k1 (1 - b + b dl / avgdl)), see `spread`."""
    return np.asarray(np.float32(1) / (K1 * ((1 - B) + B * lengths.astype(np.float32) / np.float32(average))))


class Norms:
    """What the scores of a text field need of all documents.

    Args:
        holders: The documents that have terms.
        lengths: Number of terms of each of them.
        documents: The total number of documents.
    """

    def __init__(self, holders: Ordinals, lengths: NDArray[np.int32], documents: int) -> None:
        self._having, self._average = len(holders), lengths.sum(dtype=np.int64) / max(1, len(lengths))
        self.lengths, self._lengths = np.zeros(documents, np.int32), np.zeros(documents, np.int32)
        self.lengths[holders], self._lengths[holders] = lengths, rounded(lengths)

    def of(self, having: NDArray[np.integer], counts: NDArray[np.integer], docs: Ordinals) -> Arrays:
        """Return `weight` of some terms, which so many documents have, and `spread` of their postings."""
        return {
            "weight": weight(self._having, having),
            "spread": spread(counts, self._lengths[docs], self._average),
        }


class TextField(Postings):
    """Postings of one text field in one language, with their scores.

    Args:
        documents: The total number of documents, those without the field included.

    Attributes:
        kept: What was computed of words that many documents have, for as long as the field is open.
    """

    def __init__(self, arrays: Arrays, name: str, documents: int) -> None:
        super().__init__(arrays, name)
        self.documents = documents
        self.kept: dict[object, Any] = {}
        self._weight: Scores = arrays.get(f"{name}:weight", np.zeros(0, np.float32))
        self._spread: Scores = arrays.get(f"{name}:spread", np.zeros(0, np.float32))

    def size(self, tokens: Sequence[str]) -> int:
        """Return how many documents have one of the tokens, or several together, at most."""
        return sum(min(map(self.having_one, numbers)) for form in tokens if (numbers := self._numbers(form)))

    def most(self, tokens: Sequence[str]) -> float:
        """Return the most that a word can score in any document: that of the best of the tokens."""
        weights = (sum(float(self._kept_of(number)[0]) for number in self._numbers(form)) for form in tokens)
        return max(weights, default=0.0)

    def holders(self, tokens: Sequence[str]) -> Ordinals:
        """Return the documents that have one of the tokens, or several together, ascending, each once."""
        return united(self.documents, (self._with_all(numbers) for form in tokens if (numbers := self._numbers(form))))

    def has(self, tokens: Sequence[str], docs: Ordinals) -> Mask:
        """Tell which of some documents, which ascend, have one of the tokens, or several together."""
        found = np.zeros(len(docs), np.bool_)
        for form in tokens:
            if numbers := self._numbers(form):
                own = [self._has(number, docs) for number in numbers]
                found |= own[0] if len(own) == 1 else np.logical_and.reduce(own)
        return found

    def scored(self, tokens: Sequence[str], factors: Mapping[str, float]) -> tuple[Ordinals, Scores]:
        """Return the documents that have one of the tokens, ascending, and the score of the best of them in each."""
        if len(tokens) > 1 or len(numbers := self._numbers(tokens[0])) != 1:
            docs = self.holders(tokens)
            return docs, self.word(tokens, docs, factors)
        return self.docs_of(numbers[0]), self._scores(numbers[0]) * np.float32(factors.get(tokens[0], 1))

    def table(self, words: Words, docs: Ordinals) -> Scores:
        """Return the score of each word in each of some documents, which ascend; 0 where it is absent.

        The shape is (words, documents).
        """
        factors = dict(words.factors)
        scores = [self.word(tokens, docs, factors) for tokens in words.tokens]
        return np.array(scores, np.float32).reshape(len(scores), len(docs))

    def word(self, tokens: Sequence[str], docs: Ordinals, factors: Mapping[str, float]) -> Scores:
        """Return the score of a word in each of some documents, which ascend: that of the best of the tokens."""
        best = np.zeros(len(docs), np.float32)
        for form in tokens:
            parts = [self._scores_in(number, docs) for number in self._numbers(form)]
            if len(parts) > 1:
                parts = [np.where(np.all(parts, axis=0), np.sum(parts, axis=0), 0)]
            for scores in parts:
                np.maximum(best, scores * np.float32(factors[form]) if form in factors else scores, out=best)
        return best

    def _numbers(self, form: str) -> list[int]:
        """Return the numbers of all tokens of a form; none where one is unknown."""
        if " " not in form:
            number = self.find(form)
            return [] if number is None else [number]
        numbers = [self.find(token) for token in form.split(" ")]
        return [] if None in numbers else [number for number in numbers if number is not None]

    def _with_all(self, numbers: Sequence[int]) -> Ordinals:
        """Return the documents that have all of some tokens."""
        first, *others = sorted(numbers, key=self.having_one)
        docs = self.docs_of(first)
        for number in others:
            docs = docs[self._has(number, docs)]
        return docs

    def _has(self, number: int, docs: Ordinals) -> Mask:
        """Tell which of some documents have a token."""
        postings = self.docs_of(number)
        if self._few(docs, postings):
            return np.asarray(postings[places_in(postings, docs)] == docs)
        return np.asarray(marked(self.documents, postings)[docs])

    def _scores_in(self, number: int, docs: Ordinals) -> Scores:
        """Return the score of a token in each of some documents."""
        postings = self.docs_of(number)
        if self._few(docs, postings):
            places = places_in(postings, docs)
            return np.where(postings[places] == docs, self._scores(number, places), np.float32(0))
        everywhere = np.zeros(self.documents, np.float32)
        everywhere[postings] = self._scores(number)
        return np.asarray(everywhere[docs])

    def _few(self, docs: Ordinals, postings: Ordinals) -> bool:
        """Tell whether looking documents up is faster than marking them and what they are looked up in."""
        return LOOKED_UP * len(docs) <= len(postings) + self.documents // LOOKED_UP

    def _scores(self, number: int, selected: NDArray[np.intp] | Mask | slice = slice(None)) -> Scores:
        weight, spread = self._kept_of(number)
        scores: Scores = weight - weight / spread[selected]
        return scores

    def _kept_of(self, number: int) -> tuple[np.float32, Scores]:
        """Return the weight of a token, and the spread of each of its postings."""
        return self._weight[number], self._spread[self.span(number)]


def places_in(postings: Ordinals, docs: Ordinals) -> NDArray[np.intp]:
    """Return where each of some documents is in postings, if it is there."""
    return np.minimum(postings.searchsorted(docs), len(postings) - 1)


def summed(table: Scores) -> Scores:
    """Return the sum of the scores of all words in each document, word by word: equal ones give equal sums."""
    sums = np.zeros(table.shape[1], np.float64)
    for scores in table:
        sums += scores
    return sums.astype(np.float32)
