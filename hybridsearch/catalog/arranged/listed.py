"""Rows that a product lists as its variants, as Magento exports those of a configurable product."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch.catalog.arranged.pairs import parsed
from hybridsearch.catalog.arranged.variants import temporary_store, whole
from hybridsearch.inputs.rows import field, strings
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject, Row

TABLES = """
CREATE TABLE rows (turn INTEGER PRIMARY KEY, id TEXT, row BLOB);
CREATE TABLE listed (parent TEXT, child TEXT, place INTEGER, said BLOB, PRIMARY KEY (parent, child)) WITHOUT ROWID;
"""
INDEXES = "CREATE INDEX by_id ON rows (id, turn); CREATE INDEX by_child ON listed (child);"
PRODUCTS = """
SELECT id, row FROM rows
WHERE id IS NULL OR id NOT IN (SELECT child FROM listed) OR id IN (SELECT parent FROM listed)
ORDER BY turn
"""
"""All rows but those that are listed and list none themselves."""
OF_ONE = """
SELECT child, said, (SELECT row FROM rows WHERE id = child ORDER BY turn DESC LIMIT 1) FROM listed
WHERE parent = ? ORDER BY place
"""
SEPARATOR, INNER, SIGN = "|", ",", "="
"""Between variants, between what is said of one, and between a name and its value."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How a product lists its variants.

    Attributes:
        field: That has the list: `sku=A,size=S|sku=B,size=M`, ids alone, or a list of such texts.
        key: The field that names a row; what is called so in an entry names the row of a variant.
        into: The object of a variant that what else is said of it is put into; None puts it into the variant.
        variants: Name of the list of variants.
        columns: Fields of a variant that it says though its product says the same.
    """

    field: str
    key: str
    into: str | None = None
    variants: str = "variants"
    columns: frozenset[str] = frozenset()

    @classmethod
    def of(cls, catalog: Catalog, fields: Fields) -> Listed | None:
        """Return what a configuration says, None if no product lists its variants."""
        if (told := catalog.children) is None:
            return None
        columns = frozenset(fields.within_variant(name).partition(".")[0] for name in fields.names_of_variants)
        return cls(told.field, fields.id, told.into, fields.list_of_variants, columns)

    def entries(self, row: Row) -> dict[str, dict[str, str]]:
        """Return what a row says of each variant, by the id of its row."""
        texts = (text.strip() for value in strings(field(row, self.field)) for text in value.split(SEPARATOR))
        found: dict[str, dict[str, str]] = {}
        for text in filter(None, texts):
            said = dict(parsed(text, INNER, SIGN))
            if key := said.pop(self.key, "") if SIGN in text else text:
                found[key] = said
        return found

    def variant(self, key: str, said: Row, row: Row | None, product: Row) -> dict[str, Any]:
        """Return a variant: what its row says otherwise than its product, with what that one says of it besides."""
        filled = row or {self.key: key}
        own = {name: value for name, value in filled.items() if name in self.columns or value != product.get(name)}
        if self.into is None:
            return {**said, **own}
        inner = own.get(self.into, {})
        return {**own, self.into: {**said, **inner}} if said and isinstance(inner, dict) else own


def with_listed(rows: Iterable[Product | Reject], listed: Listed) -> Iterator[Product | Reject]:
    """Yield products with the rows that they list, wherever these stand.

    A row that several list is a variant of each. A variant without a row is what its product says of it.
    """
    with temporary_store(TABLES) as store:
        for turn, row in enumerate(rows):
            key = row.id if isinstance(row, Product) else None
            store.execute("INSERT INTO rows VALUES (?, ?, ?)", (turn, key, pickle.dumps(row)))
            children = listed.entries(row.row) if isinstance(row, Product) else {}
            entries = [(key, child, at, pickle.dumps(said)) for at, (child, said) in enumerate(children.items())]
            store.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?)", entries)
        store.executescript(INDEXES)
        for key, packed in store.execute(PRODUCTS):
            row = pickle.loads(packed)
            yield from whole(row, variants_of(row, store, listed) if key is not None else (), listed.variants)


def variants_of(product: Product, store: sqlite3.Connection, listed: Listed) -> Iterator[Product]:
    """Yield the variants of a product; a row that lists variants itself is none."""
    for child, said, packed in store.execute(OF_ONE, (product.id,)):
        row: Product | None = pickle.loads(packed) if packed else None
        if row is not None and listed.entries(row.row):
            continue
        variant = listed.variant(child, pickle.loads(said), row.row if row else None, product.row)
        yield replace(row or product, id=child, row=variant)
