"""From products to documents with their vectors; what cannot be built is a reject, never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from hybridsearch import document
from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import Source
from hybridsearch.disk.home import Home
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.kept.cache import EncodeCache, Encoded
from hybridsearch.encoders.kept.stores import VectorStore
from hybridsearch.errors import ConfigError, EncoderError, EncoderUnavailable, ImageError
from hybridsearch.images import load_picture
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.limits import LOADED_AT_ONCE
from hybridsearch.images.load import Fetch
from hybridsearch.images.product import Load, ProductPictures, read_pictures
from hybridsearch.images.refused import RefusedPictures
from hybridsearch.indexing.report import Counts
from hybridsearch.indexing.reviewed import ReviewFile, flaws, review_file
from hybridsearch.indexing.seen import seen_together, with_moments
from hybridsearch.query_sources import PHOTO
from hybridsearch.roles import BUYERS_SAY
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.texts.languages import analysis_version
from hybridsearch.values import Document, Product, Reject, Row, Vector
from hybridsearch.video import extra
from hybridsearch.video.kinds import require_video
from hybridsearch.video.limits import MAX_BYTES
from hybridsearch.video.load import load_video, video_fetcher
from hybridsearch.video.moments import Filmed

UNIT = 1e-3
"""How far the square of a vector's length may be from 1."""
PICTURE, VIDEO = "picture", "video"
"""What a product is seen in."""
BROKEN = 16
"""Products in a row without a vector from which on the encoder is taken to be at fault."""


@dataclass(slots=True)
class Built:
    """What became of some products.

    Attributes:
        flaws: What a document lacks: it is indexed without that vector.
    """

    documents: list[Document] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    flaws: list[Reject] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def told_of_reviews(self, product: Product, row: Row) -> None:
        """Take in what the reviews of a product say, and what is wrong with them."""
        if isinstance(said := row.get(BUYERS_SAY), Mapping):
            self.counts.reviews += said["reviews"]
            self.counts.unused_reviews += said.get("unused", 0)
            self.counts.odd_reviews += sum(len(each["reviews"]) for each in said.get("odd", ()))
            self.flaws += flaws(product, row)


class Make(Protocol):
    """Makes the document of each of some products, asked for in their order."""

    def __call__(self, product: Product, *, vectors: Mapping[str, Vector]) -> Document:
        """Return the document of a product.

        Raises:
            ValueError: The product cannot be indexed; the message is the reason.
        """
        ...


