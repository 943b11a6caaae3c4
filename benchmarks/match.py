"""Offers of several sellers, made from a catalogue whose products are known, and put together again.

    python -m benchmarks.match PRODUCTS [--part held-out|tune|all] [--title FIELD] [--brand FIELD] [--codes SHARE]
    python -m benchmarks.match PRODUCTS --fit model.json
    python -m benchmarks.match --small

PRODUCTS has a product a line of JSON. Seller `a` has them as they are; `b` and `c` have some of them under other
titles: words dropped, shuffled, shortened, the brand at the end, units and colours written otherwise; and beside them
products that nearly are one of `a`: another colour, size or number, several in a pack, a bundle, a used one. A pair is
two offers of two sellers; right are those of one product. The other two systems take for each offer the best one of
each other seller, above the threshold that serves them best on these very pairs. Half of the products are for fitting
the weights (`--fit`, `--part tune`).
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from benchmarks.offers import SEED, Row, Truth, made_up, offers, part_of
from hybridsearch.catalog import open_source
from hybridsearch.catalog.arranged.groups import Member
from hybridsearch.matching.items import item
from hybridsearch.matching.links import Rivals, candidates
from hybridsearch.matching.model import Model
from hybridsearch.matching.run import Catalogue, Matching, match
from hybridsearch.roles import Fields
from hybridsearch.runtime.progress import silent
from hybridsearch.sections import Catalog

NEIGHBOURS = 20
SILENT = 0.3
"""Of the offers, those without a price, and without a brand, where the weights are fitted."""
CHOSEN = {"picture": {"same": 3.0, "other": -0.3}}
"""Weights that are not fitted, as the products have no pictures of several shops."""
"""Share of the pairs that must be right where the weights are fitted, to leave room for others."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path, nargs="?")
    parser.add_argument("--part", choices=["held-out", "tune", "all"], default="held-out")
    parser.add_argument("--title", default="title")
    parser.add_argument("--brand", default="brand")
    parser.add_argument("--code", default="ean")
    parser.add_argument("--codes", type=float, default=0.0, help="share of the offers that have their code")
    parser.add_argument("--most", type=int, default=8_000, help="products")
    parser.add_argument("--fit", type=Path, help="fit the weights on the part for that, and write them here")
    parser.add_argument("--small", action="store_true", help="200 made-up products: proves that it runs")
    options = parser.parse_args()
    if options.small:
        options.title, options.brand, options.part = "title", "brand", "all"
    products = made_up() if options.small else list(read(options.products, options))
    if options.fit:
        fit([row for row in products if part_of(row) == "tune"], options.fit)
        return
    chosen = [row for row in products if options.part in ("all", part_of(row))][: options.most]
    sellers, truth = offers(chosen, options.codes)
    report(sellers, truth, f"{options.part}, {len(chosen):,} products, {options.codes:.0%} with codes")


