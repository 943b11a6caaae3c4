"""A person's taste: from the products that they looked at to signals that lift what is like them. Pure functions.

Whatever it says, it adds no more to a score than its bound, so that nothing irrelevant leads by it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch import document
from hybridsearch.fields import KINDS
from hybridsearch.query_sources import PRODUCT
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Schema
from hybridsearch.search import taken
from hybridsearch.search.clauses import Cosine, Passing
from hybridsearch.search.conditions import OneVariant, Range, Terms
from hybridsearch.search.history import History
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.shared import telling_most, values_of
from hybridsearch.values import TASTE, Indexed, Row, Vector

LIKED = 1 / 3
"""Share of a history that has a value of a facet from which on it is liked,"""
LIKED_BY = 2
"""by so many products at least."""
PRICED = 3
"""Products with a price below which nothing is known of a price band."""
BAND = 1.25
"""The least factor between the middle of the band and its ends;"""
WIDEST = 2.5
"""the most: who buys socks and coats has no price."""
ROUNDING, LEAST = 1e-9, 0.01
"""What sums of shares may lack, and the least length of a scale."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a taste needs of a product.

    Attributes:
        name: For people, by id and title.
        values: Of its facets, by field; of those of variants what all its variants have.
        price: 0 where it has none.
    """

    name: str
    values: Mapping[str, tuple[str, ...]]
    price: float

    @classmethod
    def of(cls, product: Indexed, fields: Fields) -> Described:
        """Return it; what was worked out before is remembered with the product."""
        known = product.memo.get(cls)
        if known is None or known[0] is not fields:
            title = document.title(product.row, fields).replace("\n", " ")
            name, priced = f"{product.id} ({title})" if title else product.id, fields.price_in()
            values = values_of(product.row, fields) | taken.of_all(product.row, fields)
            own = cls(name, values, price(product.row, priced, fields) if priced else 0.0)
            product.memo[cls] = fields, own
            return own
        found: Described = known[1]
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """A product of a history.

    Attributes:
        described: What is known of it.
        share: How much it counts, in (0, 1] of all.
        values: Of facets, by field: its own, and those of the variants that were taken.
    """

    product: Indexed
    described: Described
    share: float
    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, product: Indexed, share: float, history: History, fields: Fields) -> Seen:
        """Return a product with what the history says of its variants."""
        described = Described.of(product, fields)
        variants = taken.named(product.row, history.variants.get(product.id, ()), fields)
        values = {**described.values, **taken.values_of(variants, fields)} if variants else described.values
        return cls(product, described, share, values)

    @property
    def name(self) -> str:
        """By id and title."""
        return self.described.name


@dataclass(frozen=True, slots=True)
class Liked:
    """A filter whose products are liked.

    Attributes:
        name: Of the signal.
        clause: The filter.
        tells: What it says of the person, from 0 to 1.
        by: The products of the history that pass it, by name, the most important first.
    """

    name: str
    clause: Terms | Range | OneVariant
    tells: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Direction:
    """Where the vectors of a leg point on average.

    Attributes:
        vector: Of unit length.
        length: That of the mean of the products' unit vectors, in (0, 1]: how alike they are.
    """

    vector: Vector
    length: float


@dataclass(frozen=True, slots=True)
class Taste:
    """What the products of a history have in common.

    Attributes:
        seen: The products that the index still has, the newest first.
        directions: By leg.
        liked: Values of facets and a band of prices.
        notes: What of the history was left out.
    """

    seen: tuple[Seen, ...] = ()
    directions: Mapping[str, Direction] = field(default_factory=dict)
    liked: tuple[Liked, ...] = ()
    notes: tuple[str, ...] = ()


INDIFFERENT = Taste()


def taste_of(history: History, found: Mapping[str, Indexed], schema: Schema, lexicon: Lexicon | None = None) -> Taste:
    """Return the taste of a history; products that the index does not have are told in a note.

    Args:
        history: Weights by id.
        found: Those of its products that the index has.
        schema: What the index holds.
        lexicon: The words of the index: a value that most products have says nothing of a person.
    """
    known = {key: weight for key, weight in history.weights.items() if key in found}
    gone = len(history.weights) - len(known)
    lost = f"not in the index: {gone:,} of {len(history.weights):,} products of the history"
    notes = [*history.notes, *[lost] * bool(gone)]
    if not known:
        return Taste(notes=tuple(notes))
    whole = sum(known.values())
    seen = tuple(Seen.of(found[key], weight / whole, history, schema.fields) for key, weight in known.items())
    named = [(found[key].row, own) for key, own in history.variants.items() if key in known]
    if odd := sum(len(own) - len(taken.named(row, own, schema.fields)) for row, own in named):
        notes.append(f"not among the variants of their products: {odd:,} of the history")
    legs = {leg.name: own for leg in schema.legs if (own := direction(seen, leg.name))}
    liked = (*liked_values(seen, schema.fields, lexicon), *liked_prices(seen, schema.fields))
    return Taste(seen, legs, liked, tuple(notes))


def direction(seen: Sequence[Seen], leg: str) -> Direction | None:
    """Return where the vectors of a leg point on average; None where there are none, or they cancel out."""
    rows = [(each.share, each.product.vectors[leg].array) for each in seen if leg in each.product.vectors]
    if not rows:
        return None
    middle = mean(np.array([row for _, row in rows]), np.array([share for share, _ in rows]))
    length = float(np.linalg.norm(middle))
    return Direction(Vector(middle / length), min(length, 1.0)) if length > 1e-3 else None


def mean(rows: NDArray[np.floating[Any]], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of some rows or numbers, of which each counts by its share."""
    return np.asarray(shares @ rows / shares.sum())


