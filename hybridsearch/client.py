"""What a shop's backend calls: one object that answers queries and rebuilds its index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hybridsearch import planner
from hybridsearch import weights as weighting
from hybridsearch.encoders.base import Encoder
from hybridsearch.engines import open_engine
from hybridsearch.engines.base import Engine
from hybridsearch.errors import DegradedAnswer, EncoderError, QueryError, WeightsError
from hybridsearch.legs import Encoders
from hybridsearch.plan import Plan
from hybridsearch.planner import FilterValue, Query, kind_of
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Page, Row, Vector
from hybridsearch.weights import Weights

if TYPE_CHECKING:
    from hybridsearch.engines.base import Generation
    from hybridsearch.generations import Rollback
    from hybridsearch.images import Photo
    from hybridsearch.reindex import Options, Progress, Report
    from hybridsearch.updates import Updated, Updates


class Shop:
    """All that both clients share: everything but the call to the engine."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.encoders = Encoders(settings)
        self._weights: tuple[Weights, tuple[str, ...]] | None = None

    @classmethod
    def open(cls, config: str | Path | Settings | None = None, *, replace_index: bool = False) -> Self:
        """Open the shop that a configuration file describes; nothing is read from the engine yet.

        Args:
            config: The file, or settings that are already loaded; left out: `hybridsearch.toml` in the working
                directory, else the file that HYBRIDSEARCH_CONFIG names.
            replace_index: Whether a rebuild may remove an Elasticsearch index, not an alias, of the configured name.

        Raises:
            ConfigError: The configuration is missing or wrong.
        """
        settings = config if isinstance(config, Settings) else Settings.load(config)
        return cls(settings, open_engine(settings, replace_index=replace_index))

    @property
    def weights(self) -> tuple[Weights, tuple[str, ...]]:
        """The weights in use, and why they are not those that the configuration names, if so."""
        if self._weights is None:
            path = self.settings.weights.path
            try:
                found = weighting.load(self.settings.resolve(path)) if path else weighting.prior()
                self._weights = found, ()
            except WeightsError as error:
                self._weights = weighting.prior(), (instead(error),)
        return self._weights

    def plan(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        facets: Sequence[str] = (),
        sort: str | None = None,
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
    ) -> Plan:
        """Return what a search would do; nothing is run.

        Args:
            text: Words or a product code, in any of the index's languages. Never read as query syntax.
            image: A photo: a path, the bytes of a file, or a Pillow image.
            filters: By field: a value, a list of values, or {"gte": 10, "lte": 50}; an empty value matches nothing.
            facets: Fields whose values are counted.
            sort: `price:asc` or `price:desc`; left out: the best first.
            page: From 1.
            size: Hits on a page.
            weights: What the signals are worth; left out: the weights in use.

        Raises:
            QueryError: A field is unknown, or a photo came where no leg sees.
            EncoderError: The index was built with another encoder, or a photo cannot be encoded.
            ImageError: The photo cannot be read.
            EngineError: The engine cannot be reached.
        """
        schema = self.engine.schema()
        query = Query(text, image is not None, dict(filters or {}), tuple(facets), sort, page, size)
        used, degraded = (weights, ()) if weights else self.weights_for(schema)
        words, missing = self._words(query, schema)
        photo = self._photo(image, schema) if image is not None else {}
        return planner.plan(query, schema, used, words=words, photo=photo, degraded=(*degraded, *missing))

    def weights_for(self, schema: Schema) -> tuple[Weights, tuple[str, ...]]:
        """Return the weights to use on an index, and why the prior, where others do not fit."""
        weights, degraded = self.weights
        try:
            weighting.require_encoders(weights, {leg.name: leg.fingerprint for leg in schema.legs})
        except WeightsError as error:
            return weighting.prior(), (instead(error),)
        return weights, degraded

    def _words(self, query: Query, schema: Schema) -> tuple[dict[str, Vector], tuple[str, ...]]:
        """Return the words' vector by leg, and why a leg has none: keywords answer without it."""
        if kind_of(query, schema)[0] not in ("words", "photo and words"):
            return {}, ()
        vectors: dict[str, Vector] = {}
        missing = []
        for leg in schema.legs:
            try:
                encoder = self.encoders[leg.name]
                vectors[leg.name] = self.encoders.words(leg.name, query.typed)
            except EncoderError as error:
                missing.append(f"no vectors from '{leg.name}': {error}")
            else:
                same_encoder(leg, encoder)
        return vectors, tuple(missing)

    def _photo(self, image: Photo, schema: Schema) -> dict[str, Vector]:
        """Return the photo's vector by leg, for the legs that read pictures."""
        legs = [leg for leg in schema.legs if leg.reads == "image"]
        if not legs:
            raise QueryError(
                "A photo was given, but no vector leg of the index reads pictures. "
                'Add [[vectors]] with reads = "image" and run: hybridsearch reindex'
            )
        for leg in legs:
            same_encoder(leg, self.encoders[leg.name])
        return {leg.name: self.encoders.photo(leg.name, image) for leg in legs}


def instead(error: WeightsError) -> str:
    """Return what a page says when the configured weights cannot be used."""
    return f"the prior weights are used: {error}"


