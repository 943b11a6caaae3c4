"""BM25 against the formula, against Lucene's norms and against another implementation."""

import math
import random

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from hybridsearch.engines.embedded.arrays.postings import Ordinals, PostingsBuilder
from hybridsearch.engines.embedded.compiled.bm25 import LENGTHS, Norms, Scores, byte_to_length, rounded, summed
from hybridsearch.engines.embedded.compiled.bm25 import TextField as Field
from hybridsearch.engines.embedded.search.matching import Matching
from hybridsearch.search.clauses import Words


def field_of(*texts: str) -> Field:
    builder = PostingsBuilder()
    for number, text in enumerate(texts):
        builder.add(number, text.split())
    inverted = builder.finish(len(texts))
    norms = Norms(inverted.holders, inverted.lengths, len(texts))
    having = np.diff(inverted.arrays["starts"])
    arrays = {**inverted.arrays, **norms.of(having, inverted.counts, inverted.arrays["docs"])}
    return Field({f"text:{name}": array for name, array in arrays.items()}, "text", len(texts))


def match(field: Field, words: Words) -> tuple[Ordinals, Scores]:
    """Return what matches, with its score."""
    docs = Matching(field, words).found.docs
    return docs, summed(field.table(words, docs))


def test_score_is_the_formula_worked_by_hand() -> None:
    docs, scores = match(field_of("red dress", "red red shoe hat", "hat"), wanted(["red"]))
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    average = 7 / 3
    assert docs.tolist() == [0, 1]
    assert scores.tolist() == pytest.approx(
        [
            2.2 * idf * 1 / (1 + 1.2 * (1 - 0.75 + 0.75 * 2 / average)),
            2.2 * idf * 2 / (2 + 1.2 * (1 - 0.75 + 0.75 * 4 / average)),
        ],
        rel=1e-6,
    )


def wanted(tokens: list[str], needed: int = 1) -> Words:
    return Words("en", tuple((token,) for token in tokens), (1,) * len(tokens), needed)


def test_documents_without_the_field_count_neither_in_n_nor_in_the_average() -> None:
    _, with_empty = match(field_of("red dress", "", "hat"), wanted(["red"]))
    _, without = match(field_of("red dress", "hat"), wanted(["red"]))
    assert with_empty.tolist() == without.tolist()


def test_only_the_length_of_the_document_is_rounded_not_the_average() -> None:
    long = " ".join(["word"] * 41)
    _, (score, _) = match(field_of(long, "word"), wanted(["word"]))
    idf = math.log(1 + 0.5 / 2.5)
    assert score == pytest.approx(2.2 * idf * 41 / (41 + 1.2 * (1 - 0.75 + 0.75 * 40 / 21)), rel=1e-6)


@pytest.mark.parametrize(
    ("byte", "length"),
    # SmallFloat: below 24 as it is; then 24 + mantissa, doubled once for each step of the exponent.
    [
        (0, 0),
        (23, 23),
        (24, 24),
        (39, 39),
        (40, 40),
        (41, 42),
        (47, 54),
        (48, 56),
        (56, 88),
        (57, 96),
        (255, 2013265944),
    ],
)
def test_length_of_a_norm_is_what_lucene_decodes(byte: int, length: int) -> None:
    assert byte_to_length(byte) == length


def test_lengths_are_rounded_down_to_the_next_norm() -> None:
    assert rounded(np.array([1, 24, 39, 40, 41, 55, 56, 59, 87, 1000])).tolist() == [
        1,
        24,
        39,
        40,
        40,
        54,
        56,
        56,
        84,
        984,
    ]
    assert (np.diff(LENGTHS) > 0).all()


def test_documents_with_too_few_of_the_words_do_not_match() -> None:
    field = field_of("red dress", "red shoe", "blue shoe")
    assert match(field, wanted(["red", "shoe"], 2))[0].tolist() == [1]
    assert match(field, wanted(["red", "shoe"], 1))[0].tolist() == [0, 1, 2]
    assert match(field, wanted(["green"], 1))[0].tolist() == []


def test_of_tokens_that_stand_for_one_word_the_best_counts() -> None:
    field = field_of("tshirt red", "shirt", "tshirt shirt shirt", "red")
    either = Words("en", (("tshirt", "shirt"),), (1,))
    docs, scores = match(field, either)
    assert docs.tolist() == [0, 1, 2]
    apart = [match(field, wanted([token])) for token in ("tshirt", "shirt")]
    best = [max(float(values[found == doc].sum()) for found, values in apart) for doc in docs]
    assert scores.tolist() == pytest.approx(best)
    assert field.table(either, docs)[0].tolist() == pytest.approx(best)


def test_what_stands_for_a_word_may_count_less_and_several_tokens_together() -> None:
    field = field_of("tee red", "t shirt", "t", "shirt", "tee")
    either = Words("en", (("tee", "t shirt"),), (1,), factors=(("t shirt", 0.25),))
    docs, scores = match(field, either)
    assert docs.tolist() == [0, 1, 4]
    whole = match(field, wanted(["t", "shirt"]))
    assert scores[1] == pytest.approx(0.25 * float(whole[1][whole[0] == 1][0]))
    assert field.table(either, docs)[0].tolist() == pytest.approx(scores.tolist())


def test_words_count_by_what_they_tell() -> None:
    field = field_of("red dress", "red shoe", "blue shoe", "dress")
    tell = Words("en", (("red",), ("shoe",), ("blue",)), (200, 500, 300), 500)
    assert match(field, tell)[0].tolist() == [1, 2]


def test_scores_are_the_same_whether_documents_are_looked_up_or_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a b", "b c c", "a a a", "c d e f g", "b", "t shirt b"]
    field = field_of(*texts)
    words = Words("en", (("a",), ("c", "t shirt"), ("missing",), ("b",)), (1, 1, 1, 1), 2, (("c", 0.5),))
    docs = np.array([0, 1, 3, 5], np.int32)
    found = []
    for few in (True, False):
        monkeypatch.setattr(Field, "_few", lambda *_, few=few: few)
        found.append((field.table(words, docs).tolist(), match(field, words)[0].tolist()))
    assert found[0] == found[1]
    table, matching = found[0]
    assert [[score > 0 for score in row] for row in table] == [
        [True, False, False, False],
        [False, True, True, True],
        [False, False, False, False],
        [True, True, False, True],
    ]
    assert matching == [0, 1, 5]


def test_scores_agree_with_rank_bm25_once_the_idf_of_each_is_divided_out() -> None:
    rng = random.Random(5)
    # At most 39 words: there Lucene's rounding of lengths changes nothing.
    corpus = [[f"w{int(rng.paretovariate(0.8)) % 60}" for _ in range(rng.randint(1, 39))] for _ in range(300)]
    oracle = BM25Okapi(corpus, k1=1.2, b=0.75)
    field = field_of(*map(" ".join, corpus))
    compared = 0
    for word in oracle.idf:
        having = sum(word in text for text in corpus)
        docs, ours = match(field, wanted([word], 1))
        if oracle.idf[word]:
            theirs = oracle.get_scores([word])[docs] / oracle.idf[word]
            idf = math.log(1 + (len(corpus) - having + 0.5) / (having + 0.5))
            np.testing.assert_allclose(ours / idf, theirs, rtol=1e-5)
            compared += 1
    assert compared > 50
