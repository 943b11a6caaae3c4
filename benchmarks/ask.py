"""Questions of shoppers about attributes of real products: is the right one given, and nothing where none states it?

    python -m benchmarks.ask ICECAT [--seen | --fresh | --blind] [--encoder e5-small-4bit] [--small]

`questions_held.jsonl` has a question in each of six languages for each of 60 attributes, a third without the
attribute's own words, and 120 that no product answers; whoever wrote them knew neither the table of words nor the code.
Words and limits were chosen on `questions.jsonl` (`--seen`): 1,656 questions of 156 attributes, 480 without an answer.
With `--encoder` vectors tell too, as `[questions] encoder` has it; what these add was chosen on the held ones, and
`questions_fresh.jsonl` (`--fresh`) was written before that: 200 of 40 attributes drawn at random, 60 without an answer.
Many variants were measured on these; `questions_blind.jsonl` (`--blind`) was written when all had been chosen: 120 of
40 attributes that no other set has, drawn at random, in three languages each, 36 without an answer.
A question is asked of a product that has the attribute, drawn with a seed; one without an attribute of five products.
Where a product has several places that are as sure, each counts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from hybridsearch.asking.answers import Answer, answered
from hybridsearch.roles import Fields
from hybridsearch.settings import Settings
from hybridsearch.shop.meaning import Meaning

HELD, SEEN, FRESH, BLIND = (
    Path(__file__).with_name(f"{name}.jsonl")
    for name in ("questions_held", "questions", "questions_fresh", "questions_blind")
)
FIELDS = Fields(title="title", text=("short_description",), image=("img_high", "img_low", "img_500x500", "img_thumb"))
SHOP = {"catalog": {"path": "products.jsonl"}, "fields": {"title": "title"}}
SEED = 1
OTHERS = 5
"""Products that a question without an answer is asked of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("icecat", type=Path, help="folder with products.jsonl.gz")
    parser.add_argument("--seen", action="store_true", help="the questions that words and limits were chosen on")
    parser.add_argument("--fresh", action="store_true", help="those on which nothing was chosen")
    parser.add_argument("--blind", action="store_true", help="those that were written after all was chosen")
    parser.add_argument("--encoder", help="of [questions]: by vectors too")
    parser.add_argument("--small", action="store_true", help="30 questions of 2,000 products: proves that it runs")
    options = parser.parse_args()
    with gzip.open(options.icecat / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        products = [json.loads(line) for line, _ in zip(lines, range(2_000 if options.small else 10**9), strict=False)]
    chosen = SEEN if options.seen else FRESH if options.fresh else BLIND if options.blind else HELD
    with chosen.open(encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    meaning = Meaning(Settings.parse({"questions": {"encoder": options.encoder}, **SHOP}, folder=Path()))
    if options.encoder and (why := meaning.of("")[1]):
        raise SystemExit(why[0])
    measure(questions[:: len(questions) // 30] if options.small else questions, products, meaning)


def measure(questions: list[dict[str, Any]], products: list[dict[str, Any]], meaning: Meaning) -> None:
    """Print how many questions are answered rightly, by language, and how many that have no answer."""
    having = defaultdict(list)
    for product in products:
        for name in product:
            having[name].append(product)
    drawn, seconds = random.Random(SEED), []
    asked, right, first = Counter[str](), Counter[str](), 0
    made_up = without = 0
    for question in questions:
        attribute, chosen = question["attribute"], having[question["attribute"]]
        for product in [drawn.choice(chosen)] if chosen else drawn.sample(products, OTHERS) if not attribute else []:
            began = time.perf_counter()
            found = ask(question["question"], product, meaning)
            seconds.append(time.perf_counter() - began)
            if attribute:
                asked[question["language"]] += 1
                right[question["language"]] += attribute in [answer.field for answer in found]
                first += bool(found) and found[0].field == attribute
            else:
                without += 1
                made_up += bool(found)
    shares = ", ".join(f"{language} {right[language] / asked[language]:.2f}" for language in asked)
    print(
        f"{asked.total()} with an answer: {right.total() / asked.total():.3f} right, {first / asked.total():.3f} "
        f"at first place ({shares}); {without} without: {made_up / max(1, without):.3f} answered; "
        f"{1000 * sorted(seconds)[len(seconds) // 2]:.2f} ms each"
    )


def ask(question: str, product: dict[str, Any], meaning: Meaning) -> tuple[Answer, ...]:
    """Return what one product answers."""
    return answered(question, [(product["id"], product)], FIELDS, meaning.of(question)[0]).answers


if __name__ == "__main__":
    main()
