"""From lines to visits: each answer with what was clicked on it.

Lines may come in any order that is not far from that of time: of the answers the last ones wait for their clicks, and
clicks that come first wait for their answer. What waits is limited, so that a log of any size takes the same memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hybridsearch.events.lines import ACTIONS, CLICKS, IMPRESSION, UNUSED, Action, Answer, offset_ids, read_line
from hybridsearch.values import Product, Reject

OPEN_ANSWERS = 100_000
"""Answers that wait for clicks: of a shop with ten queries a second, those of three hours. Some 100 MB."""
EARLY_ACTIONS = 10_000
"""Actions that wait for their answer, which a slow process may write after them."""
MOST_DONE = 50
"""Actions on one answer that are kept, each with its time."""
NAMES = 100
"""Names of other actions that are told apart."""
KEPT = 20
"""Lines that cannot be used, of which the first are kept in full."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An answer, and what was done with it.

    Attributes:
        clicked: Ids of the products that were clicked, in the order of the first click on each.
        seen: Ids of those that somebody saw, where the log says it of any; else empty.
        did: The first actions on a product, impressions left out, in the order of the log.
    """

    answer: Answer
    clicked: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    did: tuple[Action, ...] = ()

    @property
    def who(self) -> str:
        """The shopper; where nobody was named each answer is of somebody else."""
        return self.answer.who or self.answer.query_id

    @property
    def ranked(self) -> list[str]:
        """The ids by rank from 0, counted from the first page on; empty where a product was sent and not seen."""
        shown = [key if not self.seen or key in self.seen else "" for key in self.answer.shown]
        return offset_ids(self.answer.offset, shown)


@dataclass(slots=True)
class Tally:
    """What was found in a log, counted while it is read.

    Attributes:
        lines: All that are not blank.
        answers: Distinct ones.
        refused: Lines that cannot be used.
        first_refused: The first of them, with place and reason.
        repeated: Answers that were logged again, as a page that is logged once more with a click; they count once.
        contradicting: Answers with the id of another one; the first one counts.
        homeless: Actions whose answer is not in the log, or far away in it.
        unknown: Actions by name that are none of UBI's, and are left out.
        aimless: Clicks that name no product.
        not_shown: Clicks on what the answer did not show.
        first: The earliest time, in seconds since 1970; 0 where nothing is said.
        last: The latest one.
    """

    lines: int = 0
    answers: int = 0
    refused: int = 0
    first_refused: list[Reject] = field(default_factory=list)
    repeated: int = 0
    contradicting: int = 0
    homeless: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    aimless: int = 0
    not_shown: int = 0
    first: float = 0.0
    last: float = 0.0

    def refuse(self, reject: Reject) -> None:
        """Count a line that cannot be used."""
        self.refused += 1
        self.first_refused += [reject] * (len(self.first_refused) < KEPT)

    def at(self, time: float) -> None:
        """Note when something happened."""
        if time:
            self.first = min(self.first or time, time)
            self.last = max(self.last, time)

    @property
    def notes(self) -> list[str]:
        """What was left out, as sentences."""
        refused = (f"the first, {reject.where}: {reject.reason}." for reject in self.first_refused[:1])
        names = ", ".join(f"'{name[:40]}' ({count:,})" for name, count in list(self.unknown.items())[:5])
        said = (
            (self.refused, f"Lines that cannot be used: {self.refused:,}; {''.join(refused)}"),
            (self.repeated, f"Answers that were logged again count once: {self.repeated:,}."),
            (self.contradicting, f"Answers with the id of another one, which counts: {self.contradicting:,}."),
            (self.homeless, f"Actions whose answer is not in the log, or not near: {self.homeless:,}."),
            (len(self.unknown), f"Actions of other names are left out: {names}."),
            (self.aimless, f"Clicks without a product are left out: {self.aimless:,}."),
            (self.not_shown, f"Clicks on what was not shown: {self.not_shown:,}."),
        )
        return [sentence for count, sentence in said if count]


class _Open:
    """An answer that waits for clicks."""

    __slots__ = ("answer", "clicked", "did", "seen")

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.clicked: dict[str, None] = {}
        self.seen: dict[str, int] = {}
        self.did: list[Action] = []

    def closed(self, tally: Tally) -> Visit:
        """Return the visit: of an answer that lists nothing, what was seen is what was shown, in its order."""
        answer = self.answer
        if not answer.shown and self.seen:
            shown = tuple(sorted(self.seen, key=lambda key: self.seen[key]))
            answer = Answer(answer.query_id, answer.query, shown, answer.who, answer.time, filters=answer.filters)
        tally.not_shown += len(self.clicked.keys() - set(answer.shown))
        return Visit(answer, tuple(self.clicked), frozenset(self.seen), tuple(self.did))


def visits(
    rows: Iterable[Product | Reject], tally: Tally, *, waiting: int = OPEN_ANSWERS, early: int = EARLY_ACTIONS
) -> Iterator[Visit]:
    """Yield the visits of a log, in the order of its answers.

    Args:
        rows: The lines as objects, or why there is none.
        tally: Counts what is found.
        waiting: Answers that wait for clicks.
        early: Actions that wait for their answer.
    """
    # Of a plain dict the oldest entry is found behind the places of all that were taken out.
    opened = OrderedDict[str, _Open]()
    first = OrderedDict[str, list[Action]]()
    known: dict[str, str] = {}  # one copy of each id, however often it was shown
    pending = 0
    for line in lines_of(rows, tally):
        if isinstance(line, Action):
            if line.query_id in opened:
                act(opened[line.query_id], line, tally)
            elif pending < early:
                first.setdefault(line.query_id, []).append(line)
                pending += 1
            else:
                _, oldest = first.popitem(last=False)
                tally.homeless += len(oldest)
                pending += 1 - len(oldest)
                first.setdefault(line.query_id, []).append(line)
            continue
        if before := opened.get(line.query_id):
            same = (before.answer.query, before.answer.shown) == (line.query, line.shown)
            tally.repeated += same
            tally.contradicting += not same
            continue
        tally.answers += 1
        opened[line.query_id] = found = _Open(with_ids(line, known))
        for action in first.pop(line.query_id, ()):
            pending -= 1
            act(found, action, tally)
        if len(opened) > waiting:
            yield opened.popitem(last=False)[1].closed(tally)
    tally.homeless += pending
    for left in opened.values():
        yield left.closed(tally)


def lines_of(rows: Iterable[Product | Reject], tally: Tally) -> Iterator[Answer | Action]:
    """Yield the lines that can be used."""
    for row in rows:
        tally.lines += 1
        if isinstance(row, Reject):
            tally.refuse(row)
            continue
        try:
            line = read_line(row.row)
        except ValueError as error:
            tally.refuse(Reject(row.where, None, "read", str(error)))
            continue
        tally.at(line.time)
        yield line


def act(found: _Open, action: Action, tally: Tally) -> None:
    """Note an action on an answer."""
    if action.product and action.name in (*CLICKS, *UNUSED) and len(found.did) < MOST_DONE:
        found.did.append(action)
    if action.name in CLICKS:
        if action.product:
            found.clicked[action.product] = None
        else:
            tally.aimless += 1
    elif action.name == IMPRESSION:
        if action.product:
            found.seen.setdefault(action.product, action.position or len(found.seen) + 1)
    elif action.name not in ACTIONS:
        name = action.name if action.name in tally.unknown or len(tally.unknown) < NAMES else "others"
        tally.unknown[name] = tally.unknown.get(name, 0) + 1


def with_ids(answer: Answer, known: dict[str, str]) -> Answer:
    """Return an answer whose ids are those that are known already: memory holds one of each."""
    shown = tuple(known.setdefault(key, key) for key in answer.shown)
    object.__setattr__(answer, "shown", shown)
    return answer
