"""What a person's history gains, in made-up sessions with planted tastes.

    python -m benchmarks.taste [--fashion FOLDER] [--small]

A person of these sessions likes a colour and one value of another field. They looked at some products, of which seven
in ten are to their taste, then search for a kind of article. A product of that kind has grade 1, and 2 more for each
part of the taste that it meets; all others 0. `shown`: the colour is a facet; `hidden`: it is in photos and titles
alone. The bound of the taste is chosen on half of the sessions, and the gain of nDCG@10 reported on the others, with
its paired interval; beside it what a history costs that is somebody else's, and that without one nothing changes. The
catalogue is the sample, or that of a folder with photos.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.catalogue import SEED
from benchmarks.similar import Catalogue, built, fashion, sample
from hybridsearch import HybridSearch
from hybridsearch.learning.gate import interval
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.significance import compare
from hybridsearch.search.weights import prior

BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
SESSIONS = 400
LOOKED_AT = (2, 8)
"""Products that a person looked at, at least and at most."""
TO_TASTE = 0.7
FEW, MANY, LARGE = 4, 30, 5_000
"""Products that a kind must have in a small catalogue and in a large one, and what is large."""


@dataclass(frozen=True)
class Session:
    """What a person looked at and searched for, and what each product would be worth to them."""

    history: tuple[str, ...]
    query: str
    grades: Mapping[str, float]


def shop_of_sample() -> Catalogue:
    """Return the sample catalogue, with its categories and brands."""
    return replace(sample(), kind="category", facets=("brand",))


def sessions(catalogue: Catalogue, kind: str, count: int) -> list[Session]:
    """Return sessions with planted tastes.

    Args:
        catalogue: Its colour and its first facet are what people like.
        kind: Field with the kinds of articles.
        count: How many.
    """
    chosen = random.Random(SEED)
    rows = catalogue.rows
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for key, row in rows.items():
        by_kind[row.get(kind) or ""].append(key)
    enough = FEW if len(rows) < LARGE else MANY
    kinds = sorted(name for name, keys in by_kind.items() if name and len(keys) >= enough)
    likes = (catalogue.colour, catalogue.facets[0])
    found: list[Session] = []
    while len(found) < count:
        person = rows[chosen.choice(sorted(rows))]
        liked = {name: person.get(name) for name in likes}
        fitting = [key for key, row in rows.items() if all(row.get(name) == liked[name] for name in likes)]
        name = chosen.choice(kinds)
        grades = {key: 1.0 + 2.0 * sum(rows[key].get(part) == liked[part] for part in likes) for key in by_kind[name]}
        if len(fitting) < LOOKED_AT[0] or None in liked.values() or len(set(grades.values())) < 2:
            continue
        history = [
            chosen.choice(fitting if chosen.random() < TO_TASTE else sorted(rows))
            for _ in range(chosen.randint(*LOOKED_AT))
        ]
        shown = {key: grade for key, grade in grades.items() if key not in history}
        found.append(Session(tuple(dict.fromkeys(history)), name, shown))
    return found


def worth(shop: HybridSearch, session: Session, history: Sequence[str] | None, bound: float) -> float:
    """Return nDCG@10 of a session's search, products of the history left out of the ranking."""
    weights = prior().model_copy(update={"taste": bound})
    page = shop.search(session.query, history=history, weights=weights, size=10 + LOOKED_AT[1])
    ids = [hit.id for hit in page if hit.id not in session.history]
    return ndcg(ids, session.grades)


def measure(shop: HybridSearch, found: Sequence[Session], bounds: Sequence[float]) -> None:
    """Choose the bound on one half of the sessions, and print what it gains on the other."""
    choosing, held_out = list(found[::2]), list(found[1::2])
    means = {
        bound: statistics.mean(worth(shop, each, each.history, bound) for each in choosing) for bound in (0.0, *bounds)
    }
    for bound, mean in means.items():
        print(f"  bound {bound}: nDCG@10 {mean:.4f} on {len(choosing)} sessions")
    best = max(means, key=means.__getitem__)
    plain = [worth(shop, each, None, best) for each in held_out]
    print(f"  held-out sessions {len(held_out)}, without a history {statistics.mean(plain):.4f}")
    for bound in dict.fromkeys((best, prior().taste)):
        own = [worth(shop, each, each.history, bound) for each in held_out]
        others = held_out[1:] + held_out[:1]
        strange = [worth(shop, each, other.history, bound) for each, other in zip(held_out, others, strict=True)]
        gain = compare(own, plain)
        said = "accepted" if gain.sign > 0 else "refused"
        print(f"  bound {bound}: own history gains {interval(gain)}: {said}")
        print(f"  bound {bound}: somebody else's history gains {interval(compare(strange, plain))}")
    none = [worth(shop, each, [], best) for each in held_out]
    print(f"  an empty history changes {sum(a != b for a, b in zip(none, plain, strict=True))} searches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fashion", type=Path, metavar="FOLDER", help="products and photos; left out: the sample")
    parser.add_argument("--small", action="store_true", help="12 sessions: proves that it runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalogue = fashion(options.fashion.resolve(), folder / "images") if options.fashion else shop_of_sample()
        kind = catalogue.kind
        found = sessions(catalogue, kind, 12 if options.small else SESSIONS)
        for setup, facets in (("shown", (*catalogue.facets, "color")), ("hidden", catalogue.facets)):
            tables = {
                "catalog": {"path": str(catalogue.file), "images": str(catalogue.images)},
                "fields": {"title": "title", "image": "image", "facets": list(dict.fromkeys((kind, *facets)))},
                "vectors": [{"name": "image", "encoder": "starter"}],
            }
            with built(folder, tables, setup, None) as shop:
                print(f"{setup}: {', '.join(facets)} are facets")
                measure(shop, found, BOUNDS[:2] if options.small else BOUNDS)


if __name__ == "__main__":
    main()
