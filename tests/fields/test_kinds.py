"""What a new kind of field costs: itself, its line in the registry and in `Fields`, and its type on a server."""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch, schema
from hybridsearch.engines.elasticsearch.mapping import field_types
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.fields.base import first
from hybridsearch.roles import Fields
from hybridsearch.values import Page
from tests.shops import quietly, settings, write_products

SIZES = ("S", "M", "L", "XL")
KIND = FieldKind(
    role="sizes",
    name="size",
    expected="one of S, M, L, XL",
    shape="a size or a list of them",
    read=lambda value: first(value, SIZES.index),
    values=lambda value: tuple(SIZES.index(size) for size in ([value] if isinstance(value, str) else value)),
    label=lambda number: SIZES[int(number)],
)


class FieldsWithSizes(Fields):
    """Stands for the line in `Fields`."""

    sizes: tuple[str, ...] = ()


@pytest.fixture
def clothes(tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> HybridSearch:
    """A shop with a kind of field that the library does not know: sizes, which have an order of their own."""
    rows = [{"id": str(n), "title": "hat", "size": size} for n, size in enumerate(["XL", "S", None, "L", "S", "tent"])]
    write_products(tmp_path / "products.jsonl", rows)
    configured = settings(tmp_path, engine=engine)
    monkeypatch.setitem(KINDS, "sizes", KIND)
    monkeypatch.setitem(field_types(), "size", {"type": "byte"})
    monkeypatch.setattr(schema, "Fields", FieldsWithSizes)
    fields = FieldsWithSizes(title="title", sizes=("size",))
    return HybridSearch.open(configured.model_copy(update={"fields": fields}))


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page]


def test_a_kind_of_field_is_read_filtered_counted_and_sorted_by_on_both_engines(clothes: HybridSearch) -> None:
    with clothes:
        report = clothes.reindex(options=quietly())
        assert [reject.reason for reject in report.rejects] == ["'size' is 'tent', expected one of S, M, L, XL"]
        page = clothes.search("hat", filters={"size": ["S", "XL"]}, facets=["size"], sort="size:desc")
        assert (ids(page), page.facets) == (["0", "1", "4"], {"size": {"S": 2, "L": 1, "XL": 1}})
        assert list(page.facets["size"]) == ["S", "L", "XL"]
        assert ids(clothes.search("hat", sort="size")) == ["1", "4", "3", "0", "2"]


def test_roles_are_keys_of_the_configuration() -> None:
    assert list(KINDS) == ["facets", "numbers", "dates", "booleans"]
    assert all(role == kind.role and role in Fields.model_fields for role, kind in KINDS.items())
    assert all(kind.name in field_types() for kind in KINDS.values())
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)
