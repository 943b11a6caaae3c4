"""How many queries find nothing: those that mean nothing, those for goods that a shop does not sell, and real ones.

    python -m benchmarks.nonsense --config FILE [--judgments judgments.jsonl.gz] [--sells electronics,sport] [--seed 7]

The gibberish is drawn from a seed: runs of a keyboard, letters, syllables of the index's own words, and characters of
Chinese and Japanese where the shop has these languages. The fresh one is walks on a keyboard, letters, syllables of any
language, letters over and over, and letters with digits. The other goods are those of goods.tsv, without the categories
that the shop sells, and without queries all of whose words the index has. With judgments, the share of real queries
that find nothing, and of those that `proof` made poorer in nDCG@10.
"""

import argparse
import csv
import random
import string
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hybridsearch import HybridSearch
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.sources import judgments
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.texts import text

GOODS = Path(__file__).with_name("goods.tsv")
COUNT, SMALL = 200, 5
"""Queries of each sort, and with --small."""
SEED = 7
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
KANA = (range(0x3042, 0x3093), range(0x30A2, 0x30F3))
HAN = range(0x4E00, 0x9FA0)


def gibberish(lexicon: Lexicon, languages: Sequence[str], count: int) -> list[str]:
    """Return queries without a meaning, one word or two."""
    luck = random.Random(SEED)
    makers: list[Callable[[], str]] = [lambda: letters(luck), lambda: keys(luck), *[syllables(lexicon, luck)] * 2]
    if "ja" in languages:
        makers += [lambda: characters(luck.choice(KANA), luck)] * 2
    if {"ja", "zh"} & set(languages):
        makers += [lambda: characters(HAN, luck)]
    found: dict[str, None] = {}
    while len(found) < count:
        make = luck.choice(makers)
        found.setdefault(" ".join(make() for _ in range(luck.choice((1, 2)))))
    return list(found)


def fresh(count: int, seed: int) -> list[str]:
    """Return queries without a meaning of five kinds in turn, that nothing was set on: give another seed for others."""
    luck = random.Random(seed)
    kinds = (walk, letters, sounds, repeated, mixed)
    found: dict[str, None] = {}
    while len(found) < count:
        make = kinds[len(found) % len(kinds)]
        found.setdefault(" ".join(make(luck) for _ in range(luck.choice((1, 2)))))
    return list(found)


def walk(luck: random.Random) -> str:
    """Return keys of a row, each a few from the one before."""
    row = luck.choice(KEYS)
    place, found = luck.randrange(len(row)), ""
    for _ in range(luck.randint(4, 9)):
        found += row[place]
        place = min(max(place + luck.choice((-2, -1, 1, 2)), 0), len(row) - 1)
    return found


def sounds(luck: random.Random) -> str:
    """Return syllables of a consonant and a vowel."""
    return "".join(luck.choice("bcdfghjklmnprstvwz") + luck.choice("aeiou") for _ in range(luck.randint(2, 4)))


def repeated(luck: random.Random) -> str:
    """Return up to three letters over and over."""
    return ("".join(luck.choices(string.ascii_lowercase, k=luck.randint(1, 3))) * 9)[: luck.randint(5, 10)]


def mixed(luck: random.Random) -> str:
    """Return letters and digits."""
    return "".join(luck.choices(string.ascii_lowercase + string.digits * 2, k=luck.randint(5, 10)))


def letters(luck: random.Random) -> str:
    return "".join(luck.choices(string.ascii_lowercase, k=luck.randint(4, 10)))


def keys(luck: random.Random) -> str:
    row = luck.choice(KEYS)
    start = luck.randrange(len(row) - 3)
    return row[start : start + luck.randint(4, 8)]


def characters(of: range, luck: random.Random) -> str:
    return "".join(map(chr, luck.choices(of, k=luck.randint(3, 6))))


def syllables(lexicon: Lexicon, luck: random.Random) -> Callable[[], str]:
    """Return what makes words that sound like those of the index, and are none."""
    following = defaultdict(list)
    words = [f"^^{word}$" for word in lexicon.counts if word.isascii() and word.isalpha() and len(word) > 3]
    for word in words:
        for first, second, third in zip(word, word[1:], word[2:], strict=False):
            following[first + second].append(third)

    def make() -> str:
        while words:
            word = "^^"
            while not word.endswith("$") and len(word) < 14:
                word += luck.choice(following[word[-2:]])
            made = word.strip("^$")
            if len(made) > 4 and not lexicon.counts.get(made):
                return made
        return letters(luck)

    return make


def other_goods(lexicon: Lexicon, languages: Sequence[str], sells: Sequence[str], count: int) -> list[str]:
    """Return queries for goods of categories that a shop does not sell."""
    with GOODS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["category"] not in sells]
    of = [row["query"] for row in rows if row["language"] in languages]
    unknown = [query for query in of if not all(map(lexicon.counts.get, text.query_words(query)))]
    random.Random(SEED).shuffle(unknown)
    return unknown[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--judgments", type=Path, default=None)
    parser.add_argument("--sells", default="", help="categories of goods.tsv that the shop sells")
    parser.add_argument("--seed", type=int, default=SEED, help="of the fresh gibberish")
    parser.add_argument("--small", action="store_true", help="five queries of each: proves that it runs")
    options = parser.parse_args()
    count = SMALL if options.small else COUNT
    with HybridSearch.open(options.config) as shop:
        languages, lexicon = shop.engine.schema().fields.languages, shop.engine.lexicon()
        sorts = {
            "gibberish": gibberish(lexicon, languages, count),
            "fresh": fresh(count, options.seed),
            "other goods": other_goods(lexicon, languages, options.sells.split(","), count),
        }
        for sort, queries in sorts.items():
            empty = [query for query in queries if not shop.search(query).total]
            print(f"{sort:12} {len(queries)} queries, {len(empty) / max(1, len(queries)):.1%} find nothing")
        if options.judgments:
            measure(shop, options.judgments, count if options.small else None)


def measure(shop: HybridSearch, file: Path, count: int | None) -> None:
    """Print what becomes of real queries."""
    judged = [query for query in judgments.read(file).queries if query.answerable and query.text][:count]
    weights, _ = shop.weights_for(shop.engine.schema())
    off = weights.model_copy(update={"proof": 0.0})
    pages = [[shop.engine.search(shop.plan(query.text, weights=used)) for query in judged] for used in (weights, off)]
    scores = [
        np.array([ndcg([hit.id for hit in page], query.grades) for page, query in zip(each, judged, strict=True)])
        for each in pages
    ]
    empty = [np.mean([not page.total for page in each]) for each in pages]
    print(
        f"real         {len(judged)} queries, {empty[0]:.1%} find nothing, without proof {empty[1]:.1%}; "
        f"poorer by it {np.mean(scores[0] < scores[1] - 1e-9):.1%}, nDCG@10 {scores[0].mean():.4f}, "
        f"without {scores[1].mean():.4f}"
    )


if __name__ == "__main__":
    main()
