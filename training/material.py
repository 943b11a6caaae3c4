"""Gather what the starter is trained on: renders made here, and the train photos of two openly licensed sets.

Clothing dataset (small): CC0. Grocery Store Dataset: Klasson, Zhang, Kjellström, WACV 2019, MIT.
Test splits are never read.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import multiprocessing
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from hybridsearch.align.lexicon import Claim, Concept, Lexicon, lexicon
from training.render import COLOURS, PATTERNS, names_of, render, tone
from training.scenes import cut_out, scene
from training.shapes import kinds

log = logging.getLogger("starter")
EDGE = 72  # pixels stored, a little more than the model sees, so that a crop has room
SOURCES = ("render", "clothing", "shelf", "phone")
RENDERED = 0.75  # of what is not grocery; the rest is clothing
SCENES = 96  # pictures composed of each shelf product
PACKED = frozenset(
    ("Juice", "Milk", "Oat-Milk", "Oatghurt", "Sour-Cream", "Sour-Milk", "Soy-Milk", "Soyghurt", "Yoghurt")
)  # categories that nobody heaps up
IN_PLACE = 0.85  # share of scenes before a photo from the same part of the shop, packs before packs
CLOTHING: dict[str, frozenset[str]] = {
    "t-shirt": frozenset({"t-shirt"}),
    "longsleeve": frozenset({"longsleeve", "sweater", "hoodie"}),
    "shirt": frozenset({"shirt"}),
    "pants": frozenset({"trousers", "jeans"}),
    "shorts": frozenset({"shorts"}),
    "dress": frozenset({"dress"}),
    "skirt": frozenset({"skirt"}),
    "outwear": frozenset({"jacket", "coat"}),
    "hat": frozenset({"cap", "hat"}),
    "shoes": frozenset({"sneaker", "boot", "sandal", "flip-flops", "heels", "loafer", "ballerinas"}),
}
UNSEEN_BY_PHONE = 16  # grocery products whose phone photos are never trained on, to measure strangers
Phrase = Callable[[str, random.Random], tuple[str, Claim]]


@dataclass
class Material:
    """Pictures (n, EDGE, EDGE, 3) uint8 with what is known of each; texts are written afresh at every step."""

    seed: int
    kinds: list[str]
    pixels: Tensor
    claims: list[Claim]
    is_photo: Tensor
    names: dict[str, str]
    rows: dict[str, list[int]]
    by_phone: dict[int, list[list[int]]]  # shelf row: rows of scenes, and rows of phone photos where there are any
    strangers: frozenset[str]  # kinds that no phone photo shows
    groups: list[Concept] = field(default_factory=list)

    def draw(self, count: int, pairs: int, rng: random.Random) -> list[int]:
        """Draw row numbers, each source with its share; last `pairs` of the same products on the shelf and by phone."""
        drawn = round((count - 2 * pairs) * RENDERED)
        wanted = {"render": drawn, "clothing": count - 2 * pairs - drawn, "shelf": pairs}
        rows = [row for source, number in wanted.items() for row in rng.choices(self.rows[source], k=number)]
        return rows + [rng.choice(rng.choice(self.by_phone[row])) for row in rows[-pairs:]]

    def subject(self, row: int, rng: random.Random) -> Phrase:
        """Decide what is said about a picture; the result says it in any language, in words drawn afresh."""
        words, claim = lexicon(), self.claims[row]
        colour = min(claim.colours) if len(claim.colours) == 1 else None
        (pattern,) = claim.patterns or (None,)
        if colour and rng.random() < 0.2:
            return lambda language, rng: words.phrase(language, rng, None, colour)
        concepts = self._concepts(claim.kinds)
        name = self.names.get(min(claim.kinds))
        if name and (not concepts or rng.random() < 0.6):
            return lambda _language, _rng: (name, Claim(claim.kinds))
        kind = rng.choice(concepts)
        said = colour if rng.random() < 0.65 else None
        motif = pattern if pattern != "plain" and rng.random() < 0.5 else None
        return lambda language, rng: words.phrase(language, rng, kind, said, motif)

    def _concepts(self, kinds: frozenset[str]) -> list[Concept]:
        """List the concepts that certainly cover a picture: its kind, six times for each group around it."""
        exact = lexicon().concepts["kind"].get(min(kinds)) if len(kinds) == 1 else None
        around = [group for group in self.groups if kinds <= group.members]
        return around + [exact] * 6 * max(1, len(around)) if exact else around


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Read a gzipped JSON lines table."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def photos(folder: Path, names: list[str], edge: int = EDGE) -> NDArray[np.uint8]:
    """Read pictures from a folder's `images.zip`, squeezed to a square: (n, edge, edge, 3)."""
    with zipfile.ZipFile(folder / "images.zip") as archive:
        out = np.empty((len(names), edge, edge, 3), dtype=np.uint8)
        for i, name in enumerate(names):
            with Image.open(io.BytesIO(archive.read(name))) as image:
                out[i] = np.asarray(image.convert("RGB").resize((edge, edge), Image.Resampling.BICUBIC))
    return out


def attributes(seed: int, index: int) -> tuple[str, str, str]:
    """Give render number `index` its kind, colour and pattern."""
    rng = random.Random(f"{seed}/{index}")
    return rng.choice(kinds()), rng.choice(list(COLOURS)), "plain" if rng.random() < 0.65 else rng.choice(PATTERNS[1:])


