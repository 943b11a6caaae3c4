"""Orders: by which fields, and in which directions, hits are sorted instead of by their score."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.errors import QueryError
from hybridsearch.fields import KINDS
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.search.filters.uses import USES, kinds_of
from hybridsearch.search.plan import Sort

MOST_KEYS = 10
"""Fields of one order; no page of a shop has four."""
LONGEST = 200
"""Characters of a name that are looked at."""
BY_SCORE = {"score", "_score", "relevance", "relevancy"}
DIRECTIONS = {"asc": "asc", "ascending": "asc", "desc": "desc", "descending": "desc"}
"""As other programs write them behind a field."""
BETWEEN = ": \t\n"


def read_sort(sort: str | Sequence[str] | None, fields: Fields, configured: Fields | None = None) -> tuple[Sort, ...]:
    """Return the order that `field:asc` or `field:desc`, or several of them, ask for, as in `read_filters`."""
    keys = [sort] if isinstance(sort, str) else sort or ()
    if len(keys) > MOST_KEYS:
        raise QueryError(f"An order by {len(keys):,} fields was given; at most {MOST_KEYS} are allowed.")
    return tuple(read_key(key, fields, configured) for key in keys if key)


def read_key(key: str, fields: Fields, configured: Fields | None) -> Sort:
    """Return one field of an order with its direction; of the kinds of a field a number is meant before text."""
    name, direction = parts(key)
    try:
        kinds = sorted(kinds_of(name, fields, "sort", configured), key=lambda kind: kind.multiple)
    except QueryError as error:
        raise (hint(key, fields) or error) from None
    return Sort(name, direction == "desc", kinds[0].role)


def parts(key: str) -> tuple[str, str]:
    """Return the field and the direction of `field:desc`."""
    name, _, direction = key.rpartition(":") if key.endswith((":asc", ":desc")) else (key, "", "asc")
    return name, direction


def hint(key: str, fields: Fields) -> QueryError | None:
    """Return what to write instead of an order as other programs write it, such as `-price` or `price DESC`."""
    if parts(key)[0].casefold() in BY_SCORE:
        return QueryError(f"No field is called {brief(key)}. Leave 'sort' out for the order of the score.")
    name, direction = elsewhere(key[:LONGEST].strip())
    meant = f"{name}:{direction}"
    known = meant != key and any(name in fields.of(role) for role, kind in KINDS.items() if USES["sort"](kind))
    return QueryError(f"Unknown sort field {brief(key)}. Did you mean '{meant}'?") if known else None


def elsewhere(written: str) -> tuple[str, str]:
    """Return the field and the direction of an order as other programs write it."""
    name = written[1:] if written[:1] in ("-", "+") else written
    end = max(map(name.rfind, BETWEEN)) + 1
    behind = DIRECTIONS.get(name[end:].casefold()) if end else None
    down = written[:1] == "-" or behind == "desc"
    return name[:end].rstrip(BETWEEN) if behind else name, "desc" if down else "asc"
