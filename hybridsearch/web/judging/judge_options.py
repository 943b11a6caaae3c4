"""What the page lets people judge, as `serve` and an application around it say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """What the page lets people judge.

    Attributes:
        path: The file of judgments that they add to; it need not be there.
        queries: The file of queries; left out: those of the shop's log.
        fields: Of a product that are shown beside its title; left out: facets, numbers and the beginning of its text.
    """

    path: Path | str
    queries: Path | str | None = None
    fields: Sequence[str] = ()