def _rendered(job: tuple[int, int]) -> tuple[NDArray[np.uint8], frozenset[str]]:
    """Draw one picture and say which colours it may be called; what metal or many colours are is no matter of RGB."""
    seed, index = job
    rng = np.random.default_rng([seed, index])
    kind, colour, pattern = attributes(seed, index)
    painted = None if colour in ("silver", "gold", "copper", "multicolour") else tone(colour, rng)
    clutter = float(rng.choice([0.0, 0.4, 0.8]))
    picture = render(kind, colour, pattern, rng, EDGE, clutter, base=painted)
    return np.asarray(picture), frozenset({colour}) if painted is None else names_of(painted)


def rendered(cache: Path, count: int, seed: int) -> tuple[NDArray[np.uint8], list[Claim]]:
    """Render `count` pictures, or read them from an earlier run; and say what they show."""
    path, table = cache / f"renders-{seed}-{count}.npy", cache / f"renders-{seed}-{count}.json"
    if not table.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with multiprocessing.Pool() as pool:
            made = list(pool.imap(_rendered, ((seed, i) for i in range(count)), chunksize=64))
        np.save(path, np.stack([picture for picture, _ in made]))
        table.write_text(json.dumps([sorted(colours) for _, colours in made]))
        log.info("rendered %d pictures", count)
    claims = []
    for i, colours in enumerate(json.loads(table.read_text())):
        kind, _, pattern = attributes(seed, i)
        claims.append(Claim(frozenset({kind}), frozenset(colours), frozenset({pattern})))
    return np.asarray(np.load(path)), claims


def scenes(folder: Path, products: list[dict[str, str]], phone: list[dict[str, str]], seed: int) -> NDArray[np.uint8]:
    """Compose `SCENES` pictures of each product, in order, before train photos: (n, EDGE, EDGE, 3)."""
    rng = np.random.default_rng(seed)
    packs = {product["id"] for product in products if product["category"] in PACKED}
    out = np.empty((len(products) * SCENES, EDGE, EDGE, 3), dtype=np.uint8)
    with zipfile.ZipFile(folder / "images.zip") as archive:

        def opened(name: str) -> Image.Image:
            return Image.open(io.BytesIO(archive.read(name)))

        for i, product in enumerate(products):
            packed = product["id"] in packs
            near = [row for row in phone if (row["product_id"] in packs) == packed]
            alone = cut_out(opened(product["image"]), packed)
            for j in range(SCENES):
                pool = near if rng.random() < IN_PLACE else phone
                behind = opened(pool[int(rng.integers(len(pool)))]["image"])
                out[i * SCENES + j] = np.asarray(scene(alone, behind, packed, EDGE, rng))
    return out


def unseen_products(products: list[dict[str, str]]) -> set[str]:
    """Choose the grocery products whose phone photos stay out of training."""
    return set(random.Random(1).sample([product["id"] for product in products], UNSEEN_BY_PHONE))


def material(data: Path, cache: Path, count: int, seed: int) -> Material:
    """Put renders and train photos together."""
    words = lexicon()
    products = list(rows_of(data / "grocery" / "products.jsonl.gz"))
    unseen = unseen_products(products)
    cloth = [row for row in rows_of(data / "clothing" / "photos.jsonl.gz") if row["split"] == "train"]
    phone = [
        row
        for row in rows_of(data / "grocery" / "photos.jsonl.gz")
        if row["split"] == "train" and row["product_id"] not in unseen
    ]
    made, claims = rendered(cache, count, seed)
    claims += [Claim(CLOTHING[row["category"]]) for row in cloth]
    shown = [row["id"] for row in products]  # in order: shelf pictures, phone photos, scenes
    shown += [row["product_id"] for row in phone] + [product for product in shown for _ in range(SCENES)]
    claims += [Claim(frozenset({f"grocery/{product}"})) for product in shown]
    pixels = [
        made,
        photos(data / "clothing", [row["image"] for row in cloth]),
        photos(data / "grocery", [row["image"] for row in [*products, *phone]]),
        scenes(data / "grocery", products, phone, seed),
    ]
    first = count + len(cloth)
    by_category: dict[str, set[str]] = {}
    for row in products:
        by_category.setdefault("@" + row["category"], set()).add(f"grocery/{row['id']}")
    widen_groups(words, by_category)
    shelf = first + len(products)
    bounds = [0, count, first, shelf, shelf + len(phone)]
    return Material(
        seed,
        [*kinds(), *(f"grocery/{row['id']}" for row in products)],
        torch.from_numpy(np.concatenate(pixels)),
        claims,
        torch.arange(len(claims)) >= count,
        {f"grocery/{row['id']}": row["name"].replace("-", " ") for row in products},
        {source: list(range(low, high)) for source, low, high in zip(SOURCES, bounds, bounds[1:], strict=False)},
        snapshots([row["id"] for row in products], shown, first),
        frozenset(f"grocery/{product}" for product in unseen),
        list(words.concepts["group"].values()),
    )


def snapshots(products: Sequence[str], shown: Sequence[str], first: int) -> dict[int, list[list[int]]]:
    """Return, for the picture number of each product's shelf picture, those of its scenes and of its phone photos.

    Args:
        products: Ids, in the order of the shelf pictures.
        shown: The product on each picture: shelf pictures, phone photos, SCENES scenes of each product.
        first: Number of the first of these pictures.
    """
    pools: dict[int, list[list[int]]] = {}
    for number, product in enumerate(products):
        own = [place for place, name in enumerate(shown) if name == product][1:]
        pools[first + number] = [[first + place for place in pool] for pool in (own[-SCENES:], own[:-SCENES]) if pool]
    return pools


def widen_groups(words: Lexicon, by_category: dict[str, set[str]]) -> None:
    """Replace `@Category` among a group's members by the grocery products of that category."""
    for name, group in words.concepts["group"].items():
        members = frozenset().union(*(by_category.get(member, {member}) for member in group.members))
        words.concepts["group"][name] = Concept(group.axis, name, members, group.words)
