"""The shop: what a configuration opens, and what searching, rebuilding, learning and checking all need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from PIL import Image

from hybridsearch.encoders.base import Encoder, words_alone
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.engines import open_engine
from hybridsearch.engines.base import Engine
from hybridsearch.errors import (
    ConfigError,
    EncoderError,
    EngineError,
    QueryError,
    ShopClosed,
)
from hybridsearch.events.log import EventLog
from hybridsearch.images import Upload
from hybridsearch.inputs.given import duration, flag, instance, read, some_name
from hybridsearch.inputs.json_values import brief
from hybridsearch.query_sources import PHOTO, WORDS, QuerySource
from hybridsearch.runtime.calls import Calls
from hybridsearch.runtime.deadline import allowed
from hybridsearch.runtime.tracing import span
from hybridsearch.schema import Leg, Schema
from hybridsearch.search import planner
from hybridsearch.search.alike.wishes import Look, granted
from hybridsearch.search.arms import Arm, Chosen, assigned
from hybridsearch.search.codes import weighed
from hybridsearch.search.person.taste import INDIFFERENT, Taste
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import Query, sources_of
from hybridsearch.search.suggest.suggest import Known
from hybridsearch.search.suggest.suggestions import Planned
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.settings import Settings
from hybridsearch.shop.goods import KnownGoods
from hybridsearch.shop.guidance import Guidance
from hybridsearch.shop.listening import Listening
from hybridsearch.shop.phrasing import Phrasing
from hybridsearch.shop.recent import Recent
from hybridsearch.shop.suggesting import Suggesting
from hybridsearch.shop.weightings import Weightings
from hybridsearch.texts.languages import analysis_version
from hybridsearch.values import Page, Vector
from hybridsearch.video.upload import Film, Video, film_of

EVERY_LANGUAGE = "red rot rouge rojo 赤い 红色"
"""A query that loads the text analysis of each."""

KnownWords = tuple[Lexicon | None, tuple[str, ...]]
"""The words of an index, and why they are not known, if so."""


class Shop:
    """All that both clients share: everything but the calls to the engine."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        expected = "Settings: open a shop with HybridSearch.open(...)"
        self.settings = read("settings", settings, instance(Settings), expected, ConfigError)
        self._engine = engine
        self._calls = Calls(f"This shop was closed. Open another one with: {type(self).__name__}.open(...)")
        self._closed = False
        self.encoders = Encoders(settings)
        self.goods = KnownGoods(settings, self.encoders)
        self.weightings = Weightings(settings)
        self.guidance = Guidance(settings)
        self.events = EventLog(settings)
        self.recent = Recent()
        self.suggesting = Suggesting(settings, self.guidance)
        self.listening = Listening(settings)
        self.phrasing = Phrasing(settings)

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
        settings = read("config", config, loaded, "Settings, or the path of a file", ConfigError)
        allowed = flag("replace_index", replace_index, ConfigError)
        return cls(settings, open_engine(settings, replace_index=allowed))

    @property
    def engine(self) -> Engine:
        """Where the index lives.

        Raises:
            ShopClosed: The shop was closed.
        """
        if self._closed:
            raise ShopClosed(self._calls.closed)
        return self._engine

    @property
    def weights(self) -> tuple[Weights, tuple[str, ...]]:
        """The weights in use, and why they are not those that the configuration names, if so."""
        return self.weightings.in_use

    def weights_for(self, schema: Schema, arm: Chosen = "") -> tuple[Weights, tuple[str, ...]]:
        """Return the weights to use on an index, and why others, see `Weightings.on`."""
        return self.weightings.on(schema, arm)

    def arm_of(self, session: object) -> Arm:
        """Return the arm, `a` or `b`, of a shopper who is called so: the same at each visit, half of them each.

        Raises:
            QueryError: It is no name.
        """
        return assigned(read("session", session, some_name, "a text or a number that names a session"))

    def plan_query(
        self,
        schema: Schema,
        query: Query,
        given: Mapping[str, Any] | None = None,
        *,
        lexicon: KnownWords = (None, ()),
        weights: Weights | None = None,
        arm: Chosen = "",
        taste: Taste = INDIFFERENT,
    ) -> Plan:
        """Return what a search would do on an index of this schema, see `HybridSearch.plan`; no engine is asked.

        Args:
            schema: What the index holds.
            query: What is asked.
            given: What it gives besides the text, by source; None for what it does not give.
            lexicon: The words of the index, and why they are not known, if so.
            weights: Weights of the signals; left out: the weights in use.
            arm: Whose weights are used where none are given.
            taste: Of the person who asks.
        """
        values = {source: value for source, value in (given or {}).items() if value is not None}
        ruled, unread_rules = self.guidance.ruled(query, schema)
        typed = query.text
        query = replace(query, given=tuple(values), text=typed if ruled.query is None else ruled.query)
        used, degraded = (weights, ()) if weights is not None else self.weights_for(schema, arm)
        of_kind = weighed(used, planner.kind_of(query, schema)[0], schema)
        vectors: dict[str, dict[str, Vector]] = {}
        missing: list[str] = []
        for source in sources_of(query, schema):
            value = query.typed if source is WORDS else values[source.name]
            vectors[source.name], reasons = self._vectors(source, value, schema, of_kind)
            missing += reasons
        words, unknown = lexicon
        alike, unread = self.guidance.synonyms
        plan = planner.plan(
            query,
            schema,
            used,
            vectors=vectors,
            degraded=(*degraded, *missing, *unknown, *unread, *unread_rules),
            lexicon=words,
            synonyms=alike,
            configured=self.settings.fields,
            ruled=ruled,
            today=datetime.now(UTC).date(),
            taste=taste,
            goods=self.goods.of(schema) if vectors.get(WORDS.name) else None,
        )
        if ruled.query is None:
            return plan
        return replace(plan, query=typed, notes=(f"a rule searched for {brief(ruled.query)} instead", *plan.notes))

    def _granted(
        self,
        plan: Plan,
        looked: Look | None,
        found: Page | None,
        schema: Schema,
        *,
        lexicon: KnownWords,
        weights: Weights | None,
        arm: Chosen,
    ) -> Plan:
        """Return the plan of a search, given what was found of what its photo shows and its words name, if asked for.

        The other arguments are those of `plan_query`.
        """
        if looked is None or found is None:
            return plan
        used = weights if weights is not None else self.weights_for(schema, arm)[0]
        return granted(plan, looked, found, schema, used, lexicon[0])

    def plan_suggestions(self, query: Query, schema: Schema, known: Known, unknown: Sequence[str] = ()) -> Planned:
        """Return what answers a text that somebody is typing, given why the words of the index are not known, if so.

        Raises:
            QueryError: A filter is wrong, or so many suggestions cannot be asked for.
        """
        weights, degraded = self.weights_for(schema)
        return self.suggesting.planned(query, schema, weights, known, (*degraded, *unknown))

    def asked_queries(self) -> Mapping[str, float]:
        """Return the queries of shoppers that are suggested to others, with what each weighs."""
        from hybridsearch.events.popular import popular

        return popular(self.settings)

    def _loaded(self, schema: Schema, *, media: bool = True) -> dict[str, Any]:
        """Load the encoders, and return the arguments of a search that loads what else the first one would wait for.

        Raises:
            EncoderError: One cannot be loaded.
            RecogniserError: What recognises speech cannot be loaded.
        """
        for name in self.encoders:
            self.encoders[name]
        if media:
            self.listening.warm_up()
            self.goods.load(schema)
        seeing = [self.encoders[leg.name] for leg in schema.legs_for(PHOTO)] if media else []
        photo = Image.new("RGB", (64, 64)) if seeing and not any(map(words_alone, seeing)) else None
        return {"text": EVERY_LANGUAGE, "image": photo, "size": 1, "strict": True}

    def _given(self, photo: Upload | None, seconds: float, video: Video | None = None) -> dict[str, Any]:
        """Return what a query gives besides its text, by source; a video may take so many seconds.

        Raises:
            QueryError: Both a photo and a video are given.
        """
        if photo is not None and video is not None:
            raise QueryError(
                "'image' and 'video' are both given, and a query is compared by one. Leave one of them out."
            )
        return {PHOTO.name: photo if video is None else film_of(video, seconds)}

    def _film(self, video: Video | None) -> Film | None:
        """Return a query's video, which can be read for several plans, and costs no more time than the search has."""
        return None if video is None else film_of(video, allowed(self.settings.engine.timeout))

    def _seconds(self, timeout: object) -> float:
        """Return how long a search may take.

        Raises:
            QueryError: This is no time that one can take.
        """
        if timeout is None:
            return self.settings.engine.timeout
        return read("timeout", timeout, duration, "a number of seconds above 0")

    def _vectors(
        self, source: QuerySource, value: Any, schema: Schema, weights: Weights
    ) -> tuple[dict[str, Vector], list[str]]:
        """Return the vector by leg of what a query gives from a source, and why a leg that reads it has none.

        Nothing is encoded for a leg that these weights do not hear.

        Raises:
            QueryError: The source is required, and no leg reads it.
            EncoderError: The source is required and cannot be encoded, or a leg was built with another encoder.
        """
        vectors: dict[str, Vector] = {}
        missing = []
        for leg in schema.legs_for(source):
            if not weights.hears(leg, source.name):
                continue
            try:
                with span("encode", {"leg": leg.name, "source": source.name}):
                    encoder = self.encoders[leg.name]
                    if source.name in encoder.reads:
                        vectors[leg.name] = self.encoders.vector(leg.name, source.name, value)
            except EncoderError as error:
                if source.required:
                    raise
                missing.append(f"no vectors from '{leg.name}': {error}")
            else:
                same_encoder(leg, encoder)
        if source.required and not vectors:
            raise QueryError(source.unread)
        if source is not WORDS and not vectors and not missing:  # of words, keywords are no less than was planned
            missing.append(source.unread)
        return vectors, missing


