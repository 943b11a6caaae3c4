"""Similar products: how many are of the same kind and colour, and how many were clicked in the same session.

    python -m benchmarks.similar fashion FOLDER [--url URL]
    python -m benchmarks.similar clicks FOLDER [--url URL]
    python -m benchmarks.similar --small [--url URL]

`fashion` is the folder with its products and photos: for each of some products, the share of the first ten that are of
its kind of article, and of its kind and colour. `hidden`: neither is in the index, but for what titles say; `shown`:
both are facets. `clicks` is the folder of retrotech: of the products that were clicked in one session with a product,
the share among its first ten. Beside the library: the nearest photos, or titles, alone, and on a server its
`more_like_this` on titles, or all text, with as many words. Products whose id has an even hash choose among some
weights, the others are reported, with the paired interval of each difference.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import statistics
import tempfile
import time
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.engines.elasticsearch.mapping import text_path
from hybridsearch.learning.gate import interval
from hybridsearch.learning.significance import compare
from hybridsearch.search.alike.similar import MOST_WORDS
from hybridsearch.search.clauses import Cosine
from hybridsearch.search.weights import Weights, prior
from hybridsearch.settings import Settings

CUT = 10
ASKED = 500
"""Products that choose, and as many that are reported."""
Row = Mapping[str, Any]
Worth = Callable[[str, Sequence[str]], float]
"""What a list of ids is worth for a product, from 0 to 1."""
System = Callable[[str], list[str]]
"""Returns the ids of the first products that are similar to one."""


@dataclass(frozen=True)
class Catalogue:
    """A catalogue, and which of its fields say what is alike."""

    file: Path
    rows: Mapping[str, Row]
    kind: str
    colour: str
    facets: tuple[str, ...]
    images: Path


def fashion(folder: Path, images: Path) -> Catalogue:
    """Return the fashion catalogue, its photos unpacked."""
    zipfile.ZipFile(folder / "images.zip").extractall(images)
    file = folder / "products.jsonl.gz"
    return Catalogue(file, read(file, "id"), "article_type", "color", ("gender", "season", "usage"), images)


def sample() -> Catalogue:
    """Return the sample catalogue, where the products of one colour stand for those of a kind."""
    folder = Path(__file__).parents[1] / "hybridsearch" / "sample"
    file = folder / "products.jsonl"
    return Catalogue(file, read(file, "id"), "color", "pattern", ("category",), folder)


def read(file: Path, key: str) -> dict[str, Row]:
    """Return the rows of a file by id."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return {row[key]: row for row in map(json.loads, content.splitlines())}


@contextmanager
def built(folder: Path, tables: Mapping[str, Any], index: str, url: str | None) -> Iterator[HybridSearch]:
    """Yield a shop whose index has been built; on a server it is removed afterwards."""
    engine = {"index": f"benchmark-similar-{index}", "replicas": 0, "timeout": 60} | ({"url": url} if url else {})
    with HybridSearch.open(Settings.parse({**tables, "engine": engine}, folder=folder)) as shop:
        report = shop.reindex()
        yield shop
        if url:
            shop.engine.discard(report.generation)


def ours(shop: HybridSearch, weights: Weights | None = None) -> System:
    """Return the library's similar products."""
    return lambda key: [hit.id for hit in shop.similar(key, weights=weights, size=CUT)]


def nearest(shop: HybridSearch) -> System:
    """Return the nearest neighbours of the first leg alone."""

    def found(key: str) -> list[str]:
        plan = shop.plan_similar(key, weights=with_kind({"product.*": 1.0}), size=CUT)
        cosines = tuple(signal for signal in plan.signals if isinstance(signal, Cosine))[:1]
        near = tuple(replace(each, floor=-1.0) for each in plan.neighbours[:1])
        return [hit.id for hit in shop.engine.search(replace(plan, keyword=None, neighbours=near, signals=cosines))]

    return found


def more_like_this(shop: HybridSearch, field: str) -> System:
    """Return what the server's own query finds by the words of the title, or of all text that is searched."""
    engine = shop.engine
    assert isinstance(engine, ElasticsearchEngine)

    def found(key: str) -> list[str]:
        like = {
            "fields": [text_path(field, "en")],
            "like": [{"_index": engine.alias, "_id": key}],
            "min_term_freq": 1,
            "min_doc_freq": 2,
            "max_query_terms": MOST_WORDS,
        }
        answer = engine.client.search(index=engine.alias, query={"more_like_this": like}, size=CUT, source=False)
        return [hit["_id"] for hit in answer["hits"]["hits"]]

    return found


def with_kind(by_signal: Mapping[str, float]) -> Weights:
    """Return the prior with other weights for similar products."""
    return prior().model_copy(update={"kinds": {"product": {**prior().kinds["product"], **by_signal}}})


def candidates() -> dict[str, Weights]:
    """Return the weights that are tried."""
    grid = itertools.product((0.0, 0.2), (0.15, 0.3, 0.6), (0.0, 0.15, 0.3))
    return {
        f"pairs {pairs}, product.* {vectors}, same.* {same}": with_kind(
            {"pairs": pairs, "product.*": vectors, "same.*": same}
        )
        for pairs, vectors, same in grid
    }


