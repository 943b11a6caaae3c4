"""Rows that name another one as their product, as WooCommerce exports variations: they become its list of variants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hybridsearch.catalog.base import HEAVIEST_ROW
from hybridsearch.rows import field, strings, weight
from hybridsearch.values import Product, Reject, Row


def with_variants(rows: Iterable[Product | Reject], parent: str, name: str) -> Iterator[Product | Reject]:
    """Yield products with the rows behind them that name them, at the place of the last of these.

    A row that names another product, or would make it heavier than a row may be, is a product of its own. So is each
    row behind a reject: it may have been the product.

    Args:
        rows: In the order of the catalogue.
        parent: Field in which a row names its product by its id.
        name: Of the list.
    """
    product: Product | None = None
    variants: list[Row] = []
    held = 0
    for row in rows:
        if isinstance(row, Product) and product is not None and strings(field(row.row, parent)) == (product.id,):
            held += weight(row.row)
            if held <= HEAVIEST_ROW:
                variants.append(row.row)
                product = replace(product, place=row.place)
                continue
        if product is not None:
            yield whole(product, variants, name)
        product, variants = (row, []) if isinstance(row, Product) else (None, [])
        held = weight(row.row)
        if product is None:
            yield row
    if product is not None:
        yield whole(product, variants, name)


def whole(product: Product, variants: list[Row], name: str) -> Product:
    """Return a product with its variants; one that lists some already keeps those."""
    if not variants or name in product.row:
        return product
    return replace(product, row={**product.row, name: variants})
