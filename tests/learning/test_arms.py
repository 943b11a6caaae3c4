"""Arms: a planted difference is found, none is seen where there is none, and the figures are those of the counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch.learning.arms import FEWEST, Compared, compare, preferred
from tests.events.builders import action, answer, rows

SEEDS = 40


def apart(seed: int, shoppers: int, chances: dict[str, float], asked: int = 4) -> Compared:
    """Return the comparison of a shop in which each shopper has an arm and habits, and asks some queries."""
    random = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for who in range(shoppers):
        arm = "ab"[random.integers(2)]
        chance = np.clip(chances[arm] + random.normal(0, 0.15), 0, 1)  # some click more than others: a cluster
        for number in range(random.integers(1, asked + 1)):
            name = f"{who}-{number}"
            lines.append(answer(name, "coat", "1", "2", who=str(who), arm=arm))
            lines += [action(name, "1")] * int(random.random() < chance)
    return compare(rows(lines), seed=seed)


def together(seed: int, shoppers: int, favour: float) -> Compared:
    """Return the comparison of a shop in which a product of arm b is clicked with a chance of a half and more."""
    random = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for who in range(shoppers):
        for number in range(random.integers(1, 4)):
            name = f"{who}-{number}"
            lines.append(answer(name, "coat", "1", "2", "3", "4", who=str(who), arm="interleaved", teams="abba"))
            if random.random() < 0.6:
                lines.append(action(name, random.choice(["2", "3"] if random.random() < 0.5 + favour else ["1", "4"])))
    return compare(rows(lines), seed=seed)


def test_a_better_arm_is_found_where_each_shopper_gets_one() -> None:
    found = [apart(seed, 3_000, {"a": 0.30, "b": 0.36}) for seed in range(5)]
    assert [each.to_json()["better"] for each in found] == ["b"] * 5
    assert found[0].verdict == "Arm 'b' is better. That holds however often somebody looked."
    assert found[0].to_json()["better_anytime"] == "b"


def test_what_is_better_only_if_the_test_ends_now_is_said_to_be_so() -> None:
    found = apart(3, 400, {"a": 0.30, "b": 0.36}).to_json()
    assert (found["better"], found["better_anytime"]) == ("b", None)
    assert found["verdict"].endswith("and not yet for whoever looks again and again.")
    low, high = found["separate"]["ctr"]["anytime"]
    assert low < 0 < found["separate"]["ctr"]["low"] < found["separate"]["ctr"]["high"] < high
    assert (low + high) / 2 == pytest.approx(found["separate"]["ctr"]["difference"])


def test_equal_arms_are_hardly_ever_told_apart_where_each_shopper_gets_one() -> None:
    """One in twenty may be; of forty tests 7 or more are so in 1 % of all cases."""
    better = [apart(seed, 400, {"a": 0.3, "b": 0.3}).to_json()["better"] for seed in range(SEEDS)]
    assert SEEDS - better.count(None) <= 6


def test_a_better_arm_is_found_where_both_are_interleaved() -> None:
    assert [together(seed, 600, 0.1).to_json()["better"] for seed in range(5)] == ["b"] * 5
    assert [together(seed, 600, -0.1).to_json()["better"] for seed in range(5)] == ["a"] * 5


def test_equal_arms_are_hardly_ever_told_apart_where_both_are_interleaved() -> None:
    better = [together(seed, 300, 0.0).to_json()["better"] for seed in range(SEEDS)]
    assert SEEDS - better.count(None) <= 6


def test_the_figures_are_those_of_the_counts() -> None:
    lines = [answer(f"a{n}", "coat", "1", "2", who=f"a{n % 3}", arm="a") for n in range(6)]
    lines += [answer(f"b{n}", "coat", "1", "2", who=f"b{n % 2}", arm="b") for n in range(4)]
    lines += [answer("more", "coat", "3", who="b0", arm="b", offset=2), answer("none", "coat", "1")]
    lines += [action("a0", "1"), action("a0", "2"), action("b0", "1"), action("b1", "2"), action("more", "3")]
    found = compare(rows(lines)).to_json()
    # a: 6 answers, 1 of them clicked, 2 clicks; b: 4 first pages, 2 of them clicked, 3 clicks
    part = found["separate"]
    assert (part["shoppers"], part["answers"]) == ({"a": 3, "b": 2}, {"a": 6, "b": 4})
    assert (part["ctr"]["a"], part["ctr"]["b"]) == (1 / 6, 2 / 4)
    assert (part["clicks_per_answer"]["a"], part["clicks_per_answer"]["b"]) == (2 / 6, 3 / 4)
    assert part["ctr"]["difference"] == pytest.approx(1 / 3)
    assert (found["better"], found["interleaved"]) == (None, None)
    assert found["notes"] == ["Answers of no arm are left out: 1."]


def test_a_shopper_counts_once_and_by_the_sign_of_all_answers() -> None:
    lines = [
        answer(f"{who}{n}", "coat", "1", "2", who=who, arm="interleaved", teams="ab") for who in "xyz" for n in range(3)
    ]
    clicks = [("x0", "2"), ("x1", "2"), ("x2", "1"), ("y0", "1"), ("z0", "1"), ("z1", "2")]
    found = compare(rows([*lines, *(action(*click) for click in clicks)])).interleaved
    assert found is not None
    assert (found.wins, found.ties, found.answers, found.share) == ({"a": 1, "b": 1}, 1, 9, 0.5)


def test_shoppers_who_got_both_arms_are_told_of() -> None:
    lines = [answer("p", "coat", "1", who="x", arm="a"), answer("q", "coat", "1", who="x", arm="b")]
    (note,) = compare(rows(lines)).notes
    assert note.startswith("Shoppers who got each arm at some time: 1.")


def test_a_log_without_a_test_says_how_to_make_one() -> None:
    found = compare(rows([answer("p", "coat", "1")]))
    assert found.verdict.startswith("The log has no answers of a test: search with variant=")
    assert found.to_json()["separate"] is found.to_json()["interleaved"] is None


def test_a_handful_of_shoppers_proves_nothing() -> None:
    assert preferred([1] * (FEWEST - 1), FEWEST).better == ""
    assert preferred([1] * FEWEST, FEWEST).better == "b"