def whole(page: Page) -> Page:
    """Return a page, unless it comes from less than was planned.

    Raises:
        DegradedAnswer: It does.
    """
    if page.degraded:
        raise DegradedAnswer(
            f"The answer comes from less than was planned: {'; '.join(page.degraded)}. "
            "Look into it with: hybridsearch doctor"
        )
    return page


def same_encoder(leg: Leg, encoder: Encoder) -> None:
    """Refuse to compare vectors of two encoders."""
    if encoder.fingerprint != leg.fingerprint:
        raise EncoderError(
            f"Leg '{leg.name}' was built with encoder {leg.fingerprint}, '{encoder.name}' is {encoder.fingerprint}. "
            "Configure the encoder that it was built with, or run: hybridsearch reindex"
        )


class HybridSearch(Shop):
    """The client for plain Python, Django and threads; one per process serves all threads."""

    def search(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        facets: Sequence[str] = (),
        sort: str | None = None,
        page: int = 1,
        size: int = 10,
        strict: bool = False,
    ) -> Page:
        """Return a page of products; the other arguments and errors are those of `plan`.

        A page that comes from less than was planned says so in `degraded`; a `strict` search is an error instead.

        Raises:
            DegradedAnswer: That error.
        """
        found = self.engine.search(
            self.plan(text, image=image, filters=filters, facets=facets, sort=sort, page=page, size=size)
        )
        return whole(found) if strict else found

    def get(self, ids: Sequence[str]) -> Mapping[str, Row]:
        """Return the rows of products by id; unknown ids are absent."""
        return self.engine.get(ids)

    def reindex(self, progress: Progress | None = None, options: Options | None = None) -> Report:
        """Build the index anew from the catalogue, beside the live one, and make it the live one.

        A run that was interrupted is continued. Changes that come in by `upsert` and `delete` meanwhile are in the new
        index too.

        Args:
            progress: Is told after every batch how far it is.
            options: How the run is meant.

        Raises:
            CatalogError: The catalogue cannot be read.
            GateError: A check refused; the old index stays.
            EngineError: The engine cannot be reached, or another run is under way.
        """
        from hybridsearch.reindex import reindex

        return reindex(self, progress, options)

    def upsert(self, products: Iterable[Row]) -> Updated:
        """Write single products, new ones or whole new versions of old ones, to the live index.

        Only texts and pictures that were never seen are encoded: a change of price or stock costs no encoder. A product
        that is older than what is known, by `fields.version`, changes nothing. While a rebuild is under way, in this
        process or in another one, the changes reach the new index too.

        Args:
            products: Rows as the catalogue has them.

        Raises:
            EngineError: There is no index, or it cannot be reached; the same call may be repeated.
            EncoderError: The index was built with another encoder.
        """
        return self._updates().upsert(products)

    def delete(self, ids: Sequence[str] | Mapping[str, Any]) -> Updated:
        """Remove products from the live index; a late older update does not bring them back.

        Args:
            ids: Of the products; or, where `fields.version` is configured, ids with the version of the removal. Left
                out, it is that of the product in the index.
        """
        return self._updates().delete(ids)

    def retry_rejects(self) -> tuple[Updated, str]:
        """Try what the last run rejected again, as the catalogue has it now; return what became of it, and the file."""
        return self._updates().retry_rejects()

    def rollback(self, generation: str | None = None) -> Rollback:
        """Make the generation before the live one, or another one that is kept, the live one, in one atomic step.

        Raises:
            GateError: There is none to go back to.
        """
        from hybridsearch.generations import rollback

        return rollback(self.settings, self.engine, self.encoders, generation)

    def leftovers(self, *, kept: bool = False) -> list[Generation]:
        """Return what dead runs left behind; with `kept`, also the generations that could be gone back to."""
        from hybridsearch.generations import leftovers

        return leftovers(self.engine.generations(), kept=kept)

    def clean(self, generations: Sequence[Generation]) -> None:
        """Remove generations that are not live.

        Raises:
            EngineError: A run is under way.
        """
        from hybridsearch.generations import clean

        clean(self.engine, self.settings.home / self.settings.engine.index / "run.jsonl", generations)

    def _updates(self) -> Updates:
        from hybridsearch.updates import Updates

        return Updates(self.settings, self.engine, self.encoders)

    def close(self) -> None:
        """Let go of connections and files."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncHybridSearch(Shop):
    """The client for asyncio: FastAPI, Starlette, aiohttp."""

    async def search(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        filters: Mapping[str, FilterValue] | None = None,
        facets: Sequence[str] = (),
        sort: str | None = None,
        page: int = 1,
        size: int = 10,
        strict: bool = False,
    ) -> Page:
        """Return a page of products; the arguments and errors are those of `HybridSearch.search`."""
        plan = await asyncio.to_thread(
            self.plan, text, image=image, filters=filters, facets=facets, sort=sort, page=page, size=size
        )
        found = await self.engine.search_async(plan)
        return whole(found) if strict else found

    async def close(self) -> None:
        """Let go of connections and files."""
        await self.engine.close_async()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
