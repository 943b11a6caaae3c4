"""Tables of products and of their variants: whose a variant is, and which filters are remembered."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsearch.engines.embedded import tables
from hybridsearch.engines.embedded.filters import passing
from hybridsearch.engines.embedded.tables import OF_VARIANTS, OWNERS, Table, TableBuilder, Variants
from hybridsearch.search.conditions import OneVariant, Range, Terms
from hybridsearch.values import FieldValues

VARIANTS: list[tuple[int, FieldValues]] = [
    (0, {"facets": {"v.color": ("red",)}, "numbers": {"v.price": 5.0}}),
    (0, {"facets": {"v.color": ("blue", "red")}, "numbers": {"v.price": 3.0}}),
    (1, {}),
    (2, {"facets": {"v.color": ("blue",)}, "numbers": {"v.price": 9.0}}),
]


@pytest.fixture
def variants() -> Variants:
    """Four variants of three documents."""
    builder = TableBuilder(OF_VARIANTS)
    for row, (_, fields) in enumerate(VARIANTS):
        builder.add(row, fields)
    arrays = dict(builder.finish(len(VARIANTS)))
    return Variants({**arrays, OWNERS: np.array([owner for owner, _ in VARIANTS], np.int32)}, 3)


def test_a_document_owns_what_one_of_its_variants_is(variants: Variants) -> None:
    red = passing([Terms("v.color", ("red",))], variants)
    assert red.tolist() == [True, True, False, False]
    assert variants.owning(red).tolist() == [True, False, False]
    products = Table({}, 3, variants=variants)
    both = OneVariant((Terms("v.color", ("blue",)), Range("v.price", lte=5)))
    assert passing([both], products).tolist() == [True, False, False]


def test_the_least_of_the_numbers_of_a_document_is_that_of_its_variants(variants: Variants) -> None:
    prices = variants.column("numbers", "v.price")
    assert variants.least(np.where(np.isnan(prices), np.inf, prices)).tolist() == [3.0, np.inf, 9.0]


def test_filters_are_remembered_up_to_a_number(variants: Variants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_MASKS", 2)
    asked = []

    def evaluate(clause: object, table: Table) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        asked.append(clause)
        return np.ones(table.rows, np.bool_)

    clauses = [Terms("v.color", (color,)) for color in ("red", "blue", "green")]
    for clause in (clauses[0], clauses[0], clauses[1], clauses[2], clauses[2], clauses[0]):
        variants.mask(clause, evaluate)
    assert asked == [*clauses, clauses[0]]
