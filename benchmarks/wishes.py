"""A photo with the name of another colour, as in "like this, but black", on real photos.

    python -m benchmarks.wishes FASHION [--small]

FASHION is a folder with `products.jsonl.gz` (`id`, `title`, `article_type`, `color` and other fields, `image`) and
`images.zip`. 600 products are held out of the index; a query is the photo of one of them with the name of a colour
that at least five products of its kind have. P@5 is the share of the first five that are of this kind and have this
colour. Weights were chosen on the first half of the queries (`tune`); reported is the second. Catalogues: with all
facets; without that of the colour, which titles name; titles alone; photos alone. `before` is without what words name.
Without a folder it is the sample catalogue, by its categories and colours.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.catalogue import LANGUAGES, SEED, report
from hybridsearch import HybridSearch
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings

HELD_OUT = 600
COLOURS = 12
ENOUGH = 5
"""Products of a kind in the colour that is asked for."""
FACETS = ("gender", "master_category", "sub_category", "article_type", "season", "usage")
NAMES = {
    "black": "black schwarz noir negro 黒 黑色",
    "blue": "blue blau bleu azul 青 蓝色",
    "white": "white weiß blanc blanco 白 白色",
    "grey": "grey grau gris gris グレー 灰色",
    "brown": "brown braun marron marrón 茶色 棕色",
    "red": "red rot rouge rojo 赤 红色",
    "green": "green grün vert verde 緑 绿色",
    "purple": "purple lila violet morado 紫 紫色",
    "pink": "pink rosa rose rosa ピンク 粉色",
    "yellow": "yellow gelb jaune amarillo 黄色 黄色",
    "orange": "orange orange orange naranja オレンジ 橙色",
    "beige": "beige beige beige beige ベージュ 米色",
    "navy blue": "navy blue|marineblau|bleu marine|azul marino|ネイビー|藏青色",
    "maroon": "maroon|weinrot|bordeaux|granate|ワインレッド|酒红色",
}
"""How people call a colour, in the order of LANGUAGES."""


@dataclass(frozen=True)
class Goods:
    """A catalogue whose rows have a kind and a colour; `image` is a path below `folder`."""

    folder: Path
    rows: Sequence[Mapping[str, Any]]
    kind: str
    facets: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A photo, and the colour that is wanted instead of its own."""

    row: Mapping[str, Any]
    colour: str


