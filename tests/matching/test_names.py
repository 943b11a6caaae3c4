"""What groups are called, from one run to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.matching.names import names

OFFER = st.tuples(st.sampled_from("ab"), st.sampled_from("1234"))


def named(*groups: str, **before: str) -> list[str]:
    """Return the names of groups of offers such as `a1 b2`, where those of some were called otherwise before."""
    places = {(offer[0], offer[1:]): place for place, group in enumerate(groups) for offer in group.split()}
    known = {(offer[0], offer[1:]): name for offer, name in before.items()}
    found = names(places, known)
    return [found[place] for place in range(len(groups))]


def test_a_group_is_called_by_its_smallest_offer_whatever_the_order() -> None:
    assert named("b1 a2", "b3") == ["a:2", "b:3"]
    assert named("a2 b1", "b3") == ["a:2", "b:3"]


def test_a_group_keeps_its_name_where_a_smaller_offer_comes_or_the_one_that_named_it_leaves() -> None:
    assert named("a1 b2", b2="b:2") == ["b:2"]
    assert named("b2", b2="a:1") == ["a:1"]


def test_of_groups_that_become_one_the_larger_gives_its_name() -> None:
    assert named("a1 b1 c1", a1="x", b1="y", c1="y") == ["y"]


def test_of_a_group_that_falls_apart_the_larger_part_keeps_the_name() -> None:
    assert named("a1", "b1 c1", a1="a:1", b1="a:1", c1="a:1") == ["a:1~2", "a:1"]
    assert named("a1", "b1", a1="x", b1="x") == ["x", "b:1"]


@given(st.lists(st.lists(OFFER, min_size=1, unique=True), max_size=5), st.dictionaries(OFFER, st.sampled_from("xyz")))
def test_no_two_groups_have_one_name_and_a_second_run_changes_none(
    groups: list[list[tuple[str, str]]], before: dict[tuple[str, str], str]
) -> None:
    places = {offer: place for place, group in enumerate(groups) for offer in group}
    found = names(places, before)
    assert len({*found.values()}) == len(found) == len({*places.values()})
    assert names(places, {offer: found[place] for offer, place in places.items()}) == found
