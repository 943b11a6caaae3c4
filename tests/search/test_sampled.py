"""A sample of the products: the number of an id is its hash in Java, spread, and what lies below another is a part."""

import numpy as np
import pytest

from hybridsearch.search.filters.conditions import Sampled, Terms, is_of
from hybridsearch.search.suggest.sampled import BITS, SPREADING, below, numbers


@pytest.mark.parametrize(
    ("key", "java"),
    [
        ("", 0),
        ("a", 97),
        ("hello", 99162322),
        ("Aa", 2112),
        ("BB", 2112),
        ("Ünï", 215069),
        ("日本", 835047),
        ("😀", 1772899),
    ],
)
def test_the_number_of_an_id_is_the_hash_of_java_spread_over_24_bits(key: str, java: int) -> None:
    assert numbers([key]).tolist() == [(java * SPREADING) % 2**32 // 2 ** (32 - BITS)]


def test_ids_of_any_length_have_their_numbers_whatever_stands_beside_them() -> None:
    ids = ["7", "a very long one " * 20, "", "7", "日本"]
    assert numbers(ids).tolist() == [numbers([key])[0] for key in ids]
    assert numbers([]).tolist() == []


@pytest.mark.parametrize("form", ["{}", "{:08}", "SKU-{}-1", "https://shop.example/p/{}.html", "{}0"])
def test_a_sample_is_as_large_as_is_wanted_and_from_all_parts_of_a_catalogue(form: str) -> None:
    chosen = np.flatnonzero(numbers([form.format(number) for number in range(50_000)]) < (below(5_000, 50_000) or 0))
    assert 4_600 < len(chosen) <= 5_000
    tenths = np.bincount(chosen // 5_000)
    assert len(tenths) == 10
    assert tenths.min() > 350


def test_a_catalogue_that_is_no_larger_than_what_is_wanted_is_read_whole() -> None:
    assert below(10_000, 10_000) is below(10_000, 0) is None
    assert below(10_000, 10_001) == int(0.97 * 2**24 * 10_000 / 10_001)


def test_what_a_facet_counts_is_not_sampled() -> None:
    assert is_of(Sampled(5), "brand")
    assert is_of(Terms("brand", ("Acme",)), "brand")
    assert not is_of(Terms("color", ("red",)), "brand")
