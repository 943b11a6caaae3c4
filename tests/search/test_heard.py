"""What was heard, given the words of an index: the catalogue decides between texts that sound alike.

They are those of a `transcript`.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.query_sources import typed
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search import planner
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights, prior
from hybridsearch.search.words import heard
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.reading import read
from hybridsearch.transcript import Transcript

COUNTS = {"red": 40, "umbrella": 10, "toner": 20, "donor": 1, "brother": 5, "memory": 8, "stick": 6, "lexmark": 9}
LEXICON = Lexicon({**COUNTS, "赤い": 3, "い傘": 3, "傘": 3}, 100)
LANGUAGES = ("en", "ja")


def said(text: str, confidence: float, **others: float) -> Transcript:
    alternatives = {name.replace("_", " "): sure for name, sure in others.items()}
    return Transcript(text, "en", confidence, alternatives)


def best(found: Transcript) -> str:
    return heard.best(found, LEXICON, LANGUAGES).text


def test_of_two_texts_that_are_as_likely_the_one_whose_words_products_have_is_meant() -> None:
    assert best(said("red and braille", 0.4, red_umbrella=0.4)) == "red umbrella"


def test_what_is_heard_clearly_is_meant_although_no_product_has_it() -> None:
    assert best(said("zebra", 0.9, red_umbrella=0.1)) == "zebra"


def test_the_score_is_the_sum_of_ear_and_catalogue() -> None:
    """Worked by hand: (words + 1) log confidence, and for each word a tenth of the log of its share, or -3."""
    unknown, known = 2 * math.log(0.5) - 3.0, 2 * math.log(0.5) + 0.1 * math.log(20 / 100)
    assert unknown < known
    even = math.exp((known + 3.0) / 2)  # from here on the unknown word is meant
    assert best(said("taupe", even * 1.01, toner=0.5)) == "taupe"
    assert best(said("taupe", even * 0.99, toner=0.5)) == "toner"


def test_what_was_heard_first_stays_an_alternative_with_its_confidence() -> None:
    found = heard.best(said("red and braille", 0.4, red_umbrella=0.35), LEXICON, LANGUAGES)
    assert (found.confidence, dict(found.alternatives)) == (0.35, {"red and braille": 0.4})
    assert found.language == "en"


def test_runs_of_chinese_and_japanese_characters_are_known_by_their_parts() -> None:
    assert best(said("赤い笠", 0.5, 赤い傘=0.45)) == "赤い傘"


@pytest.mark.parametrize("lexicon", [None, Lexicon({}, 0)])
def test_without_words_of_the_index_the_recogniser_decides(lexicon: Lexicon | None) -> None:
    found = said("red and braille", 0.4, red_umbrella=0.4)
    assert heard.best(found, lexicon, LANGUAGES) is found


@given(st.dictionaries(st.text(max_size=20), st.floats(0, 1), min_size=1, max_size=5))
def test_choosing_again_changes_nothing_and_loses_no_text(texts: dict[str, float]) -> None:
    first, *others = texts
    found = Transcript(first, "en", texts[first], {other: texts[other] for other in others})
    once = heard.best(found, LEXICON, LANGUAGES)
    assert heard.best(once, LEXICON, LANGUAGES) == once
    assert {once.text: once.confidence, **once.alternatives} == texts


def test_words_in_the_same_place_are_alternatives_and_one_for_several_is_one_for_each() -> None:
    others = heard.other_words(
        said("brother tn donor", 0.6, brother_tn_toner=0.5, brother_ton=0.4, red_brother_tn_donor=0.3)
    )
    assert others == {"donor": ["toner", "ton"], "tn": ["ton"]}
    assert heard.other_words(said("lex mark", 0.5, lexmark=0.4)) == {"lex": ["lexmark"], "mark": ["lexmark"]}


def widened(found: Transcript) -> list[tuple[str, tuple[str, ...]]]:
    reading = heard.widened(read(found.text, LEXICON, LANGUAGES), found, LEXICON, LANGUAGES)
    return [(word.typed, word.others) for word in reading.words]


def test_a_word_that_hardly_a_product_has_stands_also_for_what_it_sounds_like() -> None:
    assert widened(said("brother donor", 0.6, brother_toner=0.5)) == [("brother", ()), ("donor", ("toner",))]


def test_a_word_that_products_have_stands_for_itself() -> None:
    assert widened(said("brother toner", 0.6, brother_donor=0.5)) == [("brother", ()), ("toner", ())]


def test_hints_are_the_words_of_the_most_products_and_the_most_frequent_is_first() -> None:
    lexicon = Lexicon({"the": 90, "red": 40, "usb": 30, "2110": 60, "b5": 50, "toner": 20, "rare": 1, "傘": 3}, 100)
    assert heard.hints(lexicon, 3) == ("red", "usb", "toner")
    assert heard.hints(lexicon, 99) == ("red", "usb", "toner", "傘")
    assert heard.hints(lexicon, 0) == ()


def kind(text: str, transcript: Transcript | None, given: tuple[str, ...] = ()) -> tuple[str, str]:
    fields = Fields(title="title", codes=("sku",), languages=("en", "ja"))
    return planner.kind_of(Query(text, given, heard=transcript), Schema(fields, (), ""))


def test_spoken_words_are_a_kind_of_their_own_and_weigh_as_typed_ones_unless_it_was_learned_otherwise() -> None:
    transcript = Transcript("red coat")
    assert kind("red coat", transcript) == ("voice", "2 words that were spoken")
    assert kind("red coat", transcript, ("photo",))[0] == "photo and voice"
    assert kind("AC-1001", Transcript("AC-1001"))[0] == "code"
    assert (typed("voice"), typed("photo and voice"), typed("code")) == ("words", "photo and words", "code")
    weights = Weights(signals={"title": 1.0}, kinds={"words": {"title": 2.0}, "photo and words": {"title": 3.0}})
    assert [weights.of(name).weight("title") for name in ("voice", "photo and voice")] == [2.0, 3.0]
    learned = Weights(signals={"title": 1.0}, kinds={"words": {"title": 2.0}, "voice": {"title": 4.0}})
    assert learned.of("voice").weight("title") == 4.0


def test_silence_finds_nothing_where_no_words_would_browse_the_shop() -> None:
    assert kind("", None)[0] == "browse"
    assert kind("", Transcript("")) == ("empty", "no word was heard in the recording")


def test_spoken_words_must_mean_something_here_as_typed_ones_must() -> None:
    schema, lexicon = Schema(Fields(title="title"), (), ""), Lexicon({"coat": 30, "red": 40}, 100)

    def proof(transcript: Transcript | None) -> object:
        return planner.plan(Query("bread rolls", heard=transcript), schema, prior(), lexicon=lexicon).proofs

    assert proof(Transcript("bread rolls")) == proof(None) != ()
