"""Changes between two rebuilds: what a shop's backend says about single products, and the log that remembers it.

A change goes into the log first, then into the live index. A rebuild replays what was logged since it started, before
the swap and once more after it, so that no change is lost. The log holds the last change of each product. Removals are
recorded too, so that an older update that arrives late does not restore the product. A change of single fields is
recorded as that, on top of what is known of the product: what else a rebuild finds in the catalogue stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hybridsearch.values import Reject, Row


@dataclass(frozen=True, slots=True)
class Change:
    """The newest known state of one product.

    Attributes:
        row: The whole row; None when the product was removed; where it is `partial`, the fields that changed.
    """

    id: str
    row: Row | None
    version: int | None = None
    partial: bool = False

    @property
    def precedence(self) -> int:
        """What decides between the changes of this product, see `precedence`."""
        return precedence(self.version, removed=self.row is None)

    def onto(self, known: Change | None) -> Change | None:
        """Return this change on top of the one before; None where it changes fields of a product that was removed."""
        if not self.partial or known is None:
            return self
        return (
            None if known.row is None else replace(self, row={**known.row, **(self.row or {})}, partial=known.partial)
        )

    @property
    def stored(self) -> Row | list[Row] | None:
        """The row as logs keep it: fields that changed are the one object of a list."""
        return [self.row] if self.partial and self.row is not None else self.row


def restored(key: str, stored: Any, version: int | None) -> Change:
    """Return the change whose `stored` row a log has kept."""
    return Change(key, stored[0], version, partial=True) if isinstance(stored, list) else Change(key, stored, version)


def precedence(version: int | None, *, removed: bool = False) -> int:
    """Return the number that decides between two changes of one product: the higher wins; if equal, the later change.

    A removal beats the update with the same version. Without versions all are equal: the last write wins.
    """
    return 0 if version is None else 2 * version + removed


@dataclass(slots=True)
class Recorded:
    """What became of changes that were to be recorded.

    Attributes:
        accepted: Those that are, as they are not older than what the log holds; one of single fields on top of that.
        refused: Those that cannot be, with the reason.
        missing: How many change fields of a product that was removed.
        before: What the log held of their products until then, by id; a product of which it held nothing is absent.
    """

    accepted: list[Change]
    refused: list[Reject] = field(default_factory=list)
    missing: int = 0
    before: Mapping[str, Change] = field(default_factory=dict)

    def take(self, written: Iterable[Change], refused: Sequence[Reject]) -> None:
        """Take in what was written, but for what was refused of it."""
        ids = {reject.id for reject in refused}
        self.accepted += [change for change in written if change.id not in ids]
        self.refused += refused


START = -1
"""The position before the first change of a log."""


class ChangeLog(Protocol):
    """Holds the last change of each product; every process that writes to the index shares it.

    Every method raises EngineError when the log cannot be reached.
    """

    def known(self, ids: Sequence[str]) -> Mapping[str, Change]:
        """Return the last change of each of these products, by id; one of which the log holds none is absent."""
        ...

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that are not older than what the log holds, in their order."""
        ...

    def record(self, changes: Sequence[Change]) -> Recorded:
        """Record changes durably, unless they are older than what the log holds; each product comes once in them."""
        ...

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        """Forget changes that the index refused: what was known before counts again, unless something newer came in.

        What is older than such a change stays older.
        """
        ...

    def position(self) -> int:
        """Return the position up to which the log is complete."""
        ...

    def since(self, position: int) -> tuple[list[Change], int]:
        """Return changes recorded after a position, oldest first, and the position of the last; not all if many."""
        ...

    def forget(self, hours: float) -> None:
        """Remove changes that are older than this many hours."""
        ...
