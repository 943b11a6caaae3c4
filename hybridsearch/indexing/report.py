"""What a run counts while it goes, and what it says at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hybridsearch.indexing.quality import Quality
from hybridsearch.indexing.rejects import describe
from hybridsearch.runtime.progress import Progress
from hybridsearch.values import Reject


@dataclass(slots=True)
class Counts:
    """How far a run is.

    Attributes:
        without_picture: Products without a usable picture, for each leg that reads pictures.
        older: Products that were older than what the index held already.
        changes: Changes that were recorded while the run went on, and were replayed.
        pictured: Products that name a picture, for each leg that reads pictures.
        unseen: Those of them that have no usable one.
        reviews: That products have.
        unused_reviews: Of which something could not be used.
        odd_reviews: That look made up.
        videos: Products of which a video is read, for each leg that reads pictures.
        unread_videos: Products that name one that cannot be read.
        stray_reviews: Of a file, whose products are not there.
    """

    read: int = 0
    written: int = 0
    rejected: int = 0
    encoded: int = 0
    cached: int = 0
    without_picture: int = 0
    older: int = 0
    changes: int = 0
    pictured: int = 0
    unseen: int = 0
    reviews: int = 0
    unused_reviews: int = 0
    odd_reviews: int = 0
    videos: int = 0
    unread_videos: int = 0
    stray_reviews: int = 0

    def __add__(self, other: Counts) -> Counts:
        more = asdict(other)
        return Counts(**{name: value + more[name] for name, value in asdict(self).items()})

    def tell(self, progress: Progress, stage: str, total: int | None = None) -> None:
        """Tell a progress how many products are read, and all the counts."""
        progress(stage, self.read, total, asdict(self))


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    Attributes:
        indexed: Documents in the new index.
        duplicates: Products whose id came again later in the catalogue; the last one is indexed.
        older: Products that were older than a change that the index had seen already.
        changes: Changes of single products that came in during the run, and were replayed.
        resumed: Products that an earlier, interrupted process of this run had done already.
        retried: Requests that were asked again, because the engine was busy or briefly away.
        reviews: Of all products together; of `unused_reviews` something could not be used, `odd_reviews` look made up
            and count as fewer. `stray_reviews` are those of a file whose products are not there.
        videos: Products that are seen in a video, for each leg that reads pictures; those of `unread_videos` name one
            that cannot be read.
        rejects: The first rejects; all of them are in `rejects_file`.
        rejects_file: JSON lines; None when everything is well.
        quality: What the judged queries said, where the configuration names some.
    """

    index: str
    generation: str
    indexed: int
    rejected: int
    duplicates: int
    without_picture: int
    encoded: int
    cached: int
    older: int
    changes: int
    resumed: int
    retried: int
    seconds: float
    reviews: int = 0
    unused_reviews: int = 0
    odd_reviews: int = 0
    videos: int = 0
    unread_videos: int = 0
    stray_reviews: int = 0
    rejects: tuple[Reject, ...] = ()
    rejects_file: Path | None = None
    quality: Quality | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `reindex --json` prints."""
        return {
            **{
                name: getattr(self, name)
                for name in self.__slots__
                if name not in ("rejects", "rejects_file", "seconds", "quality")
            },
            "seconds": round(self.seconds, 3),
            "quality": self.quality.to_json() if self.quality else None,
            "rejects": [describe(reject) for reject in self.rejects],
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
        }
