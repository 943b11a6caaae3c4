"""Kinds of goods asked for by their names in six languages, in a shop whose titles are English; words alone.

    python -m benchmarks.abroad [FASHION] [--small]

FASHION is a folder with `products.jsonl.gz` (`id`, `title`, `article_type`) and `article_type_translations.jsonl.gz`
(`article_type`, and what it is called by `en-US`, `de-DE` and so on). P@10 is the share of the first ten that are of
the kind. `without` is without what goods and colours are called in other languages. Without a folder the catalogue is
made of the names that the dictionary has, which proves no more than that it runs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

from benchmarks.catalogue import LANGUAGES
from hybridsearch import HybridSearch
from hybridsearch.encoders.goods import kinds
from hybridsearch.settings import Settings

WITHOUT = "hybridsearch.search.words.reading.called_here"
KIND = "article_type"


def fashion(folder: Path) -> tuple[list[dict[str, str]], list[Mapping[str, str]]]:
    """Return the products of a folder, and the names of their kinds by language, and by KIND as products have it."""
    rows, names = (lines(folder / f"{name}.jsonl.gz") for name in ("products", "article_type_translations"))
    sold = {row[KIND] for row in rows}
    return rows, [
        {KIND: row[KIND], **{key[:2]: name for key, name in row.items() if key != KIND}}
        for row in names
        if row[KIND] in sold
    ]


def lines(path: Path) -> list[dict[str, str]]:
    """Return the objects of a packed file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def made(count: int) -> tuple[list[dict[str, str]], list[Mapping[str, str]]]:
    """Return three products of each of some kinds of goods, and their names."""
    some = dict(list(kinds().items())[:count])
    rows = [{"id": f"{name}-{number}", "title": f"{name} {number}", KIND: name} for name in some for number in range(3)]
    return rows, [{KIND: name, **names} for name, names in some.items()]


def precision(shop: HybridSearch, names: Sequence[Mapping[str, str]], language: str) -> tuple[float, int]:
    """Return the mean P@10 of the names in a language, and how many find nothing."""
    pages = [(row[KIND], shop.search(row[language], size=10)) for row in names]
    right = sum(hit.product[KIND] == kind for kind, page in pages for hit in page)
    return right / 10 / len(names), sum(not page.total for _, page in pages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fashion", type=Path, nargs="?")
    parser.add_argument("--small", action="store_true", help="ten kinds: proves that it runs")
    options = parser.parse_args()
    rows, names = fashion(options.fashion) if options.fashion else made(10 if options.small else 200)
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "products.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        tables = {"catalog": {"path": "products.jsonl"}, "fields": {"title": "title", "languages": ["en"]}}
        with HybridSearch.open(Settings.parse(tables, folder=Path(home))) as shop:
            shop.reindex()
            for language in LANGUAGES:
                named = [row for row in names if language in row]
                with mock.patch(WITHOUT, lambda words, *_: list(words)):
                    before, empty_before = precision(shop, named, language)
                now, empty = precision(shop, named, language)
                line: dict[str, str | float] = {"P@10": round(now, 3), "empty": empty, "without": round(before, 3)}
                line |= {"language": language, "queries": len(named), "empty_without": empty_before}
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
