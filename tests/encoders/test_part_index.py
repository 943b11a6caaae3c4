"""Where vectors lie, against a dictionary."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.encoders.kept import part_index
from hybridsearch.encoders.kept.part_index import PartIndex, Places, heads, heads_of_rows, together


def key(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=20).digest()


@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=8), st.booleans())
def test_each_key_is_found_where_it_came_first(parts: list[list[int]], at_once: bool) -> None:
    index, expected = PartIndex(), dict[bytes, tuple[str, int]]()
    for number, of_part in enumerate(parts):
        keys = [key(each) for each in of_part]
        index.add(f"part {number}", heads(keys))
        for row, each in enumerate(keys):
            expected.setdefault(each, (f"part {number}", row))
        if not at_once:
            assert index.find(list(expected)) == expected
    assert index.find([key(number) for number in range(40)]) == expected
    assert index.sizes == {f"part {number}": len(of_part) for number, of_part in enumerate(parts)}
    assert index.find([]) == {}


def test_many_keys_are_sorted_in_and_are_found_among_few_new_ones() -> None:
    index = PartIndex()
    for part in range(5):
        index.add(str(part), heads([key(number) for number in range(part * 40_000, (part + 1) * 40_000)]))
        assert index.find([key(part * 40_000 + 7), key(1_000_000)]) == {key(part * 40_000 + 7): (str(part), 7)}
    assert 2 * part_index.FEW < 5 * 40_000
    assert index.find([key(0), key(199_999)]) == {key(0): ("0", 0), key(199_999): ("4", 39_999)}


def test_of_equal_heads_the_first_stays() -> None:
    both = together([Places(np.array([5]), np.array([1])), Places(np.array([3, 5]), np.array([2, 3]))])
    assert both.where.tolist() == [2, 1, 3]


def test_heads_are_the_same_from_a_list_and_from_an_array() -> None:
    keys = [key(number) for number in range(5)]
    assert heads_of_rows(np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 20)).tolist() == heads(keys).tolist()
    assert heads(keys)[0] == int.from_bytes(keys[0][:8])
    assert heads([]).tolist() == heads_of_rows(np.empty((0, 20), np.uint8)).tolist() == []
