"""Having: the clause that a product has all words of a text, or what the shop's rules say they stand for."""

import pytest

from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.words.having import having_all
from hybridsearch.search.words.synonyms import parse


def tokens(match: Match | None) -> dict[str, tuple[tuple[str, ...], ...]]:
    return {words.language: words.tokens for words in match.words} if match else {}


@pytest.mark.parametrize(
    ("written", "languages", "expected"),
    [
        ("Red umbrellas", ["en"], {"en": (("red",), ("umbrella",))}),
        ("umbrella for kids", ["en"], {"en": (("umbrella",), ("kid",))}),
        ("for the", ["en"], {"en": (("for",), ("the",))}),
        ("die cut", ["en", "de"], {"en": (("cut",),), "de": (("cut",),)}),
        ("10 mm", ["en"], {"en": (("10mm",),)}),
        ("雨伞", ["en", "zh"], {"zh": (("雨伞",), ("雨",), ("伞",))}),
        ("nike 鞋", ["en", "zh"], {"zh": (("nike",), ("鞋",))}),
        ("red", ["ja"], {"ja": (("red",),)}),
        ("?!", ["en"], {}),
        ("", ["en"], {}),
    ],
)
def test_all_words_are_needed_in_a_language_that_may_have_them(
    written: str, languages: list[str], expected: dict[str, tuple[tuple[str, ...], ...]]
) -> None:
    found = having_all(written, languages)
    assert tokens(found) == expected
    assert all(words.needed == len(words.tokens) for words in (found.words if found else ()))


def test_what_a_word_stands_for_is_as_good() -> None:
    synonyms = parse({"s.txt": ("", "notebook => laptop\nbrolly, umbrella\n电话, 手机\n")})
    assert tokens(having_all("red notebook", ["en"], None, synonyms)) == {"en": (("red",), ("laptop",))}
    assert tokens(having_all("brolly", ["en"], None, synonyms)) == {"en": (("brolli", "umbrella"),)}
    assert tokens(having_all("电话", ["en", "zh"], None, synonyms)) == {"zh": (("电话", "手机"),)}


def test_it_is_counted_by_the_words_alone() -> None:
    assert having_all("red dress", ["en"]) == Match("text", (Words("en", (("red",), ("dress",)), (1, 1), 2),))
