"""Which columns of a catalogue look fit for which role: by their names, in several languages, and by their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hybridsearch.propose.columns import Column
from hybridsearch.propose.patterns import BIT, CODE, DATE, MIDDLE_SIZED, PICTURE, SINCE_1970, URL

ID = ("id", "sku", "asin", "upc", "ean", "gtin", "handle", "uuid", "code", "artikelnummer", "number")
TITLE = (
    "title",
    "name",
    "headline",
    "titel",
    "bezeichnung",
    "titre",
    "nom",
    "titulo",
    "nombre",
    "标题",
    "名称",
    "商品名",
)
META = {"meta", "seo", "og"}
"""In the name of a column: what search engines are shown, a copy of the title or worse."""
CODES = (
    "sku",
    "ean",
    "gtin",
    "upc",
    "mpn",
    "isbn",
    "asin",
    "barcode",
    "artikelnummer",
    "model",
    "part",
    "number",
    "code",
)
FACETS = (
    *("brand", "manufacturer", "supplier", "vendor", "marke", "marque", "category", "categories", "department", "type"),
    *("gender", "color", "colour", "farbe", "couleur", "size", "material", "season", "style", "usage", "locale"),
    *(
        "colors",
        "colours",
        "farben",
        "couleurs",
        "colores",
        "sizes",
        "größe",
        "größen",
        "tailles",
        "tallas",
        "materials",
    ),
    *(
        "materialien",
        "hersteller",
        "kategorie",
        "kategorien",
        "catégorie",
        "categoría",
        "品牌",
        "颜色",
        "ブランド",
        "色",
    ),
)
NUMBERS = (
    *("price", "preis", "prix", "precio", "rating", "stars", "score", "reviews", "stock", "quantity", "sales"),
    *("discount", "weight", "width", "height", "depth", "length", "diagonal", "capacity", "year"),
)
DATES = (
    *("date", "datetime", "timestamp", "time", "datum", "fecha", "released", "release", "published", "launched"),
    *("created", "updated", "modified", "added", "available", "since", "until", "日期", "发布日期", "発売日"),
)
FLAGS = (
    *("is", "has", "in", "can", "with", "flag", "active", "available", "enabled", "visible", "featured", "new", "sale"),
    *("lieferbar", "verfügbar", "disponible"),
)
"""Words in the names of columns whose 0 and 1 are answers, not quantities."""
TEXT = ("description", "beschreibung", "descripcion", "summary", "bullets", "features", "keywords", "tags")
IMAGE = ("image", "images", "picture", "photo", "img", "bild", "imagen", "media")
SMALL = {"thumb", "thumbnail", "thumbs", "small", "icon", "swatch", "low"}
LABELS = {"id", "ids", "code", "zip", "phone", "index", "lat", "lon", "latitude", "longitude"}
"""Words in the names of columns whose numbers are not quantities."""

DATE_TYPES = ("date", "date_nanos")
"""Types of an Elasticsearch mapping."""

MOST = 12
"""Columns that are proposed for one role; a shop can name more."""


def pick_id(columns: Sequence[Column]) -> list[Column]:
    """Return the column that differs in every row, or else the one that is named like an id."""
    short = [column for column in columns if column.single and not column.truth and column.longest <= 128]
    unique = [column for column in short if column.unique and column.says(NUMBERS) is None and not spaced(column)]
    named = [column for column in short if column.says(ID) is not None and column.filled > 0.9]
    return best(
        unique or named, lambda column: (column.mostly(PICTURE), rank(column, ID), column.numeric, len(column.words)), 1
    )


def spaced(column: Column) -> bool:
    """Tell whether some value has a space."""
    return any(" " in value for value in column.texts)


def pick_image(columns: Sequence[Column]) -> list[Column]:
    """Return the column of pictures; of several sizes a middle one."""
    pictures = [
        column
        for column in columns
        if column.mostly(PICTURE) or (column.says(IMAGE) is not None and column.mostly(URL))
    ]
    common = [column for column in pictures if column.filled > 0.2]
    return best(
        common,
        lambda column: (bool(SMALL & {*column.words}), not MIDDLE_SIZED.search(column.name), rank(column, IMAGE)),
        1,
    )


def pick_title(columns: Sequence[Column]) -> list[Column]:
    """Return the column of short text that most products have, and few share."""

    def fits(column: Column) -> bool:
        said = column.says(TITLE) is not None
        named = column.says((*FACETS, *CODES, *TEXT)) is not None
        if not said and (named or column.several.levels or column.length < 8):
            return False
        short = column.textual and column.single and column.filled > 0.5 and column.length < 250
        return short and column.repeats < 3 and column.share(CODE) < 0.5

    return best(
        filter(fits, columns),
        lambda column: (bool(META & {*column.words}), rank(column, TITLE), len(column.words)),
        1,
    )


def pick_codes(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of words with digits that name one product, or few."""
    return best(filter(is_code, columns), lambda column: (rank(column, CODES), -column.share(CODE) * column.filled))


