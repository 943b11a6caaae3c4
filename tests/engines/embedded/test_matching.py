"""Matching: the documents that have enough of the words, and the best of them, without a score of all."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.ranks import least_of
from hybridsearch.engines.embedded.compiled.bm25 import summed
from hybridsearch.engines.embedded.search import matching
from hybridsearch.engines.embedded.search.matching import Matching
from hybridsearch.search.clauses import Words
from tests.engines.embedded.test_bm25 import field_of

TOKENS = ("a", "b", "c", "d", "e")
FORM = st.sampled_from([*TOKENS, "missing", "a b", "c d", "a missing"])
FORMS = st.lists(FORM, min_size=1, max_size=3, unique=True).map(tuple)
TEXTS = st.lists(st.lists(st.sampled_from(TOKENS), max_size=6).map(" ".join), min_size=1, max_size=40)
FACTORS = st.dictionaries(FORM, st.sampled_from([0.25, 0.9999]), max_size=2).map(lambda each: tuple(each.items()))


@st.composite
def words(draw: st.DrawFn) -> Words:
    """Up to four words, of which as many are needed as count so much together; they may not be enough at all."""
    tokens = draw(st.lists(FORMS, min_size=1, max_size=4))
    tells = draw(st.lists(st.sampled_from([1, 2, 300, 1001]), min_size=len(tokens), max_size=len(tokens)))
    return Words("en", tuple(tokens), tuple(tells), draw(st.integers(1, sum(tells) + 1)), draw(FACTORS))


def enough(text: str, words: Words) -> bool:
    """Tell whether a text has what is needed of some words."""
    there = set(text.split())
    has = [any(there.issuperset(form.split()) for form in forms) for forms in words.tokens]
    return sum(tells for tells, one in zip(words.tells, has, strict=True) if one) >= words.needed


@pytest.mark.parametrize("few", [0, 16, 10**9])  # every document is listed, what is rare is, all are marked
@settings(max_examples=100)
@given(texts=TEXTS, words=words(), allows=st.integers(0, 2**40), k=st.integers(0, 12))
def test_the_first_by_words_are_those_of_a_sort_of_all(
    few: int, texts: list[str], words: Words, allows: int, k: int
) -> None:
    field = field_of(*texts)
    allowed = np.array([allows >> place & 1 for place in range(len(texts))], np.bool_)
    expected = [place for place, text in enumerate(texts) if enough(text, words)]
    with mock.patch.object(matching, "FEW", few):
        matched = Matching(field, words)
        assert matched.found.docs.tolist() == expected
        leaders = {mask is None: matched.leaders(mask, k).tolist() for mask in (None, allowed)}
    scores = summed(field.table(words, np.arange(len(texts), dtype=np.int32)))
    for everything, found in leaders.items():
        passing = [place for place in expected if everything or allowed[place]]
        assert found == sorted(sorted(passing, key=lambda place: -scores[place])[:k])


def test_few_of_many_documents_are_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frequent words in 20,000 documents: those that have both most often lead, hardly any other is looked at."""
    rng = np.random.default_rng(3)
    counts = rng.geometric(0.5, (20_000, 2)) - 1
    field = field_of(*(" ".join(["a"] * a + ["b"] * b + ["c"] * (30 - a - b)) for a, b in np.minimum(counts, 15)))
    both = Words("en", (("a",), ("b",)), (1, 1), 1)
    table = mock.Mock(wraps=field.table)
    monkeypatch.setattr(field, "table", table)
    leaders = Matching(field, both).leaders(None, 50)
    assert len(leaders) == 50
    assert sum(len(call.args[1]) for call in table.call_args_list) < 500
    scores = summed(field.table(both, np.arange(20_000, dtype=np.int32)))
    assert scores[leaders].min() == np.sort(scores)[-50]


def test_hundreds_of_words_are_scored_without_bounds() -> None:
    field = field_of("w0 w1", *(f"w{number}" for number in range(300)))
    words = Words("en", tuple((f"w{number}",) for number in range(300)), (1,) * 300)
    with mock.patch.object(matching, "FEW", 10**9):
        assert Matching(field, words).found.count == 301
        assert Matching(field, words).leaders(None, 3).tolist() == [0, 3, 4]  # the words of the first are in two


def test_the_bounds_of_a_frequent_word_are_computed_once_and_few_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    field = field_of(*["a b c"] * 20)
    scored = mock.Mock(wraps=field.scored)
    monkeypatch.setattr(field, "scored", scored)
    monkeypatch.setattr(matching, "MOST_KEPT", 2)
    for token in ("a", "a", "b", "c", "a"):
        assert len(Matching(field, Words("en", ((token,),), (1,))).leaders(None, 3)) == 3
        assert len(field.kept) <= 2
    assert scored.call_count == 4


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=300), st.integers(1, 20))
def test_so_many_sums_reach_the_least_of_the_highest(sums: list[int], k: int) -> None:
    k = min(k, len(sums))
    least = least_of(np.array(sums, np.uint16), k)
    assert sum(each >= least for each in sums) >= k
    assert least <= sorted(sums)[-k]
