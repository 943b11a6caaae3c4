"""Two set-ups over all judged queries, in a thread of its own: whoever waits asks how far it is."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hybridsearch import redaction
from hybridsearch.clients.client import HybridSearch
from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.paired import Paired, paired
from hybridsearch.learning.prepared import in_index, with_known
from hybridsearch.learning.sources.judgments import JudgedQuery
from hybridsearch.web.answers import BUG
from hybridsearch.web.compare.judged import Judged
from hybridsearch.web.compare.sides import Side, Sides

CUT = 10
"""Hits that nDCG@10 looks at."""
KEPT = 8
"""Comparisons whose outcome is kept."""
log = redaction.logger(__name__)


class Stopped(Exception):  # noqa: N818 - reads as the state that it names
    """Nobody waits for the outcome any more."""


@dataclass(slots=True)
class Contest:
    """One comparison: how far it is, then its outcome.

    Attributes:
        done: Searches so far.
        total: Searches that there will be; 0 until that is known.
        found: The outcome; None until then.
        failed: Why there will be none, as a sentence.
        queries: Those that are asked.
        stop: Set where it is to end with the search that it is at.
    """

    done: int = 0
    total: int = 0
    found: Paired | None = None
    failed: str = ""
    queries: tuple[JudgedQuery, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        """Whether an outcome is still to come."""
        return self.found is None and not self.failed


@dataclass(slots=True)
class Contests:
    """The comparisons of a shop: one at a time, and the last few outcomes."""

    sides: Sides
    judged: Judged
    _kept: OrderedDict[tuple[str, str], Contest] = field(default_factory=OrderedDict)

    def of(self, left: str, right: str) -> Contest | None:
        """Return how a comparison of two set-ups stands now; None where it was not begun, or is forgotten."""
        found = self._kept.get((left, right))
        return found and replace(found)

    def start(self, left: Side, right: Side) -> None:
        """Begin a comparison, or begin it anew; nothing is waited for.

        Raises:
            QueryError: Another one is under way.
        """
        under_way = next((names for names, each in self._kept.items() if each.running), None)
        if under_way == (left.name, right.name):
            return
        if under_way:
            raise QueryError(
                f"The comparison of {' and '.join(under_way)} is under way. Wait until it has ended, or stop it."
            )
        names, begun = (left.name, right.name), Contest()
        self._kept.pop(names, None)
        self._kept[names] = begun
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        threading.Thread(target=self._run, args=(begun, left, right), name="hybridsearch-compare", daemon=True).start()

    def stop(self, left: str, right: str) -> None:
        """Let a comparison end with the search that it is at; one that is not under way stays as it is."""
        if found := self._kept.get((left, right)):
            found.stop.set()

    def close(self) -> None:
        """Let what is under way end with the search that it is at."""
        for names in list(self._kept):
            self.stop(*names)

    def _run(self, contest: Contest, left: Side, right: Side) -> None:
        try:
            contest.found = self._outcome(contest, left, right)
        except HybridSearchError as error:
            contest.failed = str(error)
        except Stopped:
            contest.failed = f"It was stopped after {contest.done:,} of {contest.total:,} searches."
        except Exception:
            log.exception("a comparison of two set-ups failed")
            contest.failed = BUG

    def _outcome(self, contest: Contest, left: Side, right: Side) -> Paired:
        queries, shops = self.judged.queries(), [self.sides.shop_of(side) for side in (left, right)]
        contest.queries, contest.total = queries, 2 * len(queries)
        names = {name for query in queries for name in query.grades}
        known = set[str]().union(*(in_index(shop.engine, names) for shop in shops))
        skipped: dict[int, str] = {}
        asked = dict(enumerate(with_known(query, known) for query in queries))
        for number in [number for number, query in asked.items() if not query.answerable]:
            skipped[number] = "no relevant product in the index"
            contest.total -= 2
            del asked[number]
        first, second = (
            self._values(contest, side, shop, asked, skipped) for side, shop in zip((left, right), shops, strict=True)
        )
        return paired(first, second, Counter(skipped.values()))

    def _values(
        self,
        contest: Contest,
        side: Side,
        shop: HybridSearch,
        asked: Mapping[int, JudgedQuery],
        skipped: dict[int, str],
    ) -> Mapping[int, float]:
        """Return nDCG@10 by the number of the query, of those that are answered whole."""
        values: dict[int, float] = {}
        for number, query in asked.items():
            if contest.stop.is_set():
                raise Stopped
            contest.done += 1
            try:
                page = shop.search(**self.judged.arguments(query), size=CUT, weights=side.weights, regions=False)
            except HybridSearchError as error:
                skipped.setdefault(number, f"{side.label}: {error}")
                continue
            if page.degraded:
                skipped.setdefault(number, f"{side.label}: {page.degraded[0]}")
            else:
                values[number] = ndcg([hit.id for hit in page], query.grades)
        return values
