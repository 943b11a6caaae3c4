"""What moves between two lists of products: pure functions of their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "up", "down", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a product is in two lists, from 1; None where it is not in one.

    Attributes:
        left: In the list as it is.
        right: In the one that it is compared with.
    """

    left: int | None
    right: int | None

    @property
    def kind(self) -> Kind:
        """What becomes of it from the left list to the right one."""
        if self.left is None:
            return "new"
        if self.right is None:
            return "gone"
        return "same" if self.left == self.right else "up" if self.right < self.left else "down"

    @property
    def how(self) -> str:
        """The same for people, with how far: `up 2`; empty for one that stays."""
        if self.left is None or self.right is None:
            return self.kind
        return f"{self.kind} {abs(self.left - self.right)}" if self.left != self.right else ""

    def __str__(self) -> str:
        if self.left is None or self.right is None or self.left == self.right:
            return self.kind
        return f"{self.how}: {self.left} → {self.right}"


def moves(left: Sequence[str], right: Sequence[str]) -> dict[str, Move]:
    """Return by id where each product of two lists is in both."""
    places = [{key: place for place, key in enumerate(ids, 1)} for ids in (left, right)]
    return {key: Move(places[0].get(key), places[1].get(key)) for key in dict.fromkeys([*left, *right])}
