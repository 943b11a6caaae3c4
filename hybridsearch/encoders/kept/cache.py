"""Vectors that need not be computed twice: on disk for products, in memory for queries."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hybridsearch.encoders.base import Encoder, asks_apart
from hybridsearch.encoders.kept.stores import VectorStore
from hybridsearch.encoders.kept.vector_file import VectorFile
from hybridsearch.encoders.sources import ENCODABLE
from hybridsearch.errors import ImageError, VideoError
from hybridsearch.images import Upload, decode
from hybridsearch.images.product import mean
from hybridsearch.query_sources import PHOTO
from hybridsearch.runtime import forks
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.prefetch import prefetch_map
from hybridsearch.values import Vector, Vectors
from hybridsearch.video import workers as film
from hybridsearch.video.frames import Frame, spread
from hybridsearch.video.moments import MOST, Filmed, moments_of, timed

AT_ONCE = 32
"""Pictures that are encoded together; as many more are decoded in the meantime, and one takes about 2 MB."""

T = TypeVar("T")
Encoding = Callable[[Mapping[bytes, bytes]], Iterable[tuple[bytes, NDArray[np.float32] | ImageError]]]
"""Yields for each of some files, by key, its vector or why it has none."""


@dataclass(frozen=True, slots=True)
class Encoded(Generic[T]):
    """The vectors of some items, in their order, and how many items were known before."""

    vectors: T
    hits: int


class EncodeCache:
    """Keeps the vector of every text and picture that was ever encoded, by content and encoder, in a SQLite file.

    The file grows by about 4 × dims + 64 bytes for each item and never shrinks; deleting it costs only time. Several
    processes may use it at once. A damaged vector is encoded again; a damaged file is put aside as `NAME.damaged`, and
    a new one is started.

    Args:
        store: The file; made when it is missing, with its folder. Or another store, which is closed with this.

    Raises:
        EncoderError: The file cannot be opened or made.
    """

    def __init__(self, store: Path | VectorStore) -> None:
        self._store = VectorFile(store) if isinstance(store, Path) else store

    def texts(self, encoder: Encoder, texts: Sequence[str]) -> Encoded[Vectors]:
        """Return one unit row for each text of a product, shape (len(texts), dims); equal texts are encoded once.

        Raises:
            EncoderError: As the encoder does.
        """
        return self._rows(encoder, encoder.encode_texts, texts, [text_key(encoder, text) for text in texts])

    def queries(self, encoder: Encoder, texts: Sequence[str]) -> Encoded[Vectors]:
        """Return the same for texts that are asked for; many encoders give them the vectors of products' texts."""
        if not asks_apart(encoder):
            return self.texts(encoder, texts)
        return self._rows(encoder, encoder.encode_queries, texts, [query_key(encoder, text) for text in texts])

    def missing(self, encoder: Encoder, texts: Sequence[str]) -> list[str]:
        """Return which of some texts that are asked for have no vector here yet, each once."""
        key_of = query_key if asks_apart(encoder) else text_key
        keys = {text: key_of(encoder, text) for text in texts}
        known = self._store.get(list(keys.values()), encoder.dims)
        return [text for text, key in keys.items() if key not in known]

    def _rows(
        self, encoder: Encoder, encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str], keys: Sequence[bytes]
    ) -> Encoded[Vectors]:
        vectors = self._store.get(keys, encoder.dims)
        hits = sum(key in vectors for key in keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            rows = encode(list(missing.values()))
            vectors.update(self._put(zip(missing, rows, strict=True)))
        rows = np.empty((len(keys), encoder.dims), dtype=np.float32)
        for number, key in enumerate(keys):
            rows[number] = vectors[key]
        return Encoded(rows, hits)

    def keep(self, encoder: Encoder, texts: Sequence[str], rows: Vectors) -> None:
        """Keep vectors of texts that are known otherwise than by encoding: unit rows, shape (len(texts), dims)."""
        self._put(zip((text_key(encoder, text) for text in texts), rows, strict=True))

    def images(self, encoder: Encoder, pictures: Sequence[bytes]) -> Encoded[list[Vector | ImageError]]:
        """Return the vector of each picture file, or in its place the reason why it has none.

        Only files that are not known yet are decoded, by threads, ahead of the encoder.

        Raises:
            EncoderError: As the encoder does.
        """

        def encoded(missing: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, NDArray[np.float32] | ImageError]]:
            images = prefetch_map(partial(decoded, enough=encoder.enough), missing.values(), most=AT_ONCE)
            for batch in batches(zip(missing, images, strict=True), AT_ONCE):
                usable = {key: image for key, image in batch if not isinstance(image, ImageError)}
                yield from ((key, image) for key, image in batch if isinstance(image, ImageError))
                if usable:
                    yield from zip(usable, encoder.encode_images(list(usable.values())), strict=True)

        return self._files(encoder, [image_key(encoder, data) for data in pictures], pictures, encoded, AT_ONCE)

    def videos(self, encoder: Encoder, videos: Sequence[bytes]) -> Encoded[list[Vector | ImageError]]:
        """Return the vector of each video file, the mean of its frames, with some of these; or why it has none.

        Raises:
            EncoderError: As the encoder does.
        """

        def encoded(missing: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, NDArray[np.float32] | ImageError]]:
            seen = prefetch_map(partial(frames_of, enough=encoder.enough), missing.values(), most=film.AT_ONCE)
            for key, frames in zip(missing, seen, strict=True):
                if isinstance(frames, VideoError):
                    yield key, frames
                else:
                    rows = encoder.encode_images([frame.picture for frame in frames])
                    kept = spread([timed(each.second, row) for each, row in zip(frames, rows, strict=True)], MOST)
                    self._put(zip(frame_keys(key), kept, strict=False))  # before what says that it is known
                    yield key, mean(list(map(Vector, rows))).array

        keys = [video_key(encoder, data) for data in videos]
        found = self._files(encoder, keys, videos, encoded, film.AT_ONCE)
        return Encoded([self._filmed(encoder, *pair) for pair in zip(keys, found.vectors, strict=True)], found.hits)

    def _filmed(self, encoder: Encoder, key: bytes, vector: Vector | ImageError) -> Vector | ImageError:
        """Return the vector of a video with its frames; without, where one of them was damaged."""
        if isinstance(vector, ImageError):
            return vector
        known = self._store.get(keys := frame_keys(key), encoder.dims + 1)
        rows = [known[each] for each in keys if each in known]
        return Filmed(vector.array, str(moments_of(rows))) if rows else vector

    def flush(self) -> None:
        """Write down what the store has not yet written."""
        self._store.flush()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _files(
        self, encoder: Encoder, keys: Sequence[bytes], files: Sequence[bytes], encoded: Encoding, most: int
    ) -> Encoded[list[Vector | ImageError]]:
        """Return the vector of each file, or why it has none; of `most` files each what is encoded is written down."""
        vectors = self._store.get(keys, encoder.dims)
        hits = sum(key in vectors for key in keys)
        failed: dict[bytes, ImageError] = {}
        missing = {key: data for key, data in zip(keys, files, strict=True) if key not in vectors}
        for batch in batches(encoded(missing), most):
            failed.update({key: why for key, why in batch if isinstance(why, ImageError)})
            vectors.update(self._put((key, row) for key, row in batch if not isinstance(row, ImageError)))
        return Encoded([failed[key] if key in failed else Vector(vectors[key]) for key in keys], hits)

    def _put(self, items: Iterable[tuple[bytes, NDArray[np.float32]]]) -> dict[bytes, NDArray[np.float32]]:
        """Write vectors down, and return them by key."""
        vectors = dict(items)
        self._store.put(vectors)
        return vectors


