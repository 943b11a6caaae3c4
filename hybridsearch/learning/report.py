"""The report of an evaluation: one HTML file that needs nothing else. Pure functions of values."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from string import Template

from hybridsearch import text
from hybridsearch.learning import charts
from hybridsearch.learning.evaluate import LEAST_SHOWN, MAIN, Evaluation, in_words
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.runs import Rankings
from hybridsearch.rows import field, strings
from hybridsearch.values import Row

EXAMPLES = 5
"""Wins that are shown, and as many losses."""
TOP = 5
"""Results of each system in an example."""
TONES = {1: "better", 0: "unsure", -1: "worse"}


@dataclass(frozen=True, slots=True)
class Result:
    """A product in an example; the grade is None if it was not judged."""

    title: str
    grade: float | None


@dataclass(frozen=True, slots=True)
class Example:
    """A query that one system answers better than the other.

    Attributes:
        gain: Of the main measure, current minus keyword.
        keyword: The first results, best first.
        current: The first results, best first.
    """

    query: str
    gain: float
    keyword: tuple[Result, ...]
    current: tuple[Result, ...]


def extremes(evaluation: Evaluation) -> list[int]:
    """Return the positions of the queries with the largest gains, then with the largest losses, largest first."""
    gains = evaluation.values["current"] - evaluation.values["keyword"]
    order = [int(position) for position in gains.argsort(kind="stable")]
    wins = [position for position in reversed(order[-EXAMPLES:]) if gains[position] > 0]
    return wins + [position for position in order[:EXAMPLES] if gains[position] < 0]


def example_products(positions: Iterable[int], rankings: Rankings) -> list[str]:
    """Return the ids of the products whose titles the examples need."""
    ids = {
        product: None
        for position in positions
        for system in ("keyword", "current")
        for product in rankings[system][position][:TOP]
    }
    return list(ids)


def examples(
    evaluation: Evaluation,
    queries: Sequence[PreparedQuery],
    rankings: Rankings,
    products: Mapping[str, Row],
    title: str | None,
) -> list[Example]:
    """Return the biggest wins and losses with their first results.

    Args:
        evaluation: What was measured.
        queries: Those that were asked.
        rankings: Product ids by system and query.
        products: Rows of the products that are shown, by id.
        title: The field of their titles.
    """

    def first_results(system: str, position: int) -> tuple[Result, ...]:
        grades = queries[position].judged.grades
        return tuple(
            Result(title_of(products.get(product, {}), title) or product, grades.get(product))
            for product in rankings[system][position][:TOP]
        )

    gains = evaluation.values["current"] - evaluation.values["keyword"]
    return [
        Example(
            describe(queries[position]),
            float(gains[position]),
            first_results("keyword", position),
            first_results("current", position),
        )
        for position in extremes(evaluation)
    ]


def title_of(row: Row, title: str | None) -> str:
    """Return the title of a product in one line, or an empty text."""
    return " ".join(text.clean(" ".join(strings(field(row, title))), 200).split()) if title else ""


def describe(query: PreparedQuery) -> str:
    """Return the words, recording, photo or video, and filters of a query for people."""
    parts = [f"“{text.clean(query.query.text, 200)}”"] if query.query.typed else []
    if query.judged.audio:
        parts.append(f"spoken in {text.clean(query.judged.audio, 80)}")
    if query.judged.video:
        parts.append(f"video {text.clean(query.judged.video, 80)}")
    if query.judged.image:
        image = query.judged.image
        parts.append("photo" if image.startswith("data:") else f"photo {text.clean(image, 80)}")
    parts += [f"{name}: {value}" for name, value in query.query.filters.items()]
    return ", ".join(parts)


def html(
    evaluation: Evaluation,
    queries: Sequence[PreparedQuery],
    chosen: Sequence[Example],
    *,
    heading: str,
    keyword: str,
) -> str:
    """Return the whole file.

    Args:
        evaluation: What was measured.
        queries: Those that were asked.
        chosen: From `examples`.
        heading: What was evaluated, and when.
        keyword: What the system `keyword` is.
    """
    gains = (evaluation.values["current"] - evaluation.values["keyword"]).tolist()
    page = importlib.resources.files("hybridsearch.learning") / "report.html"
    return Template(page.read_text(encoding="utf-8")).substitute(
        heading=escape(heading),
        tone=TONES[evaluation.comparisons["current", "keyword"].sign],
        verdict=escape(evaluation.verdict),
        main=MAIN,
        systems=charts.intervals(list(systems(evaluation)), f"{MAIN} of each system", zero=False),
        measures=measures(evaluation),
        comparisons=charts.intervals(list(comparisons(evaluation)), "Differences between systems", zero=True),
        balance=f"{sum(gain > 0 for gain in gains):,} gain, {sum(gain < 0 for gain in gains):,} lose, "
        f"{sum(gain == 0 for gain in gains):,} stay.",
        gains=charts.gains(gains, list(map(describe, queries)), "Gain of each query"),
        examples=side_by_side("Biggest wins", [example for example in chosen if example.gain > 0])
        + side_by_side("Biggest losses", [example for example in chosen if example.gain < 0]),
        least=LEAST_SHOWN,
        breakdown=breakdown(evaluation),
        notes=bullets([*evaluation.counts(), *evaluation.notes]),
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
    best = {name: max(values[name] for values in evaluation.systems.values()) for name in names}
    rows = [
        [system, *(cell(values[name], values[name] == best[name] and name != "judged@10") for name in names)]
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
    return table(["", "queries", *names], rows)


def cell(value: float, best: bool) -> str:
    """Return a figure of a table."""
    return f'<td class="best">{value:.3f}</td>' if best else f"<td>{value:.3f}</td>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of rows that begin with a name, followed by cells; a name alone is a heading over all columns."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr><td>{name}</td>{''.join(cells)}</tr>"
        if cells
        else f'<tr class="group"><th colspan="{len(head)}">By {name}</th></tr>'
        for name, *cells in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def side_by_side(heading: str, chosen: Sequence[Example]) -> str:
    """Return a section with the first results of both systems side by side, or nothing without examples."""
    parts = [
        f'<div class="example"><h3>{escape(example.query)} '
        f'<span class="gain {"better" if example.gain > 0 else "worse"}">'
        f'{example.gain:+.3f}</span></h3><div class="sides">'
        f'<div><span class="soft">keyword</span>{result_list(example.keyword)}</div>'
        f'<div><span class="soft">current</span>{result_list(example.current)}</div></div></div>'
        for example in chosen
    ]
    return f"<section><h2>{heading}</h2>{''.join(parts)}</section>" if parts else ""


def result_list(results: Sequence[Result]) -> str:
    """Return products in a list, each with its grade."""
    if not results:
        return '<p class="soft">nothing found</p>'
    items = (f"<li><span>{escape(result.title)}</span>{grade_mark(result.grade)}</li>" for result in results)
    return f"<ol>{''.join(items)}</ol>"


def grade_mark(grade: float | None) -> str:
    """Return a grade as an element."""
    if grade is None:
        return '<span class="grade">not judged</span>'
    kind = "relevant" if grade > 0 else "irrelevant"
    return f'<span class="grade {kind}">{f"grade {grade:g}" if grade > 0 else "irrelevant"}</span>'


def bullets(lines: Iterable[str]) -> str:
    """Return sentences as a list."""
    return f'<ul class="plain">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'
