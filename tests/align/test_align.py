"""What alignment decides: pure functions of values, without torch."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.concepts import Concepts
from hybridsearch.align.lexicon import LANGUAGES, Claim, lexicon
from hybridsearch.align.measure import distinct, rank, ranked
from hybridsearch.align.pairs import Pair, attributes, said
from hybridsearch.align.split import HELD_OUT, VALIDATION, split, title_key
from hybridsearch.align.texts import Writer, agree, entropies, fits, weighted
from hybridsearch.learning import measures
from hybridsearch.settings import Fields

WORDS = ["red", "blue", "shoe", "shoes", "42", "Nike", "Air"]


def pair(name: str, title: str = "", picture: str = "", **values: str) -> Pair:
    return Pair(name, title or name, {field: (value,) for field, value in values.items()}, 0, picture or name)


@pytest.mark.parametrize("other", ["SHOE, red!", "red shoes 43", "Shoes – red", "red   SHOE red"])
def test_near_duplicates_have_one_key(other: str) -> None:
    assert title_key("Red shoes 42", "en") == title_key(other, "en")


@pytest.mark.parametrize("other", ["Blue shoes 42", "Red shoes for kids", "42"])
def test_other_titles_have_another_key(other: str) -> None:
    assert title_key("Red shoes 42", "en") != title_key(other, "en")


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.integers(0, 60)), max_size=80),
    st.integers(0, 5),
)
def test_no_title_and_no_picture_is_on_two_sides(products: list[tuple[list[str], int]], seed: int) -> None:
    pairs = [pair(str(n), " ".join(words), str(picture)) for n, (words, picture) in enumerate(products)]
    parts = split(pairs, "en", seed)
    sides = [parts.train, parts.validation, parts.held_out]
    assert sorted(place for side in sides for place in side) == list(range(len(pairs)))
    for marks in ([title_key(each.title, "en") for each in pairs], [each.digest for each in pairs]):
        seen = [{marks[place] for place in side} for side in sides]
        assert sum(map(len, seen)) == len(set(marks))


def test_a_fifth_is_held_out_and_a_tenth_is_kept_aside() -> None:
    parts = split([pair(f"{a}{b}") for a in "abcdefghijklmnopqrst" for b in "abcdefghij"], "en", 0)
    assert len(parts.held_out) == HELD_OUT * 200
    assert len(parts.validation) == VALIDATION * 200


def test_the_seed_decides_the_parts() -> None:
    pairs = [pair(f"{a}{b}") for a in "abcdefghij" for b in "abcdefghij"]
    assert split(pairs, "en", 1) == split(pairs, "en", 1) != split(pairs, "en", 2)


def test_attributes_are_facets_and_short_texts_with_a_letter_in_them() -> None:
    fields = Fields(title="title", text=("brand", "about", "attr_*"), facets=("color", "size"))
    row = {
        "brand": "Acme",
        "about": "Long " * 20,
        "attr_a": "wool",
        "attr_b": "7",
        "color": ["red", "blue"],
        "size": 42,
    }
    assert attributes(row, fields) == {"color": ("red", "blue"), "brand": ("Acme",), "attr_*": ("wool",)}


def test_attribute_values_stand_in_for_a_missing_title() -> None:
    fields = Fields(title="title", facets=("color", "kind"))
    assert said({"title": "A\n mug"}, fields) == "A mug"
    assert said({"color": "red", "kind": "mug"}, fields) == "red mug"
    assert said({}, fields) == ""


def test_a_field_tells_as_much_as_its_values_are_spread() -> None:
    pairs = [pair(str(n), season="Fall", kind="abcd"[n % 4]) for n in range(8)]
    assert entropies(pairs) == pytest.approx({"season": 0.1, "kind": 0.1 + math.log(4)})


def test_telling_fields_are_drawn_more_often() -> None:
    rng = random.Random(0)
    drawn = [weighted(["dull", "telling"], [0.1, 2.0], 1, rng)[0] for _ in range(1000)]
    assert drawn.count("telling") == pytest.approx(1000 * 2.0 / 2.1, abs=30)


def test_a_text_fits_every_product_of_which_all_it_names_is_true() -> None:
    red, mug, cup = ("color", "red"), ("kind", "mug"), ("kind", "cup")
    known = [frozenset({red, mug}), frozenset({red, cup})]
    said = [frozenset({red}), frozenset({mug}), frozenset({red, cup})]
    assert fits(known, said).tolist() == [[True, True, False], [True, False, True]]


@given(st.integers(0, 3), st.integers(0, 10_000))
def test_what_is_said_of_a_product_is_true_of_it(place: int, seed: int) -> None:
    writer = Writer(
        [
            pair("1", "Red mug", color="red", kind="mug"),
            pair("2", "Big blue cup 7", color="blue"),
            pair("3", "Kanne"),
            pair("4", kind="mug", maker="Acme", color="Sea Green"),
        ],
        "en",
    )
    for told in (writer.title(place, random.Random(seed)), writer.phrase(place, random.Random(seed))):
        assert told.text
        assert told.facts <= writer.facts(place)


def claim(kinds: str = "", colours: str = "") -> Claim:
    return Claim(frozenset(kinds.split()), frozenset(colours.split()))


def test_claims_match_clash_or_leave_it_open() -> None:
    known = [claim("boot", "red"), claim("boot sandal"), claim("", "blue")]
    said = [claim("boot"), claim("boot sandal", "red"), claim("", "blue")]
    match, clash = agree(known, said)
    assert match.tolist() == [[True, True, False], [False, False, False], [False, False, True]]
    assert clash.tolist() == [[False, False, True], [False, False, False], [False, True, False]]


@pytest.mark.parametrize(
    ("language", "values", "title", "expected"),
    [
        ("en", ["Tshirts", "Navy Blue"], "", claim("t-shirt", "navy")),
        ("en", ["Shoes", "Sandals"], "", claim("sandal")),
        ("en", ["Casual", "Fall"], "Acme Grey Hammers", claim("hammer", "grey")),
        ("en", ["Black"], "White hammer", claim("hammer", "black")),
        ("en", ["Hammers", "Mugs"], "", claim()),
        ("de", ["Rucksäcke"], "roter Rucksack", claim("backpack", "red")),
        ("ja", [], "赤いハンマー", claim("hammer", "red")),
        ("en", ["Quux"], "Zorp 7", claim()),
    ],
)
def test_the_lexicon_knows_kinds_and_colours(language: str, values: list[str], title: str, expected: Claim) -> None:
    found = Concepts.of(lexicon(), [language]).known(values, title, [language])
    assert (found.kinds, found.colours) == (expected.kinds, expected.colours)


@given(st.sampled_from(LANGUAGES), st.integers(0, 10_000))
def test_what_the_lexicon_says_is_true(language: str, seed: int) -> None:
    concepts = Concepts.of(lexicon(), ["en"])
    known = concepts.known(["Sandals", "Navy Blue"], "", ["en"])
    told = concepts.speak(known, language, random.Random(seed))
    assert told is not None
    match, _ = agree([known], [told[1]])
    assert match.all()


def test_nothing_is_said_of_what_the_lexicon_does_not_know() -> None:
    assert Concepts.of(lexicon(), ["en"]).speak(claim(), "de", random.Random(0)) is None


@given(st.integers(1, 20), st.integers(0, 10_000))
def test_the_measures_are_those_of_single_rankings(candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random((5, candidates)).astype(np.float32)
    relevant = rng.random((5, candidates)) < 0.3
    relevant[:, 0] = True
    found = ranked(scores, relevant)
    for row in range(5):
        ids = [str(place) for place in np.argsort(-scores[row], kind="stable")]
        grades = {str(place): 1.0 for place in np.flatnonzero(relevant[row])}
        assert found.average_precision[row] == pytest.approx(measures.average_precision(ids, grades))
        assert found.reciprocal_rank[row] == pytest.approx(measures.reciprocal_rank(ids, grades, 10))
        assert found.recall[row] == pytest.approx(measures.recall(ids, grades, 10))


def test_each_query_is_ranked_against_what_carries_its_label() -> None:
    candidates = np.eye(3, dtype=np.float32)
    queries = np.array([[1, 0, 0], [0, 0.6, 0.8]], dtype=np.float32)
    found = rank(queries, candidates, ["a", "b"], ["a", "b", "b"])
    assert found.means() == {"MAP": 1.0, "MRR@10": 1.0, "recall@10": 1.0}
    assert rank(queries, candidates, ["b", "a"], ["a", "b", "b"]).reciprocal_rank.tolist() == [1 / 2, 1 / 3]


@pytest.mark.parametrize(("labels", "expected"), [([], []), (["a", "b", "a", "c"], [0, 1, 3])])
def test_the_first_of_each_label_stands_for_it(labels: Sequence[str], expected: list[int]) -> None:
    assert distinct(labels) == expected