def is_code(column: Column) -> bool:
    """Tell whether shoppers may type a value of the column to find one product."""
    telling = column.repeats < 2 and column.filled > 0.05 and column.share(CODE) > 0.2
    return telling and ((column.textual and column.numeric < 0.5) or column.says(CODES) is not None)


def pick_facets(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of few, short values that many products share."""

    def fits(column: Column) -> bool:
        named = column.says(FACETS) is not None
        if column.several.levels:
            return column.filled >= 0.05
        few = column.repeats >= (1.05 if named or column.kind == "keyword" else 3) and column.distinct > 1
        short = column.length <= 40 and column.textual
        return (
            few
            and short
            and column.filled >= (0.05 if named else 0.2)
            and (named or column.measured or column.numeric < 0.9)
        )

    return best(filter(fits, columns), lambda column: (not column.several.levels, rank(column, FACETS), -column.filled))


def pick_numbers(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that hold nothing but numbers: a product whose number cannot be read would be a reject."""

    def fits(column: Column) -> bool:
        named = LABELS & {*column.words} or (column.unique and column.says((*ID, *CODES)) is not None)
        quantity = column.numeric == 1 and not named and column.distinct > 1
        return quantity and column.filled >= (0.05 if column.says(NUMBERS) is not None else 0.3)

    return best(filter(fits, columns), lambda column: (rank(column, NUMBERS), -column.filled))


def pick_dates(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that hold nothing but dates: a product whose date cannot be read would be a reject."""

    def fits(column: Column) -> bool:
        named = column.says(DATES) is not None
        written = column.mostly(DATE) or (named and column.mostly(SINCE_1970))
        telling = column.distinct > 1 and column.filled >= (0.05 if named else 0.3)
        likely = column.single and (column.kind in DATE_TYPES or (written and telling))
        return likely and column.kept("dates") is not None

    return best(filter(fits, columns), lambda column: (rank(column, DATES), -column.filled))


def pick_booleans(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that say yes and no, and nothing else."""

    def fits(column: Column) -> bool:
        answers = column.kept("booleans") if column.single else None
        if answers is None or column.kind == "boolean":
            return answers is not None
        telling = len(set(answers)) == 2 and column.filled >= 0.2
        return telling and (not column.mostly(BIT) or column.says(FLAGS) is not None)

    return best(filter(fits, columns), lambda column: (rank(column, FLAGS), -column.filled))


def pick_text(columns: Sequence[Column]) -> list[Column]:
    """Return the other columns of text, those that hold most of it first."""
    readable = [column for column in columns if column.textual and column.numeric < 0.9 and column.filled >= 0.02]
    telling = [column for column in readable if not column.answers]
    return best(telling, lambda column: (rank(column, TEXT), -column.filled * min(column.length, 200)))


def rank(column: Column, hints: Sequence[str]) -> int:
    """Return the place of the hint that the name holds; a name without one comes last."""
    place = column.says(hints)
    return len(hints) if place is None else place


def best(columns: Any, order: Callable[[Column], Any], most: int = MOST) -> list[Column]:
    """Return the first columns in an order; ties keep the order of the catalogue."""
    return sorted(columns, key=order)[:most]


PICKERS: dict[str, Callable[[Sequence[Column]], list[Column]]] = {
    "id": pick_id,
    "image": pick_image,
    "title": pick_title,
    "dates": pick_dates,
    "booleans": pick_booleans,
    "codes": pick_codes,
    "facets": pick_facets,
    "numbers": pick_numbers,
    "text": pick_text,
}
"""One for each role; each chooses from what those before it left."""
