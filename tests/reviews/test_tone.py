"""The tone of sentences in six languages: negation, emphasis, contrast, aspects, and the language itself."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.reviews.lexicon import CJK, LATIN
from hybridsearch.reviews.tone import language_of, sentences, tone


@pytest.mark.parametrize(
    ("language", "good", "bad", "neither"),
    [
        ("en", "It is good.", "It is not good.", "It has four legs."),
        ("de", "Das Rad läuft gut.", "Das Rad funktioniert nicht.", "Es hat vier Beine."),
        ("fr", "Ce vélo est bon.", "Ce vélo n'est pas bon.", "Il a quatre pieds."),
        ("es", "Es bueno.", "No es bueno.", "Tiene cuatro patas."),
        ("ja", "これは良いです。", "これは良くないです。", "脚が四本あります。"),
        ("zh", "这个好用。", "这个不好用。", "有四条腿。"),
    ],
)
def test_a_negation_turns_praise_round(language: str, good: str, bad: str, neither: str) -> None:
    assert [tone(each, language).label for each in (good, bad, neither)] == ["+", "-", "0"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "No problems at all."),
        ("de", "Keine Probleme bisher."),
        ("fr", "Aucun problème."),
        ("es", "Ningún problema."),
        ("ja", "問題ありません。"),
        ("zh", "没有任何问题。"),
    ],
)
def test_what_is_not_bad_is_good(language: str, sentence: str) -> None:
    assert tone(sentence, language).label == "+"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Nice jacket, but the zipper broke."),
        ("de", "Schöne Jacke, aber der Reißverschluss ist kaputt."),
        ("fr", "Jolie veste, mais la fermeture est cassée."),
        ("es", "Bonita chaqueta, pero la cremallera se rompió."),
        ("ja", "きれいな上着ですが、すぐ壊れました。"),
        ("zh", "衣服好看，但是拉链坏了。"),
    ],
)
def test_what_follows_a_contrast_counts_more(language: str, sentence: str) -> None:
    assert tone(sentence, language).label == "-"


def test_emphasis_makes_a_tone_louder_and_a_bit_makes_it_softer() -> None:
    soft, plain, loud = (tone(f"It is {word}good.", "en").score for word in ("a bit ", "", "very "))
    assert 0 < soft < plain < loud < 1


def test_each_aspect_has_the_tone_of_its_own_part() -> None:
    heard = tone("The battery is great, but the screen is terrible.", "en")
    assert heard.aspects["battery"] > 0 > heard.aspects["display"]


def test_a_term_may_name_its_aspect_by_itself() -> None:
    assert {name: score < 0 for name, score in tone("Runs small.", "en").aspects.items()} == {"size": True}


@pytest.mark.parametrize(
    ("content", "language"),
    [
        ("The shoes are too small for me", "en"),
        ("Die Schuhe sind mir zu klein", "de"),
        ("Les chaussures sont trop petites pour moi", "fr"),
        ("Los zapatos son demasiado pequeños para mí", "es"),
        ("靴が小さすぎます", "ja"),
        ("鞋子太小了", "zh"),
        ("Обувь мне мала", ""),
        ("", ""),
        ("!!! 12345", ""),
    ],
)
def test_the_language_is_told_by_its_script_and_small_words(content: str, language: str) -> None:
    assert language_of(content) == language


def test_the_first_language_of_the_shop_counts_where_words_do_not_tell() -> None:
    assert [language_of("super", (language,)) for language in ("fr", "de")] == ["fr", "de"]


def test_sentences_stand_as_they_were_written() -> None:
    content = "It costs 1.75 euros. Great!! 良い。でも小さい\nLast one"
    assert sentences(content) == ["It costs 1.75 euros.", "Great!!", "良い。", "でも小さい", "Last one"]
    assert all(each in content for each in sentences(content))


@pytest.mark.parametrize("word", ["good, ", "but ", "not ", "very ", "too good ", "x.", ", ", "a"])
def test_the_longest_review_takes_a_moment_whatever_is_repeated_in_it(word: str) -> None:
    started = time.process_time()
    for language in (*LATIN, *CJK):
        tone((word * 2_000)[:2_000], language)
    assert time.process_time() - started < 2.0  # a hundredth of that, but threads of other tests count too


@given(st.text(max_size=80), st.sampled_from((*LATIN, *CJK)))
def test_whatever_is_written_has_a_tone_and_always_the_same(content: str, language: str) -> None:
    heard = tone(content, language)
    assert -1 < heard.score < 1
    assert heard == tone(content, language)
    assert language_of(content) in (*LATIN, *CJK, "")
    assert all(each in content for each in sentences(content))
