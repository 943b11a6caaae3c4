"""What a query can give vectors from: its words, a photo. A new source is registered here.

Beside them stands what nobody gives: a product that the index has already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StandIn = Literal["titles", "products"]


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A part of a query that gives vectors.

    Attributes:
        name: In weights (`NAME.LEG`, `NAME.*`), floors, stored calibrations, kinds of queries, and what encoders read.
        noun: With its article, for sentences: `a photo`.
        content: What of it a leg reads, for sentences: `pictures`.
        required: Whether a search fails where it cannot be encoded; else the rest of the query answers, and the page is
            `degraded`.
        leg_reads: What a leg must read for this source to be compared with it; None for every leg.
        stand_in: What stands in for such queries when a leg is calibrated on the catalogue: the products' `titles`, or
            the `products`' own vectors. None takes the cosines as they are.
    """

    name: str
    noun: str
    content: str
    required: bool = True
    leg_reads: str | None = None
    stand_in: StandIn | None = None

    @property
    def unread(self) -> str:
        """The message where no vector leg can be compared with it."""
        wanted = f'reads = "{self.leg_reads}"' if self.leg_reads else f"an encoder that reads {self.content}"
        return (
            f"{self.noun[0].upper()}{self.noun[1:]} was given, but no vector leg of the index reads {self.content}. "
            f"Add [[vectors]] with {wanted} and run: hybridsearch reindex"
        )


WORDS = QuerySource("words", "words", "words", required=False, stand_in="titles")
"""The text of the query; where it has no vector, keywords answer."""
PHOTO = QuerySource("photo", "a photo", "pictures", leg_reads="image", stand_in="products")

VOICE = "voice"
"""What kinds of queries call words that were spoken."""

QUERY_SOURCES: dict[str, QuerySource] = {source.name: source for source in (WORDS, PHOTO)}
"""By name, in the order in which plans, signals and explanations name them."""

PRODUCT = QuerySource("product", "a product", "products", stand_in="products")
"""A product of the index, to which others are to be similar: no query gives it, and its vectors are stored already."""


def typed(kind: str) -> str:
    """Return the kind of a query that asks for the same with words that are typed."""
    return kind.replace(VOICE, WORDS.name)


def vector_sources() -> dict[str, QuerySource]:
    """Return all that the vectors of products are compared with, by name."""
    return {**QUERY_SOURCES, PRODUCT.name: PRODUCT}
