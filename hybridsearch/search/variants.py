"""Which variant of a product is shown: the one that fits the query best, chosen from what the shop wrote."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hybridsearch import document
from hybridsearch.inputs.rows import field, strings
from hybridsearch.roles import Fields
from hybridsearch.runtime.remembered import remembered
from hybridsearch.search.clauses import Codes, Match
from hybridsearch.search.filters.conditions import AnyOf, Exists, Filter, Ids, Not, OneVariant, Range, Sampled, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.texts import text
from hybridsearch.values import Hit, Page, Row

MOST_READ = 10_000
"""Values of a field that are remembered as they were read: variants are made of a few colours and sizes."""


class Variant:
    """A variant: as the shop wrote it, and what is kept of it, each field read when it is needed."""

    def __init__(self, row: Row, fields: Fields) -> None:
        self.row, self.fields = row, fields
        self._kept: dict[tuple[str, str], tuple[Any, ...]] = {}

    def under(self, role: str, name: str) -> tuple[Any, ...]:
        """Return what is kept under a name: several values, one, or none.

        Raises:
            ValueError: It cannot be read.
        """
        found = self._kept.get((role, name))
        if found is None:
            found = self._kept[role, name] = reader(self.fields, role, name)(self.row)
        return found


@remembered
def reader(fields: Fields, role: str, name: str) -> Callable[[Row], tuple[Any, ...]]:
    """Return what reads a field of a variant: several values, one, or none."""
    if not (fields.of_variants(name) and name in fields.of(role)):
        return lambda _: ()
    within = fields.within_variant(name)
    known: dict[tuple[type, str | float], tuple[Any, ...]] = {}

    def read(variant: Row) -> tuple[Any, ...]:
        value = field(variant, within)
        key = (type(value), value) if isinstance(value, str | float | int) else None
        if key is not None and key in known:
            return known[key]
        kept = document.kept_of_variant(variant, role, name, fields)
        found = kept if isinstance(kept, tuple) else (kept,)
        if key is not None and len(known) < MOST_READ:
            known[key] = found
        return found

    return read


Narrowing = Callable[[Sequence[Variant]], list[Variant]]
"""Returns those of the variants of a product that fit best by one rule."""


def with_variants(plan: Plan, page: Page, fields: Fields) -> Page:
    """Return a page whose hits show their variants, if the index has any; where these are offers, all of them."""
    if not (plan.rows and fields.has_variants):
        return page
    narrowing = tuple(rules(plan, fields))
    return replace(page, hits=tuple(with_own(plan, hit, fields, narrowing) for hit in page))


def with_own(plan: Plan, hit: Hit, fields: Fields, narrowing: Sequence[Narrowing]) -> Hit:
    """Return a hit with its variant, and with its offers, if the index has any."""
    variant = fitting(hit.product, fields, narrowing)
    listed = offers(plan, hit.product, fields, variant) if fields.offers else ()
    return replace(hit, variant=variant, offers=listed)


def offers(plan: Plan, row: Row, fields: Fields, best: Row | None) -> tuple[Row, ...]:
    """Return the offers of a product: the `best` one, those that pass the filters, and the others, the cheap first."""
    if best is None:
        return ()
    price, wanted = fields.price_in(offers=True), passing(plan.matching(), fields)
    listed = [Variant(each, fields) for each in document.variants(row, fields)]

    def place(offer: Variant) -> tuple[bool, bool, float]:
        amount = min(offer.under("numbers", price), default=math.inf) if price else 0.0
        return offer.row is not best, not wanted(offer), amount

    return tuple(offer.row for offer in sorted(listed, key=place))


def shown(plan: Plan, row: Row, fields: Fields) -> Row | None:
    """Return the variant that fits a plan best, as the shop wrote it; None for a product without variants.

    Those that pass the filters come first; of them those whose code was typed; of them the first in the order that was
    asked for; of them those with most of the words; of offers the cheapest; of them the one that the shop names first.
    """
    return fitting(row, fields, tuple(rules(plan, fields)))


def fitting(row: Row, fields: Fields, narrowing: Iterable[Narrowing]) -> Row | None:
    """Return the variant of a product that is left, see `shown`, by what chooses among them."""
    try:
        left = [Variant(each, fields) for each in document.variants(row, fields)]
        for narrow in narrowing:
            if len(left) > 1:
                left = narrow(left)
    except ValueError:  # the index was built by another configuration
        return None
    return left[0].row if left else None


def rules(plan: Plan, fields: Fields) -> Iterator[Narrowing]:
    """Yield what chooses among the variants of a product, the most important first."""
    if matching := plan.matching():
        yield functools.partial(best, worth=passing(matching, fields))
    if (codes := plan.codes) and any(map(fields.of_variants, fields.codes)):
        yield lambda left: best(left, lambda variant: code_typed(variant, codes))
    for sort in plan.sort:
        if plan.of_variants(sort.field):
            yield functools.partial(first, sort=sort)
    searched = [fields.within_variant(name) for name in document.searched_names(fields) if fields.of_variants(name)]
    if (words := plan.keyword) and searched:
        yield lambda left: best(left, lambda variant: told(variant, words, searched))
    if price := fields.price_in(offers=True):
        yield functools.partial(first, sort=Sort(price))


def best(variants: Sequence[Variant], worth: Callable[[Variant], int]) -> list[Variant]:
    """Return those of some variants that are worth most, in their order."""
    worths = list(map(worth, variants))
    most = max(worths)
    return [variant for variant, own in zip(variants, worths, strict=True) if own == most]


def first(variants: Sequence[Variant], sort: Sort) -> list[Variant]:
    """Return those of some variants that come first in order of a field; all where none has it."""
    extreme = max if sort.descending else min
    values = [variant.under(sort.role, sort.field) for variant in variants]
    ends = [extreme(own) if own else None for own in values]
    known = [end for end in ends if end is not None]
    if not known:
        return list(variants)
    leading = extreme(known)
    return [variant for variant, end in zip(variants, ends, strict=True) if end == leading]


def passing(filters: Iterable[Filter], fields: Fields) -> Callable[[Variant], bool]:
    """Return what tells whether a variant passes all filters."""
    tests = [test_of(each, fields) for each in filters]
    return tests[0] if len(tests) == 1 else lambda variant: all(test(variant) for test in tests)


def test_of(clause: Filter, fields: Fields) -> Callable[[Variant], bool]:
    """Return what tells whether a filter holds for a variant; a page asks it of all variants of its hits."""
    match clause:
        case Not():
            left_out = test_of(clause.clause, fields)
            return lambda variant: not left_out(variant)
        case AnyOf():
            groups = [passing(group, fields) for group in clause.groups]
            return lambda variant: any(group(variant) for group in groups)
        case Ids() | Sampled():
            return lambda _: True  # that is said of the product
        case OneVariant():
            return passing(clause.filters, fields)
        case Exists():
            read = reader(fields, clause.role, clause.field)
            return lambda variant: bool(read(variant.row))
        case Terms():
            read, wanted = reader(fields, clause.role, clause.field), frozenset(clause.values)
            return lambda variant: not wanted.isdisjoint(read(variant.row))
        case Range():
            read = reader(fields, clause.role, clause.field)
            return lambda variant: any(map(clause.holds, read(variant.row)))


def code_typed(variant: Variant, codes: Codes) -> int:
    """Return 2 for a variant with a code that was typed, 1 where it was begun, else 0."""
    own = document.codes(document.as_row(variant.row, variant.fields), variant.fields)
    if not set(codes.values).isdisjoint(own):
        return 2
    return int(any(code.startswith(codes.prefixes) for code in own))


def told(variant: Variant, keyword: Match, searched: Iterable[str]) -> int:
    """Return what those words of a query count that stand in some fields of a variant, in the best language."""
    written = tuple([part for name in searched for part in strings(field(variant.row, name))])
    return max(
        sum(
            tells
            for own, tells in zip(words.tokens, words.tells, strict=True)
            if any(tokens(written, words.language).issuperset(form.split(" ")) for form in own)
        )
        for words in keyword.words
    )


@functools.lru_cache(maxsize=10_000)  # variants are made of a few colours and sizes
def tokens(written: tuple[str, ...], language: str) -> frozenset[str]:
    """Return the tokens of some texts in one language."""
    return frozenset(token for part in written for token in text.analyse(document.cleaned(part), language))
