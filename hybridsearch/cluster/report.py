"""What an encoding counts while it goes, and says at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hybridsearch.indexing.rejects import describe
from hybridsearch.values import Reject


@dataclass(frozen=True, slots=True)
class Encoding:
    """What was encoded for the next rebuild.

    Attributes:
        on: Where: `local`, `dask` or `ray`.
        workers: Processes that took part; one that died and was started again counts twice.
        read: Rows of the catalogue.
        rejected: Those that are no product.
        encoded, cached: Texts, pictures and videos, by whether this run encoded them or they were known before.
        without_picture, videos, unread_videos: As in the report of a rebuild.
        flawed: Reasons why products lack a vector, or a picture of theirs cannot be used.
        merged: Parts of the shared folder that were put together.
        rejects: The first rejects and flaws; the rebuild writes all of them down.
    """

    on: str
    workers: int
    read: int
    rejected: int
    encoded: int
    cached: int
    without_picture: int
    videos: int
    unread_videos: int
    flawed: int
    merged: int
    seconds: float
    rejects: tuple[Reject, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `encode --json` prints."""
        return {
            **{name: getattr(self, name) for name in self.__slots__ if name not in ("seconds", "rejects")},
            "seconds": round(self.seconds, 3),
            "rejects": [describe(reject) for reject in self.rejects],
        }
