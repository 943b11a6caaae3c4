"""Traffic: what a log says of queries, as they are asked, clicked, left and asked otherwise.

Memory grows with the different queries, and with the pairs of a query and a product that was clicked for it; not with
the log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hybridsearch.events.lines import Answer
from hybridsearch.events.visits import Visit
from hybridsearch.texts.text import spelled

EXACT = 20
"""Shoppers of a query that are told apart; those after them count once for each answer."""
RECENT = 50_000
"""Shoppers whose last queries are remembered."""
CHAIN = 3
"""Queries without a click that a click on a later one may explain."""
SOON = 1_800.0
"""Seconds until a shopper's next query has nothing to do with the one before."""


class Crowd:
    """How many there are of whom: exact up to EXACT, and never above the truth until then."""

    __slots__ = ("_known", "count")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self.count = 0

    def add(self, who: str) -> None:
        """Count somebody, unless known."""
        if who not in self._known:
            self.count += 1
            if len(self._known) < EXACT:
                self._known.add(who)

    def join(self, other: Crowd) -> None:
        """Count another crowd, whose members may be of this one."""
        for who in sorted(other._known):
            self.add(who)
        self.count += other.count - len(other._known)


@dataclass(slots=True)
class Clicked:
    """The clicks on a product for a query: how many, and the sum of the ranks at which it stood."""

    clicks: int = 0
    ranks: int = 0

    @property
    def rank(self) -> float:
        """The mean rank."""
        return self.ranks / self.clicks


@dataclass(slots=True)
class Asked:
    """What happened to a query, whatever its filters.

    Attributes:
        query: In its first spelling.
        answers: How often it was asked: its first pages.
        crowd: Who asked it.
        clicked: Answers with a click.
        first_ranks: Sum of the ranks of the best product that was clicked, of these.
        empty: Answers without a product, where no filter was set.
        products: Those that were clicked, on pages without filters and in the order of the score.
    """

    query: str
    answers: int = 0
    crowd: Crowd = field(default_factory=Crowd)
    clicked: int = 0
    first_ranks: int = 0
    empty: int = 0
    products: dict[str, Clicked] = field(default_factory=dict)

    @property
    def ctr(self) -> float:
        """Share of the answers that were clicked; of more than one page each counts."""
        return min(1.0, self.clicked / self.answers) if self.answers else 0.0

    @property
    def first_rank(self) -> float | None:
        """Mean rank of the best product that was clicked; None without clicks."""
        return self.first_ranks / self.clicked if self.clicked else None


@dataclass(slots=True)
class Reformulated:
    """A query that was not clicked, and the next one of the same shopper that was.

    Attributes:
        crowd: Who asked one after the other.
    """

    first: str
    then: str
    crowd: Crowd = field(default_factory=Crowd)


@dataclass(slots=True)
class Traffic:
    """What a log says, by query as it is spelled for comparison."""

    queries: dict[str, Asked] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Reformulated] = field(default_factory=dict)
    browsed: int = 0
    """Pages without words."""

    def popular(self, *, at_least: int = 3) -> dict[str, tuple[int, int]]:
        """Return how often each query was asked and clicked, the most asked first.

        Only what so many shoppers asked, and found something for: what one of them typed is nobody else's business.
        """
        known = (asked for asked in self.queries.values() if asked.crowd.count >= at_least and asked.empty == 0)
        return {asked.query: (asked.answers, asked.clicked) for asked in in_order(known)}

    def reformulations(self, *, at_least: int = 3) -> list[tuple[str, str, int]]:
        """Return pairs of a query that was not clicked and the one after it that was, with the number of shoppers."""
        found = (pair for pair in self.pairs.values() if pair.crowd.count >= at_least)
        return sorted(
            ((pair.first, pair.then, pair.crowd.count) for pair in found), key=lambda pair: (-pair[2], *pair[:2])
        )


def in_order(asked: Iterable[Asked]) -> list[Asked]:
    """Return queries, those that were asked most first."""
    return sorted(asked, key=lambda each: (-each.answers, each.query))


@dataclass(slots=True)
class _Recent:
    """The last queries of a shopper that were not clicked, by spelling, and when the last one was asked."""

    queries: dict[str, str] = field(default_factory=dict)
    time: float = 0.0


def traffic_of(visits: Iterable[Visit]) -> Traffic:
    """Return what visits say, in the order in which they happened."""
    found = Traffic()
    recent = OrderedDict[str, _Recent]()
    for visit in visits:
        answer = visit.answer
        if not answer.query:
            found.browsed += 1
            continue
        key = spelled(answer.query)
        asked = found.queries.setdefault(key, Asked(answer.query))
        count(asked, visit)
        if answer.who:
            for first in follow(recent, visit, key):
                pair = found.pairs.setdefault((first[0], key), Reformulated(first[1], answer.query))
                pair.crowd.add(answer.who)
    return found


def count(asked: Asked, visit: Visit) -> None:
    """Add a visit to what is known of its query."""
    answer = visit.answer
    if answer.offset == 0:
        asked.answers += 1
        asked.crowd.add(visit.who)
        asked.empty += is_empty(answer) and not answer.filters
    ranks = {key: rank for rank, key in enumerate(answer.shown, answer.offset + 1)}
    known = [ranks[key] for key in visit.clicked if key in ranks]
    asked.clicked += bool(visit.clicked)
    asked.first_ranks += min(known, default=answer.offset + 1) if visit.clicked else 0
    if not answer.filters and not answer.sort:
        for key in visit.clicked:
            if key in ranks:
                product = asked.products.setdefault(key, Clicked())
                product.clicks += 1
                product.ranks += ranks[key]


def is_empty(answer: Answer) -> bool:
    """Tell whether nothing was found: as the total says, or where none is given, as nothing was shown."""
    return answer.total == 0 if answer.total is not None else not answer.shown and answer.offset == 0


def follow(recent: OrderedDict[str, _Recent], visit: Visit, key: str) -> Iterator[tuple[str, str]]:
    """Note a query of a shopper, and yield those before it that a click on it explains, by spelling and as typed."""
    answer = visit.answer
    last = recent.pop(answer.who, None)
    if last is None or (answer.time and last.time and answer.time - last.time > SOON):
        last = _Recent()
    last.time = answer.time or last.time
    if visit.clicked:
        yield from ((first, typed) for first, typed in last.queries.items() if first != key)
        last.queries = {}
    else:
        last.queries.pop(key, None)
        last.queries[key] = answer.query
        for oldest in list(last.queries)[:-CHAIN]:
            del last.queries[oldest]
    recent[answer.who] = last
    if len(recent) > RECENT:
        recent.popitem(last=False)


def share(asked: Asked) -> Mapping[str, float]:
    """Return the share of a query's clicks that each product has."""
    clicks = sum(product.clicks for product in asked.products.values())
    return {key: product.clicks / clicks for key, product in asked.products.items()}