def fashion(data: Path, folder: Path) -> Goods:
    """Return the catalogue of a folder, its pictures unpacked into another."""
    with zipfile.ZipFile(data / "images.zip") as archive:
        archive.extractall(folder)
    places = {path.name: str(path.relative_to(folder)) for path in folder.rglob("*.jpg")}
    with gzip.open(data / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [{**row, "image": places[row["image"]]} for row in map(json.loads, lines)]
    return Goods(folder, rows, "article_type", FACETS)


def sample(folder: Path) -> Goods:
    """Return the sample catalogue."""
    with resources.as_file(resources.files("hybridsearch.sample")) as path:
        lines = (path / "products.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row.get("image")]
        for row in rows:
            (folder / row["image"]).parent.mkdir(exist_ok=True)
            (folder / row["image"]).write_bytes((path / row["image"]).read_bytes())
    return Goods(folder, rows, "category", ("category", "brand", "pattern"))


def queries(goods: Goods, held_out: int, enough: int) -> tuple[list[Mapping[str, Any]], list[Query]]:
    """Return the products that are indexed, and queries with the photos of the others."""
    random = np.random.default_rng(SEED)
    order = random.permutation(len(goods.rows))
    asked, indexed = ([goods.rows[i] for i in part] for part in (order[:held_out], order[held_out:]))
    there = Counter((row.get(goods.kind), named(row)) for row in indexed)
    frequent = [name for name, _ in Counter(map(named, indexed)).most_common() if name in NAMES][:COLOURS]
    found = []
    for row in asked:
        others = [name for name in frequent if name != named(row) and there[row.get(goods.kind), name] >= enough]
        if others:
            found.append(Query(row, others[int(random.integers(len(others)))]))
    return indexed, found


def named(row: Mapping[str, Any]) -> str:
    """Return the colour of a product in lower case."""
    return str(row.get("color") or "").lower()


def word(colour: str, language: str) -> str:
    """Return the word for a colour in a language."""
    words = NAMES[colour].split("|" if "|" in NAMES[colour] else " ")
    return words[LANGUAGES.index(language)]


def open_shop(goods: Goods, rows: Sequence[Mapping[str, Any]], name: str, fields: Mapping[str, Any]) -> HybridSearch:
    """Return a shop of some products on the embedded engine."""
    folder = goods.folder / name
    folder.mkdir()
    lines = (json.dumps({**row, "image": str(goods.folder / row["image"])}) for row in rows)
    (folder / "products.jsonl").write_text("\n".join(lines), encoding="utf-8")
    settings = Settings.parse(
        {
            "catalog": {"path": "products.jsonl", "images": str(goods.folder)},
            "fields": {"image": "image", "languages": ["en"], **fields},
            "vectors": [{"name": "image", "encoder": "starter"}],
        },
        folder=folder,
    )
    shop = HybridSearch.open(settings)
    shop.reindex()
    shop.warm_up()
    return shop


def precision(shop: HybridSearch, goods: Goods, asked: Sequence[Query], language: str, weights: Weights) -> float:
    """Return the mean P@5."""
    found = []
    for query in asked:
        photo = goods.folder / query.row["image"]
        page = shop.search(word(query.colour, language), image=photo, size=5, weights=weights, regions=False)
        right = [(hit.product.get(goods.kind), named(hit.product)) for hit in page]
        found.append(right.count((query.row.get(goods.kind), query.colour)) / 5)
    return round(float(np.mean(found)), 3)


def measured(goods: Goods, shop: HybridSearch, asked: Sequence[Query]) -> dict[str, Any]:
    """Return P@5 of a shop: without what words name and with it, and what a search takes."""
    weights, _ = shop.weights_for(shop.engine.schema())
    before, half = weights.model_copy(update={"named": 0.0}), len(asked) // 2
    tuning, reported = asked[:half], asked[half:]
    now = {language: precision(shop, goods, reported, language, weights) for language in LANGUAGES}
    figures = {
        "queries": len(reported),
        "tune, en": precision(shop, goods, tuning, "en", weights),
        "before": {language: precision(shop, goods, reported, language, before) for language in ("en", "de")},
        "now": {**now, "all": round(float(np.mean(list(now.values()))), 3)},
    }
    seconds: dict[str, list[float]] = {"before": [], "now": []}
    for query in reported[:100]:
        for name, used in (("before", before), ("now", weights)):
            started = time.perf_counter()
            shop.search(query.colour, image=goods.folder / query.row["image"], weights=used, regions=False)
            seconds[name].append(time.perf_counter() - started)
    return {**figures, "p50 ms": {name: round(1000 * float(np.median(own)), 1) for name, own in seconds.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fashion", type=Path, nargs="?", help="folder with products and photos; left out: the sample")
    parser.add_argument("--small", action="store_true", help="four queries: proves that it runs")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        goods = fashion(options.fashion, folder) if options.fashion else sample(folder)
        large = options.fashion is not None
        rows, asked = queries(goods, HELD_OUT if large else len(goods.rows) // 4, ENOUGH if large else 1)
        catalogues: dict[str, dict[str, Any]] = {
            "facets": {"title": "title", "facets": [*goods.facets, "color"]},
            "colour in titles": {"title": "title", "facets": list(goods.facets)},
            "titles": {"title": "title"},
            "photos": {},
        }
        for name, fields in catalogues.items():
            with open_shop(goods, rows, name, fields) as shop:
                report({"what": name, **measured(goods, shop, asked[:4] if options.small else asked)}, options)


if __name__ == "__main__":
    main()