def halves(keys: Sequence[str], count: int) -> tuple[list[str], list[str]]:
    """Return products that choose, and others that are reported."""
    order = sorted(keys, key=lambda key: zlib.crc32(key.encode()))
    even = [key for key in order if not zlib.crc32(key.encode()) % 2]
    return even[:count], [key for key in order if key not in set(even)][:count]


def tried(shop: HybridSearch, keys: Sequence[str], worths: Sequence[Worth], most: int) -> None:
    """Print what some weights are worth, the mean of all measures, the prior first."""
    for name, weights in itertools.islice({"the prior": prior(), **candidates()}.items(), most):
        found = {key: ours(shop, weights)(key) for key in keys}
        print(f"  {statistics.mean(worth(key, found[key]) for worth in worths for key in keys):.4f}  {name}")


def compared(systems: Mapping[str, System], keys: Sequence[str], worths: Mapping[str, Worth]) -> None:
    """Print what each system is worth, and the library's lead with its interval."""
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    times: defaultdict[str, list[float]] = defaultdict(list)
    for key in keys:
        for name in random.Random(key).sample(list(systems), len(systems)):
            started = time.perf_counter()
            found[name][key] = systems[name](key)
            times[name].append((time.perf_counter() - started) * 1000)
    for what, worth in worths.items():
        values = {name: [worth(key, by_key[key]) for key in keys] for name, by_key in found.items()}
        for name in systems:
            lead = (
                "" if name == "similar" else f"; similar leads by {interval(compare(values['similar'], values[name]))}"
            )
            print(f"  {what}: {name} {statistics.mean(values[name]):.3f}{lead}")
    print("  median time: " + ", ".join(f"{name} {statistics.median(times[name]):.1f} ms" for name in systems))


def of_a_kind(catalogue: Catalogue, folder: Path, url: str | None, *, small: bool = False) -> None:
    """Measure how many similar products are of the same kind, and kind and colour."""
    rows = catalogue.rows
    kinds = Counter(row[catalogue.kind] for row in rows.values())
    asked = [key for key, row in rows.items() if kinds[row[catalogue.kind]] > CUT]
    print(f"{len(rows) - len(asked)} products are left out: fewer than {CUT} others are of their kind")
    choosing, reported = halves(asked, 10 if small else ASKED)

    def share(*names: str) -> Worth:
        def worth(key: str, found: Sequence[str]) -> float:
            return sum(all(rows[other].get(name) == rows[key].get(name) for name in names) for other in found) / CUT

        return worth

    worths = {"same kind": share(catalogue.kind), "same kind and colour": share(catalogue.kind, catalogue.colour)}
    setups = {"hidden": catalogue.facets, "shown": (*catalogue.facets, catalogue.kind, catalogue.colour)}
    for name, facets in setups.items():
        tables = {
            "catalog": {"path": str(catalogue.file), "images": str(catalogue.images)},
            "fields": {"title": "title", "image": "image", "facets": list(facets)},
            "vectors": [{"name": "image", "encoder": "starter"}],
        }
        with built(folder, tables, name, url) as shop:
            print(f"{name}: weights on {len(choosing)} products, mean of both measures")
            tried(shop, choosing, list(worths.values()), most=2 if small else 100)
            print(f"{name}: {len(reported)} other products")
            compared(systems(shop, url), reported, worths)


def clicked(folder: Path, shops: Path, url: str | None) -> None:
    """Measure how many products that were clicked in one session are similar."""
    catalogue = read(folder / "products.jsonl.gz", "upc")
    together: defaultdict[str, set[str]] = defaultdict(set)
    with gzip.open(folder / "sessions.jsonl.gz", "rt", encoding="utf-8") as lines:
        for session in map(json.loads, lines):
            known = {code.zfill(12) for code in session["clicked"]} & catalogue.keys()
            for key in known:
                together[key] |= known - {key}
    asked = [key for key, others in together.items() if others]

    def worth(key: str, found: Sequence[str]) -> float:
        return len(together[key] & set(found)) / min(CUT, len(together[key]))

    tables = {
        "catalog": {"path": str(folder / "products.jsonl.gz")},
        "fields": {
            "id": "upc",
            "title": "name",
            "text": ["short_description", "long_description"],
            "facets": ["manufacturer"],
        },
        "vectors": [{"name": "name", "encoder": "starter", "reads": ["name"]}],
    }
    with built(shops, tables, "clicks", url) as shop:
        print(f"{len(asked)} products that were clicked with others; nothing is chosen here")
        compared(systems(shop, url), asked, {"clicked together": worth})


def systems(shop: HybridSearch, url: str | None) -> dict[str, System]:
    """Return what is compared, the library first."""
    found = {"similar": ours(shop), "nearest alone": nearest(shop)}
    fields = ("title", "text") if url else ()
    return {**found, **{f"more_like_this on {field}": more_like_this(shop, field) for field in fields}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("fashion", "clicks"), default="fashion")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--url", help="of a server; left out: the embedded engine, without more_like_this")
    parser.add_argument("--small", action="store_true", help="20 products of the sample: proves that it runs")
    options = parser.parse_args()
    if not options.small and options.folder is None:
        parser.error("name the folder of the data, or --small")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.small:
            of_a_kind(sample(), folder, options.url, small=True)
        elif options.what == "clicks":
            clicked(options.folder.resolve(), folder, options.url)
        else:
            of_a_kind(fashion(options.folder.resolve(), folder / "images"), folder, options.url)


if __name__ == "__main__":
    main()
