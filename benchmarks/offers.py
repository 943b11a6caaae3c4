"""What three sellers offer, made from a catalogue whose products are known: what they have alike, and what nearly."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Sequence
from typing import Any

from hybridsearch.matching.signs import folded, meanings, vocabulary

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

Row = dict[str, Any]
Truth = dict[tuple[str, str], str]
"""The product that an offer is of, by seller and id."""


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
