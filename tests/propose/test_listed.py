"""Which columns are taken for lists of variants, and which rows for translations."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.propose.columns import columns
from hybridsearch.propose.listed import ListedVariants, Views, listed_variants, views_of


def of(*lists: str, name: str = "variations") -> ListedVariants | None:
    """Return what is found in a column with these lists."""
    rows = [{"sku": f"H-{n}", "name": f"Hat {n}", name: text} for n, text in enumerate(lists)]
    return listed_variants(columns([*rows, {"sku": "X"}], {}))


def test_a_list_names_rows_as_the_column_of_their_ids_is_called() -> None:
    names = frozenset({"size", "color"})
    assert of("sku=A,size=S|sku=B,color=red", "sku=C,size=M") == ListedVariants("variations", "sku", names)


@pytest.mark.parametrize(
    "lists",
    [
        ("name=Ball,type=select,sku=A|name=Strap,type=radio,sku=B",) * 2,
        ("A=1.0,B=2.0", "C=1.0,D=1.0"),
        ("color=red,size=S", "color=blue,size=M"),
        ("A|B", "C|D"),
        ("sku=A,size=S|sku=B,size=M",),
    ],
)
def test_parts_of_bundles_quantities_properties_and_related_products_are_no_variants(lists: tuple[str, ...]) -> None:
    assert of(*lists) is None


def found(*rows: dict[str, Any]) -> Views | None:
    """Return how rows are translations."""
    return views_of(rows, columns(rows, {}))


def test_rows_of_one_id_are_told_apart_by_their_view() -> None:
    rows = [{"sku": f"H-{n}", "store_view_code": code} for n in range(3) for code in ("", "de")]
    assert found(*rows) == Views("store_view_code", "sku")
    assert found(*({**row, "store_view_code": row["store_view_code"] or "en"} for row in rows)) is not None


def test_rows_that_differ_in_their_ids_or_not_in_their_views_are_no_translations() -> None:
    assert found(*({"sku": f"H-{n}", "language": ("de", "en")[n % 2]} for n in range(6))) is None
    assert found(*({"sku": f"H-{n // 2}", "language": "de"} for n in range(6))) is None
    assert found(*({"id": n, "ean": f"H-{n // 2}", "language": ("de", "en")[n % 2]} for n in range(6))) is None
