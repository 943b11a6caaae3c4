"""Text analysis: what people write, in six languages and none, becomes the same tokens on both engines.

The modules `text`, `languages`, `stemming` and `cutting` of `hybridsearch.texts`.
"""

import marshal
import os
import re
import subprocess
import sys
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses, stop_words
from hybridsearch.texts.text import analyse, analyse_query, clean, code, fields_by_language, pairs, sequence, words
from hybridsearch.texts.units import plain_amounts

LANGUAGES = ["en", "de", "fr", "es", "ja", "zh"]
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=80)
"""Every code point: lone surrogates, NUL, marks that stand alone, characters of the future."""
LONGEST_TOKEN = 255
"""Where Elasticsearch's whitespace tokenizer cuts a token in two."""
unhurried = settings(deadline=None)  # the first example waits for the dictionary


@unhurried
@given(ANYTHING, st.sampled_from(LANGUAGES))
def test_any_text_becomes_tokens_that_an_engine_can_split_at_spaces(written: str, language: str) -> None:
    """Fault 67."""
    tokens = analyse(written, language)
    assert " ".join(tokens).split() == tokens
    assert all(token.encode() for token in tokens)
    assert not any("_" in token or len(token) > LONGEST_TOKEN for token in tokens)


@unhurried
@given(ANYTHING, st.sampled_from(LANGUAGES))
def test_the_normalised_twin_of_a_text_gives_the_same_tokens(written: str, language: str) -> None:
    """Fault 75. But for a fraction behind a number: `1¼` is read as it is meant, and its twin is `11⁄4`."""
    written = re.sub("(?<=\\d)(?=[\u00bc-\u00be\u2150-\u215f\u2189])", " ", written)
    expected = analyse(written, language)
    assert analyse(unicodedata.normalize("NFKC", written), language) == expected
    assert analyse(unicodedata.normalize("NFD", written), language) == expected


@unhurried
@given(ANYTHING, st.integers(0, 20))
def test_cleaning_is_done_in_one_pass_and_keeps_to_its_limit(written: str, limit: int) -> None:
    once = clean(written, limit)
    assert clean(once, limit) == once
    assert len(once) <= limit


@unhurried
@given(ANYTHING)
def test_the_words_of_words_are_the_same_words(written: str) -> None:
    once = [word.lower() for word in words(written)]
    # With a space alone between them, `0` and `l` of `0?L` would be a measure.
    assert set(words(" | ".join(once))) == set(once)


@unhurried
@given(ANYTHING, st.sets(st.sampled_from(LANGUAGES), min_size=1))
def test_no_word_of_a_text_is_lost_between_the_fields(written: str, languages: set[str]) -> None:
    parts = fields_by_language(clean(written), languages)
    held = {word for part in parts.values() for word in words(part)}
    assert {word for word in words(clean(written)) if word.isascii()} <= held


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Nike's men’s shoes", ["nike", "men", "shoes"]),
        ("l'eau d’été, qu'il", ["eau", "été", "il"]),
        ("WH-1000XM5", ["wh", "1000xm5", "wh1000xm5"]),
        ("T-shirt", ["t", "shirt", "tshirt"]),
        ("black/white", ["black", "white"]),
        ("3.5mm 1,5 l", ["3.5mm", "1.5", "l", "1.5l"]),
        ("A.1b/2", ["a", "1b", "2", "a1b2"]),
        ("snake_case", ["snake", "case"]),
        ("ＡＢＣ１２３ ﬁne", ["abc123", "fine"]),
        ("İstanbul", ["istanbul"]),
        ("Nike 跑步鞋 男", ["nike", "跑步鞋", "男"]),
        ("ｶﾞﾗｽ製", ["ガラス製"]),
        ("100% (new!) @home", ["100", "new", "home"]),
        ('*:* title:x OR "y"~2', ["title", "x", "or", "y", "2"]),
        ("😀 \0 \ud800 …", []),
    ],
)
def test_words_are_cut_where_shoppers_would_cut_them(written: str, expected: list[str]) -> None:
    """Fault 71."""
    assert words(written) == expected


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "running shoes", "Running Shoe"),
        ("de", "rote Schuhe", "Roter Schuh"),
        ("de", "Straße für Öl", "STRASSE fur Ol"),
        ("fr", "cafés d'été", "cafe ete"),
        ("es", "niños", "ninos"),
        ("fr", "e\u0301cole", "école"),
        ("fr", "chemise brodée, chemises brodees", "chemises brodées, chemise brode"),
        ("fr", "cœur", "coeur"),
        ("de", "Łódź Ærø Fuß", "lodz aero fuss"),
        ("ja", "めがね", "メガネ"),
        ("ja", "ﾒｶﾞﾈ", "めがね"),
    ],
)
def test_forms_and_accents_that_people_mix_up_are_one_token(language: str, first: str, second: str) -> None:
    assert analyse(first, language) == analyse(second, language)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("zh", ["跑步", "鞋"]), ("ja", ["跑步", "步鞋"]), ("en", ["跑", "步", "鞋"])],
)
def test_a_run_of_han_characters_is_cut_as_its_field_says(language: str, expected: list[str]) -> None:
    assert sequence("跑步鞋", language) == expected


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_a_run_is_found_by_its_pairs_and_characters_too(language: str) -> None:
    tokens = analyse("跑步鞋", language)
    assert set(tokens) == {"跑步", "步鞋", "跑", "步", "鞋"}
    assert tokens.count("跑") == 1
    assert analyse("靴", language) == ["靴"]


