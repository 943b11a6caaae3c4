"""Rows of one product that stand apart in a file come together, in the order of the first of each."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hybridsearch.catalog.arranged.variants import temporary_store
from hybridsearch.values import Product, Reject

TABLES = """
CREATE TABLE rows (turn INTEGER PRIMARY KEY, id TEXT, first INTEGER, row BLOB);
CREATE INDEX by_id ON rows (id, first);
"""
INSERT = "INSERT INTO rows VALUES (?1, ?2, coalesce((SELECT first FROM rows WHERE id = ?2 LIMIT 1), ?1), ?3)"
INDEX = "CREATE INDEX by_first ON rows (first, turn)"
ROWS = "SELECT turn = first, row FROM rows ORDER BY first, turn"


def together(rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
    """Yield rows so that those of one id follow each other, all at the place of the first of them.

    They are put into a temporary database of SQLite first, which lies in memory while it is small.
    """
    with temporary_store(TABLES) as store:
        for turn, row in enumerate(rows):
            store.execute(INSERT, (turn, row.id if isinstance(row, Product) else None, pickle.dumps(row)))
        store.execute(INDEX)
        place = 0
        for is_first, packed in store.execute(ROWS):
            row = pickle.loads(packed)
            place = row.place if is_first else place
            yield row if is_first else replace(row, place=place)
