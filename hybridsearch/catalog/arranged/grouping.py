"""Rows that are together one product, as in an export with a row for each variant and each picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from hybridsearch.catalog.base import HEAVIEST_ROW
from hybridsearch.inputs.rows import field, strings, weight
from hybridsearch.roles import Fields
from hybridsearch.values import Product, Reject, Row

MOST_REJECTS = 1_000
"""Among the rows of a product; after more of them it is complete."""
SEPARATOR = re.compile(r"\s[-–—/:·•]\s|[,;:]\s|[|(\[，、；（【｜]|$")
"""What stands in a title between the name of a product and what its variants differ in, or the end."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the rows of a product become one.

    Attributes:
        field: That all rows of a product have in common.
        variants: Name of the list of variants in the product; None where no field of variants is configured.
        columns: Those of a row that are its variant's.
        title: The field with the title of a product, or of a variant.
    """

    field: str
    variants: str | None = None
    columns: frozenset[str] = frozenset()
    title: str | None = None

    @classmethod
    def of(cls, fields: Fields) -> Self | None:
        """Return how a configuration groups rows, None if it does not."""
        if fields.group is None:
            return None
        if not fields.has_variants:
            return cls(fields.group, title=fields.title)
        columns = frozenset(map(fields.within_variant, fields.names_of_variants))
        return cls(fields.group, fields.list_of_variants, columns, fields.title)

    def grouped(self, rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
        """Yield one product for the rows of one id that follow each other, at the place of the last of them.

        A row that would make its product heavier than a row may be is a reject, and so is one that stands apart from
        the others of its product. A product without a title is one where its first row may be a reject, with the title.
        """
        together: list[Product] = []
        rejects: list[Reject] = []
        before: Reject | None = None
        latest: Reject | None = None
        held = 0
        complete: set[int] = set()
        for row in rows:
            if together and (len(rejects) == MOST_REJECTS or (isinstance(row, Product) and row.id != together[0].id)):
                complete.add(hash(together[0].id))
                yield from self.in_order(together, rejects, before)
                together, rejects, held = [], [], 0
            size = weight(row.row)
            if isinstance(row, Product) and (why := self.flaw(row, complete, held + size)):
                row = Reject(row.where, row.id, "read", why, row.row, row.place)
            if isinstance(row, Product):
                before = before if together else latest
                together.append(row)
                held += size
            elif together:
                rejects.append(row)
            else:
                yield row
            latest = row if isinstance(row, Reject) else None
        if together:
            yield from self.in_order(together, rejects, before)

    def flaw(self, row: Product, complete: set[int], held: int) -> str | None:
        """Return why a row cannot be one of the product that is read, if so.

        Args:
            row: The row.
            complete: Hashes of the ids of the products before.
            held: How much the rows of its product take with it.
        """
        key = row.id[:100]
        if hash(row.id) in complete:
            others = f"it stands apart from the other rows with '{key}'; sort the catalogue by '{self.field}'"
            return f"{others}, or set 'gather = true' under [catalog], for a database key = '{self.field}'"
        if held > HEAVIEST_ROW and held > weight(row.row):
            return f"the rows of '{key}' take more than {HEAVIEST_ROW / 1e6:.0f} MB in memory"
        if self.variants in row.row and not self.is_whole(row):
            return f"it has a field '{self.variants}' already; call the list of variants otherwise in 'fields.variants'"
        return None

    def is_whole(self, row: Product) -> bool:
        """Tell whether a row is a product that was made of rows already, such as one that an index gave back."""
        listed = row.row.get(self.variants or "")
        return isinstance(listed, list) and all(isinstance(each, dict) for each in listed)

    def in_order(
        self, together: Sequence[Product], rejects: Sequence[Reject], before: Reject | None
    ) -> list[Product | Reject]:
        """Return the product of some rows, and the rejects among them, by their places.

        Args:
            together: Rows of one product.
            rejects: Those among them, and after them.
            before: The row before them, if it is a reject.
        """
        found = self.one(together)
        if before and self.may_be_of(before, found.id) and self.title and not strings(field(found.row, self.title)):
            lost = f"none of its rows has a '{self.title}', and the one before them, {before.where}, is a reject"
            whole = Reject(found.where, found.id, "read", f"{lost}; correct that one", found.row, found.place)
            return sorted([whole, *rejects], key=lambda row: row.place)
        return sorted([found, *rejects], key=lambda row: row.place)

    def may_be_of(self, reject: Reject, key: str) -> bool:
        """Tell whether a row that is a reject may be one of a product: it names that, or none that is known."""
        return (reject.id or "".join(strings(field(reject.row or {}, self.field))) or key) == key

    def one(self, rows: Sequence[Product]) -> Product:
        """Return the product of its rows."""
        if len(rows) == 1 and self.is_whole(rows[0]):
            return rows[0]
        row = merged([row.row for row in rows]) if len(rows) > 1 else dict(rows[0].row)
        titles = row.get(self.title or "")
        if self.variants and isinstance(titles, list) and all(isinstance(each, str) for each in titles):
            row[str(self.title)] = in_common(titles, row)  # each variant keeps its own
        if self.variants:
            row[self.variants] = [each for each in (self.variant(part.row, row) for part in rows) if each]
        return replace(rows[0], row=row, place=rows[-1].place)

    def variant(self, row: Row, product: Row) -> dict[str, Any]:
        """Return what a row says of a variant: its columns, and all in which it differs; nothing where it has none."""
        if all(missing(field(row, name)) for name in self.columns):
            return {}
        objects = {name.partition(".")[0] for name in self.columns}
        own = self.columns | objects | {name for name in row if row[name] != product.get(name)}
        return {name: value for name, value in row.items() if name in own and not missing(value)}


def merged(rows: Sequence[Row]) -> dict[str, Any]:
    """Return one row for several: of each field the different values in their order, without the missing ones.

    A field with one value in all of them keeps it as it is; another has a list.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for name, value in row.items():
            parts = value if isinstance(value, list) else [value]
            values = found.setdefault(name, {})
            values |= {repr(part): part for part in parts if not missing(part) and repr(part) not in values}
    filled = {name: [*values.values()] for name, values in found.items() if values}
    return {name: values[0] if len(values) == 1 else values for name, values in filled.items()}


def in_common(titles: Sequence[str], row: Row) -> str:
    """Return the title of a product whose variants have these, in a row of all that they say.

    It is the longest beginning that all of them have, up to a separator, and that no other field says, as the brand
    does; without one it is the first title.
    """
    shared = set.intersection(*map(beginnings, titles)) - {each for each in row.values() if isinstance(each, str)}
    return max(shared, key=len, default=titles[0])


def beginnings(title: str) -> set[str]:
    """Return what stands before each separator of a title, and all of it."""
    return {title[: mark.start()].strip() for mark in SEPARATOR.finditer(title)} - {""}


def missing(value: Any) -> bool:
    """Tell whether a value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())
