"""Where things lie in the folder that a shop keeps beside its configuration: every name in it is written here, once.

The engine without a server names its own files, in `engines/embedded`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The paths in a shop's folder, `Settings.home`; nothing is read or made."""

    folder: Path

    @property
    def vectors(self) -> Path:
        """The cache of encoded texts and pictures."""
        return self.folder / "vectors.db"

    @property
    def refused(self) -> Path:
        """What is known of pictures that were refused lately."""
        return self.folder / "refused.db"

    @property
    def reviews(self) -> Path:
        """The reviews of a file of its own, by product."""
        return self.folder / "reviews.db"

    @property
    def candidates(self) -> Path:
        """The cache of answers to judged queries."""
        return self.folder / "candidates.db"

    @property
    def tune_lock(self) -> Path:
        """Held by the process that learns weights."""
        return self.folder / "tune" / "lock"

    @property
    def tuning(self) -> Path:
        """What the process that learned weights last says of itself, see `running`."""
        return self.folder / "tune" / "progress.json"

    @property
    def editing(self) -> Path:
        """Held for the moment in which a file that people edit is written by the page."""
        return self.folder / "page" / "lock"

    @property
    def log_key(self) -> Path:
        """What names of sessions are hashed with."""
        return self.folder / "log" / "key"

    def journal(self, index: str) -> Path:
        """Return the journal of the rebuild of an index; it is there while a run is under way, or was interrupted."""
        return self.folder / index / "run.jsonl"

    def rebuild(self, index: str) -> Path:
        """Return what the last rebuild of an index says of itself, see `running`."""
        return self.folder / index / "progress.json"

    def output(self, command: str) -> Path:
        """Return what a command printed that the page started."""
        return self.folder / "page" / f"{command}.txt"

    def quality(self, index: str) -> Path:
        """Return the record of how well the generations of an index answered the judged queries."""
        return self.folder / index / "quality.json"

    def rejects(self, run: str) -> Path:
        """Return the file of what a run rejected; names of later runs sort behind those of earlier ones."""
        return self.folder / f"rejects-{run}.jsonl"

    def align(self, leg: str) -> AlignFolder:
        """Return the folder in which the encoder of a vector leg is aligned."""
        return AlignFolder(self.folder / "align" / leg)


@dataclass(frozen=True, slots=True)
class AlignFolder:
    """The paths in the folder of one alignment; in the end only the report is left."""

    folder: Path

    @property
    def pictures(self) -> Path:
        """The catalogue's pictures at the size of the model."""
        return self.folder / "pictures"

    @property
    def checkpoint(self) -> Path:
        """What an interrupted training goes on from."""
        return self.folder / "checkpoint.pt"

    @property
    def encoder(self) -> Path:
        """The new encoder, until it is adopted or refused."""
        return self.folder / "encoder"

    @property
    def report(self) -> Path:
        """What came out."""
        return self.folder / "report.json"

    @property
    def held_out(self) -> Path:
        """The judged queries that were not learned from."""
        return self.folder / "judgments.jsonl"
