"""Everyday changes: single products are written to the live index, and remembered for a rebuild that is under way."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from hybridsearch import document, text
from hybridsearch.batches import batches
from hybridsearch.catalog.base import product
from hybridsearch.changes import Change
from hybridsearch.encoders.base import Encoder
from hybridsearch.engines.base import Engine
from hybridsearch.errors import EncoderError, EngineError
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import Builder, building, source_of
from hybridsearch.indexing.fill import BATCH
from hybridsearch.indexing.rejects import RejectsFile, describe
from hybridsearch.rows import field
from hybridsearch.schema import Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject, Row

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Updated:
    """What became of changes to single products.

    Attributes:
        written: Products that were written, or removed.
        older: Changes that were older than what is known; they changed nothing.
        encoded: Vectors that had to be encoded; all others were known.
        rejects: What could not be written, and what a product lacks.
    """

    written: int = 0
    older: int = 0
    encoded: int = 0
    rejects: tuple[Reject, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {
            "written": self.written,
            "older": self.older,
            "encoded": self.encoded,
            "rejects": [describe(each) for each in self.rejects],
        }


@dataclass(frozen=True, slots=True)
class Updates:
    """Writes changes of single products to one shop's index."""

    settings: Settings
    engine: Engine
    encoders: Mapping[str, Encoder]

    def upsert(self, rows: Iterable[Row]) -> Updated:
        """Write products, see `HybridSearch.upsert`."""
        fields = self.settings.fields
        found = [product(dict(row), fields.id, f"product {turn}") for turn, row in enumerate(rows, 1)]
        updated = Updated(rejects=tuple(each for each in found if isinstance(each, Reject)))
        changes = []
        for each in found:
            if isinstance(each, Product):
                try:
                    changes.append(Change(each.id, each.row, document.version(each.row, fields)))
                except ValueError as error:
                    updated.rejects += (Reject(each.where, each.id, "document", str(error), each.row),)
        return self.apply(changes, updated)

    def delete(self, ids: Sequence[str] | Mapping[str, Any]) -> Updated:
        """Remove products, see `HybridSearch.delete`."""
        name = self.settings.fields.version
        if name is None:
            return self.apply([Change(key, None) for key in ids], Updated())
        if not isinstance(ids, Mapping):
            rows = {key: row for some in batches(ids, BATCH) for key, row in self.engine.get(some).items()}
            ids = {key: field(rows.get(key, {}), name) for key in ids}
        versions = {key: document.version({name: value}, self.settings.fields) for key, value in ids.items()}
        return self.apply([Change(key, None, version) for key, version in versions.items()], Updated())

    def apply(self, changes: Sequence[Change], updated: Updated) -> Updated:
        """Remember changes, then write them to the live index; of one product the last counts."""
        if self.settings.fields.version is None:
            say_that_versions_are_missing()
        last = {change.id: change for change in sorted(changes, key=lambda change: change.precedence)}
        with self.builder() as builder:
            for some in batches(last.values(), BATCH):
                accepted = self.engine.changes.record(some)
                built = replay.apply(self.engine, None, builder, accepted)
                removed = sum(change.row is None for change in accepted)
                updated.written += built.counts.written + removed - built.counts.older
                updated.older += len(some) - len(accepted) + built.counts.older
                updated.encoded += built.counts.encoded
                updated.rejects += (*built.rejects, *built.flaws)
        return updated

    def builder(self, schema: Schema | None = None) -> AbstractContextManager[Builder]:
        """Return what builds documents for a schema, by default that of the live index, for as long as a context lasts.

        Raises:
            EncoderError, EngineError: The index was built with another encoder or text analysis.
        """
        schema = schema or self.engine.schema()
        require_same(schema, self.encoders)
        return building(self.settings, schema, self.encoders, ThreadPoolExecutor)

    def retry_rejects(self) -> tuple[Updated, str]:
        """Try the products in the newest file of rejects again, as the catalogue has them now.

        Returns:
            What became of them, and the file. It is removed; what is still refused is in a new one.
        """
        folder = self.settings.home
        files = sorted(folder.glob("rejects-*.jsonl"))
        if not files:
            return Updated(), ""
        letters = list(RejectsFile(files[-1], size=files[-1].stat().st_size).read())
        ids, places = {each.id for each in letters if each.id}, {each.where for each in letters if not each.id}
        rows, rejects = [], []
        for each in source_of(self.settings).read():
            if isinstance(each, Reject) and (each.where in places or each.id in ids):
                rejects.append(each)
            elif isinstance(each, Product) and (each.where in places or each.id in ids):
                rows.append(each.row)
        updated = self.upsert(rows)
        updated.rejects = (*rejects, *updated.rejects)
        again = folder / f"rejects-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-again.jsonl"
        RejectsFile(again).add(updated.rejects)
        files[-1].unlink()
        return updated, str(again) if updated.rejects else ""


@functools.cache
def say_that_versions_are_missing() -> None:
    """Warn a shop once in a process, as a late change is rare and hard to find out."""
    log.warning(
        "Products have no version: of two changes of one product the last to arrive counts, also where it is the older "
        "one. Name a field that grows with every change in 'fields.version'."
    )


def require_same(schema: Schema, encoders: Mapping[str, Encoder]) -> None:
    """Refuse to mix two encoders, or two ways to cut words, in one index."""
    for leg in schema.legs:
        if leg.name not in encoders or encoders[leg.name].fingerprint != leg.fingerprint:
            raise EncoderError(
                f"Leg '{leg.name}' of the live index was built with encoder {leg.fingerprint}, not with the configured "
                "one. Configure the encoder that it was built with, or rebuild with: hybridsearch reindex"
            )
    if schema.analysis != text.analysis_version():
        raise EngineError(
            f"The live index has tokens of {schema.analysis}, this program makes {text.analysis_version()}. "
            "Rebuild it with: hybridsearch reindex"
        )
