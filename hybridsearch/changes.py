"""Changes between two rebuilds: what a shop's backend says about single products, and the log that remembers it.

A change goes into the log first and into the live index then. A rebuild replays what was logged since it began, before
the swap and once more after it, so that no change is lost. The log holds the last change of each product; a removal is
remembered there, so that a late older update does not bring the product back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Change:
    """The newest that is known about one product: its row, or None when it was removed."""

    id: str
    row: Row | None
    version: int | None = None

    @property
    def order(self) -> int:
        """Place among the changes of this product, see `order`."""
        return order(self.version, removed=self.row is None)


def order(version: int | None, *, removed: bool = False) -> int:
    """Return what decides between two changes of one product: the higher wins, of equals the later.

    A removal beats the update with the same version. Without versions all are equal: the last write wins.
    """
    return 0 if version is None else 2 * version + removed


BEGINNING = -1
"""The place before every change of a log."""


class ChangeLog(Protocol):
    """Remembers the last change of each product; every process that writes to the index shares it.

    Every method raises EngineError when the log cannot be reached.
    """

    def record(self, changes: Sequence[Change]) -> list[Change]:
        """Remember changes durably; return those that were not older than what was known."""
        ...

    def mark(self) -> int:
        """Return the place up to which the log is filled."""
        ...

    def since(self, mark: int) -> tuple[list[Change], int]:
        """Return changes recorded after a place, oldest first, and the place of the last; fewer than all, if many."""
        ...

    def forget(self, hours: float) -> None:
        """Forget changes that are older than so many hours."""
        ...