class Begun(NamedTuple):
    """Products whose documents are to be made.

    Attributes:
        vectors: By leg, one for each product, None where it has nothing to read.
        built: What became of them so far.
    """

    products: Sequence[Product]
    vectors: Mapping[str, Sequence[Vector | None]]
    built: Built


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds documents for one schema.

    Attributes:
        load: Loads pictures, and videos, by what both are called.
    """

    schema: Schema
    encoders: Mapping[str, Encoder]
    cache: EncodeCache
    load: Mapping[str, Load]
    pool: Executor
    refused: RefusedPictures
    reviews: ReviewFile | None = None

    def build(self, products: Sequence[Product], stored: Mapping[str, Document] | None = None) -> Built:
        """Return the documents of some products, in their order.

        Args:
            products: With whole rows.
            stored: Documents of the same schema by id, whose vectors stand for what has not changed since.
        """
        return self.finish(self.begin(products, stored), partial(document.build, schema=self.schema))

    def build_all(self, rows: Sequence[Product | Reject]) -> Built:
        """Return the documents of the products among some rows; the others are rejects already."""
        return self.finish(self.begin(rows), partial(document.build, schema=self.schema))

    def begin(self, rows: Sequence[Product | Reject], stored: Mapping[str, Document] | None = None) -> Begun:
        """Return the products among some rows, with what a file has of their reviews and with their vectors."""
        built = Built(rejects=[row for row in rows if isinstance(row, Reject)])
        products: Sequence[Product] = [row for row in rows if isinstance(row, Product)]
        products = self.reviews.added(products) if self.reviews else products
        vectors = {leg.name: self.vectors(leg, products, stored or {}, built) for leg in self.schema.legs}
        return Begun(products, vectors, built)

    def finish(self, begun: Begun, make: Make) -> Built:
        """Return the documents of products whose vectors are known."""
        built = begun.built
        for place, product in enumerate(begun.products):
            found = {leg: vectors[place] for leg, vectors in begun.vectors.items()}
            vectors = dict(self.usable(product, found, built))
            moments = {leg: vector.moments for leg, vector in vectors.items() if isinstance(vector, Filmed)}
            try:
                made = replace(make(product, vectors=vectors), moments=moments)
                built.documents.append(made)
                built.told_of_reviews(product, made.row)
            except ValueError as error:
                built.rejects.append(Reject(product.where, product.id, "document", str(error), product.row))
        return built

    def vectors(
        self, leg: Leg, products: Sequence[Product], stored: Mapping[str, Document], built: Built
    ) -> list[Vector | None]:
        """Return the leg's vector of each product; nothing is encoded that a stored document has a vector of."""
        kept = [self.kept(leg, product, stored.get(product.id)) for product in products]
        new = [product for product, vector in zip(products, kept, strict=True) if vector is None]
        encoded = iter(self.encode(leg, new, built)) if new else iter(())
        return [next(encoded) if vector is None else vector for vector in kept]

    def kept(self, leg: Leg, product: Product, stored: Document | None) -> Vector | None:
        """Return the vector of a stored document, if the leg reads the same in the product."""
        if stored is None or leg.name not in stored.vectors:
            return None
        if leg.reads == "image":
            before, now = (self.seen_in(row) for row in (stored.row, product.row))
            return with_moments(stored.vectors[leg.name], leg, stored.moments) if before == now else None
        same = document.leg_text(stored.row, leg) == document.leg_text(product.row, leg)
        return stored.vectors[leg.name] if same else None

    def seen_in(self, row: Row) -> tuple[tuple[str, ...], ...]:
        """Return what a product is seen in: the references to its pictures, and to its videos."""
        return document.pictures(row, self.schema.fields), document.videos(row, self.schema.fields)

    def usable(
        self, product: Product, vectors: Mapping[str, Vector | None], built: Built
    ) -> Iterator[tuple[str, Vector]]:
        """Yield the vectors that a product has; one that is not of unit length is left out and written down."""
        for leg, vector in vectors.items():
            if vector is not None and abs(float(vector.array @ vector.array) - 1) < UNIT:
                yield leg, vector
            elif vector is not None:
                why = f"no vector '{leg}': the encoder gave one that is not of unit length"
                built.flaws.append(Reject(product.where, product.id, "encode", why, product.row))

    def encode(self, leg: Leg, products: Sequence[Product], built: Built) -> list[Vector | None]:
        """Return the leg's vector of each product, None where it has nothing to read.

        A batch that the encoder fails on, for want of memory for instance, is halved; a single product that it fails on
        is indexed without the vector, and written down.

        Raises:
            EncoderError: Not a product is at fault, but the encoder.
        """
        try:
            if leg.reads == "image":
                return self.encode_pictures(leg, products, built)
            texts = [document.leg_text(product.row, leg) for product in products]
            rows = iter(counted(self.cache.texts(self.encoders[leg.name], list(filter(None, texts))), built))
            return [Vector(next(rows)) if text else None for text in texts]
        except EncoderUnavailable:
            raise  # smaller batches would fail too, one after the other: the run is continued when the encoder works
        except (EncoderError, MemoryError, RuntimeError) as error:
            if len(products) > 1:
                middle = len(products) // 2
                vectors = [
                    *self.encode(leg, products[:middle], built),
                    *self.encode(leg, products[middle:], built),
                ]
                if len(products) >= BROKEN and not any(vectors):
                    raise  # not a product is at fault, but the encoder: the run is continued when it works
                return vectors
            why = f"no vector '{leg.name}': {type(error).__name__}: {error}"
            built.flaws.append(Reject(products[0].where, products[0].id, "encode", why, products[0].row))
            return [None]

    def encode_pictures(self, leg: Leg, products: Sequence[Product], built: Built) -> list[Vector | None]:
        """Return the vector of each product's pictures and its video together; what went wrong is written down."""
        encoder = self.encoders[leg.name]
        pictures, videos = zip(*(self.seen_in(product.row) for product in products), strict=True)
        pictured = self.read(products, PICTURE, pictures, leg.pictures, partial(self.cache.images, encoder), built)
        filmed = self.read(products, VIDEO, videos, 1, partial(self.cache.videos, encoder), built)
        vectors = [seen_together(shot, film, leg) for shot, film in zip(pictured, filmed, strict=True)]
        named = [bool(shots or films) for shots, films in zip(pictures, videos, strict=True)]
        built.counts.pictured += sum(named)
        built.counts.without_picture += vectors.count(None)
        built.counts.unseen += sum(known and vector is None for known, vector in zip(named, vectors, strict=True))
        built.counts.videos += sum(bool(film.vectors) for film in filmed)
        built.counts.unread_videos += sum(bool(film.flaws) and not film.vectors for film in filmed)
        return vectors

    def read(
        self,
        products: Sequence[Product],
        noun: str,
        references: Sequence[Sequence[str]],
        most: int,
        known: Callable[[Sequence[bytes]], Encoded[list[Vector | ImageError]]],
        built: Built,
    ) -> list[ProductPictures]:
        """Return what was read of the pictures, or of the videos, of each product; what went wrong is written down."""

        def encode(files: Sequence[bytes]) -> Sequence[Vector | ImageError]:
            vectors: list[Vector | ImageError] = counted(known(files), built)
            self.refused.note(files, vectors)
            return vectors

        seen = read_pictures(references, most, self.load[noun], encode, self.pool)
        built.flaws += [
            Reject(product.where, product.id, noun, " ".join(map(str, pictured.flaws)))
            for product, pictured in zip(products, seen, strict=True)
            if pictured.flaws
        ]
        return seen


