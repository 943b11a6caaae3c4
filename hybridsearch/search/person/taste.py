"""A person's taste: from the products that they looked at to signals that lift what is like them. Pure functions.

Whatever it says, it adds no more to a score than its bound, so that nothing irrelevant leads by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from hybridsearch import document
from hybridsearch.query_sources import PRODUCT
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Schema
from hybridsearch.search.clauses import Cosine, Passing
from hybridsearch.search.filters.conditions import OneVariant, Range, Terms
from hybridsearch.search.person import taken
from hybridsearch.search.person.history import History
from hybridsearch.search.person.traits import Traits, traits_of
from hybridsearch.search.shared import telling_most
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import TASTE, Indexed, Vector, Vectors

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


class Seen(NamedTuple):
    """A product of a history.

    Attributes:
        share: How much it counts, in (0, 1] of all.
        among: All products that were found, by id.
        fields: Of the index.
    """

    id: str
    share: float
    among: Mapping[str, Indexed]
    fields: Fields

    @property
    def product(self) -> Indexed:
        """As the index has it."""
        return self.among[self.id]

    @property
    def name(self) -> str:
        """By id and title, for people."""
        title = document.title(self.product.row, self.fields).replace("\n", " ")
        return f"{self.id} ({title})" if title else self.id


class Looked(Sequence[Seen]):
    """Products of a history, of which each is made when it is asked for: a hit names one of fifty.

    Args:
        ids: Of all of them.
        shares: Of each.
        among: All products that were found, by id.
        fields: Of the index.
        places: Of those that are meant, in their order; None: all.
    """

    def __init__(
        self,
        ids: Sequence[str],
        shares: Sequence[float],
        among: Mapping[str, Indexed],
        fields: Fields,
        places: Sequence[int] | None = None,
    ) -> None:
        self.ids, self.shares, self.among, self.fields = ids, shares, among, fields
        self._places = range(len(ids)) if places is None else places

    def at(self, places: Sequence[int]) -> Looked:
        """Return those at some of all places."""
        return Looked(self.ids, self.shares, self.among, self.fields, places)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> Seen: ...

    @overload
    def __getitem__(self, number: slice) -> Looked: ...

    def __getitem__(self, number: int | slice) -> Seen | Looked:
        if isinstance(number, slice):
            return self.at(self._places[number])
        place = self._places[number]
        return Seen(self.ids[place], self.shares[place], self.among, self.fields)


@dataclass(frozen=True, slots=True)
class Liked:
    """A filter whose products are liked.

    Attributes:
        name: Of the signal.
        clause: The filter.
        tells: What it says of the person, from 0 to 1.
        by: The products of the history that pass it, the most important first.
    """

    name: str
    clause: Terms | Range | OneVariant
    tells: float
    by: Sequence[Seen]


@dataclass(frozen=True, slots=True)
class Direction:
    """Where the vectors of a leg point on average.

    Attributes:
        vector: Of unit length.
        length: That of the mean of the products' unit vectors, in (0, 1]: how alike they are.
        of: The products that have a vector,
        rows: and these.
    """

    vector: Vector
    length: float
    of: Sequence[Seen]
    rows: Vectors


@dataclass(frozen=True, slots=True)
class Taste:
    """What the products of a history have in common.

    Attributes:
        seen: The products that the index still has, the newest first.
        directions: By leg.
        liked: Values of facets and a band of prices.
        notes: What of the history was left out.
    """

    seen: Sequence[Seen] = ()
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
    there = found.keys()
    known = [key for key in history.weights if key in there]
    gone = len(history.weights) - len(known)
    lost = f"not in the index: {gone:,} of {len(history.weights):,} products of the history"
    notes = [*history.notes, *[lost] * bool(gone)]
    if not known:
        return Taste(notes=tuple(notes))
    weights = [history.weights[key] for key in known]
    whole = sum(weights)
    seen = Looked(known, [weight / whole for weight in weights], found, schema.fields)
    named = [(found[key].row, own) for key, own in history.variants.items() if key in found]
    if odd := sum(len(own) - len(taken.named(row, own, schema.fields)) for row, own in named):
        notes.append(f"not among the variants of their products: {odd:,} of the history")
    traits = traits_of(found, known, history, schema)
    of_legs = ((name, direction(seen, *own)) for name, own in traits.vectors.items())
    liked = (*liked_values(seen, traits, schema.fields, lexicon), *liked_prices(seen, traits, schema.fields))
    return Taste(seen, {name: own for name, own in of_legs if own}, liked, tuple(notes))


def direction(seen: Looked, places: Sequence[int], rows: Vectors) -> Direction | None:
    """Return where the vectors of products at some places point; None where there are none, or they cancel out."""
    if not places:
        return None
    middle = mean(rows, np.array(seen.shares)[places])
    length = float(np.linalg.norm(middle))
    return Direction(Vector(middle / length), min(length, 1.0), seen.at(places), rows) if length > 1e-3 else None


def mean(rows: Vectors, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of some rows, of which each counts by its share."""
    return np.asarray(shares @ rows / shares.sum())


def liked_values(seen: Looked, traits: Traits, fields: Fields, lexicon: Lexicon | None) -> Iterator[Liked]:
    """Yield for each facet the value that most of the history has, if a third has it and it says something."""
    shares = seen.shares
    in_order = sorted(range(len(seen)), key=shares.__getitem__, reverse=True)
    for name in filter(traits.values.__contains__, fields.facets):
        values = traits.values[name]
        having: dict[str, float] = {}
        for place in in_order:
            for value in values[place]:
                having[value] = having.get(value, 0.0) + shares[place]
        most = max(having.values(), default=0.0)
        if most < LIKED - ROUNDING:
            continue
        value = max(value for value, share in having.items() if share == most)
        own = [place for place in in_order if value in values[place]]
        tells = min(most, 1.0) * telling_most([value], fields.languages, lexicon)
        if len(own) >= LIKED_BY and tells > 0:
            clause = Terms(name, (value,))
            had = OneVariant((clause,)) if fields.of_variants(name) else clause
            yield Liked(f"{TASTE} {name}: {value}", had, tells, seen.at(own))


def liked_prices(seen: Looked, traits: Traits, fields: Fields) -> Iterator[Liked]:
    """Yield the band in which the prices lie, if there are some and they have one."""
    name, shares = fields.price_in(), seen.shares
    places = [place for place, price in enumerate(traits.prices) if price > 0]
    if name is None or len(places) < PRICED:
        return
    # Fifty numbers are faster one by one than as an array.
    logs, own = [math.log(traits.prices[place]) for place in places], [shares[place] for place in places]
    whole = sum(own)
    middle = sum(map(mul, logs, own)) / whole
    spread = math.exp(math.sqrt(sum(map(mul, [(log - middle) ** 2 for log in logs], own)) / whole))
    if spread > WIDEST:
        return
    factor = max(spread, BAND)
    low, high = (float(f"{end:.3g}") for end in (math.exp(middle) / factor, math.exp(middle) * factor))
    by = sorted([each for each in places if low <= traits.prices[each] <= high], key=shares.__getitem__, reverse=True)
    yield Liked(f"{TASTE} {name}: {low:g} to {high:g}", Range(name, gte=low, lte=high), 1.0, seen.at(by))


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