def read(path: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Yield the products of a file, by the names that offers have."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for place, line in enumerate(file):
            row = json.loads(line)
            title = str(row.get(options.title) or "").strip()
            if title:
                code = row.get(options.code)
                codes = code if isinstance(code, list) else [code] if code else []
                yield {
                    "id": str(row.get("id", place)),
                    "title": title,
                    "brand": str(row.get(options.brand) or "").strip(),
                    "price": row.get("price") or None,
                    "ean": codes[:1],
                }


def report(sellers: Mapping[str, list[Row]], truth: Truth, what: str) -> None:
    """Print how each system does."""
    right = pairs_of(truth)
    print(f"{what}: {sum(map(len, sellers.values())):,} offers, {len(right):,} right pairs")
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        found, reviewed, tally = ours(sellers, Path(name))
        took = time.perf_counter() - started
    say("hybridsearch match", found, right, took)
    hits = len(found & right) + len((reviewed - found) & right)
    print(
        f"  review: {tally.review:,} pairs, {len(reviewed & right):,} right; "
        f"recall with all of them answered {hits / len(right):.3f}"
    )
    wrong = Counter(kind(pair, truth) for pair in found - right)
    print(f"  wrong pairs: {dict(wrong)}")
    for label, score in (("tf-idf cosine", None), ("rapidfuzz token_set", fuzz.token_set_ratio)):
        started = time.perf_counter()
        scored = best_of(sellers, score)
        at_best(label, scored, right, time.perf_counter() - started)


def kind(pair: frozenset[tuple[str, str]], truth: Truth) -> str:
    """Return what kind of a mistake a pair is."""
    products = [truth[offer].split(" ", 1) for offer in pair]
    return "another product" if products[0][0] != products[1][0] else "nearly the same"


def ours(sellers: Mapping[str, list[Row]], folder: Path, model: Model | None = None) -> tuple[Any, Any, Any]:
    """Return the pairs that the command joins, and those that it asks about."""
    fields = Fields(title="title", numbers=("price",))
    catalogues = []
    for name, rows in sellers.items():
        path = folder / f"{name}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        catalogues.append(Catalogue(name, open_source(Catalog(path=path), fields), fields))
    tally = match(catalogues, folder / "groups.jsonl", folder / "review.jsonl", model=model)
    groups = {(each.source, each.product_id): each.group for each in Member.read(folder / "groups.jsonl")}
    asked = [json.loads(line) for line in (folder / "review.jsonl").read_text(encoding="utf-8").splitlines()]
    reviewed = {frozenset((each[half]["source"], each[half]["product_id"]) for half in "ab") for each in asked}
    return pairs_of(groups), reviewed, tally


def pairs_of(groups: Mapping[tuple[str, str], str]) -> set[frozenset[tuple[str, str]]]:
    """Return the pairs of offers of two sellers that are in one group."""
    members = defaultdict(list)
    for offer, group in groups.items():
        members[group].append(offer)
    return {
        frozenset(pair)
        for those in members.values()
        for pair in itertools.combinations(those, 2)
        if pair[0][0] != pair[1][0]
    }


def say(label: str, found: set[Any], right: set[Any], took: float, more: str = "") -> None:
    """Print precision and recall."""
    hits = len(found & right)
    print(f"  {label:20} precision {hits / max(len(found), 1):.4f}  recall {hits / len(right):.4f}  {took:.1f} s{more}")


def best_of(sellers: Mapping[str, list[Row]], score: Callable[[str, str], float] | None) -> list[tuple[float, Any]]:
    """Return for each offer the best one of each seller before, by tf-idf or by another score among its neighbours."""
    tokens = {name: [re.findall(r"\w+", row["title"].lower()) for row in rows] for name, rows in sellers.items()}
    counts = Counter(word for texts in tokens.values() for words in texts for word in set(words))
    total = sum(map(len, tokens.values()))
    weights = {word: 1 + math.log(total / count) for word, count in counts.items()}
    found = []
    for one, other in itertools.combinations(sellers, 2):
        postings: defaultdict[str, list[int]] = defaultdict(list)
        lengths = np.array([math.hypot(*(weights[word] for word in set(words))) or 1 for words in tokens[one]])
        for place, words in enumerate(tokens[one]):
            for word in set(words):
                postings[word].append(place)
        arrays = {word: np.array(places) for word, places in postings.items()}
        for row, words in zip(sellers[other], tokens[other], strict=True):
            cosines = np.zeros(len(lengths))
            for word in set(words) & arrays.keys():
                cosines[arrays[word]] += weights[word] ** 2
            cosines /= lengths * (math.hypot(*(weights[word] for word in set(words))) or 1)
            if score is None:
                place = int(cosines.argmax())
                value = float(cosines[place])
            else:
                near = np.argsort(-cosines)[:NEIGHBOURS]
                titles = [(score(row["title"].lower(), sellers[one][at]["title"].lower()), -at) for at in near.tolist()]
                value, place = max(titles)
                place = -place
            found.append((value, frozenset([(one, sellers[one][place]["id"]), (other, row["id"])])))
    return sorted(found, key=lambda each: -each[0])


def at_best(label: str, scored: Sequence[tuple[float, Any]], right: set[Any], took: float) -> None:
    """Print precision and recall at the threshold with the best F1, and the recall where precision is .98."""
    hits, best, careful = 0, (0.0, 0), 0.0
    for place, (_, pair) in enumerate(scored, 1):
        hits += pair in right
        best = max(best, (2 * hits / (place + len(right)), place))
        if hits / place >= 0.98:
            careful = hits / len(right)
    say(label, {pair for _, pair in scored[: best[1]]}, right, took, f"; recall at precision .98: {careful:.3f}")


def fit(products: Sequence[Row], output: Path) -> None:
    """Fit the weights of the model by logistic regression on the pairs that are compared, and write them.

    The second time only pairs count that have no rival by the first weights: among these the model decides.
    """
    sellers, truth = offers(products, 0.0)
    silence(sellers)
    model, fields = Model.shipped(), Fields(title="title", numbers=("price",))
    with Matching() as store:
        for name, rows in sellers.items():
            for row in rows:
                store.add(item(name, row["id"], row, fields))
        pairs = list(candidates(store, model, silent))
        labels = np.array([truth[named(store, one)] == truth[named(store, other)] for one, other, _, _ in pairs])
        levels = [dict(each) for *_, each in pairs]
        model = fitted(levels, labels, model)
        scored = [((one, other), model.odds(each)) for (one, other, _, _), each in zip(pairs, levels, strict=True)]
        rivals = Rivals(store, scored)
        alone = [rivals.above(*pair, odds - model.lead) is None for pair, odds in scored]
    model = fitted([each for each, led in zip(levels, alone, strict=True) if led], labels[alone], model)
    said = {
        "intercept": model.intercept,
        "match": model.match,
        "review": model.review,
        "lead": model.lead,
        "weights": model.weights,
    }
    output.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(f"{len(pairs):,} pairs, {int(labels.sum()):,} right; wrote {output}", file=sys.stderr)


def fitted(levels: Sequence[Mapping[str, str]], labels: Any, model: Model) -> Model:
    """Return the model with the weights that fit."""
    names = sorted({each for row in levels for each in row.items()})
    place = {each: number for number, each in enumerate(names)}
    inputs = np.zeros((len(levels), len(names) + 1))
    inputs[:, -1] = 1
    for number, row in enumerate(levels):
        inputs[number, [place[each] for each in row.items()]] = 1
    solved = [round(float(weight), 2) for weight in logistic(inputs, labels)]
    weights: dict[str, dict[str, float]] = {}
    for (name, level), weight in zip(names, solved, strict=False):
        weights.setdefault(name, {})[level] = weight + 0.0
    return replace(model, intercept=solved[-1], weights=weights | CHOSEN)


def silence(sellers: Mapping[str, list[Row]]) -> None:
    """Take price and brand from some offers, so that it is learned what to make of their absence."""
    chosen = random.Random(SEED)
    for row in itertools.chain.from_iterable(sellers.values()):
        row.update({name: None for name in ("price", "brand") if chosen.random() < SILENT})


def named(store: Matching, place: int) -> tuple[str, str]:
    """Return seller and id of an offer."""
    found = store.at(place)
    return found.source, found.id


def logistic(inputs: Any, labels: Any, decay: float = 1.0) -> Any:
    """Return the weights of a logistic regression, by Newton's method; the last one, of the intercept, is free."""
    weights = np.zeros(inputs.shape[1])
    decays = np.full(inputs.shape[1], decay)
    decays[-1] = 1e-6
    for _ in range(30):
        chances = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (labels - chances) - decays * weights
        curve = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + np.diag(decays)
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


if __name__ == "__main__":
    main()