def loaded(config: Any) -> Settings:
    """Return settings as they are, or those of a file."""
    return config if isinstance(config, Settings) else Settings.load(config)


def lexicon_of(engine: Engine, generation: str | None = None) -> KnownWords:
    """Return the words of an index, the live one by default, and why they are not known, if so."""
    try:
        return known_words(engine.lexicon(generation), engine.schema(generation))
    except EngineError as error:
        return unknown_words(error)


def known_words(lexicon: Lexicon, schema: Schema) -> KnownWords:
    """Return the words of an index, unless an earlier version built it, which kept none."""
    if lexicon.documents and not lexicon.counts and schema.analysis != analysis_version():
        return unknown_words("an earlier version built the index; rebuild it with: hybridsearch reindex")
    return lexicon, ()


def unknown_words(why: object) -> KnownWords:
    """Return what stands for the words of an index that are not known."""
    return None, (f"the words of the index are not known: {why}",)


def same_encoder(leg: Leg, encoder: Encoder) -> None:
    """Refuse to compare vectors of two encoders."""
    if encoder.fingerprint != leg.fingerprint:
        raise EncoderError(
            f"Leg '{leg.name}' was built with encoder {leg.fingerprint}, '{encoder.name}' is {encoder.fingerprint}. "
            "Configure the encoder that it was built with, or run: hybridsearch reindex"
        )


def require_same(schema: Schema, encoders: Mapping[str, Encoder]) -> None:
    """Refuse to mix two encoders, or two text analyses, in one index.

    Raises:
        EncoderError: A leg was built with another encoder, or the configuration does not have it.
        EngineError: The index has tokens of another analysis, or what a newer version put there.
    """
    if schema.unknown:
        raise EngineError(
            f"The live index holds {', '.join(schema.unknown)}, which this version does not know: "
            "a newer one built it. Upgrade hybridsearch before products are changed."
        )
    for leg in schema.legs:
        same_encoder(leg, encoders[leg.name])
    if schema.analysis != analysis_version():
        raise EngineError(
            f"The live index has tokens of {schema.analysis}, this program makes {analysis_version()}. "
            "Rebuild it with: hybridsearch reindex"
        )
