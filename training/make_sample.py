"""Build the sample catalogue: products, pictures, judgments and one query photo, all of our own making.

    python -m training.make_sample --out hybridsearch/sample

Every kind gets two designs in two languages; a design comes in several colours (its variants share `group`).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridsearch.align.lexicon import LANGUAGES, Concept, lexicon
from training import sample_words as words
from training.render import PATTERNS, render

SEED = 11
PHOTO = ("mug", "red")
EDGE = 112  # pixels of a catalogue picture
COLOURS_OF_A_DESIGN = (
    5,
    3,
)  # the second design repeats colours of the first, so that a query has several right answers
PATTERNED = ("wear", "shoes", "carry")
MIXED_EVERY = 7  # one design in this many mixes English into its title
QUERIES_PER_LANGUAGE = 14
Product = dict[str, Any]


@dataclass(frozen=True)
class Design:
    """One model of one kind, before it gets its colours."""

    kind: Concept
    department: str
    language: str
    brand: str
    pattern: str
    drawing: int
    number: int


def ean(number: int) -> str:
    """Make a 13-digit code in the range 20..29, which shops use inside the house and nobody else may print."""
    digits = f"20{number:010d}"
    weighted = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def designs(rng: random.Random) -> Iterator[Design]:
    """Lay out the range: two designs a kind, languages in turn so that each gets its share."""
    number = 0
    for department, (names, _, _) in words.RANGE.items():
        for name in names.split():
            for drawing in range(len(COLOURS_OF_A_DESIGN)):
                language = LANGUAGES[(number + number // 12) % len(LANGUAGES)]
                plain = drawing == 0 or department not in PATTERNED or rng.random() < 0.5
                pattern = "plain" if plain else rng.choice(PATTERNS[1:])
                yield Design(
                    lexicon().concepts["kind"][name],
                    department,
                    language,
                    rng.choice(words.BRANDS),
                    pattern,
                    drawing,
                    number,
                )
                number += 1


def title(design: Design, colour: str, rng: random.Random) -> str:
    """Write the title as a shop of that language would."""
    concepts, language = lexicon().concepts, design.language
    noun, hue = design.kind.usual(language), concepts["colour"][colour].usual(language)
    motif = concepts["pattern"][design.pattern].usual(language) if design.pattern != "plain" else None
    people = rng.choice(("men", "women", "kids")) if words.RANGE[design.department][2] else ""
    mixed = design.number % MIXED_EVERY == 3
    text = words.TITLES[language][mixed].format(
        brand=design.brand,
        series=words.SERIES[design.number % len(words.SERIES)],
        kind=noun.text,
        english=design.kind.usual("en").text,
        colour=hue.agreeing(noun),
        base=hue.text,
        pattern=motif.agreeing(noun) if motif else "",
        pattern_base=motif.text if motif else "",
        for_whom=concepts["word"][people].usual(language).text if people else "",
    )
    text = " ".join(text.split())
    return text[0].upper() + text[1:]


def description(design: Design, colour: str) -> str:
    """Write two sentences: what it is, and what its department is good for."""
    concepts, language = lexicon().concepts, design.language
    noun, hue = design.kind.usual(language), concepts["colour"][colour].usual(language)
    comma = {"ja": "、", "zh": "，"}.get(language, ", ")
    motif = (
        comma + concepts["pattern"][design.pattern].usual(language).agreeing(noun) if design.pattern != "plain" else ""
    )
    about = words.ABOUT[language].format(kind=noun.text, colour=hue.agreeing(noun), base=hue.text, pattern=motif)
    space = "" if language in ("ja", "zh") else " "
    return f"{about[0].upper()}{about[1:]}{space}{words.USES[language][design.department]}"


def products(rng: random.Random) -> list[tuple[Design, str, Product]]:
    """Make every variant of every design, shuffled, so that the order of the file says nothing."""
    made: list[tuple[Design, str, Product]] = []
    shown: list[str] = []
    for design in designs(rng):
        count = COLOURS_OF_A_DESIGN[design.drawing]
        shown = (
            rng.sample(words.COLOURS, count)
            if design.drawing == 0
            else [*rng.sample(shown, count - 1), rng.choice(words.COLOURS)]
        )
        _, usual_price, sizes = words.RANGE[design.department]
        price = round(usual_price * rng.uniform(0.4, 2.5)) - 0.01
        for colour in dict.fromkeys(shown):
            product: Product = {
                "title": title(design, colour, rng),
                "description": description(design, colour),
                "brand": design.brand,
                "color": colour.replace("-", " "),
                "category": design.kind.usual("en").text,
                "pattern": design.pattern,
                "group": f"G{design.number:03d}",
                "price": price,
                "rating": round(rng.triangular(2.5, 5.0, 4.3), 1),
                "popularity": int(rng.lognormvariate(4.5, 1.2)),
                "stock": rng.choice((0, 3, 8, 20, 50, 120)),
                "locale": design.language,
            }
            if sizes:
                product["size"] = rng.choice(sizes)
            made.append((design, colour, product))
    rng.shuffle(made)
    for number, (design, _, product) in enumerate(made, start=1):
        code = f"{design.brand[:3]}-{design.kind.name[:3]}{design.number:03d}-{number:03d}".upper()
        product |= {"id": f"S{number:04d}", "sku": code, "ean": ean(10_000 + number * 37)}
    return made


def with_gaps(made: list[tuple[Design, str, Product]]) -> None:
    """Leave out what real catalogues leave out: some pictures, some descriptions, and with a few of those the brand."""
    for i, (_, _, product) in enumerate(made):
        if i % 23 != 5:
            product["image"] = f"images/{product['id']}.webp"
        if i % 21 == 9:
            del product["description"]
            if i % 84 == 9:
                del product["brand"]


def judgments(made: list[tuple[Design, str, Product]], rng: random.Random) -> Iterator[tuple[str, str, int, str]]:
    """Ask for a colour and a kind; grade 2: right in both, 1: right kind, other colour. All else is 0, unsaid."""
    pairs = sorted({(design.kind.name, colour) for design, colour, _ in made})
    right = {
        pair: sum(pair == (design.kind.name, colour) and "image" in p for design, colour, p in made) for pair in pairs
    }
    rng.shuffle(pairs)
    pairs = [pair for pair in pairs if right[pair] >= 2]
    for i, (kind, colour) in enumerate(pairs[: QUERIES_PER_LANGUAGE * len(LANGUAGES)]):
        language = LANGUAGES[i % len(LANGUAGES)]
        noun, hue = (
            lexicon().concepts["kind"][kind].usual(language),
            lexicon().concepts["colour"][colour].usual(language),
        )
        parts = (noun.text, hue.agreeing(noun)) if language in ("fr", "es") else (hue.agreeing(noun), noun.text)
        query = ("" if language == "zh" else " ").join(parts)
        for design, shown, product in made:
            if design.kind.name == kind:
                yield query, product["id"], 2 if shown == colour else 1, language


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    rng = random.Random(SEED)
    made = products(rng)
    with_gaps(made)
    (out / "images").mkdir(parents=True, exist_ok=True)
    for old in (out / "images").glob("*.webp"):
        old.unlink()
    order = ("id", "sku", "ean", "title", "description", "brand", "color", "category", "pattern", "size", "group")
    with (out / "products.jsonl").open("w", encoding="utf-8") as lines:
        for number, (design, colour, product) in enumerate(made):
            if "image" in product:
                draw = np.random.default_rng([SEED, number])
                picture = render(
                    design.kind.name, colour, design.pattern, draw, EDGE, clutter=0.06, drawing=design.drawing
                )
                picture.save(out / product["image"], quality=58, method=6)
            row = {key: product[key] for key in (*order, *product) if key in product}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    with (out / "judgments.tsv").open("w", encoding="utf-8") as lines:
        lines.write("query\tproduct_id\tgrade\tlocale\n")
        lines.writelines("\t".join(map(str, row)) + "\n" for row in judgments(made, rng))
    photo = render(*PHOTO, "plain", np.random.default_rng([SEED, 0]), 320, clutter=1.0, drawing=1)
    photo.save(out / "photo.jpg", quality=80)


if __name__ == "__main__":
    main()
