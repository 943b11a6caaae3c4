"""The report of a log: what is asked most, what finds nothing, what nobody clicks, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hybridsearch.events import proposals
from hybridsearch.events.lines import written_time
from hybridsearch.events.proposals import Proposal
from hybridsearch.events.traffic import Asked, Traffic, in_order, traffic_of
from hybridsearch.events.visits import Tally, visits
from hybridsearch.values import Product, Reject

CLICKLESS = 3
"""Answers without any click after which a query is told of."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a log says; each list as long as was asked for.

    Attributes:
        top: Queries, the most asked first.
        empty: Queries that found nothing.
        clickless: Queries that found something, of which nothing was ever clicked.
        reformulations: A query that was not clicked, the next one that was, and how many shoppers asked so.
        synonyms: Proposed lines of a file of synonyms.
        rules: Proposed rules, as TOML.
    """

    tally: Tally
    queries: int
    answers: int
    clicked: int
    browsed: int
    top: tuple[Asked, ...]
    empty: tuple[Asked, ...]
    clickless: tuple[Asked, ...]
    reformulations: tuple[tuple[str, str, int], ...]
    synonyms: tuple[Proposal, ...]
    rules: tuple[Proposal, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `report --json` prints."""
        tally = self.tally
        return {
            "answers": self.answers,
            "clicked": self.clicked,
            "queries": self.queries,
            "browsed": self.browsed,
            "from": written_time(tally.first) if tally.first else None,
            "until": written_time(tally.last) if tally.last else None,
            "top": [told(asked) for asked in self.top],
            "empty": [told(asked) for asked in self.empty],
            "clickless": [told(asked) for asked in self.clickless],
            "reformulations": [
                {"from": first, "to": then, "shoppers": count} for first, then, count in self.reformulations
            ],
            "proposals": {
                "synonyms": [{"line": each.text, "because": each.because} for each in self.synonyms],
                "rules": [{"toml": each.text, "because": each.because} for each in self.rules],
            },
            "lines": tally.lines,
            "refused": tally.refused,
            "notes": tally.notes,
        }


def told(asked: Asked) -> dict[str, Any]:
    """Return what is told of a query."""
    return {
        "query": asked.query,
        "asked": asked.answers,
        "shoppers": asked.crowd.count,
        "clicked": asked.clicked,
        "ctr": round(asked.ctr, 4),
        "first_rank": None if asked.first_rank is None else round(asked.first_rank, 2),
        "empty": asked.empty,
    }


def report(rows: Iterable[Product | Reject], *, most: int = 20, at_least: int = 1) -> Report:
    """Return the report of a log.

    Args:
        rows: Its lines.
        most: Entries of each list.
        at_least: Shoppers who must have asked a query before it is told of; of proposals SHOPPERS or more.
    """
    tally = Tally()
    traffic = traffic_of(visits(rows, tally))
    return reported(traffic, tally, most, at_least)


def reported(traffic: Traffic, tally: Tally, most: int, at_least: int) -> Report:
    """Return the report of what is known."""
    asked = in_order(each for each in traffic.queries.values() if each.crowd.count >= at_least and each.answers)
    empty = [each for each in asked if each.empty]
    clickless = [each for each in asked if not each.clicked and each.answers - each.empty >= CLICKLESS]
    together = max(at_least, proposals.SHOPPERS)
    return Report(
        tally=tally,
        queries=len(traffic.queries),
        answers=sum(each.answers for each in traffic.queries.values()),
        clicked=sum(each.clicked for each in traffic.queries.values()),
        browsed=traffic.browsed,
        top=tuple(asked[:most]),
        empty=tuple(sorted(empty, key=lambda each: -each.empty)[:most]),
        clickless=tuple(clickless[:most]),
        reformulations=tuple(traffic.reformulations(at_least=at_least)[:most]),
        synonyms=tuple(proposals.synonyms(traffic, at_least=together)[:most]),
        rules=tuple(proposals.rules(traffic, at_least=together)[:most]),
    )
