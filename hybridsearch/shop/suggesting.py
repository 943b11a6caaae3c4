"""Suggesting: what suggestions are made from, kept for some minutes, and the plan and the answer for what is typed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hybridsearch.errors import QueryError
from hybridsearch.schema import Schema
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.search.suggest.beginnings import Beginnings
from hybridsearch.search.suggest.known import facets_of, known, reading
from hybridsearch.search.suggest.suggest import Known
from hybridsearch.search.suggest.suggestions import Planned, planned
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.shop.guidance import Guidance

if TYPE_CHECKING:
    from hybridsearch.search.plan import Plan
    from hybridsearch.search.planner import Query
    from hybridsearch.search.weights import Weights
    from hybridsearch.settings import Settings
    from hybridsearch.values import Page

MOST = 50
"""Suggestions that may be asked for."""
FRESH = 600.0
"""Seconds for which titles and values of facets are kept; where the index has changed since, only"""
SHARE = 20
"""times as long as it takes to read them."""


class Suggesting:
    """What a shop suggests.

    Args:
        settings: The configuration.
        guidance: The rules and synonyms of the shop.
    """

    def __init__(self, settings: Settings, guidance: Guidance) -> None:
        self._settings, self._guidance = settings, guidance
        self._known: Known | None = None
        self._began, self._read_at = 0.0, 0.0

    def fresh(self, lexicon: Lexicon | None) -> Known | None:
        """Return what suggestions are made from; None where it is to be read.

        While one caller reads it again, the others go on with what there is.
        """
        kept, now = self._known, time.monotonic()
        changed = kept is not None and kept.lexicon is not lexicon
        if kept is None or now - self._read_at > (
            min(FRESH, SHARE * (self._read_at - self._began)) if changed else FRESH
        ):
            self._began = self._read_at = now
            return None
        return Known(lexicon, kept.titles, kept.queries, kept.values)

    def reading(self, schema: Schema, lexicon: Lexicon | None) -> Plan:
        """Return the plan that reads it."""
        facets = facets_of(schema.fields, self._settings.suggest.facets)
        return reading(schema.fields, facets, lexicon.documents if lexicon else 0)

    def learned(self, page: Page, schema: Schema, lexicon: Lexicon | None, asked: Mapping[str, float]) -> Known:
        """Return and keep it.

        Args:
            page: The answer to that plan.
            schema: What the index holds.
            lexicon: Its words.
            asked: Queries of shoppers, with what each weighs.
        """
        facets = facets_of(schema.fields, self._settings.suggest.facets)
        self._known = known(page, schema, facets, lexicon, Beginnings(asked))
        self._read_at = time.monotonic()
        return self._known

    def planned(self, query: Query, schema: Schema, weights: Weights, found: Known, degraded: Sequence[str]) -> Planned:
        """Return what answers a text that somebody is typing.

        Raises:
            QueryError: A filter is wrong, or so many suggestions cannot be asked for.
        """
        if not 0 <= query.size <= MOST:
            raise QueryError(f"{query.size} suggestions were asked for; expected a number from 0 to {MOST}.")
        (synonyms, unread), (rules, unread_rules) = self._guidance.synonyms, self._guidance.rules
        return planned(
            query.text,
            query.size,
            schema,
            weights,
            found,
            filters=tuple(read_filters(query.filters, schema.fields, self._settings.fields)),
            rules=rules,
            synonyms=synonyms,
            today=datetime.now(UTC).date(),
            degraded=(*degraded, *unread, *unread_rules),
        )
