"""What products share: values of facets, and what it tells that two have the same. Pure functions of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridsearch import document
from hybridsearch.fields.facets import KIND as FACETS
from hybridsearch.inputs.rows import strings
from hybridsearch.roles import Fields, is_from_reviews
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.telling import idf
from hybridsearch.texts import text
from hybridsearch.values import Row

TELLING = 2.0
"""The idf from which on a value of a facet tells as much as any: one product of eight has it, or fewer."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Values of a facet, any of which is shared with a product, and what that tells, from 0 to 1."""

    values: tuple[str, ...]
    tells: float


def shared(row: Row, fields: Fields, lexicon: Lexicon | None) -> dict[str, Shared]:
    """Return the values of a product that others may share, by facet; of a path its deepest node."""
    own = values_of(row, fields)
    return {name: Shared(values, telling_most(values, fields.languages, lexicon)) for name, values in own.items()}


def values_of(row: Row, fields: Fields) -> dict[str, tuple[str, ...]]:
    """Return the values of each facet of products that one has; of a path its deepest node."""
    try:
        kept = document.read(row, facets_of(fields), FACETS, fields)
    except ValueError:  # it was changed by somebody else since it was indexed
        return {}
    return {name: leaves(strings(values), fields.format(name).joint) for name, values in kept.items()}


def facets_of(fields: Fields) -> list[str]:
    """Return the facets of products that a shop gives them, not those that reviews do."""
    return [name for name in fields.of_products(FACETS.role) if not is_from_reviews(name)]


def leaves(values: Sequence[str], joint: str) -> tuple[str, ...]:
    """Return values, of those that are levels of a path the deepest alone."""
    return tuple(each for each in values if not joint or not any(other.startswith(each + joint) for other in values))


def telling_most(values: Sequence[str], languages: Sequence[str], lexicon: Lexicon | None) -> float:
    """Return what it tells that a product has one of some values of a facet, from 0 to 1: the rarest of their words.

    `Casual` tells hardly anything in a shop of casual clothes.
    """
    if lexicon is None or not lexicon.counts:
        return 1.0
    rarest = (
        min((lexicon.counts.get(word, 0) for word in text.lexical(value, languages)), default=0) for value in values
    )
    return min(idf(min(min(rarest), lexicon.documents), lexicon.documents) / TELLING, 1.0)
