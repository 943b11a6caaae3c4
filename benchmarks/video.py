"""Products that are seen in videos, which the project makes: the mean vector of the frames, or the best of them.

    python -m benchmarks.video [--encoder FOLDER] [--products N] [--small]

Each product has a clean picture and a video, which is written as a file and read as a rebuild reads it. In `turning` it
turns by 120 degrees and comes nearer, on a background. `cut` begins with a title, then the product turns, is shown in
a room, and a third of the video shows other things. Queries are a snapshot of the product, a video of it (another
shot, which turns the other way on another background), and the words for its colour and kind. For each way to keep
what was seen: top-1 and MRR. `video x 1` counts the video as one picture more, `frames` each frame as one; `best` takes
the nearest of picture and frames, and for a video the nearest of all pairs. Then how often
the second that a hit names shows what was asked for: the product of a video that is `cut`, and the first of three whose
turning videos follow each other in one; by all frames, and by those that an index keeps. Then what decoding and
encoding take.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.catalogue import SEED, report
from benchmarks.pictures import CLEAN, SNAPSHOT, Product, known_kinds, product, ranks, spoken
from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.images.product import mean
from hybridsearch.values import Vector, Vectors
from hybridsearch.video.decode import decode_in_process
from hybridsearch.video.frames import spread
from hybridsearch.video.limits import CATALOGUE, QUERY, Limits
from hybridsearch.video.moments import MOST, Moments, moments_of, timed
from tests.video.clips import RATE, backgrounds, filmed, scene, turning
from training.render import COLOURS

SIDE = (192, 192)
FRAMES = 40
SHOWN = {"cut": (FRAMES / 2 / RATE, FRAMES * 1.75 / RATE), "turning": (0.0, FRAMES / RATE)}
"""From which second on, and until which, a video of a kind shows its product; of three the first one."""
SAME_AS_PAPER = ("white", "cream", "silver")
"""Colours that cannot be told from the background of a clean picture, which is cut away."""
Random = np.random.Generator


@dataclass(frozen=True)
class Seen:
    """One product, or query, in vectors: of its picture, shape (1, dims), and of its frames, shape (frames, dims)."""

    picture: Vectors
    frames: Vectors
    seconds: tuple[float, ...] = ()

    @property
    def video(self) -> Vectors:
        """The vector of the video, shape (1, dims)."""
        return pooled(self.frames)


def pooled(rows: Vectors) -> Vectors:
    """Return the mean of unit rows, shape (1, dims)."""
    return mean([Vector(row) for row in rows]).array[None]


KEPT: dict[str, Callable[[Seen], Vectors]] = {
    "picture": lambda seen: seen.picture,
    "video": lambda seen: seen.video,
    "video, best": lambda seen: seen.frames,
    "picture + video x 1": lambda seen: pooled(np.concatenate([seen.picture, seen.video])),
    "picture + video x 1/2": lambda seen: pooled(np.concatenate([2 * seen.picture, seen.video])),
    "picture + video x 1/4": lambda seen: pooled(np.concatenate([4 * seen.picture, seen.video])),
    "picture + frames": lambda seen: pooled(np.concatenate([seen.picture, seen.frames])),
    "picture + frames, best": lambda seen: np.concatenate([seen.picture, seen.frames]),
}
"""What is kept of a product: rows, of which the nearest counts."""


def clip(each: Product, kind: str, random: Random) -> Iterator[Image.Image]:
    """Yield the frames of a product's video."""
    shot, seed = each.shot(0.0, random).resize(SIDE), int(random.integers(10_000))
    turns = turning(shot, backgrounds(seed, SIDE), FRAMES, turn=120.0, near=1.5)
    if kind == "turning":
        return turns
    room, others = each.shot(SNAPSHOT, random).resize(SIDE), [scene(seed + number, SIDE) for number in range(2)]
    return chain(repeat(others[0], FRAMES // 2), turns, repeat(room, FRAMES // 4), repeat(others[1], FRAMES // 2))


def query_clip(each: Product, random: Random) -> Iterator[Image.Image]:
    """Yield the frames of a shopper's video of it."""
    shot, seed = each.shot(0.1, random).resize(SIDE), int(random.integers(10_000, 20_000))
    return turning(shot, backgrounds(seed, SIDE), FRAMES, turn=-60.0, near=1.2)


class Clock:
    """How long decoding and encoding took together, and of how many videos and frames."""

    def __init__(self) -> None:
        self.decoding = self.encoding = 0.0
        self.videos = self.frames = 0

    def read(self, encoder: Encoder, data: bytes, limits: Limits) -> tuple[Vectors, tuple[float, ...]]:
        """Return the vectors of a video's frames, and their seconds."""
        started = time.perf_counter()
        frames = decode_in_process(data, encoder.enough, limits)
        decoded = time.perf_counter()
        rows = encoder.encode_images([frame.picture for frame in frames])
        self.decoding += decoded - started
        self.encoding += time.perf_counter() - decoded
        self.videos += 1
        self.frames += len(frames)
        return rows, tuple(frame.second for frame in frames)


def nearest(queries: Sequence[Vectors], products: Sequence[Vectors]) -> Vectors:
    """Return the cosine of each query's nearest row to each product's, shape (queries, products)."""
    starts = np.cumsum([0, *map(len, products)])[:-1]
    every = np.concatenate(products).T
    return np.stack([np.maximum.reduceat((query @ every).max(axis=0), starts) for query in queries])


def one_film(some: Sequence[Seen]) -> Seen:
    """Return what is seen of several videos that follow each other, up to the frames that a rebuild decodes."""
    pairs = [
        (place * FRAMES / RATE + second, row)
        for place, each in enumerate(some)
        for second, row in zip(each.seconds, each.frames, strict=True)
    ]
    seconds, rows = zip(*spread(pairs, CATALOGUE.frames), strict=True)
    return Seen(some[0].picture, np.array(rows), seconds)


def showing(queries: Sequence[Vectors], seen: Sequence[Seen], begin: float, end: float) -> dict[str, float]:
    """Return how often the second that is named for a query of one row lies where its product is shown."""
    named: dict[str, list[bool]] = {"chance": [], "all": [], "kept": []}
    for query, each in zip(queries, seen, strict=True):
        kept = moments_of(spread([timed(*pair) for pair in zip(each.seconds, each.frames, strict=True)], MOST))
        read = Moments.read(str(kept), each.frames.shape[1])
        assert read is not None
        named["chance"] += [begin <= second < end for second in each.seconds]
        for name, moments in (("all", Moments(0, each.seconds, each.frames)), ("kept", read)):
            named[name].append(begin <= moments.nearest(query[0]) < end)
    return {name: round(float(np.mean(found)), 3) for name, found in named.items()}


def figures(scores: Vectors) -> dict[str, float]:
    """Return how well each query finds the product of its number."""
    found = ranks(scores)
    return {"top-1": round(float((found == 1).mean()), 3), "MRR": round(float((1 / found).mean()), 3)}


def measure(encoder: Encoder, kind: str, count: int) -> dict[str, Any]:
    """Return the figures of one kind of videos."""
    random, clock, asked = np.random.default_rng(SEED), Clock(), Clock()
    colours = [name for name in [*COLOURS][:-1] if name not in SAME_AS_PAPER]
    products = [product(str(random.choice(known_kinds())), str(random.choice(colours)), random) for _ in range(count)]
    pictures = encoder.encode_images([each.shot(CLEAN, random) for each in products])
    videos = [clock.read(encoder, filmed(clip(each, kind, random), preset="ultrafast"), CATALOGUE) for each in products]
    seen = [Seen(picture[None], *frames) for picture, frames in zip(pictures, videos, strict=True)]
    photos = encoder.encode_images([each.shot(SNAPSHOT, random) for each in products])
    words = encoder.encode_queries(
        [f"{each.colour.replace('-', ' ')} {spoken('kind', each.kind)}" for each in products]
    )
    filmed_queries = [
        asked.read(encoder, filmed(query_clip(each, random), preset="ultrafast"), QUERY)[0] for each in products
    ]
    found: dict[str, Any] = {}
    for name, keep in KEPT.items():
        kept = [keep(each) for each in seen]
        shown = filmed_queries if name.endswith("best") else [pooled(rows) for rows in filmed_queries]
        found[name] = {
            "photo": figures(nearest([row[None] for row in photos], kept)),
            "words": figures(nearest([row[None] for row in words], kept)),
            "video": figures(nearest(shown, kept)),
        }
    asked_so: dict[str, Vectors | list[Any]] = {
        "photo": photos,
        "words": words,
        "video": [pooled(rows)[0] for rows in filmed_queries],
    }
    films = seen if kind == "cut" else [one_film([*seen, *seen][place : place + 3]) for place in range(count)]
    seconds = {name: showing([row[None] for row in rows], films, *SHOWN[kind]) for name, rows in asked_so.items()}
    return {
        "what": f"videos, {kind}",
        "products": count,
        "frames": round(clock.frames / clock.videos, 1),
        "decoding ms": round(1000 * clock.decoding / clock.videos, 1),
        "encoding ms": round(1000 * clock.encoding / clock.videos, 1),
        "found": found,
        "second": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="starter", help="a CLIP that sees, as a folder or a preset")
    parser.add_argument("--products", type=int, default=400)
    parser.add_argument("--small", action="store_true", help="10 products: proves that it runs")
    parser.add_argument("--jsonl", type=Path)
    options = parser.parse_args()
    name = options.encoder if options.encoder in PRESETS else str(Path(options.encoder).resolve())
    encoder = load_encoder(name, folder=Path())
    for kind in ("turning", "cut"):
        report(measure(encoder, kind, 10 if options.small else options.products), options)


if __name__ == "__main__":
    main()
