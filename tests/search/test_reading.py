"""What was typed, as the words of the index that may be meant, and what each tells (`telling`).

A `word`, the `terms` of several, their `spelling`, and their `occurrences` in an index.
"""

import math
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.search.clauses import Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.reading import read
from hybridsearch.search.words.telling import UNKNOWN, idf, in_language, most_for, present

LEXICON = Lexicon(
    {"red": 20, "umbrella": 8, "cheap": 1, "stainless": 9, "steel": 20, "t": 6, "shirt": 15, "tshirt": 6, "5kg": 2,
     "tn2110": 1, "tn": 30, "2110": 1, "laser": 50, "printer": 60, "laserprinter": 1, "the": 90, "跑步鞋": 6, "跑步": 7,
     "步鞋": 6, "跑": 9, "步": 9, "鞋": 12},
    100,
)  # fmt: skip


def words(typed: str, *, language: str = "en", least: float = 0.2, lexicon: Lexicon | None = LEXICON) -> Words:
    reading = read(typed, lexicon, ("en", "zh"))
    found = in_language(reading, typed, language, lexicon, least)
    assert found is not None
    return found


def tokens(typed: str, language: str = "en") -> tuple[tuple[str, ...], ...]:
    return words(typed, language=language).tokens


def test_the_index_decides_what_a_misspelt_word_may_be() -> None:
    assert tokens("red umbrela") == (("red",), ("umbrela", "umbrella"))
    assert read("red umbrela", LEXICON, ("en",)).spelled == "red umbrella"
    assert read("red umbrella", LEXICON, ("en",)).spelled == ""


def test_a_form_of_a_short_word_that_products_have_is_not_misspelt() -> None:
    lexicon = Lexicon({"rot": 20, "roses": 9}, 100)
    assert read("rotes", lexicon, ("de", "fr")).corrected == {}
    assert read("rotes", Lexicon({"roses": 9}, 100), ("de", "fr")).corrected == {"rotes": "roses"}


@pytest.mark.parametrize("typed", ["earuds", "eabuds", "erabuds", "earbuds"])
def test_a_misspelt_form_stands_for_the_form_that_products_have(typed: str) -> None:
    corrected = {} if typed == "earbuds" else {typed: "earbud"}
    assert read(typed, Lexicon({"earbud": 3}, 100), ("en",)).corrected == corrected


def test_a_word_that_nobody_writes_is_misspelt_though_a_rare_word_has_its_stem() -> None:
    """The stem of `gmaing` is `gma`."""
    assert read("gmaing", Lexicon({"gaming": 40, "gma": 1}, 1_000), ("en",)).corrected == {"gmaing": "gaming"}
    assert read("gma", Lexicon({"gaming": 40, "gma": 1}, 1_000), ("en",)).corrected == {}


def test_words_that_were_written_as_one_are_each_looked_for() -> None:
    assert tokens("stainlesssteel") == (("stainlesssteel", "stainless"), ("stainlesssteel", "steel"))
    assert read("stainlesssteel", LEXICON, ("en",)).spelled == "stainless steel"


def test_neighbours_are_also_one_word_where_the_index_mostly_has_that() -> None:
    assert tokens("t shirt") == (("t", "tshirt"), ("shirt", "tshirt"))
    assert tokens("laser printer") == (("laser",), ("printer",))


def test_a_word_counts_the_more_the_fewer_products_have_it() -> None:
    read_so = words("red umbrella")
    idfs = [math.log(1 + (100 - count + 0.5) / (count + 0.5)) for count in (20, 8)]
    assert read_so.tells == tuple(round(1_000 * part / sum(idfs)) for part in idfs)
    assert read_so.needed == read_so.tells[1]  # an umbrella of any colour, and not what else is red
    assert read_so.least is None or read_so.least == 1


def test_words_that_many_products_have_together_are_all_needed() -> None:
    assert words("laser printer").least == 2  # 50 x 60 of 100 products: 30 are expected to have both


@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0.001, 1)), min_size=1, max_size=7), st.floats(0.0001, 1))
@settings(max_examples=200, deadline=None)
def test_what_is_needed_is_the_most_that_enough_products_are_expected_to_have(
    asked: list[tuple[int, float]], share: float
) -> None:
    chances: dict[int, float] = {0: 1.0}
    for tells, having in asked:
        after: defaultdict[int, float] = defaultdict(float)
        for told, chance in chances.items():
            after[told] += chance * (1 - having)
            after[told + tells] += chance * having
        chances = after
    found = most_for(share, tuple(asked))
    assert sum(chance for told, chance in chances.items() if told >= found) >= share * (1 - 1e-6)
    more = [told for told in chances if told > found]
    if more:
        assert sum(chance for told, chance in chances.items() if told >= min(more)) <= share * (1 + 1e-6)


def test_a_word_that_no_product_has_is_never_needed_and_finds_what_has_it_since() -> None:
    read_so = words("umbrella qwertz")
    assert read_so.tells == (1_000, UNKNOWN)
    assert read_so.needed <= read_so.tells[0]
    assert present(read_so, 1.0).tokens == (("umbrella",),)


