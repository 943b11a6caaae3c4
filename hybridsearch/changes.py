"""Changes between two rebuilds: what a shop's backend says about single products, and the log that remembers it.

A change goes into the log first, then into the live index. A rebuild replays what was logged since it started, before
the swap and once more after it, so that no change is lost. The log holds the last change of each product. Removals are
recorded too, so that an older update that arrives late does not restore the product. A change of single fields is
recorded as that, on top of what is known of the product: what else a rebuild finds in the catalogue stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hybridsearch.values import Reject, Row


@dataclass(frozen=True, slots=True)
class Change:
    """The newest known state of one product.

    Attributes:
        row: The whole row; None when the product was removed; where it is `partial`, the fields that changed.
        below: What was known before a `partial` change, but for the fields that it changes: each may be older than what
            a rebuild found in the catalogue since.
        at: Its position in the log; None where it does not come from there.
    """

    id: str
    row: Row | None
    version: int | None = None
    partial: bool = False
    below: Change | None = None
    at: int | None = field(default=None, compare=False)

    @property
    def precedence(self) -> int:
        """What decides between the changes of this product, see `precedence`."""
        return precedence(self.version, removed=self.row is None)

    @property
    def layers(self) -> Iterator[Change]:
        """This change, and those below it."""
        layer: Change | None = self
        while layer is not None:
            yield layer
            layer = layer.below

    def onto(self, known: Change | None) -> Change:
        """Return this change on top of the one before."""
        if not self.partial or known is None:
            return self
        below = self.below.onto(known) if self.below else known
        return replace(self, below=below and below.without(self.row or {}))

    def without(self, names: Collection[str]) -> Change | None:
        """Return this change without some fields, as far as it is one of single fields; None where nothing is left."""
        if not self.partial:
            return self
        left = {name: value for name, value in (self.row or {}).items() if name not in names}
        below = self.below and self.below.without(names)
        return replace(self, row=left, below=below) if left else below

    def applied(self, row: Row | None, is_newer: Callable[[Change], bool]) -> Change | None:
        """Return the change of a whole row, or the removal, that this one is for a product.

        Args:
            row: The product as it is; None where there is none.
            is_newer: Tells whether a change below this one is newer than that.

        Returns:
            None where this changes fields of a product that is not there.
        """
        fields: Row = {}
        for layer in self.layers:
            if layer is not self and not is_newer(layer):
                break
            if layer.row is None:
                return layer
            fields = {**layer.row, **fields}
            if not layer.partial:
                return Change(self.id, fields, self.version)
        return None if row is None else Change(self.id, {**row, **fields}, self.version)

    @property
    def stored(self) -> Row | list[Row] | None:
        """The row as logs keep it: fields that changed are the first object of a list, behind it is what lies below."""
        if not self.partial or self.row is None:
            return self.row
        _, *below = self.layers
        known = ({"row": each.row, "version": each.version, "partial": each.partial, "at": each.at} for each in below)
        return [self.row, *known]


def restored(key: str, stored: Any, version: int | None, at: int | None = None) -> Change:
    """Return the change whose `stored` row a log has kept."""
    if not isinstance(stored, list):
        return Change(key, stored, version, at=at)
    row, *known = stored
    below: Change | None = None
    for each in reversed(known):
        below = Change(key, each["row"], each["version"], each["partial"], below, each["at"])
    return Change(key, row, version, True, below, at)


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
        before: What the log held of their products until then, by id; a product of which it held nothing is absent.
    """

    accepted: list[Change]
    refused: list[Reject] = field(default_factory=list)
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
