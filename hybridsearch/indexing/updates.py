"""Everyday changes: single products are written to the live index, and remembered for a rebuild that is under way."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from hybridsearch import document, redaction
from hybridsearch.catalog.arranged.arranged import Arrangement
from hybridsearch.changes import Change, Recorded
from hybridsearch.disk.home import Home
from hybridsearch.encoders.base import Encoder
from hybridsearch.engines.base import Engine
from hybridsearch.errors import QueryError
from hybridsearch.images.refused import RefusedPictures
from hybridsearch.indexing import arguments, replay
from hybridsearch.indexing.build import Builder, building, source_of
from hybridsearch.indexing.field_updates import FieldUpdates
from hybridsearch.indexing.fill import BATCH
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.updated import Updated
from hybridsearch.inputs.rows import field, tidy
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.failpoints import reach
from hybridsearch.schema import Schema
from hybridsearch.settings import Settings
from hybridsearch.shop.shop import require_same
from hybridsearch.values import Product, Reject, Row

log = redaction.logger(__name__)


@dataclass(frozen=True, slots=True)
class Updates:
    """Writes changes of single products to one shop's index."""

    settings: Settings
    engine: Engine
    encoders: Mapping[str, Encoder]

    def upsert(self, products: object) -> Updated:
        """Write products, see `HybridSearch.upsert`."""
        handed_over = enumerate(arguments.rows(products), 1)
        rows = [arguments.read(row, self.settings, f"product {turn}") for turn, row in handed_over]
        return self.write(Arrangement.of(self.settings.catalog, self.settings.fields)(rows))

    def update(self, products: object, fields: object) -> Updated:
        """Change single fields of products, see `HybridSearch.update`."""
        handed_over = enumerate(arguments.changed(products, fields, self.settings), 1)
        rows = [arguments.read(row, self.settings, f"product {turn}") for turn, row in handed_over]
        return self.write(rows, partial=True)

    def write(self, rows: Iterable[Product | Reject], *, partial: bool = False) -> Updated:
        """Write products, whose rejects are known already, or with `partial` single fields of them."""
        updated, changes = Updated(), []
        for row in rows:
            if isinstance(row, Reject):
                updated.rejects += (row,)
                continue
            try:
                version = document.version(row.row, self.settings.fields)
                if partial and version == 0:
                    raise ValueError(f"'{self.settings.fields.version}' is missing, expected the version of the change")
                changes.append(Change(row.id, self.changed(row.row) if partial else row.row, version, partial))
            except ValueError as error:
                updated.rejects += (Reject(row.where, row.id, "document", str(error), row.row),)
        return self.apply(changes, updated)

    def changed(self, row: Row) -> Row:
        """Return the fields that a row changes: all but the id, which the product has as the catalogue writes it."""
        return {name: value for name, value in row.items() if name != self.settings.fields.key}

    def delete(self, ids: object) -> Updated:
        """Remove products, see `HybridSearch.delete`."""
        removals = arguments.removals(ids)
        versions = self.versions(removals) if self.settings.fields.version else arguments.without_versions(removals)
        return self.apply([Change(key, None, version) for key, version in versions.items()], Updated())

    def versions(self, removals: Mapping[str, Any]) -> dict[str, int | None]:
        """Return the version of each removal: the one that was given, else the last that is known of the product.

        That is the one in the live index, or in the log of changes: just after a swap, what is logged is not live yet.
        """
        fields, name = self.settings.fields, self.settings.fields.version or ""
        unversioned = [key for key, version in removals.items() if version is None]
        live, logged = dict[str, Any](), dict[str, int]()
        for page in batches(unversioned, BATCH):
            live |= {key: field(row, name) for key, row in self.engine.get(page).items()}
            logged |= {key: change.version or 0 for key, change in self.engine.changes.known(page).items()}
        versions: dict[str, int | None] = {}
        for key, version in removals.items():
            try:
                own = document.version({name: tidy(live.get(key) if version is None else version)}, fields) or 0
                versions[key] = max(own, logged.get(key, 0))
            except ValueError as error:
                raise QueryError(
                    f"The removal of '{key}' has no version: {error}. Nothing was done; correct it and try again."
                ) from error
        return versions

    def apply(self, changes: Sequence[Change], updated: Updated) -> Updated:
        """Remember changes, then write them to the live index; of one product the last counts.

        They are of whole products, or all of them of single fields.
        """
        if self.settings.fields.version is None:
            warn_of_missing_versions()
        last: dict[str, Change] = {}
        for change in sorted(changes, key=lambda change: change.precedence):
            last[change.id] = change.onto(last.get(change.id))
        with self.builder() as builder:
            for page in batches(last.values(), BATCH):
                if page[0].partial:
                    FieldUpdates(self.engine, builder, updated).apply(page)
                else:
                    self.apply_batch(page, builder, updated)
        return updated

    def apply_batch(self, changes: Sequence[Change], builder: Builder, updated: Updated) -> None:
        """Remember and write some changes, one of each product, and count the outcomes.

        What cannot be built is not remembered; what the engine alone refuses is remembered no longer. What is older
        than the known version is not built, which may take the encoder.
        """
        newest = self.engine.changes.newest(changes) if self.settings.fields.version else changes
        built = replay.build(self.engine, None, builder, newest)
        fit = {item.id for item in built.documents}
        ready = [change for change in newest if change.row is None or change.id in fit]
        recorded = self.engine.changes.record(ready) if ready else Recorded([])
        accepted = {change.id: change for change in recorded.accepted}
        reach("change.recorded")
        built.documents = [item for item in built.documents if item.id in accepted]
        removals = replay.removals(recorded.accepted)
        written = replay.write(self.engine, None, built, removals)
        reach("change.written")
        if written.refused:
            refused = [accepted[reject.id] for reject in written.refused if reject.id in accepted]
            self.engine.changes.withdraw(refused, recorded.before)
        stale = len(changes) - len(newest) + len(ready) - len(accepted) - len(recorded.refused)
        updated.written += len(accepted) - len(written.refused) - written.older - written.missing
        updated.older += stale + written.older
        updated.missing += written.missing
        updated.encoded += built.counts.encoded
        flaws = (flaw for flaw in built.flaws if flaw.id in accepted)
        updated.rejects += (*built.rejects, *recorded.refused, *flaws)

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
            The outcome, and the new file. The old file is removed; what is still refused is in the new one.
        """
        home = Home(self.settings.home)
        files = sorted(home.folder.glob(home.rejects("*").name))
        if not files:
            return Updated(), ""
        status = files[-1].stat()
        rejects = list(RejectsFile(files[-1], size=status.st_size).read())
        source = source_of(self.settings)
        # A row without an id is known by its line alone, which is that of another row once the file has changed.
        changed = source.snapshot_id().get("modified", 0) > status.st_mtime_ns
        ids = {reject.id for reject in rejects if reject.id}
        unknown = [reject for reject in rejects if not reject.id]
        places = set() if changed else {reject.where for reject in unknown}
        with RefusedPictures(home.refused) as refused:
            refused.forget_addresses()
        updated = self.write(row for row in source.read() if row.where in places or row.id in ids)
        updated.rejects += tuple(unknown) if changed else ()
        again = home.rejects(f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-again")
        RejectsFile(again).add(updated.rejects)
        files[-1].unlink()
        return updated, str(again) if updated.rejects else ""


@functools.cache
def warn_of_missing_versions() -> None:
    """Warn a shop once in a process, as a late change is rare and hard to notice."""
    log.warning(
        "Products have no version: of two changes of one product the last to arrive counts, also where it is the older "
        "one. Name a field that grows with every change in 'fields.version'."
    )
