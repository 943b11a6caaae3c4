"""The report of learning: what the weights gain, from how many queries, and what they are. Pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from hybridsearch.learning.curve import Gain
from hybridsearch.learning.gate import interval
from hybridsearch.learning.reports import charts
from hybridsearch.learning.reports.report import TONES, missing
from hybridsearch.learning.reports.sheet import bullets, filled, table, wide
from hybridsearch.learning.tune import Tuned
from hybridsearch.search.signals import FAMILY
from hybridsearch.search.weights import Weights


def html(tuned: Tuned, *, heading: str, activated: bool) -> str:
    """Return the whole file.

    Args:
        tuned: What was learned.
        heading: What was learned from, and when.
        activated: Whether the new weights are in use now.
    """
    decision = tuned.decision
    return filled(
        "tune.html",
        title="Learned weights",
        heading=escape(heading),
        tone="better" if activated else TONES[min(decision.current.sign, 0)],
        verdict=escape(f"{'Activated' if activated else 'Not activated'}: {decision.reason}"),
        gains=charts.intervals(list(gains(tuned)), "Gain of the new weights in nDCG@10", zero=True),
        curve=curve(tuned.curve),
        weights=weights(tuned.start, tuned.weights),
        notes=bullets([*counts(tuned), *tuned.notes]),
        left_out=missing(tuned.left_out),
    )


def gains(tuned: Tuned) -> list[charts.Interval]:
    """Return what the new weights gain over the others."""
    compared = {"current weights": tuned.decision.current, "keywords alone": tuned.decision.keyword}
    return [
        charts.Interval(f"over {name}", each.difference, each.low, each.high, TONES[each.sign], interval(each))
        for name, each in compared.items()
    ]


def curve(points: Sequence[Gain]) -> str:
    """Return the learning curve, or why there is none."""
    if not points:
        return '<p class="soft">There are too few queries, or all of them are alike.</p>'
    drawn = [charts.Point(each.queries, each.gain, each.low, each.high) for each in points]
    chart = charts.curve(drawn, "Gain by the number of judged queries", unit="queries")
    rows = [
        [f"{each.queries:,}", f"<td>{each.gain:+.4f}</td>", f"<td>[{each.low:+.4f}, {each.high:+.4f}]</td>"]
        for each in points
    ]
    return wide(chart) + wide(table(["queries", "gain", "95 % interval"], rows))


def weights(before: Weights, after: Weights) -> str:
    """Return the weights before and after, the largest first; behind them those that kinds of queries got."""
    names = sorted({*before.signals, *after.signals}, key=lambda name: (-after.signals.get(name, 0.0), name))
    shared = [row(name, before.signals, after.signals, name) for name in names if not name.endswith(FAMILY)]
    own = [
        row(f"{name}, for {kind}", before.of(kind).signals, changed, name)
        for kind, changed in after.kinds.items()
        if changed != before.kinds.get(kind)
        for name in changed
    ]
    return table(["signal", "before", "after"], [each for each in (*shared, *own) if each])


def row(label: str, before: Mapping[str, float], after: Mapping[str, float], name: str) -> list[str]:
    """Return the row of a signal; nothing where it weighs nothing on either side."""
    sides = before.get(name, 0.0), after.get(name, 0.0)
    return [escape(label), *(f"<td>{weight:.3f}</td>" for weight in sides)] if any(sides) else []


def counts(tuned: Tuned) -> list[str]:
    """Return how many queries were learned from, and how many were not for each reason, as sentences."""
    left = [f"Queries left out: {count:,}, {reason}." for reason, count in tuned.skipped.items()]
    return [f"Queries learned from: {tuned.queries:,}.", *left]