def test_forms_of_one_word_that_all_products_have_are_no_more_than_all() -> None:
    lexicon = Lexicon({"note": 9, "book": 9, "notebook": 9, "red": 2}, 10)
    found = words("red note book", lexicon=lexicon)
    assert found.tokens == (("red",), ("note", "notebook"), ("book", "notebook"))
    assert 0 < found.needed <= sum(found.tells)


def test_a_word_that_too_few_products_have_does_not_shut_out_the_others() -> None:
    assert words("cheap umbrella").needed == words("cheap umbrella").tells[1]


def test_where_no_word_is_known_any_will_do() -> None:
    assert words("qwertz zuiop").needed == 1
    assert words("red umbrella", lexicon=None) == Words.alike("en", [("red",), ("umbrella",)])
    assert words("red umbrella", least=0.0) == Words.alike("en", [("red",), ("umbrella",)])


def test_a_run_of_chinese_is_as_many_words_as_it_has_tokens() -> None:
    assert {("跑步",), ("步鞋",), ("跑",), ("步",), ("鞋",)} <= set(tokens("跑步鞋", "zh"))


def test_a_code_is_not_corrected() -> None:
    assert tokens("tn2111") == (("tn2111",),)


@pytest.mark.parametrize("typed", ["the", "the the", "a" * 256, "umbrela " * 20, "'", "5 kg", "ｒｅｄ", "red 跑步鞋"])
def test_whatever_is_typed_is_read(typed: str) -> None:
    for language in ("en", "zh"):
        in_language(read(typed, LEXICON, ("en", "zh")), typed, language, LEXICON, 0.2)


@given(
    st.lists(st.sampled_from([*LEXICON.counts, "umbrela", "qwertz", "steelred"]), min_size=1, max_size=8),
    st.floats(0, 1),
)
@settings(max_examples=300, deadline=None)
def test_one_word_that_enough_products_have_is_enough_or_no_word_has_them(typed: list[str], least: float) -> None:
    found = in_language(read(" ".join(typed), LEXICON, ("en",)), " ".join(typed), "en", LEXICON, least)
    if found is not None:
        assert found.needed <= sum(found.tells)
        assert len(found.tells) == len(found.tokens)
        assert all(tells >= 1 for tells in found.tells)


def test_idf_is_that_of_lucene() -> None:
    assert idf(8, 100) == pytest.approx(math.log(1 + 92.5 / 8.5))


@pytest.mark.parametrize(
    ("typed", "corrected", "dropped"),
    [
        ("red umbrella", {}, ()),
        ("rad umbrela", {"umbrela": "umbrella"}, ("rad",)),
        ("zzzz red", {}, ("zzzz",)),
        ("傘 zzzz", {}, ("zzzz",)),
    ],
)
def test_what_was_corrected_and_what_no_product_has_is_named(
    typed: str, corrected: dict[str, str], dropped: tuple[str, ...]
) -> None:
    lexicon = Lexicon({"red": 20, "umbrella": 8}, 100)
    reading = read(typed, lexicon, ("en", "zh"))
    assert (reading.corrected, reading.dropped) == (corrected, dropped)
    assert read(typed, None, ("en", "zh")).dropped == ()


DIGITS = Lexicon(
    {"iphone": 20, "15": 9, "spf": 5, "50": 7, "m5799dwf": 1, "hdmi": 4, "2.1": 2, "band": 9, "scissors": 3,
     "80x40": 1, "80": 3, "40": 2, "s10": 3, "s10+": 1},
    60,
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "spelled"), [("iphone15", "iphone 15"), ("spf50", "spf 50"), ("hdmi2.1", "hdmi 2.1"), ("x15", "")]
)
def test_a_word_with_digits_that_no_product_has_is_read_as_its_two_parts(typed: str, spelled: str) -> None:
    assert read(typed, DIGITS, ("en",)).spelled == spelled


def test_the_beginning_of_a_model_is_read_as_the_model() -> None:
    assert read("m5799", DIGITS, ("en",)).words[0].others == ("m5799dwf",)
    assert read("iphone", DIGITS, ("en",)).words[0].others == ()


def test_a_stop_word_and_another_form_are_no_misspelt_words() -> None:
    assert read("rock and roll", DIGITS, ("en",)).corrected == {}
    assert read("scissor", DIGITS, ("en",)).corrected == {}


def test_what_could_be_written_otherwise_is_asked_only_where_the_index_has_it() -> None:
    assert [word.typed for word in read("80 x 40", DIGITS, ("en",)).words] == ["80", "x", "40", "80x40"]
    assert [word.typed for word in read("80 x 50", DIGITS, ("en",)).words] == ["80", "x", "50"]
    assert [word.typed for word in read("s10+", DIGITS, ("en",)).words] == ["s10", "s10+"]
    assert read("50+", DIGITS, ("en",)).dropped == ()
