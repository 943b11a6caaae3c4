"""What changes an index: rebuilds, single products, and the generations that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hybridsearch.disk.home import Home
from hybridsearch.errors import ConfigError
from hybridsearch.inputs.given import flag
from hybridsearch.runtime.calls import while_open
from hybridsearch.shop.shop import Shop

if TYPE_CHECKING:
    from hybridsearch.cluster.report import Encoding
    from hybridsearch.engines.base import Generation
    from hybridsearch.indexing.arguments import Id, RowLike
    from hybridsearch.indexing.fill import Options
    from hybridsearch.indexing.report import Report
    from hybridsearch.indexing.rollback import Rollback
    from hybridsearch.indexing.updated import Updated
    from hybridsearch.indexing.updates import Updates
    from hybridsearch.runtime.progress import Progress


class Maintained(Shop):
    """The part of the client that changes the index."""

    @while_open
    def reindex(self, progress: Progress | None = None, options: Options | None = None) -> Report:
        """Rebuild the index from the catalogue, beside the live one, and make it the live one.

        A run that was interrupted is continued. Changes that come in by `upsert` and `delete` meanwhile are in the new
        index too.

        Args:
            progress: Called after every batch with the state of the run.
            options: Options of the run.

        Raises:
            CatalogError: The catalogue cannot be read.
            GateError: A check refused; the old index stays.
            EngineError: The engine cannot be reached, or another run is under way.
        """
        from hybridsearch.indexing import run_arguments
        from hybridsearch.indexing.reindex import reindex

        return reindex(self, run_arguments.progress(progress), run_arguments.options(options))

    @while_open
    def encode(
        self,
        progress: Progress | None = None,
        *,
        on: str = "local",
        address: str | None = None,
        workers: int | None = None,
    ) -> Encoding:
        """Encode everything that the next `reindex` needs, by this process or by many, into the cache.

        What the cache has is not encoded again, so that an interrupted call is repeated.

        Args:
            progress: Called after every block with the state of the run.
            on: `local`, this process alone, or the cluster: `dask` or `ray`.
            address: Of a cluster that runs already; left out: one is started on this machine, and ended.
            workers: How many processes encode.

        Raises:
            ConfigError: An argument is wrong, or the configuration has no vectors.
            CatalogError: The catalogue cannot be read.
            EncoderError: The encoder fails, the cluster cannot be reached, or its workers do not reach the cache.
        """
        from hybridsearch.cluster import arguments
        from hybridsearch.cluster.encode import encode
        from hybridsearch.indexing import run_arguments

        return encode(self, run_arguments.progress(progress), *arguments.where(on, address, workers))

    @while_open
    def upsert(self, products: Iterable[RowLike] | RowLike) -> Updated:
        """Write single products, new ones or whole new versions of old ones, to the live index.

        Only texts and pictures that were never seen are encoded: a change of price or stock costs no encoder. A product
        that is older than the known one, by `fields.version`, changes nothing. While a rebuild is under way, in this
        process or in another one, the changes reach the new index too. A product that cannot be indexed is among the
        rejects, and is not remembered; all others are written.

        Args:
            products: Whole rows as the catalogue has them, one or several: mappings, dataclasses, named tuples, models
                of pydantic or rows of a database. Of a catalogue that is an index, a row carries the id of its document
                as `_id`, which is not stored in it. Values may be Decimals, dates, UUIDs, sets and what else
                `json_value` knows; they are stored as numbers, ISO text, text and lists.

        Raises:
            CatalogError: This is neither a product nor several.
            EngineError: There is no index, or it cannot be reached; the same call may be repeated.
            EncoderError: The index was built with another encoder, or the encoder is unavailable; repeat the call then.
        """
        return self._updates().upsert(products)

    @while_open
    def update(self, products: Iterable[RowLike] | RowLike | Id, fields: Mapping[str, Any] | None = None) -> Updated:
        """Change single fields of products, `shop.update("17", {"price": 5})`; their other fields stay as they are.

        Nothing is encoded unless a text or a picture that a vector leg reads changes. Fields of one product may be
        changed at the same time by several processes, and while a rebuild is under way: it finds the other fields in
        the catalogue. Where `fields.version` is configured the change must have its version among the fields. What the
        index does not have is counted as missing, and is not remembered.

        Args:
            products: The id of a product, with `fields`; or rows as for `upsert`, one or several, that hold the id and
                what changes.
            fields: Values by name; a name that the product does not have is added, None empties it. The value of an
                object or a list is the whole of it.

        Raises:
            CatalogError: This is neither a product nor several.
            EngineError: There is no index, or it cannot be reached; the same call may be repeated.
            EncoderError: The index was built with another encoder, or the encoder is unavailable; repeat the call then.
        """
        return self._updates().update(products, fields)

    @while_open
    def delete(self, ids: Iterable[Id] | Id | Mapping[Id, Any]) -> Updated:
        """Remove products from the live index; a late older update does not bring them back.

        Args:
            ids: One, or several: text, or numbers and UUIDs, which stand for their text; or, where `fields.version` is
                configured, ids with the version of the removal. Left out, or None, it is that of the product in the
                index.

        Raises:
            QueryError: One of them is no id, or a version is none; nothing was removed.
            EngineError: There is no index, or it cannot be reached; the same call may be repeated.
        """
        return self._updates().delete(ids)

    @while_open
    def retry_rejects(self) -> tuple[Updated, str]:
        """Try what the last run rejected again, as the catalogue has it now; return the outcome and the file."""
        return self._updates().retry_rejects()

    @while_open
    def rollback(self, generation: str | None = None) -> Rollback:
        """Make the generation before the live one, or another one that is kept, the live one, in one atomic step.

        Raises:
            GateError: There is none to return to.
        """
        from hybridsearch.indexing import run_arguments
        from hybridsearch.indexing.rollback import rollback

        return rollback(self.settings, self.engine, self.encoders, run_arguments.name(generation))

    @while_open
    def leftovers(self, *, kept: bool = False) -> list[Generation]:
        """Return leftovers of interrupted runs; with `kept`, also the generations that `rollback` could return to."""
        from hybridsearch.indexing.rollback import leftovers

        return leftovers(self.engine.generations(), kept=flag("kept", kept, ConfigError))

    @while_open
    def clean(self, generations: Sequence[Generation]) -> None:
        """Remove generations that are not live.

        Raises:
            EngineError: A run is under way.
        """
        from hybridsearch.indexing import run_arguments
        from hybridsearch.indexing.rollback import clean

        journal = Home(self.settings.home).journal(self.settings.engine.index)
        clean(self.engine, journal, run_arguments.generations(generations))

    def _updates(self) -> Updates:
        from hybridsearch.indexing.updates import Updates

        return Updates(self.settings, self.engine, self.encoders)