def test_a_whole_word_counts_for_more_than_what_is_smaller() -> None:
    assert analyse("跑步鞋", "zh").count("跑步") == 2


def test_hiragana_and_katakana_are_one() -> None:
    assert analyse("赤いドレス M", "ja")[:5] == ["赤い", "いど", "どれ", "れす", "赤"]


@pytest.mark.parametrize("written", ["5 kg", "5kg", "5 Kilo", "5.0 kg", "5,00kg"])
def test_a_measure_is_one_token_of_a_query_and_in_the_index_however_it_is_written(written: str) -> None:
    assert analyse_query(written, "en") == ["5kg"]
    assert "5kg" in analyse(f"Dog food {written}", "en")


def test_a_mixed_title_is_whole_in_chinese_and_latin_in_english() -> None:
    assert {language: words(part) for language, part in fields_by_language("Nike 跑步鞋 男", ["en", "zh"]).items()} == {
        "zh": ["nike", "跑步鞋", "男"],
        "en": ["nike"],
    }


def test_latin_text_does_not_fill_the_chinese_field_of_a_shop_that_has_another() -> None:
    assert fields_by_language("red dress", ["en", "zh"]) == {"en": "red dress"}
    assert fields_by_language("red dress", ["zh"]) == {"zh": "red dress"}


def test_a_shop_without_a_chinese_field_keeps_han_characters_in_the_others() -> None:
    assert fields_by_language("Nike 跑步鞋", ["en", "de"]) == {"en": "Nike 跑步鞋", "de": "Nike 跑步鞋"}


def test_a_query_loses_its_stop_words_and_repetitions() -> None:
    assert analyse_query("the red dress for the red carpet", "en") == ["red", "dress", "carpet"]
    assert analyse_query("das Kleid für die Party", "de") == analyse("Kleid Party", "de")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", ["láser", "cone", "par"]),
        ("fr", ["sûre", "deere", "san", "lee"]),
        ("de", ["under", "mite"]),
        ("en", ["ares", "ats"]),
    ],
)
def test_a_word_whose_stem_would_be_a_stop_word_is_none(language: str, words: list[str]) -> None:
    tokens = analyse(" ".join(words), language)
    assert analyse_query(" ".join(words), language) == tokens
    assert not set(tokens) & text.stop_tokens(language)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_stop_words_are_not_stemmed(language: str) -> None:
    assert text.stop_tokens(language) == set(map(stemming.unaccented, stop_words((language,))))


def test_a_query_of_nothing_but_stop_words_keeps_them() -> None:
    """Fault 69."""
    assert analyse_query("The Who", "en") == ["who"]
    assert analyse_query("the the", "en") == ["the"]


def test_the_index_keeps_stop_words() -> None:
    assert analyse("the dress", "en") == ["the", "dress"]


