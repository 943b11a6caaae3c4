"""Arms: which of two weightings shoppers prefer, from the log of a test.

Where each shopper got one arm, shares of clicked answers are compared; where both were interleaved, whose products were
clicked. Shoppers are drawn, not answers: those of one shopper are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.events.visits import Tally, Visit, visits
from hybridsearch.learning.significance import LEVEL, anytime_half, anytime_interval, exact_interval, sign_test
from hybridsearch.search.arms import ARMS, INTERLEAVED, A, B
from hybridsearch.values import Product, Reject

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

DRAWS = 10_000
FEWEST = 30
"""Shoppers of each arm, or with a preference, below which nothing is said: an interval of fewer is too narrow."""
BLOCK = 2**22
"""Numbers that are drawn at a time."""
ALWAYS = "That holds however often somebody looked."
ENDED = "That holds if it was settled before the test that it ends now, and not yet for whoever looks again and again."
CELLS = ("answers", "clicked", "clicks")


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one arm has than the other.

    Attributes:
        a: The value of arm `a`.
        b: That of arm `b`.
        low: Lower end of the 95 % interval of b - a.
        high: Upper end.
        p: Chance, in (0, 1], of a difference at least as large in either direction if the arms were alike.
        anytime: The ends of an interval that holds however often somebody looks.
    """

    a: float
    b: float
    low: float
    high: float
    p: float
    anytime: tuple[float, float]

    @property
    def difference(self) -> float:
        """The value of `b` minus that of `a`."""
        return self.b - self.a

    @property
    def better(self) -> str:
        """The arm that surely has more; empty where nobody can tell. Interval and p must agree, as in `eval`."""
        if self.p >= LEVEL:
            return ""
        return beyond((self.low, self.high), 0.0)

    @property
    def better_anytime(self) -> str:
        """The arm that surely has more, however often somebody looked; empty where nobody can tell."""
        return beyond(self.anytime, 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {**asdict(self), "difference": self.difference}


def beyond(interval: tuple[float, float], middle: float) -> str:
    """Return the arm on whose side of the middle an interval lies; empty where it holds the middle."""
    return B if interval[0] > middle else A if interval[1] < middle else ""


@dataclass(frozen=True, slots=True)
class Separate:
    """What shoppers did who got one arm each.

    Attributes:
        shoppers: By arm.
        answers: First pages, by arm.
        ctr: Share of the first pages with a click.
        clicks: Clicks for each first page, those on the pages behind it included.
    """

    shoppers: Mapping[str, int]
    answers: Mapping[str, int]
    ctr: Difference
    clicks: Difference

    @property
    def better(self) -> str:
        """The arm whose answers are surely clicked more often; empty where nobody can tell."""
        return self.ctr.better if min(self.shoppers.values()) >= FEWEST else ""

    @property
    def better_anytime(self) -> str:
        """The same for whoever looks again and again."""
        return self.ctr.better_anytime if min(self.shoppers.values()) >= FEWEST else ""


@dataclass(frozen=True, slots=True)
class Preferred:
    """Whose products shoppers clicked, who got both arms in one list.

    Attributes:
        wins: Shoppers who clicked more products of an arm than of the other, by arm.
        ties: Shoppers who clicked as many of each.
        answers: Interleaved answers, clicked or not.
        share: Of the wins, that of arm `b`, in [0, 1]; 0.5 without any.
        low: Lower end of its 95 % interval (Clopper and Pearson, exact).
        high: Upper end.
        p: Of the sign test: chance of a share at least as far from a half if the arms were alike.
        anytime: The ends of an interval that holds however often somebody looks.
    """

    wins: Mapping[str, int]
    ties: int
    answers: int
    share: float
    low: float
    high: float
    p: float
    anytime: tuple[float, float]

    @property
    def better(self) -> str:
        """The arm that shoppers surely prefer; empty where nobody can tell."""
        return beyond((self.low, self.high), 0.5) if sum(self.wins.values()) >= FEWEST else ""

    @property
    def better_anytime(self) -> str:
        """The same for whoever looks again and again."""
        return beyond(self.anytime, 0.5) if sum(self.wins.values()) >= FEWEST else ""


@dataclass(slots=True)
class Shoppers:
    """Counts by shopper and arm, gathered visit by visit: some 300 bytes for each shopper."""

    separate: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {A: {}, B: {}})
    balance: dict[str, int] = field(default_factory=dict)
    interleaved: int = 0
    untested: int = 0

    def add(self, visit: Visit) -> None:
        """Add an answer."""
        answer = visit.answer
        if answer.arm in ARMS:
            counts = self.separate[answer.arm].setdefault(visit.who, [0, 0, 0])
            if answer.offset == 0:
                counts[0] += 1
                counts[1] += bool(visit.clicked)
            counts[2] += len(visit.clicked)
        elif answer.arm == INTERLEAVED and answer.teams:
            self.interleaved += 1
            teams = dict(zip(answer.shown, answer.teams, strict=True))
            won_by = Counter(teams[key] for key in visit.clicked if key in teams)
            if won_by:
                won = (won_by[B] > won_by[A]) - (won_by[A] > won_by[B])
                self.balance[visit.who] = self.balance.get(visit.who, 0) + won
        else:
            self.untested += 1

    @property
    def both(self) -> int:
        """Shoppers who got each arm at some time."""
        return len(self.separate[A].keys() & self.separate[B].keys())


