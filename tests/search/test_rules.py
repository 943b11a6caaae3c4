"""Rules: when they are for a query, what they change together (`ruled`), and what is wrong with some of them."""

from __future__ import annotations

import time
import tomllib
from datetime import date
from typing import Any

import pytest

from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Passing
from hybridsearch.search.filters.conditions import Filter, Ids, Not, Range, Terms
from hybridsearch.search.rules import NONE, Rules, misplaced, parse
from tests.search.builders import FIELDS

TODAY = date(2026, 6, 15)


def rules(written: str) -> Rules:
    return parse("rules.toml", tomllib.loads(written))


def rule(when: str, then: str = 'pin = ["1"]', name: str = "r") -> str:
    return f'[[rule]]\nname = "{name}"\nwhen = {{ {when} }}\nthen = {{ {then} }}\n'


def names(found: Rules, typed: str, *filters: Filter) -> tuple[str, ...]:
    return found.applied(typed, filters, FIELDS, TODAY).names


@pytest.mark.parametrize(
    ("when", "typed", "applies"),
    [
        ('query = "summer dress"', "Summer  DRESS!", True),
        ('query = "summer dress"', "summer dresses", False),
        ('query = ["a", "robe d\'été"]', "Robe d'ete", True),
        ('query = ""', "", True),
        ('query = ""', "hat", False),
        ('contains = "red hat"', "my red hat now", True),
        ('contains = "red hat"', "red straw hat", False),
        ('contains = ["x", "hat"]', "hat", True),
        ('contains = "hat"', "hats", False),
        ('query = "hat", from = 2026-06-15, until = 2026-06-15', "hat", True),
        ('query = "hat", from = 2026-06-16', "hat", False),
        ('query = "hat", until = 2026-06-14', "hat", False),
        ('query = "hat", contains = "cap"', "hat", False),
        ('query = "帽子"', "帽子", True),
    ],
)
def test_a_rule_is_for_a_query(when: str, typed: str, applies: bool) -> None:
    assert names(rules(rule(when)), typed) == (("r",) if applies else ())


@pytest.mark.parametrize(
    ("wanted", "filters", "applies"),
    [
        ('brand = "Acme"', [Terms("brand", ("Acme",))], True),
        ('brand = ["Acme", "Zeta"]', [Terms("brand", ("Acme",))], True),
        ('brand = "Acme"', [Terms("brand", ("Acme", "Zeta"))], False),
        ('brand = "Acme"', [], False),
        ('brand = "Acme"', [Terms("brand", ())], False),
        ("price = { lte = 9 }", [Range("price", lte=9.0)], True),
        ("price = { lte = 9 }", [Range("price", lte=8.0)], False),
    ],
)
def test_a_rule_is_for_filters_that_are_set_or_narrower_ones(wanted: str, filters: list[Filter], applies: bool) -> None:
    assert bool(names(rules(rule(f"filters = {{ {wanted} }}")), "anything", *filters)) is applies


def test_what_rules_change_adds_up_and_the_first_decides_where_only_one_can() -> None:
    found = rules(
        rule('contains = "hat"', 'pin = ["1", "2"], query = "cap", redirect = "/a", banner = { n = 1 }', "a")
        + rule('contains = "red"', 'pin = ["2", "3", "4"], query = "coat", redirect = "/b", hide = ["3"]', "b")
        + rule(
            'contains = "red hat"',
            'filters = { price = { lt = 5 } }, boost = [{ filters = { brand = "Acme" }, by = 0.5 }], '
            'bury = [{ filters = { brand = "Zeta" } }], banner = { n = 2 }',
            "c",
        )
    ).applied("red hat", (), FIELDS, TODAY)
    assert found.names == ("a", "b", "c")
    assert (found.query, found.redirect, found.banners) == ("cap", "/a", ({"n": 1}, {"n": 2}))
    assert [(pin.id, pin.rule) for pin in found.pins] == [("1", "a"), ("2", "a"), ("4", "b")]
    assert found.filters == (Not(Ids(("3",))), Range("price", lt=5.0))
    assert found.signals == (
        Passing("rule a: pin 1", 1000.0, (Ids(("1",)),)),
        Passing("rule a: pin 2", 999.0, (Ids(("2",)),)),
        Passing("rule b: pin 4", 998.0, (Ids(("4",)),)),
        Passing("rule c: boost", 0.5, (Terms("brand", ("Acme",)),)),
        Passing("rule c: not buried", 0.2, (Terms("brand", ("Zeta",)),), False),
    )


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (rule('query = "a", matches = "(a+)+$"'), "rules.toml: rule 1: 'when.matches': no such key"),
        (rule('query = "a"', "pins = 3"), "rules.toml: rule 1: 'then.pins': no such key"),
        (rule("query = 3"), "rules.toml: rule 1: 'when.query': expected a text or a list of texts"),
        (rule("from = 2026-01-01"), "rules.toml: rule 1: 'when': names no query; say 'query', 'contains' or 'filters'"),
        (
            rule('query = "a"', "boost = [{ filters = {}, by = 5 }]"),
            "rules.toml: rule 1: 'then.boost.0.by': Input should be less than or equal to 1",
        ),
        ("[[rule]]\nname = 'x'\n", "rules.toml: rule 1: 'when': Field required"),
        (rule('query = "a"') + rule('query = "b"'), "rules.toml: rule 2: another rule before it has this name"),
        ('rule = "x"', "rules.toml: rule 1: Input should be a valid dictionary or instance of Rule"),
    ],
)
def test_a_rule_that_is_none_is_a_problem_and_the_others_are_used(written: str, problem: str) -> None:
    assert rules(written).problems[0] == problem
    if written.startswith("[["):
        assert [each.name for each in rules(written + rule('query = "z"', name="good")).rules][-1] == "good"


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^found 'rules', expected \[\[rule\]\] alone$"):
        parse("rules.toml", {"rules": []})
    assert parse("rules.toml", {}) == NONE


def test_a_rule_with_a_field_that_the_index_does_not_have_is_told_of_where_it_would_apply() -> None:
    found = rules(rule('query = "hat"', 'filters = { colour = "red" }', "odd") + rule('query = "hat"', name="good"))
    ruled = found.applied("hat", (), FIELDS, TODAY)
    assert ruled.names == ("good",)
    (problem,) = ruled.problems
    assert problem.startswith("rule 'odd' is not applied: Unknown filter field 'colour'. ")
    assert found.applied("coat", (), FIELDS, TODAY).problems == ()
    assert list(misplaced(found, Schema(FIELDS))) == [problem]


def test_a_thousand_rules_are_looked_through_in_a_moment() -> None:
    many: list[dict[str, Any]] = [
        {"name": f"r{n}", "when": {"contains": f"word{n}"}, "then": {"pin": [str(n)]}} for n in range(1_000)
    ]
    found = parse("rules.toml", {"rule": many})
    started = time.perf_counter()
    for _ in range(10):
        assert found.applied("a query of five words word7", (), FIELDS, TODAY).names == ("r7",)
    assert time.perf_counter() - started < 2
