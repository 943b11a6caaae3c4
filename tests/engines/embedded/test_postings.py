"""Postings: terms of any content, and the documents that contain them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.postings import Inverted, Postings, PostingsBuilder


def inverted(*values: list[str]) -> Inverted:
    builder = PostingsBuilder()
    for number, terms in enumerate(values):
        builder.add(number, terms)
    return builder.finish(len(values))


def postings_of(*values: list[str]) -> Postings:
    arrays = inverted(*values).arrays
    return Postings({f"facet:{name}": array for name, array in arrays.items()}, "facet")


def test_terms_are_in_order_of_code_points_and_found_whatever_they_hold() -> None:
    values = ["z", "é", "", "a b", "跑步鞋", "a", "😀", "\uffee"]
    postings = postings_of(*([value] for value in values))
    assert [postings.term(number) for number in range(len(postings))] == sorted(values)
    assert [postings.having([value]).tolist() for value in values] == [[number] for number in range(len(values))]
    assert postings.find("b") is None


def test_the_documents_of_a_term_ascend() -> None:
    postings = postings_of(["b", "a"], ["c"], ["a"])
    number = postings.find("a")
    assert number is not None
    assert postings.docs[postings.span(number)].tolist() == [0, 2]
    assert sorted(postings.having(["a", "c", "missing"]).tolist()) == [0, 1, 2]


@given(st.lists(st.lists(st.text("aé跑\U0010ffff", max_size=3), max_size=3), max_size=8), st.text("aé跑", max_size=2))
def test_a_prefix_finds_what_begins_with_it(texts: list[list[str]], prefix: str) -> None:
    postings = postings_of(*(list(dict.fromkeys(terms)) for terms in texts))
    expected = {number for number, terms in enumerate(texts) if any(term.startswith(prefix) for term in terms)}
    assert set(postings.beginning([prefix]).tolist()) == expected
    assert postings.beginning([]).tolist() == []


def test_a_document_without_terms_is_ignored_and_repeated_terms_are_counted() -> None:
    result = inverted(["a", "b", "a"], [], ["b"])
    assert result.holders.tolist() == [0, 2]
    assert result.lengths.tolist() == [3, 1]
    assert result.counts.tolist() == [2, 1, 1]


def test_a_field_that_no_document_has_reads_as_one_without_terms() -> None:
    postings = Postings({}, "facet")
    assert len(postings) == 0
    assert postings.find("a") is None
    assert postings.having(["a"]).tolist() == []


def test_a_term_that_was_asked_for_by_number_is_the_same_again_and_none_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hybridsearch.engines.embedded.arrays.postings.MOST_FOUND", 2)
    postings = postings_of(["a", "é", "tee", "z"])
    assert [postings.term(number) for number in (3, 0, 3, 1, 2, 0)] == ["é", "a", "é", "tee", "z", "a"]
