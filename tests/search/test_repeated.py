"""Which languages tell of a query what another one tells already."""

import pytest

from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search import planner
from hybridsearch.search.clauses import Condition, Match, Saturated
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import prior
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, Synonyms, parse

SCHEMA = Schema(Fields(title="title", text=("title",), languages=("en", "de", "fr", "es", "ja", "zh")))
COUNTS = {"cable": 3, "cables": 2, "runner": 4, "running": 4, "usb": 9, "lamp": 2, "lamps": 1, "las": 1, "靴": 2}
WORDS = Lexicon(COUNTS, 20)


def plan(typed: str, lexicon: Lexicon | None = WORDS, synonyms: Synonyms = NONE) -> Plan:
    return planner.plan(Query(typed), SCHEMA, prior(), lexicon=lexicon, synonyms=synonyms)


def matches(found: Plan) -> dict[str, Match]:
    """Return the clauses on texts by the name of their signal."""
    named = {each.name: each.match for each in found.signals if isinstance(each, Saturated)}
    conditions = (each for each in found.signals if isinstance(each, Condition))
    return named | {each.name: each.clause for each in conditions if isinstance(each.clause, Match)}


def ranked_in(found: Plan) -> list[str]:
    """Return the languages that each signal looks in: the same for all of them."""
    ranked = (match for name, match in matches(found).items() if name != "pairs")  # a single word has none
    (languages,) = {tuple(words.language for words in match.words) for match in ranked}
    return list(languages)


@pytest.mark.parametrize(
    ("typed", "languages"),
    [
        ("usb cable", ["en"]),  # the stems of `cable` and `cables` are the same in all four
        ("lamp", ["en", "de"]),  # `lamps` is a form of it in English and French, in German and Spanish it is not
        ("runner", ["en"]),  # its stem differs, but `running`, the only other word like it, is in none a form of it
        ("usb 靴", ["en", "ja", "zh"]),
    ],
)
def test_products_are_ranked_in_one_of_the_languages_that_take_the_same_words_for_each_other(
    typed: str, languages: list[str]
) -> None:
    assert sorted(ranked_in(plan(typed))) == sorted(languages)


def test_candidates_are_looked_for_in_all_of_them() -> None:
    found = plan("usb cable")
    assert found.keyword is not None
    assert [words.language for words in found.keyword.words] == ["en", "de", "fr", "es"]


def test_where_not_all_words_are_known_none_is_passed_over() -> None:
    for lexicon in (None, Lexicon(COUNTS, 20, whole=False)):
        assert ranked_in(plan("usb cable", lexicon)) == ["en", "de", "fr", "es"]


def test_a_stop_word_of_one_language_tells_it_from_the_others() -> None:
    assert ranked_in(plan("usb las")) == ["en", "es"]


def test_a_rule_for_one_language_tells_it_from_the_others() -> None:
    rules = parse({"french.txt": ("fr", "cable, usb")})
    assert ranked_in(plan("cable", synonyms=rules)) == ["en", "fr"]
