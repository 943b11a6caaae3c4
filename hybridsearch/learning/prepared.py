"""Prepare judged queries: look up their products in the index, and encode their words and photos once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hybridsearch.disk.home import Home
from hybridsearch.encoders.goods import Goods
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.engines.base import Engine
from hybridsearch.errors import AudioError, ConfigError, ImageError, QueryError
from hybridsearch.images import load_picture
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.load import Fetch, load
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.query_sources import PHOTO, WORDS
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.search import planner
from hybridsearch.search.alike.wishes import granted, look
from hybridsearch.search.asked import with_heard
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.search.person.taste import INDIFFERENT, Taste
from hybridsearch.search.plan import Kind, Plan
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.shop.shop import Shop, lexicon_of, same_encoder
from hybridsearch.transcript import Transcript
from hybridsearch.values import Vector
from hybridsearch.video.limits import MAX_BYTES
from hybridsearch.video.upload import Film

BATCH = 500
"""Products per lookup, and queries per encoding."""

Vectors = Mapping[str, Vector]
"""By leg."""


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A judged query with everything that its plan needs.

    Attributes:
        judged: What was judged; only products of the index are left, at least one of them relevant.
        kind: Of the query, as the planner sees it.
        vectors: Of its words and photo, by source and leg.
        lexicon: The words of the index that it is asked of, where they are known.
        synonyms: The rules of the shop.
        today: From which on dates are past.
        goods: Kinds of goods, by the legs in which its words are compared with them.
    """

    judged: JudgedQuery
    query: Query
    kind: Kind
    vectors: Mapping[str, Vectors]
    lexicon: Lexicon | None = None
    synonyms: Synonyms = NONE
    today: date | None = None
    goods: Mapping[str, Goods] = field(default_factory=dict, repr=False, compare=False)

    def plan(self, schema: Schema, weights: Weights, taste: Taste = INDIFFERENT) -> Plan:
        """Return the plan of the query under some weights, for a person of some taste."""
        return planner.plan(
            self.query,
            schema,
            weights,
            vectors=self.vectors,
            lexicon=self.lexicon,
            synonyms=self.synonyms,
            today=self.today,
            taste=taste,
            goods=self.goods,
        )

    def searched(self, engine: Engine, schema: Schema, weights: Weights, generation: str | None = None) -> Plan:
        """Return the plan that a search runs: what words name beside a photo is looked up first, in one request.

        Raises:
            EngineError: The engine cannot be reached.
        """
        plan = self.plan(schema, weights)
        looked = look(plan, schema)
        if looked is None:
            return plan
        return granted(plan, looked, engine.search(looked.plan, generation), schema, weights, self.lexicon)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A judged query that is not asked, and why."""

    judged: JudgedQuery
    reason: str


@dataclass(frozen=True, slots=True)
class PreparedQueries:
    """The judged queries that this index can answer.

    Attributes:
        asked: The queries that can be asked, at least one.
        left_out: The others.
        unknown: Judged products that the index does not have.
    """

    asked: tuple[PreparedQuery, ...]
    left_out: tuple[LeftOut, ...]
    unknown: int

    @property
    def skipped(self) -> dict[str, int]:
        """The number of those that are left out, by reason."""
        return dict(Counter(each.reason for each in self.left_out))


def prepare(shop: Shop, judgments: Judgments, folder: Path, generation: str | None = None) -> PreparedQueries:
    """Return the queries that can be asked, and the number of others by reason.

    Args:
        shop: Where they are asked.
        judgments: What was judged.
        folder: Where relative paths of photos start.
        generation: Name of the generation to ask; default: the live one.

    Raises:
        ConfigError: The index has none of the judged products, or no query can be asked.
        EngineError: The engine cannot be reached.
        EncoderError: An encoder cannot be loaded, or is not the one that the index was built with.
    """
    schema = shop.engine.schema(generation)
    judged = {name for query in judgments.queries for name in query.grades}
    known = in_index(shop.engine, judged, generation)
    if judged and not known:
        raise ConfigError(
            f"The index '{shop.settings.engine.index}' has none of the {len(judged):,} judged products, such as "
            f"'{min(judged)}'. Give judgments of this shop, with the ids that its products have in '{schema.fields.id}'"
            "; if the products are new, run: hybridsearch reindex"
        )
    lexicon, _ = lexicon_of(shop.engine, generation)
    left_out: list[LeftOut] = []
    usable = list(keep_answerable(judgments.queries, known, left_out))
    with ExitStack() as stack:
        cache = stack.enter_context(EncodeCache(Home(shop.settings.home).vectors))
        fetch = stack.enter_context(Fetcher()) if shop.settings.catalog.fetch else None
        heard = listen(shop, schema, usable, lexicon, folder, left_out)
        encoded = encode(shop, schema, heard, cache, folder, fetch, left_out)
        context: dict[str, Any] = {
            "lexicon": lexicon,
            "synonyms": shop.guidance.synonyms[0],
            "today": datetime.now(UTC).date(),
            "goods": shop.goods.of(schema),
        }
        asked = tuple(replace(query, **context) for query in encoded)
    found = PreparedQueries(asked, tuple(left_out), len(judged - known))
    if not asked:
        reasons = "; ".join(f"{reason}: {count:,}" for reason, count in found.skipped.items()) or "there are none"
        raise ConfigError(
            f"None of the {len(judgments.queries):,} judged queries can be measured ({reasons}). "
            "Give judgments with grades above 0 for products of this index."
        )
    return found


def in_index(engine: Engine, names: set[str], generation: str | None = None) -> set[str]:
    """Return which of the products the index has."""
    return {name for ids in batches(sorted(names), BATCH) for name in engine.get(ids, generation)}


def keep_answerable(queries: Sequence[JudgedQuery], known: set[str], left_out: list[LeftOut]) -> Iterator[JudgedQuery]:
    """Yield the queries that have a relevant product in the index, without the grades of missing products."""
    for query in queries:
        kept = with_known(query, known)
        if kept.answerable:
            yield kept
        else:
            reason = "no relevant product in the index" if query.answerable else "no relevant product"
            left_out.append(LeftOut(query, reason))


def with_known(query: JudgedQuery, known: set[str]) -> JudgedQuery:
    """Return a query without the grades of products that are not known."""
    return replace(query, grades={name: grade for name, grade in query.grades.items() if name in known})


def listen(
    shop: Shop,
    schema: Schema,
    queries: Iterable[JudgedQuery],
    lexicon: Lexicon | None,
    folder: Path,
    left_out: list[LeftOut],
) -> Iterator[tuple[JudgedQuery, Transcript | None]]:
    """Yield the queries with what is heard in their recordings.

    Raises:
        RecogniserError: Nothing recognises speech here, or it fails.
    """
    for judged in queries:
        said = None
        if judged.audio is not None:
            try:
                said = shop.listening.heard(inside(folder, judged.audio), lexicon, schema.fields.languages)
            except AudioError:
                left_out.append(LeftOut(judged, "recording that cannot be read"))
                continue
            if not (said.text or judged.text or judged.image or judged.video):
                left_out.append(LeftOut(judged, "recording in which nothing was said"))
                continue
        yield judged, said


def inside(folder: Path, name: str) -> Path:
    """Return the path of a recording.

    Raises:
        AudioError: It leads out of the folder.
    """
    try:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):
            return path
    except (OSError, ValueError, RuntimeError):  # NUL in a name, a loop of links
        pass
    raise AudioError(f"'{name[:200]}' leads out of the folder of the judgments. Move the recording into it.")


def encode(
    shop: Shop,
    schema: Schema,
    queries: Iterable[tuple[JudgedQuery, Transcript | None]],
    cache: EncodeCache,
    folder: Path,
    fetch: Fetch | None,
    left_out: list[LeftOut],
) -> Iterator[PreparedQuery]:
    """Yield the queries with the vectors of their words and photos."""
    for leg in schema.legs:
        same_encoder(leg, shop.encoders[leg.name])
    for batch in batches(readable(queries, schema, left_out), BATCH):
        texts = [prepared.query.typed for prepared in batch if WORDS in planner.sources_of(prepared.query, schema)]
        words = encode_words(shop, schema, list(dict.fromkeys(texts)), cache)
        for prepared in batch:
            try:
                photo = encode_photo(shop, schema, prepared.judged.image, cache, folder, fetch)
                photo |= encode_video(shop, schema, prepared.judged.video, folder)
            except ImageError:
                what = "video" if prepared.judged.video else "photo"
                left_out.append(LeftOut(prepared.judged, f"{what} that cannot be read"))
                continue
            typed = prepared.query.typed
            by_leg = {name: vectors[typed] for name, vectors in words.items() if typed in vectors}
            yield replace(prepared, vectors={WORDS.name: by_leg, PHOTO.name: photo})


def readable(
    queries: Iterable[tuple[JudgedQuery, Transcript | None]], schema: Schema, left_out: list[LeftOut]
) -> Iterator[PreparedQuery]:
    """Yield the queries whose filters and photos this index can read, without vectors."""
    for judged, said in queries:
        given = (PHOTO.name,) if judged.image or judged.video else ()
        query = Query(with_heard(judged.text, said), given, judged.filters, heard=said)
        try:
            list(read_filters(query.filters, schema.fields))
        except QueryError:
            left_out.append(LeftOut(judged, "filter that this index does not have"))
            continue
        if query.given and not schema.legs_for(PHOTO):
            left_out.append(LeftOut(judged, "photo, and no vector leg reads pictures"))
            continue
        yield PreparedQuery(judged, query, planner.kind_of(query, schema)[0], {})


def encode_words(shop: Shop, schema: Schema, texts: Sequence[str], cache: EncodeCache) -> dict[str, dict[str, Vector]]:
    """Return the vectors of texts by leg and text, for the legs whose encoders read words."""
    return {
        leg.name: dict(zip(texts, map(Vector, cache.queries(encoder, texts).vectors), strict=True))
        for leg in schema.legs_for(WORDS)
        if WORDS.name in (encoder := shop.encoders[leg.name]).reads
    }


def encode_photo(
    shop: Shop, schema: Schema, image: str | None, cache: EncodeCache, folder: Path, fetch: Fetch | None
) -> dict[str, Vector]:
    """Return the vector of a photo for each leg that reads pictures; none without a photo.

    Raises:
        ImageError: It cannot be read.
    """
    vectors: dict[str, Vector] = {}
    if image is not None:
        data = load_picture(image, folder=folder, fetch=fetch)
        for leg in schema.legs_for(PHOTO):
            vector = cache.images(shop.encoders[leg.name], [data]).vectors[0]
            if isinstance(vector, ImageError):
                raise vector
            vectors[leg.name] = vector
    return vectors


def encode_video(shop: Shop, schema: Schema, video: str | None, folder: Path) -> dict[str, Vector]:
    """Return the vector of a video for each leg that reads pictures, as a search makes it; none without a video.

    Raises:
        ImageError: It cannot be read, or leads out of the folder.
    """
    if video is None:
        return {}
    film = Film(load(video, folder=folder, fetch=None, most=MAX_BYTES))
    return {leg.name: shop.encoders.vector(leg.name, PHOTO.name, film) for leg in schema.legs_for(PHOTO)}
