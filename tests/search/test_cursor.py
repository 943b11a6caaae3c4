"""Cursors: what is written comes back, and nothing else is taken for one."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.search.filters.cursor import LONGEST, Key, Place, digest, read, write

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.lists(st.none() | UNICODE | st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(tuple)
PLACES = st.builds(
    Place, UNICODE, KEYS, st.integers(0, 10**9), st.floats(0, 1e30, allow_infinity=False), st.integers(0, 10**9)
)
PLACE = Place("17", ("Acme", 9.5, None), 20)
KINDS = (str, float, str)


def kinds(place: Place) -> list[type]:
    return [str if key is None else type(key) for key in place.keys]


@given(PLACES, st.text())
def test_a_place_comes_back_as_it_was_in_letters_that_an_address_may_have(place: Place, search: str) -> None:
    cursor = write(place, search)
    assert read(cursor, search, kinds(place)) == place
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.data())
def test_a_cursor_of_which_a_letter_is_changed_lost_or_added_is_refused(data: st.DataObject) -> None:
    cursor = write(PLACE, "search")
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("Aa0-_ =é\0"))
    for damaged in (cursor[:at] + cursor[at + 1 :], cursor[:at] + letter + cursor[at:], cursor[:at]):
        with pytest.raises(QueryError, match="which is none, or not a whole one"):
            read(damaged, "search", KINDS)


@pytest.mark.parametrize("cursor", ["2", "next", "A" * 40, "x" * (LONGEST + 1), write(PLACE, "search") + "=="])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="Pass that of a page as it is, or begin without"):
        read(cursor, "search", KINDS)


def test_a_cursor_of_another_search_is_refused() -> None:
    with pytest.raises(QueryError) as refused:
        read(write(PLACE, "red"), "blue", KINDS)
    assert str(refused.value) == (
        "'cursor' is that of another search. Pass it with the words, filters and order of the page that it comes "
        "from, or begin without."
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"id": 1, "keys": ["a", 1.0, "b"], "seen": 2}',
        b'{"id": "1", "keys": ["a", 1.0, "b"], "seen": -2}',
        b'{"id": "1", "keys": ["a", 1.0, "b"], "seen": 2000000000}',
        b'{"id": "1", "keys": ["a", 1.0, "b"], "seen": 2, "least": -1}',
        b'{"id": "1", "keys": ["a", 1.0], "seen": 2}',
        b'{"id": "1", "keys": [1.0, "a", "b"], "seen": 2}',
        b'{"id": "1", "keys": ["a", 1e999, "b"], "seen": 2}',
        b'{"id": "1", "keys": ["a", NaN, "b"], "seen": 2}',
        b'{"id": "1", "keys": ["a", {"b": 1}, "b"], "seen": 2}',
        b'{"id": "\\ud800", "keys": ["a", 1.0, "b"], "seen": 2}',
        b"\xff",
        b"[" * 5_000,
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused_unless_it_is_a_place(content: bytes) -> None:
    of = digest(b"search")
    cursor = urlsafe_b64encode(of + digest(of + content) + content).rstrip(b"=").decode()
    with pytest.raises(QueryError, match="which is none, or not a whole one"):
        read(cursor, "search", KINDS)


@pytest.mark.parametrize("keys", [(None, None, None), ("", 0.0, "跑步"), ("a", -1e300, None)])
def test_any_key_may_be_missing(keys: tuple[Key, ...]) -> None:
    place = Place("17", keys, 1)
    assert read(write(place, "search"), "search", KINDS) == place