@contextmanager
def building(
    settings: Settings,
    schema: Schema,
    encoders: Mapping[str, Encoder],
    executor: Callable[[int], Executor],
    store: VectorStore | None = None,
) -> Iterator[Builder]:
    """Yield what builds the documents of a shop, with its cache of vectors, for as long as the context lasts.

    The vectors are kept in `store`, which is closed with the context; left out: the shop's own file.
    """
    with review_file(settings) as reviews, encoding(settings, schema, encoders, executor, store) as builder:
        yield replace(builder, reviews=reviews)


@contextmanager
def encoding(
    settings: Settings,
    schema: Schema,
    encoders: Mapping[str, Encoder],
    executor: Callable[[int], Executor],
    store: VectorStore | None = None,
) -> Iterator[Builder]:
    """Yield the same for what needs vectors alone: what a file says in reviews is not read."""
    home = Home(settings.home)
    if schema.fields.videos and any(leg.reads == "image" for leg in schema.legs):
        extra.require()
    with (
        EncodeCache(home.vectors if store is None else store) as cache,
        RefusedPictures(home.refused) as refused,
        Fetcher() as fetcher,
        video_fetcher() as videos,
        executor(LOADED_AT_ONCE) as pool,
    ):
        films = refused.fetching(videos, partial(require_video, most=MAX_BYTES))
        load = {
            PICTURE: refused.loading(picture_loader(settings, refused.fetching(fetcher))),
            VIDEO: refused.loading(loader(load_video, settings, films)),
        }
        yield Builder(schema, encoders, cache, load, pool, refused)


def counted(encoded: Any, built: Built) -> Any:
    """Count what came from the cache, and return the vectors."""
    built.counts.cached += encoded.hits
    built.counts.encoded += len(encoded.vectors) - encoded.hits
    return encoded.vectors


def source_of(settings: Settings) -> Source:
    """Return the catalogue of a configuration; nothing is read yet."""
    client = None
    if settings.catalog.index:
        from hybridsearch.engines.elasticsearch.transport.connection import connect

        client = connect(settings.engine, settings.folder)
    return open_source(settings.catalog, settings.fields, folder=settings.folder, client=client)


def schema_of(settings: Settings, encoders: Mapping[str, Encoder]) -> Schema:
    """Return what the index of a configuration will hold."""
    legs = []
    for leg in settings.vectors:
        encoder = encoders[leg.name]
        if leg.reads == "image" and PHOTO.name not in encoder.reads:
            raise ConfigError(
                f"Leg '{leg.name}' reads pictures, but '{leg.encoder}' encodes text alone. "
                "Give it an 'image_encoder', another 'encoder', or text fields to read."
            )
        known = Leg(leg.name, encoder.dims, encoder.fingerprint, leg.reads)
        frames = leg.reads == "image" and bool(settings.fields.videos)
        legs.append(replace(known, exact=leg.exact, pictures=leg.pictures, bits=leg.bits, frames=frames))
    return Schema(settings.fields, tuple(legs), analysis_version())


def picture_loader(settings: Settings, fetch: Fetch) -> Load:
    """Return what loads a picture as the [catalog] section says."""
    return loader(load_picture, settings, fetch)


def loader(load: Callable[..., bytes], settings: Settings, fetch: Fetch) -> Load:
    """Return what loads a picture or a video as the [catalog] section says."""
    catalog = settings.catalog
    first = catalog.path or next((each.path for each in catalog.sources), None)
    folder = catalog.images or (first.parent if first else None)
    return partial(
        load,
        folder=settings.resolve(folder) if folder is not None else None,
        fetch=fetch if catalog.fetch else None,
    )
