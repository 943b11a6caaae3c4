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
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from hybridsearch.catalog import open_source
from hybridsearch.catalog.groups import Member
from hybridsearch.matching.items import item
from hybridsearch.matching.links import Rivals, candidates
from hybridsearch.matching.model import Model
from hybridsearch.matching.run import Catalogue, Matching, match
from hybridsearch.matching.signs import folded, meanings, vocabulary
from hybridsearch.progress import silent
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog

SEED = 17
SHARES = {"b": 0.7, "c": 0.5}
"""Of the products of `a` that the other sellers have."""
NEAR = 0.3
"""Of the products, those of which a seller has something that nearly is it."""
DROPPED, OF_CODES, SHORTENED = 0.15, 0.03, 0.1
"""Of the words, and of those of letters and digits; a measure and its unit, or two numbers with an x, are one."""
LENGTH = 4
UNITS = {
    "GB": "gigabytes",
    "TB": "terabytes",
    "cm": "centimeter",
    "m": "meters",
    "W": "watts",
    "kg": "kilograms",
    "in.": "inch",
    "ft.": "feet",
}
MEASURE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[ -]?(GB|TB|MB|cm|mm|m|W|kg|g|in\.|ft\.|Hz|ml|l)(?!\w)")
TOGETHER = re.compile(
    r"\d[\d.,]* (?:pc\(s\)|pcs|pages|pixels|GB|TB|MB|cm|mm|m|W|kg|g|in\.|ft\.|Hz|ml|l|mAh|gigabytes|centimeter|meters"
    r"|watts)(?!\w)"
    r"|\d+ x \d+"
)
NEIGHBOURS = 20
SILENT = 0.3
"""Of the offers, those without a price, and without a brand, where the weights are fitted."""
CHOSEN = {"picture": {"same": 3.0, "other": -0.3}}
"""Weights that are not fitted, as the products have no pictures of several shops."""
"""Share of the pairs that must be right where the weights are fitted, to leave room for others."""

Row = dict[str, Any]
Truth = dict[tuple[str, str], str]
"""The product that an offer is of, by seller and id."""


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


def made_up() -> list[Row]:
    """Return a catalogue of goods that nobody sells."""
    chosen = random.Random(SEED)
    brands, kinds, colors = (
        ["Nordhem", "Tirrendo", "Quibrant"],
        ["umbrella", "backpack", "kettle", "lamp"],
        ["red", "blue", "black"],
    )
    return [
        {
            "id": str(number),
            "title": f"{(brand := chosen.choice(brands))} {chosen.choice('ABCDE')}{chosen.randrange(100, 999)} "
            f"{chosen.choice(kinds)} {chosen.choice(colors)} {chosen.randrange(2, 40)} cm",
            "brand": brand,
            "price": chosen.randrange(5, 90),
            "ean": [],
        }
        for number in range(200)
    ]


def part_of(row: Row) -> str:
    """Return the part that a product is in, by its id."""
    return "tune" if zlib.crc32(row["id"].encode()) % 2 else "held-out"


def offers(products: Sequence[Row], codes: float) -> tuple[dict[str, list[Row]], Truth]:
    """Return the offers of each seller, and what each is of."""
    chosen = random.Random(SEED)
    sellers: dict[str, list[Row]] = {"a": [], **{name: [] for name in SHARES}}
    truth: Truth = {}

    def sell(seller: str, row: Row, product: str) -> None:
        key = f"{seller}{len(sellers[seller])}"
        truth[seller, key] = product
        code = row["ean"] if chosen.random() < codes else []
        price = row["price"] and round(row["price"] * (1 if seller == "a" else chosen.lognormvariate(0, 0.1)), 2)
        sellers[seller].append({**row, "id": key, "ean": code, "price": price})

    for row in products:
        sell("a", row, row["id"])
        for seller, share in SHARES.items():
            if chosen.random() < share:
                sell(seller, {**row, "title": otherwise(row["title"], row["brand"], chosen)}, row["id"])
            if chosen.random() < NEAR and (near := nearly(row["title"], chosen)):
                what, title = near
                sell(
                    seller,
                    {**row, "title": otherwise(title, row["brand"], chosen, keeps=what), "ean": []},
                    f"{row['id']} {title}",
                )
    for rows in sellers.values():
        chosen.shuffle(rows)
    return sellers, truth


