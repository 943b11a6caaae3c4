"""Changes between two rebuilds: what a shop's backend says about single products, and the log that remembers it.

A change goes into the log first and into the live index then. A rebuild replays what was logged since it began, before
the swap and once more after it, so that no change is lost. The log holds the last change of each product; a removal is
remembered there, so that a late older update does not bring the product back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hybridsearch.values import Reject, Row


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


@dataclass(slots=True)
class Recorded:
    """What became of changes that were to be remembered.

    Attributes:
        accepted: Those that are: they are not older than what was known.
        refused: Those that cannot be, with the reason.
        before: What was known of their products until then, by id; a product of which nothing was is absent.
    """

    accepted: list[Change]
    refused: list[Reject] = field(default_factory=list)
    before: Mapping[str, Change] = field(default_factory=dict)


BEGINNING = -1
"""The place before every change of a log."""


class ChangeLog(Protocol):
    """Remembers the last change of each product; every process that writes to the index shares it.

    Every method raises EngineError when the log cannot be reached.
    """

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that are not older than what is known, in their order."""
        ...

    def record(self, changes: Sequence[Change]) -> Recorded:
        """Remember changes durably, unless they are older than what is known; each product comes once in them."""
        ...

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        """Forget changes that the index refused: what was known before counts again, unless something newer came in.

        What is older than such a change stays older.
        """
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
