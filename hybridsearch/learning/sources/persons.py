"""Persons: the searches of a log whose shopper had done something before them, for learning how much a taste counts.

Such a query is judged by the one session alone: what it clicked of what it was shown. A click at a rank that few look
at counts for more, by the inverse of its propensity (Joachims, Swaminathan and Schnabel, 2017).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from hybridsearch.events.lines import Action
from hybridsearch.learning.sources.clicks import MAX_RANKS, Floats
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.person.history import ACTIONS, ALIASES, PRODUCTS, Event, History, latest_first, weighted

MOST = 2_000
"""The last such searches of a log: each is a search of its own to be asked again."""
SHOPPERS = 50_000
"""Who was there last, and is remembered with what they did: with some clicks each 50 MB."""
HEAVIEST = 10.0
"""The most that a click counts, or one at a rank that hardly anybody looks at would outweigh all others."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A search with a history.

    Attributes:
        ranks: Rank from 0 of each product that was shown and not looked at before.
        clicked: Those of them that were clicked, at least one and not all.
    """

    session: str
    query: JudgedQuery
    history: History
    ranks: Mapping[str, int]
    clicked: frozenset[str]


class Persons:
    """Gathers such searches, answer by answer, and what each shopper did."""

    def __init__(self) -> None:
        self._done = OrderedDict[str, list[Event]]()
        self._searches = deque[Searched](maxlen=MOST)

    def add(
        self,
        session: str,
        query: JudgedQuery | None,
        shown: Sequence[str],
        clicked: Collection[str],
        did: Iterable[Event],
        time: float = 0.0,
    ) -> None:
        """Add an answer and what was done with it.

        Args:
            session: Whose; of an empty one nothing is known.
            query: What was asked; None where its order says nothing of a taste.
            shown: Ids by rank; an empty one keeps its rank and is otherwise ignored.
            clicked: Ids; those that were not shown are ignored.
            did: What becomes history for the searches behind it.
            time: Of the answer, in seconds since 1970; 0 where nothing is said.
        """
        if not session:
            return
        done = self._done.pop(session, [])
        before = [event for event in done if not (time and event.time) or event.time < time]
        if query and before:
            known = {event.id for event in before}
            ranks = {key: rank for rank, key in enumerate(shown[:MAX_RANKS]) if key and key not in known}
            wanted = frozenset(clicked) & ranks.keys()
            if 0 < len(wanted) < len(ranks):
                history = History(weighted(latest_first(before)))
                self._searches.append(Searched(session, query, history, ranks, wanted))
        self._done[session] = [*done, *did][-PRODUCTS:]
        if len(self._done) > SHOPPERS:
            self._done.popitem(last=False)

    def judged(self, propensity: Floats) -> Iterator[JudgedQuery]:
        """Yield each search as a query that its session judged; what it was shown and did not click has grade 0.

        Args:
            propensity: Chance that a shopper looks at each rank, relative to the first one.
        """
        for each in self._searches:
            gains = {key: gain(propensity, rank) if key in each.clicked else 0.0 for key, rank in each.ranks.items()}
            grades = {key: log2(1 + value) for key, value in gains.items()}
            weight = min(sum(gains.values()) / HEAVIEST, 1.0)
            yield replace(each.query, grades=grades, weight=weight, session=each.session, history=each.history)


def gain(propensity: Floats, rank: int) -> float:
    """Return what a click at a rank from 0 counts: 1 at the first one, HEAVIEST at most."""
    return min(1 / float(propensity[min(rank, len(propensity) - 1)]), HEAVIEST)


def events(actions: Iterable[Action]) -> Iterator[Event]:
    """Yield what the actions of a log say of a taste."""
    for action in actions:
        name = ALIASES.get(action.name, action.name)
        if name in ACTIONS:
            yield Event(action.product, name, action.time or None)
