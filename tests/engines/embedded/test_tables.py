"""Tables of products and of their variants: whose a variant is, and which filters are remembered."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.compiled import tables
from hybridsearch.engines.embedded.compiled.packed import of_terms
from hybridsearch.engines.embedded.compiled.tables import OF_VARIANTS, OWNERS, Table, TableBuilder, Variants
from hybridsearch.engines.embedded.search import filters
from hybridsearch.engines.embedded.search.filters import packed, passing, telling, variants_of
from hybridsearch.search.filters.conditions import Not, OneVariant, Range, Terms
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
    for _, fields in VARIANTS:
        builder.add(fields)
    arrays = {f"{name}:{part}": each for name, inverted in builder.inverted() for part, each in inverted.arrays.items()}
    arrays |= dict(builder.columns())
    return Variants({**arrays, OWNERS: np.array([owner for owner, _ in VARIANTS], np.int32)}, 3)


def test_a_document_owns_what_one_of_its_variants_is(variants: Variants) -> None:
    red = passing([Terms("v.color", ("red",))], variants)
    assert red.tolist() == [True, True, False, False]
    assert variants.owning(red).tolist() == [True, False, False]
    products = Table({}, 3, variants=variants)
    both = OneVariant((Terms("v.color", ("blue",)), Range("v.price", lte=5)))
    assert passing([both], products).tolist() == [True, False, False]


def test_the_least_of_the_numbers_of_a_document_is_that_of_its_variants(variants: Variants) -> None:
    prices = np.nan_to_num(variants.column("numbers", "v.price"), nan=np.inf)
    for rows, expected in (([0, 1, 2, 3], [3.0, np.inf, 9.0]), ([0, 3], [5.0, 9.0]), ([3], [9.0]), ([], [])):
        some = np.array(rows, np.int32)
        assert variants.least(variants.owners[some], prices[some]).tolist() == expected


def test_the_variants_of_documents_and_their_terms_stand_beside_each_other(variants: Variants) -> None:
    rows = variants.of(np.array([0, 2], np.int32))
    assert rows.tolist() == [0, 1, 3]
    terms, held = variants.terms_of("facets", "v.color", rows)
    assert held is not None
    assert ([("blue", "red")[term] for term in terms], held.tolist()) == (["red", "blue", "red", "blue"], [1, 2, 1])


@pytest.mark.parametrize("many", [0, 4, 1_000])
def test_the_variants_among_documents_are_the_same_however_many_these_are(
    variants: Variants, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MANY", many)
    not_cheap = Not(Range("v.price", lte=3))
    for docs, expected in (([0, 1, 2], [0, 2, 3]), ([0, 2], [0, 3]), ([1], [2]), ([], [])):
        some = np.array(docs, np.int32)
        for rows, asked in ((expected, [not_cheap]), (variants.of(some).tolist(), [])):
            assert variants_of(Chosen(3, some), asked, variants).tolist() == rows


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


def test_the_words_of_a_filter_are_the_same_once_a_facet_of_its_field_was_counted(variants: Variants) -> None:
    asked = [Terms("v.color", ("red", "green"))]
    before = packed(asked, variants)
    assert variants.packing.rows(before).tolist() == [0, 1]
    colors = variants.postings("facets", "v.color")
    variants.packing.of_values(("facets", "v.color"), lambda: of_terms(colors, variants.rows))
    assert packed(asked, variants).tolist() == before.tolist()
    assert packed([Terms("v.color", ("green",))], variants).tolist() == [0, 0, 0]
    assert telling(asked, variants)(np.array([0, 2, 3])).tolist() == [True, False, False]
