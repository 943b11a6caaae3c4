"""Cursors: where a page ends, as text that a browser may hold; what comes back is checked.

A cursor holds what the last product of a page is put in order by, and a digest of the search. Nothing in it is secret
or trusted: whoever reads one sees these values, and whoever writes one begins at another product of the same search.
"""

from __future__ import annotations

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_text import parse_json
from hybridsearch.inputs.json_values import brief

FORMAT = 1
"""Number of the layout; part of the digest, so that a cursor of another version is one of another search."""
DIGEST = 8
"""Bytes that tell one search from another."""
LONGEST = 20_000
"""Characters; the longest id and ten of the longest values have fewer."""
MOST = 10**9

Key = str | float | None
"""By which a product is put in order: text, a number, or None where it has neither."""
Count = Annotated[int, Field(ge=0, le=MOST)]

DAMAGED = "'cursor' is {}, which is none, or not a whole one. Pass that of a page as it is, or begin without."
FOREIGN = (
    "'cursor' is that of another search. Pass it with the words, filters and order of the page that it comes "
    "from, or begin without."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends, and the next one begins.

    Attributes:
        id: Of the last product.
        keys: What it is put in order by, before its id.
        seen: How many products there are up to here.
        least: The score that a product must have, where it follows from the best one; else 0.
        found: How many products there are near or far, where such a score is needed.
    """

    id: str
    keys: tuple[Key, ...]
    seen: Count
    least: Annotated[float, Field(ge=0)] = 0.0
    found: Count = 0


PLACE = TypeAdapter(Place)


def write(place: Place, search: str) -> str:
    """Return the cursor of a place in the order of a search, which is named by any text of its own."""
    of, content = digest(search.encode(errors="replace")), orjson.dumps(asdict(place))
    return urlsafe_b64encode(of + digest(of + content) + content).rstrip(b"=").decode()


def read(cursor: str, search: str, kinds: Sequence[type]) -> Place:
    """Return the place that a cursor names.

    Args:
        cursor: As it came back.
        search: What names the search that it should be of.
        kinds: The type of each key.

    Raises:
        QueryError: It is damaged, or of another search.
    """
    data = decoded(cursor)
    of, check, content = data[:DIGEST], data[DIGEST : 2 * DIGEST], data[2 * DIGEST :]
    if digest(of + content) != check:
        raise QueryError(DAMAGED.format(brief(cursor)))
    if of != digest(search.encode(errors="replace")):
        raise QueryError(FOREIGN)
    try:
        place = PLACE.validate_python(parse_json(content))
    except (ValidationError, ValueError) as error:
        raise QueryError(DAMAGED.format(brief(cursor))) from error
    if len(place.keys) != len(kinds) or not all(map(fits, place.keys, kinds)):
        raise QueryError(DAMAGED.format(brief(cursor)))
    return place


def fits(key: Key, kind: type) -> bool:
    """Tell whether a key is one of a kind, or none at all."""
    return key is None or (isinstance(key, kind) and (isinstance(key, str) or math.isfinite(key)))


def decoded(cursor: str) -> bytes:
    """Return the bytes of a cursor; none where it is not written as one."""
    if len(cursor) > LONGEST:
        return b""
    try:
        data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        return b""
    return data if urlsafe_b64encode(data).rstrip(b"=").decode() == cursor else b""


def digest(data: bytes) -> bytes:
    """Return a few bytes that stand for many."""
    return blake2b(data, digest_size=DIGEST, salt=FORMAT.to_bytes()).digest()
