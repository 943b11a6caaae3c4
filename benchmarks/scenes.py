"""Photos of several things: made of pictures of the sample catalogue, on backgrounds, and what is found in them.

    python -m benchmarks.scenes [--photos FOLDER_OR_ZIP ...] [--small]

A scene has 2 to 5 products, cut out of their pictures, in any size and place, on one colour, on a gradient, or on a
texture with noise. `found` is the share of the products that a box lies over (intersection over union of at least
0.5); `top-1` and `top-5` that of those that are among the first in the list of their box, and in the answer to the
whole photo. `--photos` are photos of one thing each: the share of them that is taken for a scene.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.catalogue import SEED, report
from hybridsearch import HybridSearch
from hybridsearch.images.decode import decode_in_process
from hybridsearch.images.regions import Box, regions
from hybridsearch.settings import Settings

WIDTH, HEIGHT = 800, 600
BACKGROUNDS = ("plain", "gradient", "texture")
SIZES = (140, 260)
"""Pixels of the longer side of a product in a scene."""
APART = 24
"""Pixels between two of them, at least."""
SAME = 0.5
"""Intersection over union of a box that is found and one that is right."""
ENOUGH = 224
Random = np.random.Generator
Goods = Sequence[tuple[str, Image.Image]]


@dataclass(frozen=True)
class Scene:
    """A photo of several products, and where each lies."""

    photo: Image.Image
    boxes: dict[str, Box]


def cut_out(picture: Image.Image) -> Image.Image:
    """Return a picture without its background, which is what differs little from the colour of its edge."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    away = np.linalg.norm(pixels - np.median(edge, axis=0), axis=2)
    mask = Image.fromarray(((away > 24) * 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
    whole = picture.convert("RGB").copy()
    whole.putalpha(mask)
    return whole.crop(mask.getbbox())


def background(kind: str, random: Random) -> Image.Image:
    """Return a background of one colour, a gradient of two, or a texture with noise."""
    first = random.uniform(90, 250, 3)
    across = np.linspace(0, 1, WIDTH)[None, :, None]
    down = np.linspace(0, 1, HEIGHT)[:, None, None]
    pixels: NDArray[Any] = np.broadcast_to(first, (HEIGHT, WIDTH, 3)).copy()
    if kind == "gradient":
        pixels += (random.uniform(-60, 60, 3) * across) + (random.uniform(-60, 60, 3) * down)
    if kind == "texture":
        stripes = np.sin(across * random.uniform(20, 120) + 3 * np.sin(down * random.uniform(2, 12)))
        pixels += random.uniform(4, 10) * stripes + random.normal(0, random.uniform(6, 14), pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def scene(goods: Goods, kind: str, random: Random) -> Scene:
    """Return a photo of some products that do not touch; those for which there is no place are left out."""
    photo, boxes = background(kind, random), dict[str, Box]()
    taken: list[tuple[int, int, int, int]] = []
    for name, thing in goods:
        side = random.uniform(*SIZES) / max(thing.size)
        scaled = thing.resize((max(1, round(thing.width * side)), max(1, round(thing.height * side))))
        for _ in range(50):
            left = int(random.integers(10, WIDTH - scaled.width - 10))
            top = int(random.integers(10, HEIGHT - scaled.height - 10))
            place = (left, top, left + scaled.width, top + scaled.height)
            if not any(near(place, other) for other in taken):
                photo.paste(scaled, place[:2], scaled)
                taken.append(place)
                boxes[name] = Box(place[0] / WIDTH, place[1] / HEIGHT, place[2] / WIDTH, place[3] / HEIGHT)
                break
    return Scene(photo, boxes)


def near(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Tell whether two places touch, or nearly."""
    across = max(one[0], other[0]) - min(one[2], other[2])
    down = max(one[1], other[1]) - min(one[3], other[3])
    return max(across, down) < APART


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union of two boxes."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (area(one) + area(other) - shared)


def area(box: Sequence[float]) -> float:
    """Return the area of a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def open_shop(folder: Path) -> tuple[HybridSearch, list[dict[str, Any]]]:
    """Return a shop of the sample catalogue, and its products that have a picture."""
    sample = resources.files("hybridsearch.sample")
    with resources.as_file(sample) as path:
        shutil.copytree(path, folder, dirs_exist_ok=True)
    lines = (folder / "products.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("image")]
    settings = Settings.parse(
        {
            "catalog": {"path": "products.jsonl"},
            "fields": {"image": "image", "title": "title"},
            "vectors": [{"name": "image", "encoder": "starter"}],
        },
        folder=folder,
    )
    shop = HybridSearch.open(settings)
    shop.reindex()
    shop.warm_up()
    return shop, rows


def measured(count: int) -> Iterator[dict[str, Any]]:
    """Yield what is found in so many scenes of each background."""
    random = np.random.default_rng(SEED + 2)
    with tempfile.TemporaryDirectory() as temporary:
        shop, rows = open_shop(Path(temporary))
        with shop:
            for kind in BACKGROUNDS:
                found: list[tuple[bool, ...]] = []
                more, seconds, plain = 0, [], []
                for _ in range(count):
                    chosen = random.choice(len(rows), int(random.integers(2, 6)), replace=False)
                    goods = [
                        (rows[i]["id"], cut_out(Image.open(Path(temporary) / str(rows[i]["image"])))) for i in chosen
                    ]
                    made = scene(goods, kind, random)
                    started = time.perf_counter()
                    page = shop.search(image=made.photo, size=5)
                    seconds.append(time.perf_counter() - started)
                    started = time.perf_counter()
                    shop.search(image=made.photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT), size=5, regions=False)
                    plain.append(time.perf_counter() - started)
                    whole = [hit.id for hit in page]
                    for name, right in made.boxes.items():
                        best = max(page.regions, key=lambda each: overlap(each.box, right), default=None)
                        is_found = best is not None and overlap(best.box, right) >= SAME
                        own = [hit.id for hit in best.hits] if best and is_found else []
                        found.append((is_found, name in own[:1], name in own, name in whole[:1], name in whole))
                    more += max(0, len(page.regions) - len(made.boxes))
                shares = np.mean(np.array(found, float), axis=0).round(3).tolist()
                yield {
                    "what": f"scenes, {kind}",
                    "scenes": count,
                    "products": len(found),
                    **dict(zip(("found", "top-1", "top-5", "whole top-1", "whole top-5"), shares, strict=True)),
                    "boxes too many": more,
                    "p50 ms": round(1000 * float(np.median(seconds)), 1),
                    "p50 ms without regions": round(1000 * float(np.median(plain)), 1),
                }


def single(photos: Path, most: int) -> dict[str, Any]:
    """Return how many photos of one thing each are taken for a scene, and how long it takes to look."""
    split, seconds = 0, []
    for data in files(photos, most):
        picture = decode_in_process(data, ENOUGH)
        started = time.perf_counter()
        split += bool(regions(picture))
        seconds.append(time.perf_counter() - started)
    times = (1000 * np.percentile(seconds, [50, 95, 100])).round(2).tolist()
    shares = {"photos": len(seconds), "taken for a scene": round(split / len(seconds), 4)}
    return {"what": "single photos", "of": photos.parent.name, **shares, "ms p50, p95, max": times}


def files(photos: Path, most: int) -> Iterator[bytes]:
    """Yield files of pictures, of many a random choice."""
    if photos.is_dir():
        paths = sorted(path for path in photos.rglob("*") if path.suffix in (".jpg", ".png", ".webp"))
        yield from (path.read_bytes() for path in paths[:most])
        return
    with zipfile.ZipFile(photos) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".jpg", ".png")))
        order = np.random.default_rng(SEED).permutation(len(names))[:most]
        yield from (archive.read(names[number]) for number in order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, nargs="*", default=[], help="photos of one thing, a folder or a zip")
    parser.add_argument("--small", action="store_true", help="three scenes of each kind: under a minute")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    for figures in measured(3 if options.small else 100):
        report(figures, options)
    for photos in options.photos:
        report(single(photos, 20 if options.small else 2_000), options)


if __name__ == "__main__":
    main()