def test_pairs_are_adjacent_tokens_joined() -> None:
    assert pairs(["red", "summer", "dress"]) == ["red_summer", "summer_dress"]
    assert pairs(["red"]) == []


@pytest.mark.parametrize("typed", ["WH-1000XM5", "wh1000xm5", "WH 1000 XM5", "ＷＨ－１０００ＸＭ５", "wh/1000.xm5"])
def test_a_code_is_its_letters_and_digits_however_it_is_typed(typed: str) -> None:
    assert code(typed) == "wh1000xm5"


def test_every_stop_word_is_one_token() -> None:
    for language in LANGUAGES:
        assert len(text.stop_tokens(language)) <= len(analyses()[language]["stopwords"])
        assert all(text.stop_tokens(language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["哈", "x", "x-", "1.", "a1-b2 ", "l'", "\u0301", "ﷺ", " "])
def test_a_hundred_thousand_characters_take_less_than_two_seconds(unit: str, language: str) -> None:
    analyse("warm 跑步鞋", language)
    started = time.perf_counter()
    tokens = analyse(unit * (100_000 // len(unit)), language)
    assert time.perf_counter() - started < 2
    assert max(map(len, tokens), default=0) <= LONGEST_TOKEN


def test_the_cutter_of_chinese_neither_leaves_nor_reads_a_file_in_the_shared_temporary_folder(tmp_path: Path) -> None:
    """Fault 90: jieba would load what anyone had put there under the name of its cache."""

    def cut() -> str:
        command = [
            sys.executable,
            "-c",
            "from hybridsearch.texts.text import analyse; print(analyse('红色跑步鞋', 'zh'))",
        ]
        environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    words = cut()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps(({"红色跑步鞋": 10**6}, 10**6)))
    assert cut() == words
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]


def test_a_word_that_never_ends_is_cut_at_64_characters() -> None:
    assert analyse("x" * 1_000, "en") == ["x" * 64]


def test_of_a_pile_of_marks_thirty_stay_and_nothing_behind_it_is_lost() -> None:
    marks = "\u0316\u0301"
    assert text.normal("e" + marks * 15 + "x") == unicodedata.normalize("NFKC", "e" + marks * 15 + "x")
    assert text.normal("e" + marks * 50_000 + "x") == text.normal("e" + marks * 15 + "x")
    assert text.normal("★" * 100 + "ﾞ" * 100) == "★" * 100 + "\u3099" * 30


@given(st.text(st.sampled_from("ae ★\u0301\u0316\u0f73ｶﾞ"), max_size=30))
def test_normal_text_is_nfkc(written: str) -> None:
    assert text.normal(written) == unicodedata.normalize("NFKC", written)


@unhurried
@given(ANYTHING)
def test_the_pieces_of_a_text_are_the_first_of_its_words(written: str) -> None:
    pieces = text.pieces(plain_amounts(text.lowered(written)))
    assert words(written)[: len(pieces)] == pieces
    assert text.pieces("WH-1000XM5, T-shirt 10 mm") == ["wh", "1000xm5", "t", "shirt", "10", "mm"]


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "knife knives"), ("en", "woman women womens"), ("en", "mouse mice"), ("en", "lens lenses"),
        ("en", "colour colors"), ("en", "jewellery jewelry"), ("es", "lápiz lápices"), ("es", "luz luces"),
        ("es", "dulce dulces"),
    ],
)  # fmt: skip
def test_forms_that_no_ending_tells_have_one_stem(language: str, forms: str) -> None:
    assert len({stemming.stem(form, language) for form in forms.split()}) == 1


def test_vowels_of_arabic_and_hebrew_make_no_difference() -> None:
    assert words("أَحْمَر") == words("أحمر")
    assert words("שָׁלוֹם") == words("שלום")


def test_threads_that_stem_at_the_same_time_get_the_stems_that_one_gets() -> None:
    written = [f"{root}{end}" for root in ("run", "dress", "nation", "organ") for end in ("s", "ing", "ness", "ities")]
    alone = [stemming.snowball(word, "en") for word in written]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: [stemming.snowball(word, "en") for word in written], range(40)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [alone] * 40
