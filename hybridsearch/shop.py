"""The shop: what a configuration opens, and what searching, rebuilding, learning and checking all need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.engines import open_engine
from hybridsearch.engines.base import Engine
from hybridsearch.errors import EncoderError, EngineError, QueryError, WeightsError
from hybridsearch.schema import Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search import weights as weighting
from hybridsearch.search.filters import FilterValue
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import Query, kind_of
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings
from hybridsearch.values import Vector

if TYPE_CHECKING:
    from hybridsearch.images import Photo


class Shop:
    """All that both clients share: everything but the calls to the engine."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self._engine = engine
        self._closed = False
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
    def engine(self) -> Engine:
        """Where the index lives.

        Raises:
            EngineError: The shop was closed.
        """
        if self._closed:
            raise EngineError(f"This shop was closed. Open another one with: {type(self).__name__}.open(...)")
        return self._engine

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

    def plan_for(
        self,
        schema: Schema,
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
        """Return what a search would do on an index of this schema, see `HybridSearch.plan`; no engine is asked."""
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


def same_encoder(leg: Leg, encoder: Encoder) -> None:
    """Refuse to compare vectors of two encoders."""
    if encoder.fingerprint != leg.fingerprint:
        raise EncoderError(
            f"Leg '{leg.name}' was built with encoder {leg.fingerprint}, '{encoder.name}' is {encoder.fingerprint}. "
            "Configure the encoder that it was built with, or run: hybridsearch reindex"
        )
