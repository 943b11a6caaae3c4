"""What shows that a query means something in an index, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from hybridsearch.encoders.goods import Goods
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search.clauses import WHOLE, Codes, Proof
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.proof import CORRECTED, FAINT, GUESSED, NEARNESS, Given, nearness, proofs_of, suggestions
from hybridsearch.search.words.reading import read
from hybridsearch.search.words.synonyms import parse
from hybridsearch.texts import text
from hybridsearch.values import Vector

LANGUAGES = ("en", "ja")
LEXICON = Lexicon({"red": 20, "umbrella": 8, "set": 60, "tool": 40, "傘": 3, "雨": 3, "雨傘": 2, "た": 90}, 100)
PLAIN = Schema(Fields(title="title"))
RAREST = math.log(1 + 100.5 / 0.5)


def proof(
    typed: str, *, least: float = 0.25, lexicon: Lexicon | None = LEXICON, codes: Codes | None = None
) -> Proof | None:
    return next(proofs_of(given(typed, lexicon=lexicon, codes=codes), PLAIN, least), None)


def given(
    typed: str,
    *,
    lexicon: Lexicon | None = LEXICON,
    codes: Codes | None = None,
    vectors: Mapping[str, Vector] | None = None,
    goods: Mapping[str, Goods] | None = None,
) -> Given:
    parts = text.fields_by_language(typed, LANGUAGES)
    return Given(parts, read(typed, lexicon, LANGUAGES), lexicon, codes, vectors or {}, goods or {})


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
    near = tuple(nearness({"text": vector, "image": vector}, Schema(Fields(title="title"), legs)))
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
    assert not list(proofs_of(Given(parts, reading, LEXICON, None, {}, {}), PLAIN, 0.9))


TEXT = Leg("text", 2, "f", reads=("title",), calibrations={"words": Calibration(0.1, 0.9, noise=0.5, tells=0.9)})
GOODS = {"text": Goods(("lawn mower", "bread"), np.array([[1, 0], [0, 1]], dtype=np.float32))}


def elsewhere(typed: str, *legs: Leg, x: float = 0.8) -> Proof | None:
    """Return what is asked of words whose cosine to lawn mowers is x."""
    vectors = {leg.name: Vector([x, math.sqrt(1 - x * x)]) for leg in legs}
    schema = Schema(Fields(title="title"), legs, elsewhere=("lawn mower",))
    found = proofs_of(given(typed, vectors=vectors, goods=GOODS), schema, 0.16)
    return next((each for each in found if each.goods), None)


def test_words_that_are_nearer_to_goods_elsewhere_than_to_any_product_need_half_of_their_words() -> None:
    asked = elsewhere("red mower", TEXT)
    assert asked is not None
    assert (asked.goods, asked.needed, asked.words.words[0].tells) == ("lawn mower", 500, told("red mower"))
    (near,) = asked.near
    assert (near.leg, near.weight) == ("text", 500)
    assert (near.low, near.high) == pytest.approx((0.8 - 0.21 * 0.8, 0.8 - 0.2 * 0.8))  # the scale is 0.8 wide


def test_words_of_which_one_tells_half_or_in_chinese_and_japanese_two_fifths_need_no_more() -> None:
    assert elsewhere("umbrella mower red", TEXT) is not None
    assert elsewhere("umbrella set", TEXT) is None
    runs = elsewhere("傘鬱鬱", TEXT)
    assert runs is not None
    assert runs.needed == 400


def test_words_of_which_products_have_none_are_not_compared_with_goods_as_they_may_be_of_another_language() -> None:
    assert elsewhere("rasenmäher", TEXT) is None


def test_words_that_are_nearer_to_goods_of_the_shop_need_no_more_than_before() -> None:
    assert elsewhere("red mower", TEXT, x=0.8) is not None
    assert elsewhere("red loaf", TEXT, x=0.6) is None  # .8 to bread


def test_words_that_are_hardly_nearer_to_any_goods_than_nonsense_is_to_products_mean_none() -> None:
    vague = replace(TEXT, calibrations={"words": Calibration(0.1, 0.9, noise=0.78, tells=0.9)})
    assert elsewhere("red mower", vague) is None  # .8, where nonsense reaches .78 and a fifth of the way is .804


def test_a_leg_of_pictures_proves_words_that_are_near_enough_to_one_and_cannot_tell_goods() -> None:
    pictures = Leg("image", 2, "f", calibrations={"words": Calibration(0.0, 0.4, noise=0.2)})
    asked = elsewhere("red mower", TEXT, pictures)
    assert asked is not None
    assert [near.leg for near in asked.near] == ["text", "image"]
    assert asked.near[1].high == pytest.approx(0.2 + 0.2 * 0.2)
    assert elsewhere("red mower", pictures) is None


def test_a_word_that_is_two_letters_from_one_of_the_index_is_enough_alone() -> None:
    """People do write `fabreeze` for `febreze`."""
    assert told("umbrrelaa") == (round(WHOLE * CORRECTED),)
    assert proof("umbrrelaa", least=0.16) is None


def test_a_word_that_is_cut_into_two_counts_whole_where_neither_is_short_and_rare() -> None:
    lexicon = Lexicon({"led": 30, "lamp": 9, "lit": 1, "dvi": 30}, 1_000)
    asked = proof("ledlamp", least=0.9, lexicon=lexicon)
    assert asked is not None
    assert sum(asked.words.words[0].tells) == pytest.approx(2 * WHOLE * CORRECTED, abs=1)
    asked = proof("dvielit", least=0.9, lexicon=lexicon)
    assert asked is not None
    assert sum(asked.words.words[0].tells) == pytest.approx(2 * WHOLE * GUESSED, abs=1)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("hjklq", FAINT), ("hjklq xcvbnm", FAINT), ("lawnmower", NEARNESS), ("hjklq lawnmower", NEARNESS)],
)
def test_letters_that_make_no_word_must_be_nearer_to_a_product_than_an_unknown_word(typed: str, title: float) -> None:
    given_ = given(typed, vectors={"text": Vector([1, 0])})
    (asked,) = proofs_of(given_, Schema(Fields(title="title"), (TEXT,)), 0.16)
    assert [near.weight for near in asked.near] == [round(WHOLE * title)]


def test_a_known_word_beside_letters_that_make_none_counts_nearness_as_before() -> None:
    given_ = given("set hjklq qwrtzp xcvbnm", vectors={"text": Vector([1, 0])})
    (asked,) = proofs_of(given_, Schema(Fields(title="title"), (TEXT,)), 0.16)
    assert [near.weight for near in asked.near] == [round(WHOLE * NEARNESS)]
