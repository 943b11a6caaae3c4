"""How much an answer may hold. Parsing holds all threads up: what somebody waits for has to be small for that."""

from __future__ import annotations

from typing import Any

from elastic_transport import SerializationError, TransportError
from elasticsearch.serializer import OrjsonSerializer

from hybridsearch.runtime import deadline

MOST_BYTES = 512 << 20
"""Of one answer: a page of a catalogue whose 500 products hold their pictures is the largest."""
MOST_BYTES_OF_SEARCH = 64 << 20
"""Of one answer to a search or a `get`: 1,000 products with rows of 64 KiB."""
MOST_SIGNS_OF_SEARCH = {b"[{:": 2_000_000, b",": 8_000_000}
"""In one answer to a search or a `get`: lists, objects and their names, and values; they are parsed in a second or two.

1,000 products with a vector in each row have half as many. Signs in texts count too, and commas are common there.
"""


class AnswerTooLong(TransportError):  # noqa: N818 - reads as the state that it names
    """An answer goes on and on, or holds more than anybody can wait for."""


def most_bytes() -> int:
    """Return how many bytes an answer that is waited for now may have."""
    return min(MOST_BYTES, MOST_BYTES_OF_SEARCH) if in_search() else MOST_BYTES


def in_search() -> bool:
    """Return whether what is waited for belongs to something with a deadline: only a shopper's requests have one."""
    return deadline.left() < float("inf")


def require_few_values(body: bytes) -> None:
    """Check, before it is parsed, that an answer to a search does not consist of millions of values.

    Raises:
        AnswerTooLong: It does.
    """
    if in_search() and len(body) > min(MOST_SIGNS_OF_SEARCH.values()):
        for signs, most in MOST_SIGNS_OF_SEARCH.items():
            if sum(body.count(sign) for sign in signs) > most:
                raise too_long(f"{most:,} values")


def too_long(limit: str = "") -> AnswerTooLong:
    """Return the error for an answer beyond a limit, which is that of its bytes if no other one is given."""
    more = f"an answer of more than {limit or f'{most_bytes() >> 20} MiB'}"
    if in_search():
        return AnswerTooLong(f"{more}, too much for one search. Ask for fewer products at once, or check 'engine.url'")
    return AnswerTooLong(f"{more}, which no request of this library has. Check 'engine.url'")


class JsonSerializer(OrjsonSerializer):
    """The client's serializer, whose errors do not repeat the answer: to redact megabytes of it takes seconds."""

    def json_loads(self, data: bytes) -> Any:
        """Return what an answer says.

        Raises:
            SerializationError: It is no JSON.
        """
        try:
            return super().json_loads(data)
        except ValueError as error:
            raise SerializationError(f"no JSON: {error}") from error
