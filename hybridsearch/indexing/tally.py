"""What a run has done so far: counted, and remembered as far as the checks before the swap need it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hybridsearch import document
from hybridsearch.catalog.base import Mark
from hybridsearch.changes import Change
from hybridsearch.encoders.calibration import SAMPLE, Described
from hybridsearch.engines.base import Written
from hybridsearch.indexing.build import Built
from hybridsearch.indexing.drawn import Drawn
from hybridsearch.indexing.journal import Position, Stage
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Counts
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Product, Reject

COMPARED = 32
"""Documents that are compared with what is stored."""


@dataclass(slots=True)
class Tally:
    """What became of the products of one run. Its methods say what happened; nobody else changes it.

    Attributes:
        schema: What the index will hold; it says which fields hold the title and the texts.
        rejects: The file in which all that is refused is written down, durably, before it is counted.
        position: How far the run is; for the journal, which lags behind.
        ids: Hash of each id that was given to the engine; 8 bytes a product.
        uncertain: Ids that the engine refused once, or that changed during the run: whether it holds them only it can
            tell.
        refused: Place and id of each product that an earlier process could not build.
        sample: Documents to be compared with what is stored.
        described: Texts and vectors of the same products in every run, for the calibration.
        refused_in_a_row: Rejects since a batch of which something was written.
    """

    schema: Schema
    rejects: RejectsFile
    position: Position = field(default_factory=Position)
    ids: array[int] = field(default_factory=lambda: array("q"))
    uncertain: set[str] = field(default_factory=set)
    refused: set[tuple[str, str | None]] = field(default_factory=set)
    sample: Drawn[Document] = field(default_factory=lambda: Drawn(COMPARED))
    described: Drawn[Described] = field(default_factory=lambda: Drawn(SAMPLE, salt=b"calibration"))
    refused_in_a_row: int = 0

    @classmethod
    def of(cls, schema: Schema, rejects: RejectsFile, position: Position) -> Self:
        """Return the tally of a run that is at a position, as far as the position and the rejects file tell."""
        tally = cls(schema, rejects, position)
        for reject in rejects.read():
            if reject.stage == "document":
                tally.refused.add((reject.where, reject.id))
            elif reject.stage == "write" and reject.id is not None:
                tally.uncertain.add(reject.id)
        return tally

    @property
    def counts(self) -> Counts:
        """What is counted so far."""
        return self.position.counts

    def wrote(self, rows: Sequence[Product | Reject], built: Built, written: Written) -> list[Reject]:
        """Take in a batch of the catalogue that the engine has written, and return what was refused of it.

        Raises:
            EngineError: The rejects cannot be written down.
        """
        rejects = self._write_down(built, written)
        stored = len(built.documents) - len(written.refused)
        counts = replace(built.counts, read=len(rows), written=stored, rejected=len(rejects), older=written.older)
        self._add(counts)
        self.position = replace(self.position, cursor=rows[-1].place)
        self._remember(built.documents)
        self.uncertain |= {reject.id for reject in written.refused if reject.id is not None}
        self.refused_in_a_row = 0 if stored else self.refused_in_a_row + len(rejects)
        return rejects

    def written_before(self, rows: Sequence[Product | Reject]) -> list[Product]:
        """Return the products among some rows of which an earlier process has built a document."""
        return [row for row in rows if isinstance(row, Product) and (row.where, row.id) not in self.refused]

    def remembered(self, products: Iterable[Product]) -> None:
        """Take in products that an earlier process wrote, which are counted already."""
        self.ids.extend(hash(product.id) for product in products)

    def rebuilt(self, documents: Iterable[Document]) -> None:
        """Take in such products whose documents were built again, because the calibration wanted them."""
        self._remember(documents)

    def amended(self, rows: Sequence[Product | Reject], built: Built, written: Written) -> None:
        """Take in rows that were written to a living catalogue after it was read, and are in the index now."""
        rejects = self._write_down(built, written)
        self._add(replace(built.counts, rejected=len(rejects), older=written.older, changes=len(rows)))
        self.uncertain |= {row.id for row in rows if row.id is not None}

    def replayed(self, changes: Sequence[Change], built: Built) -> None:
        """Take in changes of single products that were recorded during the run, and are in the index now."""
        self._write_down(built, Written())
        self._add(Counts(changes=len(changes)))
        self.uncertain |= {change.id for change in changes}

    def absent(self, ids: Sequence[str]) -> list[str]:
        """Return which of some products were not written, as far as it is known here."""
        there = np.isin(np.array([hash(name) for name in ids], dtype=np.int64), self._distinct())
        return [name for name, known in zip(ids, there, strict=True) if not known]

    def strayed(self, reviews: int, told: Sequence[Reject]) -> None:
        """Take in the reviews of a file whose products are not there; a run that goes on has told of them already."""
        if not reviews or self.counts.stray_reviews != reviews:
            self.rejects.add(list(told))
            self._add(Counts(stray_reviews=reviews - self.counts.stray_reviews))

    def removed(self, ids: Iterable[str]) -> None:
        """Take in that products are removed which left a living catalogue."""
        self.uncertain |= set(ids)

    def marked(self, seen: Mark | None) -> None:
        """Take in how far a living catalogue is written, from which on it is followed; None when it may not be."""
        self.position = replace(self.position, seen=seen)

    def reached(self, stage: Stage) -> None:
        """Take in that the run has come to another stage."""
        self.position = replace(self.position, stage=stage, letters=self.rejects.size)

    def certain(self) -> int:
        """Return how many different products were written, without the uncertain ones."""
        uncertain = np.array([hash(name) for name in self.uncertain], dtype=np.int64)
        return int(np.count_nonzero(np.isin(self._distinct(), uncertain, invert=True)))

    def duplicates(self) -> int:
        """Return how many products were given to the engine after another one of the same id."""
        return len(self.ids) - len(self._distinct())

    def comparable(self) -> list[Document]:
        """Return documents that the index must hold as they were built."""
        return [built for built in self.sample.items() if built.id not in self.uncertain]

    def _write_down(self, built: Built, written: Written) -> list[Reject]:
        """Write down what was refused, and what documents lack; return what was refused."""
        rejects = [*built.rejects, *written.refused]
        self.rejects.add([*rejects, *built.flaws])
        return rejects

    def _add(self, counts: Counts) -> None:
        self.position = replace(self.position, letters=self.rejects.size, counts=self.counts + counts)

    def _remember(self, documents: Iterable[Document]) -> None:
        """Keep the ids, some documents to compare, and what some products say."""
        for built in documents:
            self.ids.append(hash(built.id))
            earlier = self.sample.get(built.id)
            if earlier is None or (earlier.version or 0) <= (built.version or 0):
                self.sample.add(built.id, built)
            if built.vectors and self.described.wants(built.id):
                title, text = document.title(built.row, self.schema.fields), document.described(built.row, self.schema)
                self.described.add(built.id, Described(title, text, built.vectors))

    def _distinct(self) -> NDArray[np.int64]:
        """Return the hashes of the different ids that were given to the engine."""
        ids = np.frombuffer(self.ids, dtype=np.int64)
        ids.sort()  # in place: np.unique takes some 50 bytes for each product
        return ids[np.concatenate([[True], ids[1:] != ids[:-1]])] if len(ids) else ids
