"""Rows of several catalogues that are one product, as a file of groups says: they become its list of offers."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybridsearch.catalog.arranged.grouping import missing
from hybridsearch.catalog.arranged.groups import Member
from hybridsearch.catalog.arranged.variants import temporary_store, that_fit
from hybridsearch.catalog.base import Source
from hybridsearch.inputs.rows import field, number
from hybridsearch.roles import Fields
from hybridsearch.sections import OfferSource
from hybridsearch.values import Product, Reject, Row

SOURCE = "source"
"""The field of an offer that names the catalogue that it is of."""

TABLES = """
CREATE TABLE groups (source TEXT, id TEXT, name TEXT, PRIMARY KEY (source, id)) WITHOUT ROWID;
CREATE TABLE rows (turn INTEGER PRIMARY KEY, name TEXT, row BLOB);
"""
INDEX = "CREATE INDEX by_name ON rows (name, turn)"
FIRST = """
SELECT turn, name, row FROM rows
WHERE name IS NULL OR turn = (SELECT min(turn) FROM rows each WHERE each.name = rows.name)
ORDER BY turn
"""
"""Rejects, and the first row of each product."""
OTHERS = "SELECT row FROM rows WHERE name = ? AND turn > ? ORDER BY turn"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A catalogue whose fields get the names that all catalogues of offers have.

    Attributes:
        said: What the configuration says of it.
        source: Gives its rows.
    """

    said: OfferSource
    source: Source

    @property
    def name(self) -> str:
        """What it is called in groups and in offers."""
        return self.said.called

    def count(self) -> int | None:
        """Return about how many rows there are."""
        return self.source.count()

    def snapshot_id(self) -> dict[str, Any]:
        """Return what its file says of itself."""
        return self.source.snapshot_id()

    def read(self) -> Iterator[Product | Reject]:
        """Yield its rows, with the common names."""
        for row in self.source.read():
            yield row if isinstance(row, Reject) else replace(row, row=self.renamed(row.row))

    def renamed(self, row: Row) -> dict[str, Any]:
        """Return a row with the common names, and its numbers as numbers."""
        taken = {*self.said.columns.values(), self.said.id}
        own = {name: value for name, value in row.items() if name not in taken and name not in self.said.columns}
        given = {name: field(row, column) for name, column in self.said.columns.items()}
        return {**own, **{name: self.as_number(name, value) for name, value in given.items() if not missing(value)}}

    def as_number(self, name: str, value: Any) -> Any:
        """Return a value; a number that is written in this catalogue's way, as a number."""
        form = self.said.formats.get(name)
        if form is None or not (form.decimal or form.unit):
            return value
        try:
            return number(value, form.decimal, form.unit)
        except ValueError:
            return value  # a rebuild says what is wrong with it


@dataclass(frozen=True, slots=True)
class Offers:
    """Several catalogues as one, whose products are groups of their rows.

    Attributes:
        sources: In the order that says whose text a product shows.
        groups: File that says which rows are one product; a row that it does not name is a product of its own.
        listed: Name of the list of offers.
        columns: Those of a row that are its offer's in any case.
    """

    sources: tuple[Renamed, ...]
    groups: Path | None
    listed: str
    columns: frozenset[str]

    @classmethod
    def of(cls, sources: Sequence[Renamed], groups: Path | None, fields: Fields) -> Offers:
        """Return what a configuration says."""
        columns = frozenset(fields.within_variant(name).partition(".")[0] for name in fields.names_of_variants)
        return cls(tuple(sources), groups, fields.list_of_variants, columns)

    @property
    def name(self) -> str:
        """Names of the catalogues."""
        return ", ".join(each.name for each in self.sources)

    def count(self) -> int | None:
        """Return about how many rows there are: there are no more products."""
        counts = [each.count() for each in self.sources]
        return None if None in counts else sum(filter(None, counts))

    def snapshot_id(self) -> dict[str, Any]:
        """Return size and time of the last change of all files."""
        told = {each.name: each.snapshot_id() for each in self.sources}
        newest = [each["modified"] for each in told.values() if "modified" in each]
        status = self.groups.stat() if self.groups and self.groups.exists() else None
        of_groups = {"size": status.st_size, "modified": status.st_mtime_ns} if status else None
        return {"sources": told, "groups": of_groups, **({"modified": max(newest)} if newest else {})}

    def read(self) -> Iterator[Product | Reject]:
        """Yield a product for each group, at the place of its first row, and the rejects.

        Raises:
            CatalogError: A catalogue or the groups cannot be read.
        """
        with temporary_store(TABLES) as store:
            members = ((each.source, each.product_id, each.group) for each in self.named())
            store.executemany("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", members)
            store.executemany("INSERT INTO rows VALUES (?, ?, ?)", self.entries(store))
            store.execute(INDEX)
            for turn, name, packed in store.execute(FIRST):
                found = pickle.loads(packed)
                if name is None:
                    yield replace(found, place=turn)
                else:
                    others = (pickle.loads(other) for (other,) in store.execute(OTHERS, (name, turn)))
                    yield from self.whole(name, turn, found, others)

    def named(self) -> Iterator[Member]:
        """Yield what the file of groups says, if there is one."""
        return Member.read(self.groups) if self.groups else iter(())

    def entries(self, store: sqlite3.Connection) -> Iterator[tuple[int, str | None, bytes]]:
        """Yield turn, group and all of each row; a reject has no group."""
        turn = 0
        for each in self.sources:
            for row in each.read():
                turn += 1
                if isinstance(row, Reject):
                    yield turn, None, pickle.dumps(row)
                    continue
                found = store.execute("SELECT name FROM groups WHERE source = ? AND id = ?", (each.name, row.id))
                group = (found.fetchone() or [f"{each.name}:{row.id}"])[0]
                own = {**row.row, SOURCE: each.name, "id": row.id}
                yield turn, group, pickle.dumps(replace(row, row=own))

    def whole(self, group: str, turn: int, first: Product, others: Iterable[Product]) -> Iterator[Product | Reject]:
        """Yield the product of some rows, and those that are too many; of rows of one id the last counts."""
        kept, rejects = that_fit(first, others, f"offers of '{group}'", turn)
        newest = list({(row.row[SOURCE], row.id): row.row for row in (first, *kept)}.values())
        product: dict[str, Any] = {}
        for row in newest:
            product |= {name: value for name, value in row.items() if name not in product and not missing(value)}
        offers = [each for row in newest for each in self.offers(row, product)]
        shared = {name: value for name, value in product.items() if name not in self.columns and name != SOURCE}
        yield Product(group, {**shared, "id": group, self.listed: offers}, first.where, place=turn)
        yield from rejects

    def offers(self, row: Row, product: Row) -> Iterator[dict[str, Any]]:
        """Yield the offers of a row: its columns and all in which it differs; if it lists variants, one for each."""
        listed = row.get(self.listed)
        variants = listed if isinstance(listed, list) and all(isinstance(each, dict) for each in listed) else [{}]
        own = {
            name: value
            for name, value in row.items()
            if name != self.listed
            and not missing(value)
            and (name in self.columns or name in (SOURCE, "id") or value != product.get(name))
        }
        yield from ({**own, **variant} for variant in variants)
