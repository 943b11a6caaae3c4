"""Rows that name another one as their product, as WooCommerce exports variations: they become its list of variants.

They may stand anywhere, so that all rows are put into a temporary database of SQLite first, which lies in memory while
it is small, and is for nobody else to read.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from hybridsearch.catalog.base import HEAVIEST_ROW
from hybridsearch.errors import CatalogError
from hybridsearch.rows import field, strings, weight
from hybridsearch.values import Product, Reject

TABLE = "CREATE TABLE rows (turn INTEGER PRIMARY KEY, id TEXT, parent TEXT, row BLOB)"
INDEX = "CREATE INDEX parents ON rows (parent, id)"
PRODUCTS = """
SELECT id, parent, row FROM rows
WHERE parent IS NULL OR parent NOT IN (SELECT id FROM rows WHERE parent IS NULL AND id IS NOT NULL)
ORDER BY turn
"""
"""All rows but those that name a product which names none itself."""
OF_ONE = "SELECT row FROM rows WHERE parent = ? ORDER BY turn"


def with_variants(rows: Iterable[Product | Reject], parent: str, name: str) -> Iterator[Product | Reject]:
    """Yield products with the rows that name them, wherever these stand.

    A row that names a product which is not there is one of its own. One that would make its product heavier than a row
    may be is a reject.

    Args:
        rows: In the order of the catalogue.
        parent: Field in which a row names its product by its id.
        name: Of the list.
    """
    # Threads may take turns with a generator.
    with full_disk_explained(), closing(sqlite3.connect("", check_same_thread=False)) as store:
        store.execute(TABLE)
        store.executemany("INSERT INTO rows (id, parent, row) VALUES (?, ?, ?)", (entry(row, parent) for row in rows))
        store.execute(INDEX)
        for key, named, packed in store.execute(PRODUCTS):
            row = pickle.loads(packed)
            own = store.execute(OF_ONE, (key,)) if key is not None and named is None else ()
            yield from whole(row, (pickle.loads(variant) for (variant,) in own), name)


@contextmanager
def full_disk_explained() -> Iterator[None]:
    """Turn an error of SQLite, of which there is one, into an error of the catalogue.

    Raises:
        CatalogError: There is no room for the rows.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise CatalogError(
            f"Cannot put the rows of the catalogue into a temporary file: {error}. Make room in the folder for "
            "temporary files, or name another one in SQLITE_TMPDIR."
        ) from error


def entry(row: Product | Reject, parent: str) -> tuple[str | None, str | None, bytes]:
    """Return id, parent and all of a row."""
    if isinstance(row, Reject):
        return None, None, pickle.dumps(row)
    named = strings(field(row.row, parent))
    return row.id, named[0] if len(named) == 1 and named[0] != row.id else None, pickle.dumps(row)


def whole(row: Product | Reject, variants: Iterable[Product], name: str) -> Iterator[Product | Reject]:
    """Yield a product with its variants, and those that are too many; they follow those that it lists already."""
    held, listed, rejects = weight(row.row), [], []
    for variant in variants:
        held += weight(variant.row)
        if held <= HEAVIEST_ROW:
            listed.append(variant.row)
        else:
            reason = f"the variants of '{row.id}' take more than {HEAVIEST_ROW / 1e6:.0f} MB in memory"
            rejects.append(Reject(variant.where, variant.id, "read", reason, variant.row, row.place))
    if isinstance(row, Product) and listed:
        own = row.row.get(name) or []
        row = replace(row, row={**row.row, name: [*(own if isinstance(own, list) else [own]), *listed]})
    yield row
    yield from rejects
