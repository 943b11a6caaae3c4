"""Which variant of a product is shown: the one that fits the query best, chosen from what the shop wrote."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch import document, text
from hybridsearch.search.clauses import Match
from hybridsearch.search.conditions import AnyOf, Exists, Filter, Not, OneVariant, Range, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.sections import Fields
from hybridsearch.values import FieldValues, Page, Row


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant: as the shop wrote it, and what is kept of it."""

    row: Row
    values: FieldValues

    def under(self, role: str, name: str) -> tuple[Any, ...]:
        """Return what is kept under a name: several values, one, or none."""
        value = self.values.get(role, {}).get(name, ())
        return value if isinstance(value, tuple) else (value,)


def with_variants(plan: Plan, page: Page, fields: Fields) -> Page:
    """Return a page whose hits show their variants, if the index has any."""
    if not (plan.rows and fields.has_variants):
        return page
    return replace(page, hits=tuple(replace(hit, variant=shown(plan, hit.product, fields)) for hit in page))


def shown(plan: Plan, row: Row, fields: Fields) -> Row | None:
    """Return the variant that fits a plan best, as the shop wrote it; None for a product without variants.

    Those that pass the filters come first; of them those whose code was typed; of them the first in the order that was
    asked for; of them those with most of the words; of them the one that the shop names first.
    """
    try:
        listed = document.variants(row, fields)
        left = [Variant(each, document.kept_of_variant(each, fields)) for each in listed]
    except ValueError:  # the index was built from what another configuration read
        return None
    if len(left) > 1:
        left = best(left, lambda variant: passes(variant, plan.matching()))
        left = best(left, lambda variant: code_typed(variant, plan, fields))
        for sort in plan.sort:
            left = first(left, sort)
        if plan.keyword and len(left) > 1:
            words = plan.keyword
            left = best(left, lambda variant: told(variant, words, fields))
    return left[0].row if left else None


def best(variants: Sequence[Variant], worth: Callable[[Variant], int]) -> list[Variant]:
    """Return those of some variants that are worth most, in their order."""
    worths = list(map(worth, variants))
    return [variant for variant, own in zip(variants, worths, strict=True) if own == max(worths)]


def first(variants: Sequence[Variant], sort: Sort) -> list[Variant]:
    """Return those of some variants that come first in order of a field; all where it is none of theirs."""
    extreme = max if sort.descending else min
    values = [variant.under(sort.role, sort.field) for variant in variants]
    ends = [extreme(own) if own else None for own in values]
    known = [end for end in ends if end is not None]
    if not known:
        return list(variants)
    leading = extreme(known)
    return [variant for variant, end in zip(variants, ends, strict=True) if end == leading]


def passes(variant: Variant, filters: Iterable[Filter]) -> bool:
    """Tell whether a variant passes all filters."""
    return all(holds(each, variant) for each in filters)


def holds(clause: Filter, variant: Variant) -> bool:
    """Tell whether a filter holds for a variant."""
    match clause:
        case Not():
            return not holds(clause.clause, variant)
        case AnyOf():
            return any(passes(variant, group) for group in clause.groups)
        case OneVariant():
            return passes(variant, clause.filters)
        case Exists():
            return bool(variant.under(clause.role, clause.field))
        case Terms():
            return not set(clause.values).isdisjoint(variant.under(clause.role, clause.field))
        case Range():
            return any(map(clause.holds, variant.under(clause.role, clause.field)))


def code_typed(variant: Variant, plan: Plan, fields: Fields) -> int:
    """Return 2 for a variant with a code that was typed, 1 where it was begun, else 0."""
    if plan.codes is None:
        return 0
    own = document.codes(document.as_row(variant.row, fields), fields)
    if not set(plan.codes.values).isdisjoint(own):
        return 2
    return int(any(code.startswith(plan.codes.prefixes) for code in own))


def told(variant: Variant, keyword: Match, fields: Fields) -> int:
    """Return what those words of a query count that stand in the fields of a variant, in the best language."""
    searched = document.searched(document.as_row(variant.row, fields), fields)
    return max(
        sum(
            tells
            for own, tells in zip(words.tokens, words.tells, strict=True)
            if not tokens(searched, words.language).isdisjoint(own)
        )
        for words in keyword.words
    )


@functools.lru_cache(maxsize=10_000)  # variants are made of a few colours and sizes
def tokens(searched: str, language: str) -> frozenset[str]:
    """Return the tokens of a text of a variant in one language."""
    return frozenset(text.analyse(searched, language))
