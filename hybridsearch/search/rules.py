"""Rules of a merchandiser: when a query is so, then these products first, those not, another query, a banner.

A rule is a [[rule]] of a file in TOML: its `when` is a query and a time, its `then` what is changed of the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Passing
from hybridsearch.search.filters.conditions import Filter, Ids, Not, Terms, together
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.search.ruled import MOST_PINS, Pin, Ruled, all_of
from hybridsearch.texts import stemming, text
from hybridsearch.values import RULE

STRONGEST = 1.0
"""The most that a boost may add: about what all words of a query together give."""

ANY = ""
"""Stands for whatever a query says."""

Words = tuple[str, ...]
"""Of a query, without accents."""


class Part(BaseModel):
    """A table of the file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class When(Part):
    """What must be so of a query for a rule to be applied: all that is said."""

    query: tuple[Words, ...] | None = None
    """It is one of these, whatever case and accents; an empty text is a page without words."""
    contains: tuple[Words, ...] | None = None
    """It has one of these, words that follow each other."""
    filters: dict[str, Any] | None = None
    """These filters are set, or narrower ones."""
    since: date | None = Field(default=None, alias="from")
    until: date | None = None
    """The first and the last day, in UTC."""

    @field_validator("query", "contains", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        """Read one text or several as words."""
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            raise ValueError("expected a text or a list of texts")
        return tuple(words_of(each) for each in texts)

    @model_validator(mode="after")
    def _something(self) -> When:
        if self.query is None and self.contains is None and self.filters is None:
            raise ValueError("names no query; say 'query', 'contains' or 'filters'")
        return self


class Weighted(Part):
    """Products that are lifted or lowered."""

    filters: dict[str, Any]
    by: Annotated[float, Field(gt=0, le=STRONGEST)] = 0.2
    """Of a score, of which a product with all words of a query has about 1."""


class Then(Part):
    """What is changed."""

    pin: Annotated[tuple[str, ...], Field(max_length=MOST_PINS)] = ()
    """Ids of the products that come first, in this order, if they pass the filters."""
    boost: tuple[Weighted, ...] = ()
    bury: tuple[Weighted, ...] = ()
    hide: tuple[str, ...] = ()
    """Ids of products that are not found."""
    filters: dict[str, Any] = {}
    """What products must be besides."""
    query: str | None = None
    """What is searched for instead."""
    redirect: str | None = None
    """Address to which a page sends the shopper; the search goes on."""
    banner: dict[str, Any] | None = None
    """Data for the page, as they are."""


class Rule(Part):
    """A [[rule]]."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    when: When
    then: Then


@dataclass(frozen=True)
class Rules:
    """The rules of a shop, and what is wrong with some of them; the others are used."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[str, ...] = ()

    def applied(self, typed: str, filters: Sequence[Filter], fields: Fields, today: date) -> Ruled:
        """Return what the rules change of a query.

        All that apply do, in the order of the file: of two queries or redirects the first counts, pins of the first
        come first, and a product that one hides is not pinned by another.

        Args:
            typed: The query.
            filters: Those that are set.
            fields: What the index has.
            today: In UTC.
        """
        asked = words_of(typed)
        effects, problems = [], []
        for rule in self.likely(asked):
            try:
                if is_for(rule.when, asked, filters, fields, today):
                    effects.append(self._effect(rule, fields))
            except QueryError as error:
                problems.append(f"rule {brief(rule.name)} is not applied: {error}")
        ruled = all_of(*effects)
        return replace(ruled, problems=tuple(problems)) if problems else ruled

    def _effect(self, rule: Rule, fields: Fields) -> Ruled:
        """Return what a rule changes by itself; it is remembered for as long as the index has the same fields."""
        known = self._effects.get(rule.name)
        if known is None or (known[0] is not fields and known[0] != fields):
            known = self._effects[rule.name] = fields, effect(rule, fields)
        return known[1]

    @cached_property
    def _effects(self) -> dict[str, tuple[Fields, Ruled]]:
        return {}

    def likely(self, asked: Words) -> list[Rule]:
        """Return the rules that may be for the words of a query, in the order of the file: of thousands hardly any."""
        keys: set[str | Words] = {asked, *asked, ANY}
        places = {place for key in keys for place in self._by_words.get(key, ())}
        return [self.rules[place] for place in sorted(places)]

    @cached_property
    def _by_words(self) -> Mapping[str | Words, Sequence[int]]:
        """The places of the rules by whole queries, by the first words of what these contain, and of all others."""
        found: defaultdict[str | Words, list[int]] = defaultdict(list)
        for place, rule in enumerate(self.rules):
            keys: Iterable[str | Words] = [ANY]
            if rule.when.query is not None:
                keys = rule.when.query
            elif rule.when.contains is not None:
                keys = [words[0] if words else ANY for words in rule.when.contains]
            for key in set(keys):
                found[key].append(place)
        return found


NONE = Rules()


def parse(name: str, data: Mapping[str, Any]) -> Rules:
    """Return the rules of a file.

    Args:
        name: Of the file, for messages.
        data: What TOML made of it.

    Raises:
        ValueError: It is no file of rules.
    """
    if odd := sorted(data.keys() - {"rule"}):
        raise ValueError(f"found {brief(odd[0])}, expected [[rule]] alone")
    rules: list[Rule] = []
    problems: list[str] = []
    entries = data.get("rule", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        try:
            rule = Rule.model_validate(entry)
            if any(rule.name == other.name for other in rules):
                raise ValueError("another rule before it has this name")
            rules.append(rule)
        except ValidationError as error:
            problems += [f"{name}: rule {number}: {problem(each)}" for each in error.errors(include_url=False)]
        except ValueError as error:
            problems.append(f"{name}: rule {number}: {error}")
    return Rules(tuple(rules), tuple(problems))


def problem(error: Any) -> str:
    """Return what pydantic says of a key in one line."""
    place = ".".join(map(str, error["loc"]))
    said = "no such key" if error["type"] == "extra_forbidden" else error["msg"].removeprefix("Value error, ")
    return f"'{place}': {said}" if place else said


def words_of(typed: str) -> Words:
    """Return the words of a query in the form in which they are compared."""
    return tuple(map(stemming.unaccented, text.query_words(text.clean(typed, text.QUERY_LIMIT))))


def is_for(when: When, asked: Words, filters: Sequence[Filter], fields: Fields, today: date) -> bool:
    """Tell whether a rule is for a query.

    Raises:
        QueryError: It names a field that the index does not have.
    """
    return (
        (when.since is None or when.since <= today)
        and (when.until is None or today <= when.until)
        and (when.query is None or asked in when.query)
        and (when.contains is None or any(within(words, asked) for words in when.contains))
        and (when.filters is None or all(is_set(each, filters) for each in read_filters(when.filters, fields)))
    )


def within(words: Words, asked: Words) -> bool:
    """Tell whether words follow each other in a query."""
    if len(words) == 1:
        return words[0] in asked
    return any(asked[start : start + len(words)] == words for start in range(len(asked) - len(words) + 1))


def is_set(wanted: Filter, filters: Sequence[Filter]) -> bool:
    """Tell whether a filter, or a narrower choice of its values, is among some."""
    if wanted in filters:
        return True
    if not isinstance(wanted, Terms):
        return False
    same = (each for each in filters if isinstance(each, Terms) and each.field == wanted.field and each.values)
    return any(set(each.values) <= set(wanted.values) for each in same)


def effect(rule: Rule, fields: Fields) -> Ruled:
    """Return what a rule changes by itself.

    Raises:
        QueryError: It names a field that the index does not have, or a value that this cannot hold.
    """
    then = rule.then
    hidden: list[Filter] = [Not(Ids(then.hide))] if then.hide else []
    return Ruled(
        (rule.name,),
        then.query,
        tuple(Pin(key, rule.name) for key in dict.fromkeys(then.pin)),
        tuple(weighted(rule, fields)),
        (*read_filters(then.filters, fields), *hidden),
        then.redirect or "",
        () if then.banner is None else (then.banner,),
    )


def misplaced(rules: Rules, schema: Schema) -> Iterator[str]:
    """Yield why rules, or parts of them, cannot be applied to an index."""
    for rule in rules.rules:
        try:
            if rule.when.filters is not None:
                list(read_filters(rule.when.filters, schema.fields))
            effect(rule, schema.fields)
        except QueryError as error:
            yield f"rule {brief(rule.name)} is not applied: {error}"


def weighted(rule: Rule, fields: Fields) -> Iterator[Passing]:
    """Yield the signals that lift products, or all others than those that are buried."""
    for what, parts, holds in (("boost", rule.then.boost, True), ("not buried", rule.then.bury, False)):
        for number, part in enumerate(parts, 1):
            wanted = together(read_filters(part.filters, fields), fields.of_variants)
            yield Passing(f"{RULE}{rule.name}: {what}{f' {number}' if len(parts) > 1 else ''}", part.by, wanted, holds)
