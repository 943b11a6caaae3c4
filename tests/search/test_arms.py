"""Arms: what `variant` may be, who gets which arm, and the list that is dealt from two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.search.arms import assigned, chosen, dealt, draft, one_arm, paged
from hybridsearch.values import Hit, Page

ORDERS = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)


def hits(ids: list[str]) -> tuple[Hit, ...]:
    return tuple(Hit(key, 1.0, {}, {}) for key in ids)


def drafted(first: list[str], second: list[str], count: int, seed: str = "s") -> list[tuple[str, str]]:
    return [(hit.id, team) for hit, team in draft((hits(first), hits(second)), count, seed)]


@pytest.mark.parametrize("variant", ["c", "", "A", 1, ["a"], b"a"])
def test_there_are_three_variants(variant: Any) -> None:
    with pytest.raises(QueryError, match=r"'variant' is .*, expected 'a', 'b' or 'interleaved'\."):
        chosen(variant)


def test_weights_and_a_variant_exclude_each_other_and_a_plan_is_of_one_arm() -> None:
    with pytest.raises(QueryError, match=r"Give one of them\."):
        chosen("b", weights={})
    with pytest.raises(QueryError, match="takes two plans"):
        one_arm("interleaved")
    assert (one_arm("b"), one_arm(None), chosen("b", ordered=True)) == ("b", "", "")


def test_half_of_the_shoppers_get_each_arm_and_keep_it() -> None:
    arms = [assigned(f"session {number}") for number in range(10_000)]
    assert arms == [assigned(f"session {number}") for number in range(10_000)]
    assert abs(arms.count("b") - 5_000) < 200  # four standard errors


@given(ORDERS, ORDERS, st.integers(0, 30), st.text())
def test_a_dealt_list_has_each_product_once_and_is_fair(a: list[str], b: list[str], count: int, seed: str) -> None:
    found = drafted(a, b, count, seed)
    ids = [key for key, _ in found]
    assert len(ids) == len(set(ids)) == min(count, len({*a, *b}))
    for length in range(len(found) + 1):  # a team is never more than one ahead while the other has products left
        teams = [team for _, team in found[:length]]
        left = {"a": set(a) - set(ids[:length]), "b": set(b) - set(ids[:length])}
        if left["a"] and left["b"]:
            assert abs(teams.count("a") - teams.count("b")) <= 1
    for team, order in (("a", a), ("b", b)):  # each team's products are in its own order
        own = [key for key, whose in found if whose == team]
        assert own == [key for key in order if key in own]


@given(ORDERS, ORDERS, st.integers(1, 5), st.text())
def test_pages_of_a_dealt_list_neither_repeat_nor_leave_out_a_product(
    a: list[str], b: list[str], size: int, seed: str
) -> None:
    whole = drafted(a, b, 30, seed)
    pages: list[tuple[str, str]] = []
    for number in range(1, 30 // size + 1):
        both = tuple(Page("q", hits(order[: number * size]), len(order)) for order in (a, b))
        page = dealt((both[0], both[1]), number, size, seed)
        pages += zip([hit.id for hit in page], page.teams, strict=True)
        assert (page.number, page.offset, page.arm) == (number, (number - 1) * size, "interleaved")
    assert pages == whole[: len(pages)]
    assert len(pages) == len(whole)


def test_each_team_begins_half_of_the_lists() -> None:
    begins = [drafted(["x"], ["y"], 1, str(seed))[0][1] for seed in range(4_000)]
    assert abs(begins.count("a") - 2_000) < 130  # four standard errors


def test_what_a_page_says_of_all_candidates_is_said_once() -> None:
    ours = Page("q", hits(["1", "2"]), 7, facets={"brand": {"A": 7}}, degraded=("slow",), cursor="c", took_ms=2)
    theirs = Page("q", hits(["3"]), 9, degraded=("slow", "small"), took_ms=3)
    page = dealt((ours, theirs), 1, 3, "s")
    assert (page.total, page.facets, page.degraded) == (9, {"brand": {"A": 7}}, ("slow", "small"))
    assert (page.cursor, page.took_ms) == ("", 5)
    assert page.to_json()["arm"] == "interleaved"
    assert sorted(page.to_json()["teams"]) == ["a", "a", "b"]


@pytest.mark.parametrize(("page", "size"), [(0, 10), (1, -1), ("x", 10), (1, 1_001), (101, 10), (10**12, 10**12)])
def test_pages_that_cannot_be_dealt_are_refused(page: Any, size: Any) -> None:
    with pytest.raises(QueryError):
        paged(page, size)
