"""Proposals: what a log suggests to write into the files of synonyms and rules. People decide; nothing is applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from hybridsearch.events.traffic import Asked, Clicked, Crowd, Traffic, in_order, share
from hybridsearch.inputs.json_text import as_toml
from hybridsearch.texts.stemming import unaccented
from hybridsearch.texts.text import clean, words

SHOPPERS = 3
"""Who must have done the same before it is proposed."""
ALIKE = 0.75
"""Likeness of two words, in [0, 1], above which one is the other misspelt, which searches see by themselves."""
MOST_WORDS = 3
"""Words of each side of a synonym."""
CLICKS = 5
"""Clicks on a product for a query before it is proposed to pin it."""
SHARE = 0.3
"""Of the query's clicks, that such a product must have."""
DEEP = 5.0
"""Mean rank beyond which a product is clicked though it is far down."""
MOST_PINS = 3
SEPARATORS = frozenset(",\\=>#")
"""What has a meaning in a file of synonyms."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line of a file, and why."""

    text: str
    because: str

    def to_json(self) -> dict[str, str]:
        """Return the object that `synonyms --propose --json` prints."""
        return {"text": self.text, "because": self.because}

    def __str__(self) -> str:
        return f"# {self.because}\n{self.text}"


def synonyms(traffic: Traffic, *, at_least: int = SHOPPERS) -> list[Proposal]:
    """Return rules of synonyms: words that shoppers replaced by others to find what they clicked."""
    found: dict[tuple[str, str], tuple[Crowd, str, str]] = {}
    for pair in traffic.pairs.values():
        if replaced := replacement(pair.first, pair.then):
            crowd, _, _ = found.setdefault(replaced, (Crowd(), pair.first, pair.then))
            crowd.join(pair.crowd)
    often = sorted(((crowd.count, terms, first, then) for terms, (crowd, first, then) in found.items()), reverse=True)
    return [
        Proposal(
            f"{typed} => {typed}, {meant}",
            f"{count} shoppers clicked nothing for '{first}' and then something for '{then}'",
        )
        for count, (typed, meant), first, then in often
        if count >= at_least
    ]


def replacement(first: str, then: str) -> tuple[str, str] | None:
    """Return the words of a query that the next one replaces, and by which; None where it is another change.

    Words that were only left out or added make a query wider or narrower; one that is spelt otherwise is corrected.
    """
    before, after = words(clean(first).lower()), words(clean(then).lower())
    changes = [
        each for each in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if each[0] != "equal"
    ]
    if len(changes) != 1 or changes[0][0] != "replace":
        return None
    _, start, end, other_start, other_end = changes[0]
    gone, come = before[start:end], after[other_start:other_end]
    if max(len(gone), len(come)) > MOST_WORDS or any(SEPARATORS & set(word) for word in (*gone, *come)):
        return None
    typed, meant = " ".join(gone), " ".join(come)
    if SequenceMatcher(None, unaccented(typed), unaccented(meant), autojunk=False).ratio() > ALIKE:
        return None
    return typed, meant


def rules(traffic: Traffic, *, at_least: int = SHOPPERS) -> list[Proposal]:
    """Return rules of merchandisers: products that are clicked for a query though they stand far below."""
    asked_enough = (asked for asked in traffic.queries.values() if asked.crowd.count >= at_least)
    return [
        Proposal(pinning(asked.query, list(deep)), because(asked, deep))
        for asked in in_order(asked_enough)
        if (deep := dict(clicked_far_below(asked)))
    ]


def clicked_far_below(asked: Asked) -> Iterator[tuple[str, Clicked]]:
    """Yield the products to pin for a query, the most clicked first."""
    shares = share(asked)
    often = sorted(asked.products.items(), key=lambda pair: (-pair[1].clicks, pair[0]))
    deep = (
        (key, product)
        for key, product in often
        if product.clicks >= CLICKS and shares[key] >= SHARE and product.rank > DEEP
    )
    yield from list(deep)[:MOST_PINS]


def because(asked: Asked, deep: dict[str, Clicked]) -> str:
    """Return why products are proposed to be pinned."""
    total = sum(product.clicks for product in asked.products.values())
    told = (
        f"'{key}' has {product.clicks} of {total} clicks at rank {product.rank:.1f}" for key, product in deep.items()
    )
    return f"of the clicks for '{asked.query}' " + ", ".join(told)


def pinning(query: str, ids: list[str]) -> str:
    """Return a rule that pins products, as TOML."""
    name = f"clicked far below: {query}"[:100]
    return f"[[rule]]\nname = {as_toml(name)}\nwhen.query = {as_toml(query)}\nthen.pin = {as_toml(ids)}\n"