def liked_values(seen: Sequence[Seen], fields: Fields, lexicon: Lexicon | None) -> Iterator[Liked]:
    """Yield for each facet the value that most of the history has, if a third has it and it says something."""
    having: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    for each in sorted(seen, key=lambda each: -each.share):
        for name, values in each.values.items():
            for value in values:
                having[name, value].append(each)
    for name in fields.facets:
        shares = {value: sum(each.share for each in own) for (field, value), own in having.items() if field == name}
        if not shares:
            continue
        value = max(shares, key=lambda value: (shares[value], value))
        own = having[name, value]
        tells = min(shares[value], 1.0) * telling_most([value], fields.languages, lexicon)
        if shares[value] >= LIKED - ROUNDING and len(own) >= LIKED_BY and tells > 0:
            by = tuple(each.name for each in own)
            clause = Terms(name, (value,))
            had = OneVariant((clause,)) if fields.of_variants(name) else clause
            yield Liked(f"{TASTE} {name}: {value}", had, tells, by)


def liked_prices(seen: Sequence[Seen], fields: Fields) -> Iterator[Liked]:
    """Yield the band in which the prices lie, if there are some and they have one."""
    name = fields.price_in()
    prices = [(each, each.described.price) for each in seen if each.described.price > 0]
    if name is None or len(prices) < PRICED:
        return
    shares, logs = np.array([each.share for each, _ in prices]), np.log([own for _, own in prices])
    middle = float(mean(logs, shares))
    spread = math.exp(math.sqrt(float(mean((logs - middle) ** 2, shares))))
    if spread > WIDEST:
        return
    factor = max(spread, BAND)
    low, high = (float(f"{end:.3g}") for end in (math.exp(middle) / factor, math.exp(middle) * factor))
    within = [each for each, own in prices if low <= own <= high]
    by = tuple(each.name for each in sorted(within, key=lambda each: -each.share))
    yield Liked(f"{TASTE} {name}: {low:g} to {high:g}", Range(name, gte=low, lte=high), 1.0, by)


def price(row: Row, name: str, fields: Fields) -> float:
    """Return the price of a product; 0 where it has none."""
    try:
        kept = document.read(row, [name], KINDS["numbers"], fields).get(name)
    except ValueError:  # it was changed by somebody else since it was indexed
        return 0.0
    return float(kept) if isinstance(kept, int | float) else 0.0


def signals(taste: Taste, schema: Schema, bound: float, by_vectors: float = 0.5) -> tuple[Cosine | Passing, ...]:
    """Return what a taste adds to scores, together never more than a bound; with a bound of 0 nothing.

    Each leg counts by what it knows of the catalogue, each liked value by what it tells.

    Args:
        taste: Of the person.
        schema: What the index holds.
        bound: Of the sum.
        by_vectors: The part of the bound for vectors where values are liked too: each alone has all of it.
    """
    scales = {leg.name: leg.calibration(PRODUCT.name) for leg in schema.legs if leg.name in taste.directions}
    knowing = {name: scale.knowledge for name, scale in scales.items() if scale.knowledge}
    liked = taste.liked
    if bound <= 0 or not (knowing or liked):
        return ()
    for_vectors = bound * (by_vectors if knowing and liked else float(bool(knowing)))
    cosines = [
        cosine(name, for_vectors * knowledge / max(sum(knowing.values()), 1.0), taste.directions[name], scales[name])
        for name, knowledge in knowing.items()
    ]
    each = (bound - for_vectors) / max(len(liked), 1)
    values = (Passing(part.name, each * part.tells, (part.clause,)) for part in liked)
    weighed: tuple[Cosine | Passing, ...] = (*cosines, *values)
    return tuple(signal for signal in weighed if signal.weight > 0)


def cosine(leg: str, weight: float, direction: Direction, scale: Calibration) -> Cosine:
    """Return the mean of the cosines to the products of a history, on the scale of `product`; 1 at most."""
    high = max(scale.high / direction.length, 1.0)
    low = min(scale.low / direction.length, high - LEAST)
    return Cosine(f"{TASTE}.{leg}", weight, leg, direction.vector, low, high)
