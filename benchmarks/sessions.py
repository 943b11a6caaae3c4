"""What `tune` learns of a taste from the log of made-up sessions, with tastes and without.

    python -m benchmarks.sessions [--fashion FOLDER] [--small]

The persons of `benchmarks.taste`: each looks at some products on a page without words, then searches for a kind of
article, and clicks. Whether a rank is looked at depends on the rank, 1 / rank ** 0.7; whether a product that is looked
at is clicked, on its grade. `planted`: the grades are by the person's own taste; `none`: by that of another one, so
that what was looked at says nothing of what is clicked. `as ranked`: pages are in the order of the search; `varied`:
in one that changes from day to day, so that the log tells how many look at each rank. For each log: what was chosen on
sessions, and whether the gate let it pass.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.catalogue import SEED
from benchmarks.similar import built, fashion
from benchmarks.taste import Session, sessions, shop_of_sample
from hybridsearch import HybridSearch
from hybridsearch.learning import histories
from hybridsearch.learning.gate import interval
from hybridsearch.learning.sources import judgments
from hybridsearch.learning.taste import Strength, tune_taste, with_history
from hybridsearch.runtime.progress import silent

SESSIONS = 1_000
PAGE = 24
CHANCES = {0.0: 0.02, 1.0: 0.1, 3.0: 0.3, 5.0: 0.6}
"""Of a click on a product that is looked at, by grade."""
FALL = 0.7
CHANGES = 6.0
"""Ranks by which products move from one day to the next (standard deviation)."""


def clicks(shown: Sequence[str], grades: Mapping[str, float], chance: random.Random) -> list[str]:
    """Return what a person clicks on a page."""
    looks = (key for rank, key in enumerate(shown, 1) if chance.random() < rank**-FALL)
    return [key for key in looks if chance.random() < CHANCES[grades.get(key, 0.0)]]


def log(shop: HybridSearch, found: Sequence[Session], planted: bool, varied: bool) -> Iterator[dict[str, Any]]:
    """Yield the lines of a log."""
    chance = random.Random(SEED)
    pages: dict[str, list[str]] = {}
    strangers = list(found)
    chance.shuffle(strangers)
    for number, (session, stranger) in enumerate(zip(found, strangers, strict=True)):
        own, asked = session, session if planted else stranger
        if asked.query not in pages:
            pages[asked.query] = [hit.id for hit in shop.search(asked.query, size=PAGE)]
        shown = pages[asked.query]
        if varied:
            order = [rank + chance.gauss(0, CHANGES) for rank in range(len(shown))]
            shown = [key for _, key in sorted(zip(order, shown, strict=True))]
        browsed = {"query_id": f"b{number}", "session_id": f"s{number}"}
        searched = {"query_id": f"q{number}", "session_id": f"s{number}"}
        yield {**browsed, "user_query": "", "query_response_object_ids": list(own.history)}
        yield from (acted(browsed, key) for key in own.history)
        yield {**searched, "user_query": asked.query, "query_response_object_ids": shown}
        yield from (acted(searched, key) for key in clicks(shown, asked.grades, chance))


def acted(names: Mapping[str, str], key: str) -> dict[str, Any]:
    """Return the line of a click."""
    return {**names, "action_name": "click_through", "event_attributes": {"object": {"object_id": key}}}


def measure(shop: HybridSearch, file: Path) -> None:
    """Print what is learned from a log."""
    judged = judgments.read(file)
    if not judged.personal:
        print("  refused:", *(note for note in judged.notes if note.startswith(judgments.UNCORRECTED)))
        return
    weights, _ = shop.weights_for(shop.engine.schema())
    found = histories.ask(shop, judged, weights, file.parent, silent)
    learned = tune_taste(found, Strength.of(weights))
    print(f"  eval: {with_history(found, weights)}")
    print(f"  {'accepted' if learned.activate else 'refused'}: a taste of {learned.strength}. {learned.reason}")
    if learned.gain and learned.before is not None:
        print(f"  without histories {learned.without:.4f}, prior {learned.before:.4f}: {interval(learned.gain)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fashion", type=Path, metavar="FOLDER", help="products and photos; left out: the sample")
    parser.add_argument("--small", action="store_true", help="60 sessions: proves that it runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalogue = fashion(options.fashion.resolve(), folder / "images") if options.fashion else shop_of_sample()
        found = sessions(catalogue, catalogue.kind, 60 if options.small else SESSIONS)
        tables = {
            "catalog": {"path": str(catalogue.file), "images": str(catalogue.images)},
            "fields": {
                "title": "title",
                "image": "image",
                "facets": list(dict.fromkeys((catalogue.kind, *catalogue.facets, "color"))),
            },
            "vectors": [{"name": "image", "encoder": "starter"}],
        }
        with built(folder, tables, "sessions", None) as shop:
            for varied in (True, False):
                for planted in (True, False):
                    print(f"{'planted' if planted else 'none'}, {'varied' if varied else 'as ranked'}")
                    file = folder / f"{planted}-{varied}.jsonl"
                    lines = log(shop, found, planted, varied)
                    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
                    measure(shop, file)


if __name__ == "__main__":
    main()
