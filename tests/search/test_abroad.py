"""Goods and colours under their names in other languages (`abroad`): only where no product has what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.encoders.goods import kinds
from hybridsearch.search.words.abroad import dictionary
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.reading import read
from hybridsearch.search.words.synonyms import form, parse

LEXICON = Lexicon({"red": 20, "backpack": 9, "phone": 9, "case": 7, "sunglasses": 4, "sac": 3, "rott": 2}, 100)


def forms(typed: str, lexicon: Lexicon = LEXICON, languages: tuple[str, ...] = ("en",)) -> list[tuple[str, ...]]:
    return [
        tuple(form for each in word.alike for form in each.forms) or (word.typed,)
        for word in read(typed, lexicon, languages).words
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Rucksack", [("backpack",)]),
        ("rote Rucksäcke", [("red",), ("backpack",)]),
        ("lunettes de soleil", [("sunglasses",)]),
        ("sac à dos rouge", [("backpack",), ("red",)]),
        ("Handyhülle", [("phone case",)]),
        ("红色手机壳", [("red",), ("phone case",)]),
        ("red backpack", [("red",), ("backpack",)]),
        ("书包", [("书包",)]),
        ("背包", [("backpack",)]),
        ("Zahnbürste", [("zahnbürste",)]),
        ("rott", [("rott",)]),
        ("umbrela", [("umbrela",)]),
    ],
)
def test_goods_that_no_product_has_under_one_name_are_looked_for_under_that_of_the_products(
    typed: str, expected: list[tuple[str, ...]]
) -> None:
    assert forms(typed) == expected


def test_what_products_are_called_in_several_languages_is_looked_for_in_each_field_that_may_have_it() -> None:
    lexicon = Lexicon({"mochila": 3, "双肩包": 2, "双肩": 2, "肩包": 2}, 100)
    (word,) = read("backpack", lexicon, ("es", "fr", "zh")).words
    assert word.forms("es") == word.forms("fr") == ("backpack", "mochila")
    assert word.forms("zh") == ("backpack", "mochila", "双肩包")


def test_beside_a_word_of_another_language_known_words_are_looked_for_in_this_one_too() -> None:
    lexicon = Lexicon({"red": 9, "backpack": 3, "红色": 2, "红": 2, "色": 2, "手机": 2}, 100)
    reading = read("红色背包", lexicon, ("en", "zh"))
    assert [word.forms("en") for word in reading.words] == [("red",), ("backpack",)]
    assert reading.parts({"zh": "红色背包"}, ("en", "zh")) == {"en": "红色 背包", "zh": "红色背包"}
    assert reading.notes == ("'背包' was also read as backpack",)
    (word,) = read("红色", lexicon, ("en", "zh")).words
    assert word.alike == ()


def test_a_rule_of_the_shop_goes_first() -> None:
    rules = parse({"synonyms.txt": ("", "rucksack => case")})
    (word,) = read("Rucksack", LEXICON, ("en",), rules).words
    assert word.forms("en") == ("case",)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("rucksack, daypack", ("backpack",)),
        ("rucksack, case", ("case",)),
        ("rucksack => daypack", ("daypack",)),
        ("xyzzy, daypack", ("backpack",)),
    ],
)
def test_a_rule_that_names_what_no_product_has_does_not_stand_in_the_way(rule: str, expected: tuple[str, ...]) -> None:
    words = read("Rucksack", LEXICON, ("en",), parse({"synonyms.txt": ("", rule)})).words
    assert [tuple(form for each in word.alike for form in each.forms) for word in words] == [expected]


def test_a_rule_stays_where_nothing_else_is_known_of_a_word() -> None:
    words = read("xyzzy rucksack", LEXICON, ("en",), parse({"synonyms.txt": ("", "xyzzy, plugh")})).words
    assert [[form for each in word.alike for form in each.forms] for word in words] == [["plugh"], ["backpack"]]


def test_what_was_read_otherwise_is_told_and_not_called_unknown() -> None:
    reading = read("Rucksack xyzzy", LEXICON, ("en",))
    assert reading.notes == ("'rucksack' was also read as backpack",)
    assert reading.dropped == ("xyzzy",)


def test_every_kind_of_goods_leads_from_each_language_to_each_other() -> None:
    for name, words in kinds().items():
        found = {other for each in dictionary().of(name.replace("-", " ").split(), ["en"]) for other in each.forms}
        assert found >= {form(word.lower()) for word in words.values()} - {form(name)}, name


@given(
    st.lists(st.sampled_from(["rucksack", "红色", "手机壳", "sac", "à", "dos", "red", "壳", "ab", "12"]), max_size=6)
)
def test_no_word_is_lost_or_doubled(typed: list[str]) -> None:
    read_as = read(" ".join(typed), LEXICON, ("en", "zh"))
    assert "".join("".join(word.typed.split()) for word in read_as.words) == "".join(typed)
