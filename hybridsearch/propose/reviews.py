"""Which field of a catalogue lists the reviews of products, and what they call their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hybridsearch.inputs.rows import strings
from hybridsearch.propose.columns import Column
from hybridsearch.roles import is_from_reviews
from hybridsearch.sections import Reviews
from hybridsearch.values import Row

NAMES = (
    *("reviews", "review", "customer_reviews", "ratings_and_reviews", "bewertungen", "rezensionen", "avis"),
    *("opiniones", "resenas", "reseñas", "レビュー", "口コミ", "评论", "评价"),
)
"""Of such fields, in lower case."""
TEXTS = ("title", "headline", "text", "body", "comment", "content", "review", "reviewText", "reviewBody", "description")
RATINGS = ("rating", "stars", "score", "ratingValue", "overall", "grade")
AUTHORS = ("author", "reviewer", "reviewerID", "reviewerName", "user_id", "user", "username", "nickname", "customer")
DATES = ("date", "created", "created_at", "datePublished", "time")
USUAL = Reviews(field="reviews")
LEAST_WORDS = 3
"""Of a text in a list of texts that are reviews, on average: tags have fewer."""


def reviews_in(rows: Sequence[Row]) -> Reviews | None:
    """Return what a catalogue says of reviews; None where no field looks like a list of them."""
    for name in dict.fromkeys(key for row in rows for key in row if key.lower() in NAMES):
        written = [each for row in rows for each in listed(row.get(name))]
        objects = [each for each in written if isinstance(each, Mapping)]
        if objects:
            keys = dict.fromkeys(key for each in objects for key in each)
            texts = tuple(key for key in TEXTS if key in keys)
            if texts:
                said = {} if {*texts} <= {*USUAL.text} else {"text": texts}
                called = {
                    **said,
                    **known("rating", RATINGS, keys),
                    **known("date", DATES, keys),
                    **known("author", AUTHORS, keys),
                }
                return Reviews.model_validate({"field": name, **called})
        elif written and sum(len(str(each).split()) for each in written) >= LEAST_WORDS * len(written):
            return Reviews(field=name)
    return None


def listed(value: Any) -> Iterator[Any]:
    """Yield the texts and objects in a list; a value that is none gives nothing."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping) or strings(each))


def known(part: str, names: Iterable[str], keys: Iterable[str]) -> dict[str, str]:
    """Return what a part of reviews is called, where it is called otherwise than by itself."""
    there = set(keys)
    return next(({part: name} for name in names if name in there), {})


def is_part(name: str, reviews: Reviews | None) -> bool:
    """Tell whether a column is that of reviews, or lies within them."""
    return reviews is not None and (name == reviews.field or name.startswith(f"{reviews.field}."))


def without(columns: Iterable[Column], reviews: Reviews | None) -> list[Column]:
    """Return the columns that are no part of reviews."""
    return [column for column in columns if not is_part(column.name, reviews)]


def still_left(left_out: Mapping[str, Sequence[str]], reviews: Reviews | None) -> dict[str, list[str]]:
    """Return what has no role, without the parts of reviews."""
    found = {why: [name for name in names if not is_part(name, reviews)] for why, names in left_out.items()}
    return {why: names for why, names in found.items() if names}


def written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a proposal as a person writes them: without those that reviews give."""
    shown = {
        role: [name for name in names if not is_from_reviews(name)] if isinstance(names, list) else names
        for role, names in fields.items()
    }
    said = table_of(fields)
    return {**shown, "reviews": None if len(said) > 1 else said.get("field")}


def table_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be said of reviews; of more than the field it takes a table of its own."""
    reviews = fields.get("reviews") or {}
    usual = USUAL.model_dump(mode="json")
    return {name: value for name, value in reviews.items() if name == "field" or value != usual[name]}
