"""Blocks of products on their way to a worker process and back: nothing becomes another value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import document
from hybridsearch.indexing.blocks import LIMITS, analysed, to_document, written
from hybridsearch.inputs.rows import tidy
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.values import Product, Row

FIELDS = {
    "title": "title",
    "text": ["note", "attr_*"],
    "codes": ["sku"],
    "facets": ["brand", "variants.color"],
    "numbers": ["price", "variants.price"],
    "dates": ["since"],
    "booleans": ["new"],
    "version": "v",
    "reviews": "said",
    "languages": ["en", "ja"],
}
SCHEMA = Schema(Fields.model_validate(FIELDS), (), "1")
TEXTS = (
    "Rote Kleider",
    "5,5 kg",
    "2026-11-21",
    "yes",
    "",
    "走る\ud800",
    "a\nb",
    "Great value, but it fell apart.",
    "17",
)
NUMBERS = (0, -1, 7, 2**63, 1e22, -0.0, 0.1, True, None)
VALUES: st.SearchStrategy[Any] = st.sampled_from([*TEXTS, *NUMBERS])
NESTED = (
    VALUES
    | st.lists(VALUES, max_size=3)
    | st.lists(st.dictionaries(st.sampled_from(["color", "price", "text"]), VALUES))
)
NAMES = st.sampled_from([*SCHEMA.fields.names, "variants", "attr_a", "other", "buyers_say", "hybrid.x"])


def there_and_back(product: Product) -> Any:
    """Return the answer of a worker for a product."""
    (answer,) = orjson.loads(orjson.dumps(analysed(written(SCHEMA, [product]), 0, LIMITS)))
    return answer


@given(st.dictionaries(NAMES, NESTED, max_size=8))
def test_what_comes_back_from_a_worker_is_the_document_that_is_made_here(row: Row) -> None:
    product = Product("17", tidy(row), "here:1", "left")
    answer = there_and_back(product)
    try:
        here = document.build(product, SCHEMA, {})
    except ValueError as error:
        assert answer == str(error)  # noqa: PT017 - most rows are no such error
        return
    made = to_document(product, answer, {})
    assert orjson.dumps(made.row) == orjson.dumps(here.row)
    assert replace(made, row={}) == replace(here, row={})


def test_a_product_that_cannot_be_indexed_is_refused_for_the_same_reason() -> None:
    product = Product("17", {"id": "17", "title": "hat", "price": "free"}, "here:1")
    with pytest.raises(ValueError, match="'price' is 'free', expected a number"):
        to_document(product, there_and_back(product), {})


def test_a_row_that_is_no_json_does_not_go_to_a_worker() -> None:
    with pytest.raises(TypeError):
        written(SCHEMA, [Product("17", {"title": object()}, "here:1")])
