"""Changes between two rebuilds: what a shop's backend says about single products, and the log that remembers it.

A change goes into the log first, then into the live index. A rebuild replays what was logged since it started, before
the swap and once more after it, so that no change is lost. The log holds the last change of each product. Removals are
recorded too, so that an older update that arrives late does not restore the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Change:
    """The newest known state of one product: its row, or None when it was removed."""

    id: str
    row: Row | None
    version: int | None = None

    @property
    def precedence(self) -> int:
        """What decides between the changes of this product, see `precedence`."""
        return precedence(self.version, removed=self.row is None)


def precedence(version: int | None, *, removed: bool = False) -> int:
    """Return the number that decides between two changes of one product: the higher wins; if equal, the later change.

    A removal beats the update with the same version. Without versions all are equal: the last write wins.
    """
    return 0 if version is None else 2 * version + removed


START = -1
"""The position before the first change of a log."""


class ChangeLog(Protocol):
    """Holds the last change of each product; every process that writes to the index shares it.

    Every method raises EngineError when the log cannot be reached.
    """

    def record(self, changes: Sequence[Change]) -> list[Change]:
        """Record changes durably; return those that were not older than what the log holds."""
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
