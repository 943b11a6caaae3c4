"""What `hybridsearch align` is worth on a catalogue: retrieval on held-out products before and after.

    python -m benchmarks.align --config fashion.toml --data DATA/fashion [--seed 0] [--threads 1] [--small]

The configuration names an image leg, and facets `article_type` and `color`. The folder holds what the training never
sees: article_type_translations.jsonl.gz (types in six languages) and judgments.jsonl.gz, whose queries of the kind
`color` are asked. All figures are of the products that `align` held out, a fifth of all, each query against all of
their pictures. P@10 divides by ten, even where fewer are relevant; behind it, in brackets, by what can be found. Types
and colours that no held-out product has are left out; of the colours of `fashion` 36 or so stay.
--small takes the sample catalogue and a few steps; its figures mean nothing.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsearch import sample
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.run import align, chosen_leg
from hybridsearch.encoders import Encoder, load_encoder
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.indexing.build import picture_loader, source_of
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Row, Vectors

SAMPLE = Path(sample.__file__).parent
SMALL = Recipe(heads=2, full=2, batch=16, replayed=8, translated=4, every=2)
AT_ONCE = 64
Query = tuple[str, str]
"""What is typed, and the value that relevant products have."""


def lines_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a gzipped JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def queries_of(data: Path) -> Mapping[str, tuple[str, list[Query]]]:
    """Return field and queries by name: article types in each language, and colours."""
    types = list(lines_of(data / "article_type_translations.jsonl.gz"))
    tags = [tag for tag in types[0] if tag != "article_type"]
    spoken = {f"types {tag[:2]}": [(row[tag], row["article_type"]) for row in types if tag in row] for tag in tags}
    colours = {row["query"] for row in lines_of(data / "judgments.jsonl.gz") if row["kind"] == "color"}
    return {
        **{name: ("article_type", asked) for name, asked in spoken.items()},
        "colours": ("color", [(colour, colour) for colour in sorted(colours)]),
    }


def held_out(settings: Settings, ids: Sequence[str]) -> list[Row]:
    """Return the rows of the products that were held out."""
    wanted = set(ids)
    return [each.row for each in source_of(settings).read() if isinstance(each, Product) and each.id in wanted]


def encoded(settings: Settings, encoder: Encoder, rows: Sequence[Row]) -> Vectors:
    """Encode the pictures of products, as a rebuild does."""
    with Fetcher() as fetcher:
        load = picture_loader(settings, fetcher)
        field = str(settings.fields.image)
        parts = [
            encoder.encode_images([decode(load(str(row[field]))) for row in rows[start : start + AT_ONCE]])
            for start in range(0, len(rows), AT_ONCE)
        ]
    return np.concatenate(parts)


def precision(encoder: Encoder, pictures: Vectors, values: Sequence[Any], queries: Sequence[Query]) -> dict[str, float]:
    """Return P@10 over the queries that a product answers, and the same over what can be found."""
    had = np.asarray([str(value) for value in values])
    asked = [(text, value) for text, value in queries if (had == value).any()]
    scores = encoder.encode_texts([text for text, _ in asked]) @ pictures.T
    relevant = np.stack([had == value for _, value in asked])
    first = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    hits = np.take_along_axis(relevant, first, axis=1).sum(axis=1)
    return {
        "P@10": round(float(np.mean(hits / 10)), 3),
        "of possible": round(float(np.mean(hits / np.minimum(10, relevant.sum(axis=1)))), 3),
        "queries": len(asked),
    }


def small(folder: Path) -> tuple[Settings, Mapping[str, tuple[str, list[Query]]]]:
    """Return the sample catalogue and some queries."""
    fields = {"title": "title", "facets": ["category", "color"], "image": "image"}
    leg = {"name": "image", "encoder": "starter"}
    data = {"catalog": {"path": str(SAMPLE / "products.jsonl")}, "fields": fields, "vectors": [leg]}
    colours = [(colour, colour) for colour in ("red", "blue", "green", "black", "white")]
    return Settings.parse(data, folder=folder), {"colours": ("color", colours)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        if options.small:
            settings, queries = small(Path(scratch))
        else:
            settings, queries = Settings.load(options.config), queries_of(options.data)
        measure(settings, queries, options.seed, SMALL if options.small else Recipe())


def tell(stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}) -> None:
    """Print now and then how far the run is."""
    if done % 100 == 0:
        print(f"{stage} {done} of {total} {dict(counts)}", flush=True)


def measure(settings: Settings, queries: Mapping[str, tuple[str, list[Query]]], seed: int, recipe: Recipe) -> None:
    """Align, and print all figures before and after."""
    began, busy = time.monotonic(), time.process_time()
    report = align(settings, seed=seed, recipe=recipe, progress=tell)
    print(f"{time.monotonic() - began:.0f} s, {time.process_time() - busy:.0f} s of them computing")
    said = report.to_json()
    print(json.dumps({name: said[name] for name in ("adopted", "reason", "counts", "before", "after", "comparisons")}))
    print(json.dumps(said["training"]))
    rows = held_out(settings, report.held_out)
    names = [("before", chosen_leg(settings, None).encoder)]
    names += [("after", report.encoder)] if report.encoder else []
    for label, name in names:
        encoder = load_encoder(name, folder=settings.folder)
        pictures = encoded(settings, encoder, rows)
        for query, (field, asked) in queries.items():
            found = precision(encoder, pictures, [row.get(field) for row in rows], asked)
            print(
                f"{label:7}{query:12}P@10 {found['P@10']:.3f} ({found['of possible']:.3f}), {found['queries']} queries"
            )


if __name__ == "__main__":
    main()
