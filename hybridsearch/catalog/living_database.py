"""A database that is written to while it is read, where a column that only grows tells what is new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from hybridsearch.catalog.base import Mark, naming, product_id
from hybridsearch.catalog.database import Database
from hybridsearch.catalog.pages import as_given
from hybridsearch.errors import CatalogError
from hybridsearch.values import Product, Reject


@dataclass(frozen=True, slots=True)
class LivingDatabase(Database):
    """A source that can list what was written to a database after some moment.

    Attributes:
        version: Name of the column that grows with each change.
    """

    version: str = ""
    _versions: list[Any] = field(default_factory=list, compare=False)
    """The highest version at each mark, as the database has it; a mark is a place in this list."""

    def patient(self) -> Self:
        """Return itself: a driver waits as its address says."""
        return self

    def abandon(self) -> None:
        """Wait for no page any more; a query ends with its rows."""
        self.unwanted.set()

    def mark(self) -> Mark | None:
        """Return a mark for the highest version that there is."""
        from sqlalchemy import func, select

        highest = select(func.max(self.table(self.version).c[self.version]))
        with self.connected() as connection:
            self._versions.append(connection.execute(highest).scalar())
        return {self.name: {self.version: len(self._versions) - 1}}

    def since(self, mark: Mark) -> Iterator[Product | Reject]:
        """Yield the rows whose version is higher than the highest one was, with all others of their groups.

        Where there was no version these are all rows.
        """
        from sqlalchemy import or_, select

        highest, table, others = self._versions[mark[self.name][self.version]], *map(self.table, [self.version] * 2)
        if highest is None:
            yield from self.products(self.chosen(table))
            return
        newer, of_others = (each.c[self.version] > as_given(highest) for each in (table, others))
        if grouping := self.arranged.grouping:
            group = grouping.field
            newer = or_(newer, table.c[group].in_(select(others.c[group]).where(of_others)))
        yield from self.products(self.chosen(table, newer))

    def ids(self) -> Iterator[str]:
        """Yield the ids of all rows that have one."""
        from sqlalchemy import select

        if self.id_field is None:
            raise CatalogError("The column with the id of a product is not known. Set 'fields.id'.")
        table = self.table()
        named = [table.c[name] for name in (self.id_field, self.key_of_one) if name]
        for row in self.streamed(select(*named)):
            name = naming(row, self.id_field, self.key_of_one)
            with suppress(ValueError):
                yield product_id(row.get(name), name)
