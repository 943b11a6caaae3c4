"""An offer as it is compared with others."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from hybridsearch import document
from hybridsearch.catalog.arranged.offers import SOURCE
from hybridsearch.inputs import rows
from hybridsearch.matching import codes, signs
from hybridsearch.matching.signs import Signs, vocabulary
from hybridsearch.roles import PRICES, Fields
from hybridsearch.texts import text
from hybridsearch.values import Row

MOST_CODES = 50
"""Of one offer; a list of hundreds says nothing of it."""
SHORTEST_TITLE = 2
"""Words of a title that can name a product."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One offer of one seller.

    Attributes:
        source: The catalogue that it is of.
        id: Its id there.
        seller: Who sells it: as a field says it, else the catalogue.
        title: As the seller wrote it.
        signs: What the title and the fields beside it say.
        gtins: Of 14 digits.
        part: The number that its manufacturer gave it.
        brand: As it is compared.
        price: Above 0.
        picture: The name of its file, which a manufacturer gave it, or its address.
    """

    source: str
    id: str
    seller: str
    title: str
    signs: Signs
    gtins: frozenset[str] = frozenset()
    part: str | None = None
    brand: str = ""
    price: float | None = None
    picture: str = ""


def item(source: str, key: str, row: Row, fields: Fields) -> Item:
    """Return a row as an offer.

    Args:
        source: Name of the catalogue.
        key: The row's id.
        row: What the catalogue says.
        fields: The roles of its fields; codes, brand, price and so on are found by what their fields are called.
    """
    said: dict[str, list[str]] = {}
    for name, value in named(row):
        said.setdefault(role(name), []).extend(rows.strings(value))
    gtins = [code for each in said.get("gtin", ())[:MOST_CODES] if (code := codes.gtin(each))]
    part = next((code for each in said.get("part", ()) if (code := codes.part_number(each))), None)
    title = " ".join(document.title(row, fields).split())
    return Item(
        source,
        key,
        " ".join(said.get("seller", ())[:1]) or str(row.get(SOURCE, source)),
        title[:300],
        signs.read(title, said.get("color", ()), said.get("size", ()), said.get("condition", ())),
        frozenset(gtins),
        part,
        codes.brand(next(iter(said.get("brand", ())), "")),
        price(row, fields),
        picture(next(iter(said.get("image", ())), "")),
    )


def named(row: Row) -> Iterator[tuple[str, object]]:
    """Yield the fields of a row whose names say what is compared, also those of objects and of variants."""
    for name, value in row.items():
        if role(name):
            yield name, value
        elif isinstance(value, dict):
            yield from named(value)
        elif isinstance(value, list):
            for each in value[:MOST_CODES]:
                if isinstance(each, dict):
                    yield from named(each)


@functools.lru_cache(maxsize=10_000)
def role(name: str) -> str:
    """Return what a field is, judged by its name; empty for one that is not compared."""
    words = [signs.folded(word) for word in _NAME.split(_CAMEL.sub("_", name)) if word]
    known = roles()
    whole = "".join(words)
    return known.get(whole) or (known.get(words[-1], "") if words else "")


@functools.cache
def roles() -> dict[str, str]:
    """Return what each name says that a field is."""
    said = {signs.folded(word): role for role, words in vocabulary()["columns"].items() for word in words.split()}
    return {**said, **dict.fromkeys(map(signs.folded, PRICES), "price")}


def price(row: Row, fields: Fields) -> float | None:
    """Return the price of an offer, by the field that is the price, else by one that is called so; None for none."""
    called = ((name, value) for name, value in named(row) if role(name) == "price")
    known = fields.price_in()
    for name, value in [(known, rows.field(row, known)), *called] if known else called:
        full = name if name in fields.numbers else next((each for each in fields.numbers if each.endswith(name)), name)
        form = fields.format(full)
        try:
            found = rows.number(value, form.decimal, form.unit)
        except ValueError:
            continue
        if found is not None and found > 0:
            return found
    return None


def picture(address: str) -> str:
    """Return by what a picture is known in several shops: its file's name where that is long enough to be its own."""
    path = urlsplit(address[:2_000]).path if "://" in address else address[:2_000]
    name = path.rpartition("/")[2]
    return name if sum(map(str.isdigit, name)) >= 5 else address[:200] if "://" in address else ""


def is_told(item: Item) -> bool:
    """Tell whether the title of an offer can name a product."""
    return len(item.signs.words) >= SHORTEST_TITLE or any(map(text.is_run, item.signs.words))