@dataclass(frozen=True, slots=True)
class Compared:
    """What a log says of a test; None for what it has no answers of."""

    tally: Tally
    separate: Separate | None
    interleaved: Preferred | None
    untested: int
    both: int

    @property
    def notes(self) -> list[str]:
        """What limits the comparison, as sentences."""
        both = (
            f"Shoppers who got each arm at some time: {self.both:,}. Give an arm to a shopper, not to an answer: "
            "shop.arm_of(session)."
        )
        said = ((self.untested, f"Answers of no arm are left out: {self.untested:,}."), (self.both, both))
        return [*(sentence for count, sentence in said if count), *self.tally.notes]

    @property
    def better_anytime(self) -> str:
        """The arm that is surely better for whoever looks again and again; empty where nobody can tell."""
        found = {part.better_anytime for part in (self.interleaved, self.separate) if part} - {""}
        return found.pop() if len(found) == 1 else ""

    @property
    def verdict(self) -> str:
        """Which arm is better, as a sentence."""
        found = [part.better for part in (self.interleaved, self.separate) if part]
        if not found:
            return "The log has no answers of a test: search with variant='a', 'b' or 'interleaved', and log the pages."
        sure = sorted(set(filter(None, found)))
        if len(sure) == 1:
            return f"Arm '{sure[0]}' is better. {ALWAYS if self.better_anytime == sure[0] else ENDED}"
        if len(sure) == 2:
            return "Shoppers contradict each other: one arm is better where both are interleaved, the other one apart."
        return "These shoppers cannot tell: the difference is no larger than chance explains, or there are too few."

    def to_json(self) -> dict[str, Any]:
        """Return the object that `compare --json` prints."""
        apart, dealt = self.separate, self.interleaved
        better = sorted({part.better for part in (apart, dealt) if part} - {""})
        return {
            "better": better[0] if len(better) == 1 else None,
            "better_anytime": self.better_anytime or None,
            "verdict": self.verdict,
            "separate": apart
            and {
                "shoppers": dict(apart.shoppers),
                "answers": dict(apart.answers),
                "ctr": apart.ctr.to_json(),
                "clicks_per_answer": apart.clicks.to_json(),
            },
            "interleaved": dealt and asdict(dealt),
            "notes": self.notes,
        }


def compare(rows: Iterable[Product | Reject], *, seed: int = 0) -> Compared:
    """Return what the log of a test says.

    Args:
        rows: Its lines.
        seed: Of what is drawn; the same one gives the same answer.
    """
    tally, shoppers = Tally(), Shoppers()
    for visit in visits(rows, tally):
        shoppers.add(visit)
    groups = (counted(shoppers.separate[A]), counted(shoppers.separate[B]))
    return Compared(
        tally=tally,
        separate=separate(*groups, seed) if all(len(cells) for cells, _ in groups) else None,
        interleaved=preferred(list(shoppers.balance.values()), shoppers.interleaved) if shoppers.interleaved else None,
        untested=shoppers.untested,
        both=shoppers.both,
    )


