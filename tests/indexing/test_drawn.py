"""A few products are drawn from all, whatever their order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.indexing.drawn import Drawn

NAMES = st.lists(st.text(max_size=4), max_size=30)


def drawn(names: list[str], size: int, salt: bytes | None = b"salt") -> Drawn[int]:
    """Return what is drawn of products, with their last places."""
    found: Drawn[int] = Drawn(size, salt)
    for place, name in enumerate(names):
        found.add(name, place)
    return found


@given(NAMES, st.randoms(), st.integers(1, 9))
def test_the_same_products_are_drawn_in_the_same_order_from_a_catalogue_in_another_order(
    names: list[str], chance: object, size: int
) -> None:
    shuffled = chance.sample(names, len(names))  # type: ignore[attr-defined]
    first, second = ([each[place] for place in drawn(each, size).items()] for each in (names, shuffled))
    assert first == second
    assert len(first) == min(size, len(set(names)))


@given(NAMES)
def test_the_last_item_of_a_product_is_kept(names: list[str]) -> None:
    last = {name: place for place, name in enumerate(names)}
    assert {names[place]: place for place in drawn(names, 4).items()}.items() <= last.items()


@given(NAMES)
def test_what_is_wanted_is_what_would_be_kept(names: list[str]) -> None:
    found: Drawn[int] = Drawn(3)
    for place, name in enumerate(names):
        wanted = found.wants(name)
        found.add(name, place)
        assert (found.get(name) == place) == wanted


def test_what_has_left_does_not_come_back() -> None:
    names = [str(number) for number in range(100)]
    found = drawn(names, 5)
    kept = found.items()
    for name in names:
        if found.get(name) is None:
            found.add(name, -1)
    assert found.items() == kept


def test_each_object_draws_others_unless_it_is_told_how() -> None:
    names = [str(number) for number in range(1000)]
    assert drawn(names, 9).items() == drawn(names, 9).items() != drawn(names, 9, b"other").items()
    assert drawn(names, 9, None).items() != drawn(names, 9, None).items()


def test_an_id_that_is_not_valid_unicode_is_drawn_too() -> None:
    assert drawn(["\ud800"], 1).items() == [0]
