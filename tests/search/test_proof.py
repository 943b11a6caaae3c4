"""What shows that a query means something in an index, worked out by hand."""

from __future__ import annotations

import math

import pytest

from hybridsearch import text
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search.clauses import WHOLE, Codes, Proof
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.proof import CORRECTED, nearness, proof_of, suggestions
from hybridsearch.search.reading import read
from hybridsearch.search.synonyms import parse
from hybridsearch.values import Vector

LANGUAGES = ("en", "ja")
LEXICON = Lexicon({"red": 20, "umbrella": 8, "set": 60, "tool": 40, "傘": 3, "雨": 3, "雨傘": 2, "た": 90}, 100)
RAREST = math.log(1 + 100.5 / 0.5)


def proof(
    typed: str, *, least: float = 0.25, lexicon: Lexicon | None = LEXICON, codes: Codes | None = None
) -> Proof | None:
    parts = text.fields_by_language(typed, LANGUAGES)
    return proof_of(parts, read(typed, lexicon, LANGUAGES), lexicon, least, codes=codes, near=())


def told(typed: str) -> tuple[int, ...]:
    asked = proof(typed, least=0.99)
    assert asked is not None
    return asked.words.words[0].tells


def test_a_word_that_no_product_has_tells_most() -> None:
    red = math.log(1 + 80.5 / 20.5)
    assert told("red qwertz") == (round(WHOLE * red / (red + RAREST)), round(WHOLE * RAREST / (red + RAREST)))


def test_a_word_that_all_products_have_and_an_unknown_one_find_them() -> None:
    shoes = Lexicon({"shoes": 100}, 100)
    assert proof("shoes asdf", least=0.16, lexicon=shoes) is None
    assert proof("shoes asdf qwertz", least=0.16, lexicon=shoes) is not None


def test_a_corrected_word_counts_less_than_one_that_was_typed_and_is_enough_alone() -> None:
    assert told("umbrela") == (round(WHOLE * CORRECTED),)
    assert told("umbrela qwertz") == (round(WHOLE * CORRECTED / 2), WHOLE // 2)
    assert proof("umbrela") is None
    assert told("redumbrella") == (round(WHOLE * CORRECTED),) * 2  # each of its two words


@pytest.mark.parametrize("typed", ["red", "red umbrella", "red umbrella asdf", "傘", "雨傘"])
def test_where_a_word_that_products_have_is_enough_nothing_is_asked(typed: str) -> None:
    assert proof(typed) is None


@pytest.mark.parametrize("typed", ["asdfgh", "set qwertz plmkn", "umbrela qwertz", "鬱鬱"])
def test_of_other_queries_some_product_must_have_enough(typed: str) -> None:
    asked = proof(typed)
    assert asked is not None
    assert asked.needed == 250


def test_a_word_that_came_since_the_words_were_read_is_found() -> None:
    asked = proof("asdfgh")
    assert asked is not None
    assert asked.words.words[0].tells == (WHOLE,)


def test_a_single_character_of_a_syllabary_tells_nothing() -> None:
    asked = proof("たぬ")
    assert asked is not None
    assert [words.tokens for words in asked.words.words if words.language == "ja"] == [(("たぬ",),)]


@pytest.mark.parametrize(("lexicon", "least"), [(None, 0.25), (Lexicon({}, 0), 0.25), (LEXICON, 0.0)])
def test_without_known_words_or_a_threshold_nothing_is_asked(lexicon: Lexicon | None, least: float) -> None:
    assert proof("asdfgh", least=least, lexicon=lexicon) is None


def test_a_typed_code_is_part_of_the_proof() -> None:
    asked = proof("asdf12", codes=Codes(("asdf12",)))
    assert asked is not None
    assert asked.codes == Codes(("asdf12",))


def test_a_leg_counts_from_what_nonsense_reaches_to_a_products_own_title() -> None:
    scales = {"text": Calibration(0.1, 0.9, noise=0.5), "image": Calibration(0.0, 0.4)}
    legs = tuple(Leg(name, 2, "f", calibrations={"words": scale}) for name, scale in scales.items())
    vector = Vector([1, 0])
    near = tuple(nearness({"words": {"text": vector, "image": vector}}, Schema(Fields(title="title"), legs)))
    assert [(cosine.leg, cosine.weight, cosine.low) for cosine in near] == [("text", 800, 0.5), ("image", 800, 0.2)]
    assert [cosine.high for cosine in near] == pytest.approx([0.9, 0.4])
    assert list(nearness({}, Schema(Fields(title="title"), legs))) == []


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("red qwertz", ("red",)),
        ("set tool qwertz red umbrella", ("umbrella", "red", "tool")),
        ("umbrela qwertz", ("umbrella",)),
        ("umbrela", ("umbrella",)),
        ("umbrella", ()),
        ("qwertz", ()),
        ("", ()),
        ("雨傘ケース", ("雨傘",)),
    ],
)
def test_the_words_that_products_have_are_suggested_the_most_telling_first(
    typed: str, instead: tuple[str, ...]
) -> None:
    assert suggestions(read(typed, LEXICON, LANGUAGES), LEXICON, LANGUAGES) == instead
    assert suggestions(read(typed, None, LANGUAGES), None, LANGUAGES) == ()


def test_a_word_that_stands_for_others_tells_what_these_tell() -> None:
    """A rule of the shop is no guess: what the typed word lacks is not held against it."""
    rules = parse({"synonyms.txt": ("", "brolly, umbrella")})
    reading = read("brolly", LEXICON, LANGUAGES, rules)
    parts = text.fields_by_language("brolly", LANGUAGES)
    assert proof_of(parts, reading, LEXICON, 0.9, codes=None, near=()) is None