class QueryVectors:
    """The vectors of the most recent queries, of any encoder, in memory; any thread may ask.

    Args:
        size: How many are kept.
    """

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._lock = forks.Lock()
        # Not functools.lru_cache, which would keep the photos beside their vectors.
        self._recent: OrderedDict[bytes, Vector] = OrderedDict()

    def vector(
        self, encoder: Encoder, source: str, value: Any, guard: AbstractContextManager[None] | None = None
    ) -> Vector:
        """Return the vector of what a query gives from a source; what is known is not encoded again.

        Args:
            encoder: One that reads the source.
            source: Its name.
            value: As `hybridsearch.encoders.sources` reads it.
            guard: The context in which it is encoded.

        Raises:
            ImageError: A photo cannot be read or decoded.
            EncoderError: The encoder fails, or does not read the source.
        """
        item = ENCODABLE[source](encoder, value)
        key = key_of(source, encoder, item.content)
        with self._lock.held:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        with guard or nullcontext():
            vector = Vector(item.encode()[0])
        self._keep(key, vector)
        return vector

    def photos(self, encoder: Encoder, photos: Iterable[Upload], guard: AbstractContextManager[None]) -> None:
        """Encode several photos together, so that each is known when it is searched for.

        Raises:
            ImageError: One cannot be read or decoded.
            EncoderError: The encoder fails.
        """
        by_key = {key_of(PHOTO.name, encoder, ENCODABLE[PHOTO.name](encoder, each).content): each for each in photos}
        with self._lock.held:
            missing = {key: each for key, each in by_key.items() if key not in self._recent}
        if missing:
            with guard:
                rows = encoder.encode_images([each.picture(encoder.enough) for each in missing.values()])
            for key, row in zip(missing, rows, strict=True):
                self._keep(key, Vector(row))

    def _keep(self, key: bytes, vector: Vector) -> None:
        with self._lock.held:
            self._recent[key] = vector
            if len(self._recent) > self._size:
                self._recent.popitem(last=False)


def text_key(encoder: Encoder, text: str) -> bytes:
    """Return the key under which the vector of a product's text is known."""
    return key_of("text", encoder, text.encode("utf-8", "surrogatepass"))


def query_key(encoder: Encoder, text: str) -> bytes:
    """Return the key under which the vector of a text that is asked for is known."""
    return key_of("query", encoder, text.encode("utf-8", "surrogatepass"))


def image_key(encoder: Encoder, data: bytes) -> bytes:
    """Return the key under which the vector of a picture file is known."""
    return key_of("image", encoder, data)


def video_key(encoder: Encoder, data: bytes) -> bytes:
    """Return the key under which the vector of a video file is known."""
    return key_of("film", encoder, data)


def frame_keys(key: bytes) -> list[bytes]:
    """Return the keys under which frames of a video are known, given that of the video."""
    return [hashlib.blake2b(key, digest_size=20, salt=bytes([place])).digest() for place in range(MOST)]


def key_of(kind: str, encoder: Encoder, content: bytes) -> bytes:
    """Return the 20 bytes under which an item's vector is known."""
    digest = hashlib.blake2b(f"{kind}\0{encoder.fingerprint}\0".encode(), digest_size=20)
    digest.update(content)
    return digest.digest()


def decoded(data: bytes, enough: int) -> Image.Image | ImageError:
    """Return the picture of a file, or why there is none."""
    try:
        return decode(data, enough)
    except ImageError as error:
        return error


def frames_of(data: bytes, enough: int) -> list[Frame] | VideoError:
    """Return the frames of a video file, or why there are none."""
    try:
        return film.decode(data, enough)
    except VideoError as error:
        return error