def counted(by_shopper: Mapping[str, list[int]]) -> tuple[Integers, Integers]:
    """Return the different rows of counts, (n, 3) as in CELLS, and how many shoppers have each, (n,)."""
    rows = Counter(tuple(counts) for counts in by_shopper.values() if counts[0])
    cells = sorted(rows)
    return np.array(cells, np.int64).reshape(-1, len(CELLS)), np.array([rows[cell] for cell in cells], np.int64)


def separate(a: tuple[Integers, Integers], b: tuple[Integers, Integers], seed: int) -> Separate:
    """Return how two groups of shoppers differ, from `counted` of each."""
    sums = {arm: counts @ cells for arm, (cells, counts) in zip(ARMS, (a, b), strict=True)}
    shoppers = int(a[1].sum() + b[1].sum())
    differences = []
    for column in (1, 2):
        random = np.random.default_rng(seed)
        samples = drawn(*b, column, random) - drawn(*a, column, random)
        low, high = np.percentile(samples, [2.5, 97.5])
        value = {arm: float(total[column] / total[0]) for arm, total in sums.items()}
        p, half = shuffled(a, b, column, random), anytime_half(float(samples.std()), shoppers)
        always = (value[B] - value[A] - half, value[B] - value[A] + half)
        differences.append(Difference(value[A], value[B], float(low), float(high), p, always))
    return Separate(
        {arm: int(counts.sum()) for arm, (_, counts) in zip(ARMS, (a, b), strict=True)},
        {arm: int(total[0]) for arm, total in sums.items()},
        *differences,
    )


def drawn(cells: Integers, counts: Integers, column: int, random: np.random.Generator) -> Floats:
    """Return the value of each of many samples of shoppers, drawn with replacement.

    To draw shoppers is to draw how many there are of each row of counts, whatever their number.
    """
    shares, size = counts / counts.sum(), int(counts.sum())
    rows = max(1, BLOCK // len(cells))
    samples = (
        random.multinomial(size, shares, min(rows, DRAWS - start)) @ cells[:, [column, 0]]
        for start in range(0, DRAWS, rows)
    )
    totals = np.concatenate(list(samples))
    return np.asarray(totals[:, 0] / totals[:, 1], np.float64)


def shuffled(
    a: tuple[Integers, Integers], b: tuple[Integers, Integers], column: int, random: np.random.Generator
) -> float:
    """Return the two-sided p of a permutation test: shoppers are dealt anew into groups of the same sizes."""
    cells = np.concatenate([a[0], b[0]])[:, [column, 0]]
    counts, size = np.concatenate([a[1], b[1]]), int(a[1].sum())
    total, first = counts @ cells, a[1] @ cells[: len(a[0])]
    observed = abs(gap(first[None], total)[0])
    rows, extreme = max(1, BLOCK // len(cells)), 0
    for start in range(0, DRAWS, rows):
        dealt = random.multivariate_hypergeometric(counts, size, min(rows, DRAWS - start), method="marginals") @ cells
        extreme += int(np.count_nonzero(np.abs(gap(dealt, total)) >= observed - 1e-12))
    return (extreme + 1) / (DRAWS + 1)


def gap(first: Integers, total: Integers) -> Floats:
    """Return the difference of the two groups' values, of rows with the sums of the first group."""
    rest = total - first
    return np.asarray(rest[:, 0] / rest[:, 1] - first[:, 0] / first[:, 1], np.float64)


def preferred(balances: list[int], answers: int) -> Preferred:
    """Return whom shoppers prefer, each by the sign of answers that `b` won minus those that `a` won."""
    wins: dict[str, int] = {A: sum(each < 0 for each in balances), B: sum(each > 0 for each in balances)}
    total = wins[A] + wins[B]
    low, high = exact_interval(wins[B], total)
    share = wins[B] / total if total else 0.5
    always, p = anytime_interval(wins[B], total), sign_test(wins[B], total)
    return Preferred(wins, len(balances) - total, answers, share, low, high, p, always)
