"""What a proposed text of rules or synonyms changes on the pages of queries, before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_text import parse_toml
from hybridsearch.search import rules
from hybridsearch.search.rules import Rules
from hybridsearch.search.words import synonyms
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.settings import Settings
from hybridsearch.shop.guidance import Guidance
from hybridsearch.values import Page, Row
from hybridsearch.web.compare.moved import moves
from hybridsearch.web.operating.texts import Text, written_instead

SIZE = 10
"""Hits of a page that are compared."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A product of either page, with its places on them from 1; None where it is not among the first."""

    id: str
    row: Row
    before: int | None
    after: int | None
    how: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The pages of a query before and after.

    Attributes:
        moved: The products, in their order after, then those that are gone.
        totals: Products that are found, before and after.
        rules: Names of the rules that are applied after.
        notes: What the page after says of itself.
    """

    query: str
    moved: tuple[Moved, ...]
    totals: tuple[int, int]
    rules: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.totals[0] != self.totals[1] or any(each.how for each in self.moved)


class Proposed(Guidance):
    """The guidance of a shop with other synonyms, or other rules, than its files have."""

    def __init__(self, settings: Settings, instead: Synonyms | Rules) -> None:
        super().__init__(settings)
        self._instead = instead

    @property
    def synonyms(self) -> tuple[Synonyms, tuple[str, ...]]:
        """Those that are proposed, else those in use."""
        return (self._instead, ()) if isinstance(self._instead, Synonyms) else super().synonyms

    @property
    def rules(self) -> tuple[Rules, tuple[str, ...]]:
        """Those that are proposed, else those in use."""
        return (self._instead, ()) if isinstance(self._instead, Rules) else super().rules


def proposed(settings: Settings, text: Text, written: str) -> Proposed:
    """Return the guidance of a shop as it is with a text that is not saved.

    Raises:
        QueryError: Our parsers cannot read it.
    """
    try:
        if text.name == "rules":
            return Proposed(settings, rules.parse("rules", parse_toml(written)))
        return Proposed(settings, synonyms.parse(written_instead(settings, text, written)))
    except ValueError as error:
        raise QueryError(f"There is no preview of what cannot be read: {error}") from error


async def preview(shop: AsyncHybridSearch, guidance: Guidance, query: str) -> Preview:
    """Return what other guidance changes for a query.

    Raises:
        HybridSearchError: As of `search`.
    """
    trial = AsyncHybridSearch(shop.settings, shop.engine)  # never closed: what it uses is the shop's
    trial.encoders, trial.weightings, trial.guidance = shop.encoders, shop.weightings, guidance
    before, after = [await each.search(query, size=SIZE) for each in (shop, trial)]
    return Preview(query, tuple(moved(before, after)), (before.total, after.total), after.rules, tuple(after.notes))


def moved(before: Page, after: Page) -> Sequence[Moved]:
    """Return the products of two pages, with their places."""
    found = moves([hit.id for hit in before], [hit.id for hit in after])
    rows = {hit.id: hit.product for hit in (*after, *before)}
    return [Moved(key, row, found[key].left, found[key].right, found[key].how) for key, row in rows.items()]
