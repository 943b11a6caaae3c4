"""What became of changes to single products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hybridsearch.indexing.rejects import describe
from hybridsearch.values import Reject


@dataclass(slots=True)
class Updated:
    """The outcome of changes to single products.

    Attributes:
        written: Products that were written, or removed.
        older: Changes that were older than the known version; they changed nothing.
        missing: Removals of products that the index does not hold; they are remembered, and changed nothing.
        encoded: Vectors that had to be encoded; all others were known.
        rejects: What could not be written, and what a product lacks.
    """

    written: int = 0
    older: int = 0
    missing: int = 0
    encoded: int = 0
    rejects: tuple[Reject, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {
            "written": self.written,
            "older": self.older,
            "missing": self.missing,
            "encoded": self.encoded,
            "rejects": [describe(reject) for reject in self.rejects],
        }
