"""The report of a log: its figures, and what it proposes. With it `traffic` and `proposals`."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.events.proposals import pinning, replacement
from hybridsearch.events.report import Report, report
from hybridsearch.events.traffic import Crowd, traffic_of
from hybridsearch.events.visits import Tally, visits
from hybridsearch.search import rules
from hybridsearch.search.words import synonyms
from tests.events.builders import action, answer, rows


def told(lines: list[dict[str, Any]], **options: int) -> Report:
    return report(rows(lines), **options)


def test_the_figures_of_a_query_are_those_of_its_answers() -> None:
    lines = [
        answer("a", "Red Coat", "1", "2", "3", total=30, who="x"),
        answer("b", "red  coat", "1", "2", "3", total=30, who="y"),
        answer("c", "red coat", "4", "5", "6", total=30, who="y", offset=3),
        answer("d", "red coat", "1", "2", "3", total=30, who="x"),
        answer("e", "hat", "9", total=1),
        answer("f", "", "1", "2"),
        action("a", "3"),
        action("a", "2"),
        action("c", "5"),
    ]
    found = told(lines)
    assert (found.answers, found.queries, found.clicked, found.browsed) == (4, 2, 2, 1)
    coat, hat = found.to_json()["top"]
    # 3 first pages, 2 shoppers; 2 answers were clicked, of which the best products stood at ranks 2 and 3 + 2
    assert coat == {
        "query": "Red Coat",
        "asked": 3,
        "shoppers": 2,
        "clicked": 2,
        "ctr": round(2 / 3, 4),
        "first_rank": 3.5,
        "empty": 0,
    }
    assert (hat["asked"], hat["ctr"], hat["first_rank"]) == (1, 0.0, None)


def test_queries_that_find_nothing_and_those_that_nobody_clicks_are_told_apart() -> None:
    lines = [answer(f"e{n}", "unobtainium", total=0, who=f"w{n}") for n in range(4)]
    lines += [answer(f"c{n}", "gift", "1", total=1, who=f"w{n}") for n in range(3)]
    lines += [answer(f"f{n}", "dress", total=0, filters={"brand": "Acme"}) for n in range(3)]
    lines += [answer("once", "rare", "1", total=1)]
    found = told(lines).to_json()
    assert [(each["query"], each["empty"]) for each in found["empty"]] == [("unobtainium", 4)]
    assert [each["query"] for each in found["clickless"]] == ["dress", "gift"]


def asked_otherwise(count: int, first: str, then: str, *between: str) -> list[dict[str, Any]]:
    """Return the lines of shoppers who clicked nothing for some queries and then something for another one."""
    lines = []
    for who in range(count):
        for number, query in enumerate((first, *between, then)):
            lines.append(
                answer(f"{first}-{who}-{number}", query, "1", "2", total=2, who=f"{first}{who}", time=1000 + number)
            )
        lines.append(action(f"{first}-{who}-{len(between) + 1}", "2"))
    return lines


def test_words_that_shoppers_replace_to_find_something_are_proposed_as_synonyms() -> None:
    lines = asked_otherwise(3, "red settee", "red couch") + asked_otherwise(2, "settee for two", "couch for two")
    lines += asked_otherwise(2, "lamp", "bulb") + asked_otherwise(4, "notbook", "notebook")
    found = told(lines)
    assert found.reformulations[0] == ("notbook", "notebook", 4)
    assert ("red settee", "red couch", 3) in found.reformulations
    assert [each.text for each in found.synonyms] == ["settee => settee, couch"]
    assert found.synonyms[0].because.startswith("5 shoppers clicked nothing for 'red settee' and then something for")
    parsed = synonyms.parse({"synonyms.txt": ("", found.synonyms[0].text)})
    assert not parsed.problems
    assert parsed.of(("settee",), ["en"])


def test_a_click_explains_the_last_queries_before_it_and_no_others() -> None:
    lines = asked_otherwise(1, "a1", "b2", "m1", "m2", "m3")
    assert [pair[:2] for pair in told(lines).reformulations] == [("m1", "b2"), ("m2", "b2"), ("m3", "b2")]
    clicked_before = [*asked_otherwise(1, "a1", "b2"), action("a1-0-0", "1")]
    assert told(clicked_before).reformulations == ()
    late = [answer("p", "a1", "1", who="x", time=1000), answer("q", "b2", "1", who="x", time=9000), action("q", "1")]
    assert told(late).reformulations == ()
    nobody = [answer("p", "a1", "1"), answer("q", "b2", "1"), action("q", "1")]
    assert told(nobody).reformulations == ()


def test_what_one_shopper_does_again_and_again_is_no_habit_of_shoppers() -> None:
    lines = []
    for number in range(10):
        lines += [answer(f"p{number}", "settee", "1", who="x"), answer(f"q{number}", "couch", "1", who="x")]
        lines += [action(f"q{number}", "1")]
    found = told(lines)
    assert found.reformulations == (("settee", "couch", 1),)
    assert found.synonyms == ()
    assert [each["query"] for each in told(lines, at_least=2).to_json()["top"]] == []


@pytest.mark.parametrize(
    ("first", "then", "replaced"),
    [
        ("red settee", "red couch", ("settee", "couch")),
        ("sofa bed", "day bed", ("sofa", "day")),
        ("laptop", "portable computer", ("laptop", "portable computer")),
        ("red coat", "coat", None),
        ("coat", "red coat", None),
        ("notbook", "notebook", None),
        ("coats", "coat", None),
        ("caffé", "caffe", None),
        ("red coat", "blue hat", ("red coat", "blue hat")),
        ("red wool coat", "blue wool hat", None),
        ("a b c d", "e f g h", None),
        ("coat", "coat", None),
    ],
)
def test_a_replacement_is_one_run_of_words_for_another(first: str, then: str, replaced: tuple[str, str] | None) -> None:
    assert replacement(first, then) == replaced


def shown_deep(query: str, count: int, deep: int) -> list[dict[str, Any]]:
    """Return answers of ten products in which the last one is clicked so many times, and the first one in the rest."""
    shown = [str(number) for number in range(10)]
    lines = [answer(f"{query}{n}", query, *shown, total=10, who=f"w{n}") for n in range(count)]
    return [*lines, *(action(f"{query}{n}", "9" if n < deep else "0") for n in range(count))]


def test_in_the_order_of_a_field_no_product_is_far_below() -> None:
    lines = shown_deep("winter coat", 10, 6)
    for line in lines:
        if "user_query" in line:
            line["query_attributes"]["sort"] = ["price:asc"]
    assert told(lines).rules == ()


def test_a_product_that_is_clicked_far_below_is_proposed_to_be_pinned() -> None:
    found = told(shown_deep("winter coat", 10, 6) + shown_deep("hat", 10, 2))
    (proposed,) = found.rules
    assert proposed.because == "of the clicks for 'winter coat' '9' has 6 of 10 clicks at rank 10.0"
    parsed = rules.parse("rules.toml", tomllib.loads(proposed.text))
    assert not parsed.problems
    (rule,) = parsed.rules
    assert (rule.name, rule.then.pin) == ("clicked far below: winter coat", ("9",))


@given(st.text(min_size=1, max_size=150), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_proposed_rule_is_one_whatever_the_query_and_the_ids_are(query: str, ids: list[str]) -> None:
    clean = [text.encode(errors="replace").decode() for text in (query, *ids)]
    (rule,) = tomllib.loads(pinning(clean[0], clean[1:]))["rule"]
    assert rule["when"]["query"] == clean[0]
    assert rule["then"]["pin"] == clean[1:]
    assert 1 <= len(rule["name"]) <= 100


def test_popular_queries_are_those_of_several_shoppers_that_found_something() -> None:
    lines = [answer(f"a{n}", "coat", "1", total=1, who=f"w{n}") for n in range(3)] + [action("a0", "1")]
    lines += [answer(f"b{n}", "alice smith", "1", total=1, who="w") for n in range(9)]
    lines += [answer(f"c{n}", "nothing", total=0, who=f"w{n}") for n in range(5)]
    traffic = traffic_of(visits(rows(lines), Tally()))
    assert traffic.popular() == {"coat": (3, 1)}
    assert set(traffic.popular(at_least=1)) == {"coat", "alice smith"}


@given(st.lists(st.sampled_from("abcdefgh")))
def test_a_crowd_counts_everybody_once(names: list[str]) -> None:
    crowd, other = Crowd(), Crowd()
    for name in names[: len(names) // 2]:
        crowd.add(name)
    for name in names[len(names) // 2 :]:
        other.add(name)
    crowd.join(other)
    assert crowd.count == len(set(names))


def test_a_report_for_programs_has_these_keys() -> None:
    assert set(told([answer("a", "coat", "1")]).to_json()) == {
        *("answers", "clicked", "queries", "browsed", "from", "until", "top", "empty", "clickless", "reformulations"),
        *("proposals", "lines", "refused", "notes"),
    }
