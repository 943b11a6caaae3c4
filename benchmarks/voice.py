"""What of a search is kept where its words are spoken.

    python -m benchmarks.voice --model FOLDER [--products FILE --judgments FILE] [--small]

Judged queries are spoken by two voices of flite in turn and understood by a Whisper model. For each way: how many have
exactly the words that were typed, and the nDCG@10 of what is found, beside that of the typed query. `heard` is the
recogniser alone; `chosen` lets the words of the index decide between its texts; `widened` also searches for what a
word may have been, as a search does; `hints` is that with frequent words of the catalogue told beforehand, never with
those of the queries. Then the seconds of a call, of which all but some milliseconds are the recogniser's. Without
files it is the sample catalogue.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hybridsearch import HybridSearch, Settings, Transcript
from hybridsearch.learning.gate import interval
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources import judgments as judging
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.sample import __file__ as sample
from hybridsearch.search.words import heard
from hybridsearch.shop.listening import sound_of
from hybridsearch.shop.shop import lexicon_of
from hybridsearch.texts import text
from tests.servers.whisper import say

VOICES = ("slt", "rms")
HINTS = 60


def open_shop(folder: Path, products: Path, model: Path) -> HybridSearch:
    """Return the shop of a catalogue, which is indexed."""
    tables: dict[str, Any] = {
        "catalog": {"path": str(products), "fetch": False},
        "fields": {"title": "title", "text": ["short_description", "description", "brand"]},
        "voice": {"recogniser": str(model), "languages": ["en"], "hints": HINTS},
    }
    shop = HybridSearch.open(Settings.parse(tables, folder=folder))
    shop.reindex()
    return shop


def exact(said: str, query: str) -> bool:
    """Tell whether the same words were heard."""
    return text.query_words(said) == text.query_words(query)


def spoken(
    shop: HybridSearch, queries: Sequence[JudgedQuery], hints: Sequence[str]
) -> tuple[list[Transcript], list[float]]:
    """Return what the recogniser alone hears of each query, and the seconds that it took."""
    found, took = [], []
    for number, query in enumerate(queries):
        sound = sound_of(say(query.text, VOICES[number % len(VOICES)]), 15.0, 10.0)
        started = time.perf_counter()
        found.append(shop.listening.recogniser.transcribe(sound, ["en"], hints))
        took.append(time.perf_counter() - started)
    return found, took


def measure(shop: HybridSearch, queries: Sequence[JudgedQuery]) -> None:
    """Print exact words and nDCG@10 of each way, and its difference to the typed queries."""
    lexicon, _ = lexicon_of(shop.engine)
    languages = shop.engine.schema().fields.languages
    plain, took = spoken(shop, queries, ())
    hinted, _ = spoken(shop, queries, heard.hints(lexicon, HINTS) if lexicon else ())
    chosen = [heard.best(said, lexicon, languages) for said in plain]
    ways: Mapping[str, Sequence[str | Transcript]] = {
        "typed": [query.text for query in queries],
        "heard": [said.text for said in plain],
        "chosen": [said.text for said in chosen],
        "widened": chosen,
        "hints": [heard.best(said, lexicon, languages) for said in hinted],
    }
    worth: dict[str, list[float]] = {}
    for name, asked in ways.items():
        right = sum(
            exact(each if isinstance(each, str) else each.text, q.text) for each, q in zip(asked, queries, strict=True)
        )
        worth[name] = [ndcg(found(shop, each), query.grades) for each, query in zip(asked, queries, strict=True)]
        line = f"{name:8} exact {right:3} of {len(queries)}   nDCG@10 {statistics.mean(worth[name]):.3f}"
        print(line if name == "typed" else f"{line}   {interval(compare(worth[name], worth['typed']))}")
    print(f"recogniser p50 {statistics.median(took):.2f} s, longest {max(took):.2f} s")
    overhead(shop, queries[0])


def found(shop: HybridSearch, asked: str | Transcript) -> list[str]:
    """Return what a query finds."""
    page = shop.search(asked) if isinstance(asked, str) else shop.search(audio=asked)
    return [hit.id for hit in page]


def overhead(shop: HybridSearch, query: JudgedQuery) -> None:
    """Print what a search by voice takes beside its recogniser and the search for the same words."""
    recording, told = say(query.text), Transcript(query.text, "en")
    shop.listening._recogniser = Instantly(told)
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(20):
        for aloud in took:
            started = time.perf_counter()
            shop.search(audio=recording) if aloud else shop.search(query.text)
            took[aloud].append(time.perf_counter() - started)
    with_voice, without = (1000 * statistics.median(took[each]) for each in (True, False))
    print(f"typed p50 {without:.1f} ms, spoken without the recogniser {with_voice:.1f} ms")


class Instantly:
    """A recogniser that takes no time."""

    def __init__(self, told: Transcript) -> None:
        self._told = told

    def transcribe(self, *_: Any) -> Transcript:
        """Return what was said."""
        return self._told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="a Whisper model of CTranslate2")
    parser.add_argument("--products", type=Path, default=Path(sample).parent / "products.jsonl")
    parser.add_argument("--judgments", type=Path, default=Path(sample).parent / "judgments.tsv")
    parser.add_argument("--small", action="store_true", help="four queries: proves that it runs")
    options = parser.parse_args()
    judged = judging.read(options.judgments.resolve()).queries
    english = [query for query in judged if query.answerable and not query.image and query.text.isascii()]
    queries = [replace(query, filters={}) for query in english][: 4 if options.small else None]
    with (
        tempfile.TemporaryDirectory() as name,
        open_shop(Path(name), options.products.resolve(), options.model.resolve()) as shop,
    ):
        shop.warm_up()
        measure(shop, queries)


if __name__ == "__main__":
    main()
