"""BM25 as Lucene computes it, in the same float32 steps.

Source: Lucene's BM25Similarity and SmallFloat; k1 1.2, b 0.75. Elasticsearch keeps the factor (k1 + 1) that Lucene has
dropped (its LegacyBM25Similarity; measured on 8.16.6 and 9.4.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays import Arrays
from hybridsearch.engines.embedded.postings import EMPTY, Ordinals, Postings
from hybridsearch.search.clauses import Words

Scores = NDArray[np.float32]

K1 = np.float32(1.2)
B = np.float32(0.75)
EXACT = 24
"""Lengths below this are stored as they are."""
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
    inverse = np.float32(1) / (K1 * ((1 - B) + B * lengths.astype(np.float32) / np.float32(average)))
    return np.float32(1) + counts.astype(np.float32) * inverse


class Norms:
    """What the scores of a text field need of all documents.

    Args:
        holders: The documents that have terms.
        lengths: Number of terms of each of them.
        documents: The total number of documents.
    """

    def __init__(self, holders: Ordinals, lengths: NDArray[np.int32], documents: int) -> None:
        self._having, self._average = len(holders), lengths.sum(dtype=np.int64) / max(1, len(lengths))
        self._lengths = np.zeros(documents, np.int32)
        self._lengths[holders] = rounded(lengths)

    def of(self, having: NDArray[np.integer], counts: NDArray[np.integer], docs: Ordinals) -> Arrays:
        """Return `weight` of some terms, which so many documents have, and `spread` of their postings."""
        return {
            "weight": weight(self._having, having),
            "spread": spread(counts, self._lengths[docs], self._average),
        }


class TextField(Postings):
    """Postings of one text field in one language, with their scores."""

    def __init__(self, arrays: Arrays, name: str) -> None:
        super().__init__(arrays, name)
        self._weight: Scores = arrays.get(f"{name}:weight", np.zeros(0, np.float32))
        self._spread: Scores = arrays.get(f"{name}:spread", np.zeros(0, np.float32))

    def match(self, words: Words, documents: int) -> tuple[Ordinals, Scores]:
        """Return the documents that have what is needed of the words, ascending, and their scores.

        `documents` is the total number of documents.
        """
        factors = dict(words.factors)
        sums = np.zeros(documents, np.float64)
        present = np.zeros(documents, np.int32)
        for tokens, tells in zip(words.tokens, words.tells, strict=True):
            docs, scores = self._word(tokens, factors)
            sums[docs] += scores
            present[docs] += tells
        matches = np.flatnonzero(present >= words.needed).astype(np.int32)
        return matches, sums[matches].astype(np.float32)

    def holders(self, tokens: Sequence[str]) -> Ordinals:
        """Return the documents that have one of the tokens, or several together, each once."""
        single = [form for form in tokens if " " not in form]
        several = [docs for form in tokens if " " in form for docs, _ in self._together(form)]
        found = np.concatenate([self.having(single), *several])
        return found if len(tokens) == 1 else np.unique(found)

    def _word(self, tokens: Sequence[str], factors: Mapping[str, float]) -> tuple[Ordinals, Scores]:
        """Return the documents that have one of the tokens, and the score of the best of them."""
        found = [
            (docs, scores * np.float32(factors[form]) if form in factors else scores)
            for form in tokens
            for docs, scores in self._together(form)
        ]
        return found[0] if len(found) == 1 else best_of(found)

    def _together(self, form: str) -> Iterator[tuple[Ordinals, Scores]]:
        """Yield the documents with all tokens of a form, and the sum of their scores; none where one is unknown."""
        if not (numbers := self._numbers(form)):
            return
        docs = self.docs[self.span(numbers[0])]
        scores = self._scores(numbers[0], self.span(numbers[0]))
        for number in numbers[1:]:
            span = self.span(number)
            docs, first, second = np.intersect1d(docs, self.docs[span], assume_unique=True, return_indices=True)
            scores = scores[first] + self._scores(number, span)[second]
        yield docs, scores

    def table(self, words: Words, docs: Ordinals) -> Scores:
        """Return the score of each word in each document, of shape (words, documents); 0 where it is absent.

        For few documents: looks each document up in the postings instead of reading all of them.
        """
        factors = dict(words.factors)
        table = np.zeros((len(words.tokens), len(docs)), np.float32)
        for row, tokens in zip(table, words.tokens, strict=True):
            for form in tokens:
                numbers = self._numbers(form)
                parts = [self._scores_in(number, docs) for number in numbers]
                if len(parts) > 1:
                    parts = [np.where(np.all(parts, axis=0), np.sum(parts, axis=0), 0)]
                for scores in parts:
                    np.maximum(row, scores * np.float32(factors[form]) if form in factors else scores, out=row)
        return table

    def _numbers(self, form: str) -> list[int]:
        """Return the numbers of all tokens of a form; none where one is unknown."""
        numbers = [self.find(token) for token in form.split(" ")]
        return [] if None in numbers else [number for number in numbers if number is not None]

    def _scores_in(self, number: int, docs: Ordinals) -> Scores:
        """Return the score of a token in each of some documents."""
        span = self.span(number)
        postings = self.docs[span]
        nearest = np.minimum(np.searchsorted(postings, docs), len(postings) - 1)
        scores: Scores = np.where(postings[nearest] == docs, self._scores(number, span, nearest), np.float32(0))
        return scores

    def _scores(self, number: int, span: slice, selected: NDArray[np.intp] | slice = slice(None)) -> Scores:
        weight = self._weight[number]
        scores: Scores = weight - weight / self._spread[span][selected]
        return scores


def best_of(found: Sequence[tuple[Ordinals, Scores]]) -> tuple[Ordinals, Scores]:
    """Return the documents of several lists, each once and ascending, with the highest of their scores."""
    docs = np.concatenate([np.zeros(0, np.int32), *(docs for docs, _ in found)])
    scores = np.concatenate([np.zeros(0, np.float32), *(scores for _, scores in found)])
    order = np.argsort(docs, kind="stable")  # a merge: each list ascends
    docs, scores = docs[order], scores[order]
    first = np.flatnonzero(np.diff(docs, prepend=-1))
    return docs[first], np.maximum.reduceat(scores, first) if len(first) else scores
