"""A database that is written to while it is read, where a column that only grows tells what is new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from hybridsearch.catalog.base import Mark, product_id
from hybridsearch.catalog.database import Database
from hybridsearch.errors import CatalogError
from hybridsearch.values import Product, Reject

if TYPE_CHECKING:
    from sqlalchemy import Select


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
        """Do nothing: a query ends with its rows."""

    def mark(self) -> Mark | None:
        """Return a mark for the highest version that there is."""
        from sqlalchemy import column, func

        with self.connected() as connection:
            self._versions.append(connection.execute(self.selected(func.max(column(self.version)))).scalar())
        return {self.name: {self.version: len(self._versions) - 1}}

    def since(self, mark: Mark) -> Iterator[Product | Reject]:
        """Yield the rows whose version is higher than the highest one was; all of them where there was none."""
        from sqlalchemy import column, literal_column

        highest = self._versions[mark[self.name][self.version]]
        newer = self.selected(literal_column("*"))
        yield from self.products(newer if highest is None else newer.where(column(self.version) > highest))

    def ids(self) -> Iterator[str]:
        """Yield the ids of all rows that have one."""
        from sqlalchemy import column

        if self.id_field is None:
            raise CatalogError("The column with the id of a product is not known. Set 'fields.id'.")
        with self.connected() as connection:
            for (value,) in connection.execute(self.selected(column(self.id_field))):
                with suppress(ValueError):
                    yield product_id(value, self.id_field)

    def selected(self, what: Any) -> Select[Any]:
        """Return a query for something of the rows that the shop's query gives."""
        from sqlalchemy import select, text

        statement = self.statement.replace(":", "\\:")  # a colon would begin a parameter
        return select(what).select_from(text(f"({statement}) AS catalogue"))
