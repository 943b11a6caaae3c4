"""Draw what the starter finds in the sample catalogue: words to pictures, and pictures to words.

    python -m training.contact_sheet hybridsearch/models/starter --out docs/starter.png

Each score is a cosine. The pictures are the sample's own, which the project draws itself.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from hybridsearch.align.lexicon import lexicon
from training.measure_starter import SAMPLE, Starter

WORDS = ("red umbrella", "blaue Kerze", "table bleue", "taza roja", "light blue backpack")
PICTURES = ("kettle", "sneaker", "armchair", "umbrella", "teddy")
"""Kinds of which one picture each is named."""
FIRST = 6
CELL, ROW, LEFT, TOP = 112, 128, 190, 40


def sheet(starter: Starter) -> Image.Image:
    """Return the drawing: a row for each text with its first pictures, a row for each picture with its first texts."""
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    shown = [row for row in rows if "image" in row]
    pictures = [Image.open(SAMPLE / row["image"]).convert("RGB") for row in shown]
    vectors = starter.images(pictures)
    page = Image.new("RGB", (LEFT + FIRST * CELL + 10, TOP * 2 + (len(WORDS) + len(PICTURES)) * ROW), "white")
    draw = ImageDraw.Draw(page)
    large, small = ImageFont.load_default(20), ImageFont.load_default(15)
    draw.text((10, 8), "words to pictures", "black", large)
    scores = starter.texts(list(WORDS)) @ vectors.T
    for number, (text, found) in enumerate(zip(WORDS, scores, strict=True)):
        top = TOP + number * ROW
        draw.text((10, top + CELL // 2 - 10), text, "black", small)
        for column, place in enumerate(np.argsort(-found, kind="stable")[:FIRST]):
            page.paste(pictures[place].resize((CELL - 8, CELL - 8)), (LEFT + column * CELL, top))
            draw.text((LEFT + column * CELL, top + CELL - 7), f"{found[place]:.2f}", "grey", small)
    top = TOP + len(WORDS) * ROW
    draw.text((10, top + 8), "pictures to words", "black", large)
    phrases = [
        f"{colour.usual('en').text} {kind.usual('en').text}"
        for kind in lexicon().concepts["kind"].values()
        for colour in lexicon().concepts["colour"].values()
    ]
    said = starter.texts(phrases)
    for number, kind in enumerate(PICTURES):
        top = 2 * TOP + (len(WORDS) + number) * ROW
        category = lexicon().concepts["kind"][kind].usual("en").text
        place = next(i for i, row in enumerate(shown) if row["category"] == category)
        page.paste(pictures[place].resize((CELL - 8, CELL - 8)), (10, top))
        found = said @ vectors[place]
        for line, at in enumerate(np.argsort(-found, kind="stable")[:5]):
            draw.text((LEFT, top + 2 + line * 20), f"{found[at]:.2f}  {phrases[at]}", "black", small)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sheet(Starter(options.folder)).save(options.out)


if __name__ == "__main__":
    main()