def otherwise(title: str, brand: str, chosen: random.Random, keeps: str = "") -> str:
    """Return a title as another seller writes it; what makes it another product is kept."""
    if chosen.random() < 0.5:
        title = MEASURE.sub(lambda found: measured(found, chosen), title)
    if brand and title.startswith(f"{brand} ") and chosen.random() < 0.4:
        rest = title.removeprefix(brand).strip()
        title = rest if chosen.random() < 0.3 else f"{rest} {brand}"
    kept = set(keeps.split())
    title = TOGETHER.sub(lambda found: found[0].replace(" ", "_"), title)
    words = [word if is_kept(word, kept) else changed(word, chosen) for word in title.split()]
    left = [word for word in words if is_kept(word, kept) or chosen.random() >= dropped(word)]
    words = left if len(left) >= LENGTH else words
    if chosen.random() < 0.3:
        place = chosen.randrange(len(words))
        words = words[place:] + words[:place]
    if chosen.random() < 0.15 and not keeps:
        chosen.shuffle(words)
    written = " ".join(words).replace("_", " ")
    return chosen.choice([written, written, written.upper(), written.lower()])


def is_kept(word: str, kept: set[str]) -> bool:
    """Tell whether a word, or one of those that stand together, is among those that are kept."""
    return not kept.isdisjoint(word.split("_"))


def dropped(word: str) -> float:
    """Return how often a word is left out: of what names one product less often than of what describes it."""
    coded = any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and not MEASURE.match(word.replace("_", " "))
    return OF_CODES if coded else DROPPED


def measured(found: re.Match[str], chosen: random.Random) -> str:
    """Return a measure written otherwise."""
    amount, unit = found.groups()
    if unit == "cm" and "." not in amount and chosen.random() < 0.3:
        return f"{int(amount) * 10} mm"
    if unit == "TB" and "." not in amount and chosen.random() < 0.3:
        return f"{int(amount) * 1000}GB"
    return chosen.choice([f"{amount}{unit}", f"{amount} {unit}", f"{amount.replace('.', ',')} {UNITS.get(unit, unit)}"])


def changed(word: str, chosen: random.Random) -> str:
    """Return a word as another seller may write it: a colour in another language, shortened, without its hyphen."""
    meaning = meanings("colors").get(folded(word))
    if meaning and chosen.random() < 0.5:
        return str(chosen.choice(vocabulary()["colors"][meaning].split()))
    if "-" in word and word[0].isalpha() and any(map(str.isdigit, word)) and chosen.random() < 0.3:
        return word.replace("-", chosen.choice(["", " "]))
    if word.isalpha() and word.isascii() and len(word) >= 7 and chosen.random() < SHORTENED:
        return f"{word[: chosen.randrange(3, 5)]}."
    return word


def nearly(title: str, chosen: random.Random) -> tuple[str, str] | None:
    """Return what is changed and the title of a product that nearly is another one, if there is a way."""
    words = title.split()
    ways: list[tuple[str, str]] = []
    for place, word in enumerate(words):
        if meaning := meanings("colors").get(folded(word)):
            other = chosen.choice([name for name in vocabulary()["colors"] if name != meaning])
            ways.append((other, " ".join([*words[:place], other, *words[place + 1 :]])))
    if numbers := [place for place, word in enumerate(words) if re.fullmatch(r"\D{0,4}\d{1,4}\D{0,4}", word)]:
        place = chosen.choice(numbers)
        other = re.sub(r"\d+", lambda found: str(int(found[0]) * 2 or 3), words[place])
        ways += [(other, " ".join([*words[:place], other, *words[place + 1 :]]))] * 3
    model = [
        place
        for place, word in enumerate(words)
        if re.search(r"\d", word) and re.search(r"[^\W\d]", word) and len(word) > 4
    ]
    if model:
        place = chosen.choice(model)
        other = re.sub(r"\d(?=\D*$)", lambda found: str((int(found[0]) + chosen.randrange(1, 9)) % 10), words[place])
        ways += [(other, " ".join([*words[:place], other, *words[place + 1 :]]))] * 3
    packed = chosen.choice([2, 3, 5, 10])
    ways += [
        (f"{packed}-pack", f"{title} {packed}-pack"),
        ("bundle with", f"{title} bundle with bag"),
        ("refurbished", f"{title} refurbished"),
    ]
    return chosen.choice(ways)


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
