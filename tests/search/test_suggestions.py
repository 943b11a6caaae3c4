"""Suggestions: what is counted for each, and what is chosen among those that find something."""

import tomllib
from datetime import date
from typing import Any

from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Counted, Saturated
from hybridsearch.search.filters.conditions import Ids, Not, Terms
from hybridsearch.search.rules import NONE as NO_RULES
from hybridsearch.search.rules import Rules, parse
from hybridsearch.search.suggest.beginnings import Beginnings
from hybridsearch.search.suggest.concordance import Concordance
from hybridsearch.search.suggest.suggest import Candidate, Known
from hybridsearch.search.suggest.suggestions import PRODUCTS, Planned, chosen, planned, shares
from hybridsearch.search.weights import prior
from hybridsearch.search.words.having import having_all
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE
from tests.search.builders import FIELDS

KNOWN = Known(Lexicon({"umbrella": 9, "red": 5}, 20), Concordance([]), Beginnings({}))
RED = Terms("color", ("red",))
SCHEMA = Schema(FIELDS)


def plan_of(typed: str, rules: Rules = NO_RULES, **more: Any) -> Planned:
    today = date(2026, 6, 15)
    return planned(typed, 8, SCHEMA, prior(), KNOWN, rules=rules, synonyms=NONE, today=today, **more)


def test_each_candidate_is_counted_under_the_filters_and_the_products_have_the_beginning() -> None:
    found = plan_of("umb", filters=(RED,))
    languages = FIELDS.languages
    assert [each.text for each in found.candidates] == ["umbrella"]
    assert found.plan.counted == (Counted(having_all("umbrella", languages), (RED,)),)
    assert (found.plan.filters, found.plan.size) == ((RED,), PRODUCTS)
    assert found.plan.keyword is not None
    assert found.plan.keyword.words[0].tokens == (("umb", "umbrella"),)
    named = [signal.name for signal in found.plan.signals if isinstance(signal, Saturated)]
    assert named == ["title", "text"]


def test_a_rule_for_a_suggestion_changes_what_is_counted_and_what_it_hides_is_not_shown() -> None:
    written = """
    [[rule]]
    name = "r"
    when.query = "umbrella"
    then = { hide = ["7"], filters = { brand = "Acme" }, query = "red" }
    """
    found = plan_of("umb", parse("rules.toml", tomllib.loads(written)))
    hidden, acme = Not(Ids(("7",))), Terms("brand", ("Acme",))
    assert found.plan.counted == (Counted(having_all("red", FIELDS.languages), (acme, hidden)),)
    assert found.plan.ruled.filters == (hidden,)


def test_nothing_typed_needs_no_products() -> None:
    found = plan_of("")
    assert (found.plan.kind, found.plan.size, found.plan.counted) == ("browse", 0, ())


def words(*texts: str, kind: str = "word", changed: int = 0) -> list[Candidate]:
    return [Candidate(text, kind, text, changed=changed) for text in texts]


def test_queries_keep_their_order_and_words_are_in_that_of_their_counts() -> None:
    found = [*words("z", "y", kind="query"), *words("typo", changed=1), *words("b", "a", "most", "none")]
    picked = chosen(found, [1, 2, 99, 3, 3, 5, 0], 8)
    assert [(each.text, each.count) for each in picked] == [
        ("z", 1), ("y", 2), ("most", 5), ("a", 3), ("b", 3), ("typo", 99)
    ]  # fmt: skip


def test_categories_and_brands_have_a_part_of_the_places_and_take_what_is_left() -> None:
    there = {"query": 9, "word": 9, "category": 9, "brand": 9}
    assert shares(there, 8) == {"category": 2, "brand": 2, "query": 3, "word": 1}
    assert shares({**there, "query": 0}, 8) == {"category": 2, "brand": 2, "query": 0, "word": 4}
    assert shares({**there, "query": 0, "word": 1}, 8) == {"category": 5, "brand": 2, "query": 0, "word": 1}
    assert shares({**there, "brand": 0, "category": 0, "word": 0}, 8) == {
        "category": 0, "brand": 0, "query": 8, "word": 0
    }  # fmt: skip
    assert shares(there, 0) == {"category": 0, "brand": 0, "query": 0, "word": 0}


def test_a_suggestion_says_what_to_search_for() -> None:
    found = [Candidate("Umbrellas", "category", "red", (Terms("kind", ("Umbrellas",)),))]
    (suggestion,) = chosen(found, [4], 8)
    assert suggestion.to_json() == {
        "text": "Umbrellas",
        "kind": "category",
        "count": 4,
        "query": "red",
        "filters": {"kind": "Umbrellas"},
    }
