"""The report of an evaluation: one HTML file that needs nothing else. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

import numpy as np

from hybridsearch.learning.evaluate import LEAST_SHOWN, MAIN, Evaluation, in_words
from hybridsearch.learning.prepared import LeftOut, PreparedQuery
from hybridsearch.learning.ranges import Range
from hybridsearch.learning.reports import charts
from hybridsearch.learning.reports.examples import Example, Result, describe
from hybridsearch.learning.reports.sheet import bullets, cell, filled, hidden, table, wide

TONES = {1: "better", 0: "unsure", -1: "worse"}
MOST_QUERIES = 1_000
"""Queries of the table of all, and of the list of those that were left out: a page of some hundred kB."""


def html(
    evaluation: Evaluation,
    queries: Sequence[PreparedQuery],
    chosen: Sequence[Example],
    *,
    heading: str,
    keyword: str,
    left_out: Sequence[LeftOut] = (),
    ranges: Sequence[Range] = (),
    scales: Sequence[str] = (),
    latencies: Sequence[float] = (),
) -> str:
    """Return the whole file.

    Args:
        evaluation: What was measured.
        queries: Those that were asked.
        chosen: From `examples`.
        heading: What was evaluated, and when.
        keyword: What the system `keyword` is.
        left_out: The queries that were not asked.
        ranges: Where the cosines of the legs lie.
        scales: Sentences on what these figures are.
        latencies: Milliseconds of searches.
    """
    gains = (evaluation.values["current"] - evaluation.values["keyword"]).tolist()
    names = [describe(query.judged, query.query.typed) for query in queries]
    return filled(
        "report.html",
        title="Search quality",
        pictures=True,
        heading=escape(heading),
        tone=TONES[evaluation.comparisons["current", "keyword"].sign],
        verdict=escape(evaluation.verdict),
        main=MAIN,
        systems=charts.intervals(list(systems(evaluation)), f"{MAIN} of each system", zero=False),
        measures=measures(evaluation),
        comparisons=charts.intervals(list(comparisons(evaluation)), "Differences between systems", zero=True),
        balance=balance(evaluation, "keyword"),
        gains=charts.gains(gains, names, f"Gain of each query. {balance(evaluation, 'keyword')}"),
        balances=balances(evaluation),
        each=each_query(evaluation, names),
        examples=side_by_side("Biggest wins", [example for example in chosen if example.gain > 0])
        + side_by_side("Biggest losses", [example for example in chosen if example.gain < 0]),
        least=LEAST_SHOWN,
        breakdown=breakdown(evaluation),
        cosines=cosines(ranges, scales),
        time=times(latencies),
        notes=bullets([*evaluation.counts(), *evaluation.notes]),
        left_out=missing(left_out),
        keyword=escape(keyword),
    )


def systems(evaluation: Evaluation) -> Iterator[charts.Interval]:
    """Yield the mean of each system with its interval."""
    for name, values in evaluation.systems.items():
        low, high = evaluation.intervals[name]
        tone = "better" if name == "current" else "unsure"
        yield charts.Interval(name, values[MAIN], low, high, tone, f"{values[MAIN]:.3f} [{low:.3f}, {high:.3f}]")


def comparisons(evaluation: Evaluation) -> Iterator[charts.Interval]:
    """Yield the difference of each comparison with its interval."""
    for (a, b), comparison in evaluation.comparisons.items():
        yield charts.Interval(
            f"{a} − {b}",
            comparison.difference,
            comparison.low,
            comparison.high,
            TONES[comparison.sign],
            in_words(comparison),
        )


def measures(evaluation: Evaluation) -> str:
    """Return the table of all measures."""
    names = list(next(iter(evaluation.systems.values())))
    top = {name: max(values[name] for values in evaluation.systems.values()) for name in names}
    rows = [
        [system, *(cell(values[name], values[name] == top[name] and name != "judged@10") for name in names)]
        for system, values in evaluation.systems.items()
    ]
    return table(["system", *names], rows)


def breakdown(evaluation: Evaluation) -> str:
    """Return the table of the parts, grouped by what the queries were divided by."""
    names = list(evaluation.systems)
    rows: list[list[str]] = []
    for by, parts in groupby(evaluation.breakdown, key=lambda part: part.by):
        rows.append([by])
        for part in parts:
            top = max(part.systems.values())
            values = [cell(part.systems[name], part.systems[name] == top) for name in names]
            rows.append([escape(part.value), f"<td>{part.queries:,}</td>", *values])
    return table(["part", "queries", *names], rows)


def balance(evaluation: Evaluation, system: str) -> str:
    """Say how many queries gain and lose against a system."""
    gains = evaluation.values["current"] - evaluation.values[system]
    return f"{(gains > 0).sum():,} gain, {(gains < 0).sum():,} lose, {(gains == 0).sum():,} stay."


def balances(evaluation: Evaluation) -> str:
    """Return the table of wins and losses against each other system."""
    rows = []
    for system in evaluation.values:
        if system != "current":
            gains = evaluation.values["current"] - evaluation.values[system]
            counts = (f"<td>{part.sum():,}</td>" for part in (gains > 0, gains < 0, gains == 0))
            rows.append([system, *counts, f"<td>{gains.mean():+.3f}</td>"])
    return table(["current against", "wins", "losses", "ties", "mean difference"], rows)


def each_query(evaluation: Evaluation, names: Sequence[str]) -> str:
    """Return the table of all queries, those that gain most against keywords first, behind a line to open it."""
    values = evaluation.values
    top = np.max(list(values.values()), axis=0)
    order = np.argsort(values["keyword"] - values["current"], kind="stable")[:MOST_QUERIES]
    rows = [
        [escape(names[place]), *(cell(found[place], found[place] == top[place]) for found in values.values())]
        for place in order.tolist()
    ]
    more = f"The first {MOST_QUERIES:,} of {len(names):,} queries" if len(names) > MOST_QUERIES else "All queries"
    return hidden(f"{more} under each system", table(["query", *values], rows))


def cosines(ranges: Sequence[Range], scales: Sequence[str]) -> str:
    """Return the section on the cosines of the legs, or nothing without a leg."""
    if not ranges:
        return ""
    rows = [
        charts.Interval(
            f"{each.signal}, {each.products}",
            each.middle,
            each.low,
            each.high,
            {"relevant": "better", "irrelevant": "worse"}.get(each.products, "unsure"),
            f"{each.middle:.2f} [{each.low:.2f}, {each.high:.2f}], {each.count:,} products",
        )
        for each in ranges
    ]
    chart = charts.intervals(rows, "Cosines of each vector leg", zero=True)
    return (
        '<section><h2>Cosines</h2><p class="soft">Where the cosines of each vector leg to its candidates lie: the '
        "median, and the range of 90&nbsp;% of them. The further apart relevant and irrelevant products are, the more "
        "a leg tells.</p>"
        f"{wide(chart)}{bullets(scales)}</section>"
    )


def times(latencies: Sequence[float]) -> str:
    """Return the section on how long searches took, or nothing where that was not measured."""
    if not latencies:
        return ""
    middle, late = (float(each) for each in np.percentile(latencies, (50, 95)))
    marked = {f"median {middle:.1f} ms": middle, f"95 % within {late:.1f} ms": late}
    chart = charts.histogram(latencies, "Duration of searches", unit="ms", marked=marked)
    return (
        '<section><h2>Time</h2><p class="soft">How long the engine took for a first page of ten, for '
        f"{len(latencies):,} of the queries, one after the other on this machine; what encoding a query takes comes on "
        "top.</p>"
        f"{wide(chart)}</section>"
    )


def missing(left_out: Sequence[LeftOut]) -> str:
    """Return the queries that were not asked, each with the reason, behind a line to open it."""
    if not left_out:
        return ""
    lines = [f"{describe(each.judged) or 'no words'}: {each.reason}" for each in left_out[:MOST_QUERIES]]
    return hidden(f"The {len(left_out):,} queries that were left out", bullets(lines))


def side_by_side(heading: str, chosen: Sequence[Example]) -> str:
    """Return a section with the first results of both systems side by side, or nothing without examples."""
    parts = [
        f'<div class="example"><h3>{escape(example.query)} '
        f'<span class="gain {"better" if example.gain > 0 else "worse"}">'
        f'{example.gain:+.3f}</span></h3><div class="sides">'
        f'<div><span class="soft">keyword</span>{result_list(example.keyword, "current")}</div>'
        f'<div><span class="soft">current</span>{result_list(example.current, "keyword")}</div></div></div>'
        for example in chosen
    ]
    return f"<section><h2>{heading}</h2>{''.join(parts)}</section>" if parts else ""


def result_list(results: Sequence[Result], other: str) -> str:
    """Return products in a list, each with its picture, where the other system has it, and its grade."""
    if not results:
        return '<p class="soft">nothing found</p>'
    items = (
        f"<li>{picture(each)}<span>{escape(each.title)}{moved(rank, each, other)}</span>{grade_mark(each.grade)}</li>"
        for rank, each in enumerate(results, 1)
    )
    return f"<ol>{''.join(items)}</ol>"


def picture(result: Result) -> str:
    """Return the picture of a product, or the room of one."""
    return f'<img src="{escape(result.picture)}" alt="">' if result.picture else '<span class="none"></span>'


def moved(rank: int, result: Result, other: str) -> str:
    """Return where the other system has a product, if that is elsewhere."""
    if result.elsewhere == rank:
        return ""
    where = f"{other}: {result.elsewhere}" if result.elsewhere else f"not found by {other}"
    return f' <small class="moved">{where}</small>'


def grade_mark(grade: float | None) -> str:
    """Return a grade as an element."""
    if grade is None:
        return '<span class="grade">not judged</span>'
    kind = "relevant" if grade > 0 else "irrelevant"
    return f'<span class="grade {kind}">{f"grade {grade:g}" if grade > 0 else "irrelevant"}</span>'
