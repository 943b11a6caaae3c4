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
from hybridsearch.learning.evaluate import LEAST_SHOWN, MAIN, Evaluation
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.runs import Rankings
from hybridsearch.rows import field, strings
from hybridsearch.values import Row

EXAMPLES = 5
"""Wins that are shown, and losses."""
TOP = 5
"""Results of each side of an example."""
TONES = {1: "better", 0: "unsure", -1: "worse"}


@dataclass(frozen=True, slots=True)
class Result:
    """A product in an example; the grade is None where nobody judged it."""

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


def extremes(found: Evaluation) -> list[int]:
    """Return the places of the queries with the largest gains, then of those with the largest losses, largest first."""
    gains = found.values["current"] - found.values["keyword"]
    order = [int(place) for place in gains.argsort(kind="stable")]
    wins = [place for place in reversed(order[-EXAMPLES:]) if gains[place] > 0]
    return wins + [place for place in order[:EXAMPLES] if gains[place] < 0]


def shown(places: Iterable[int], rankings: Rankings) -> list[str]:
    """Return the products whose titles the examples need."""
    wanted = {
        name: None for place in places for system in ("keyword", "current") for name in rankings[system][place][:TOP]
    }
    return list(wanted)


def examples(
    found: Evaluation,
    asked: Sequence[PreparedQuery],
    rankings: Rankings,
    products: Mapping[str, Row],
    title: str | None,
) -> list[Example]:
    """Return the biggest wins and losses with their first results.

    Args:
        found: What was measured.
        asked: The queries.
        rankings: Product ids by system and query.
        products: Rows of the products that are shown, by id.
        title: The field of their titles.
    """

    def results(system: str, place: int) -> tuple[Result, ...]:
        grades = asked[place].judged.grades
        return tuple(
            Result(named(products.get(each, {}), title) or each, grades.get(each))
            for each in rankings[system][place][:TOP]
        )

    gains = found.values["current"] - found.values["keyword"]
    return [
        Example(question(asked[place]), float(gains[place]), results("keyword", place), results("current", place))
        for place in extremes(found)
    ]


def named(row: Row, title: str | None) -> str:
    """Return what stands for a product, in one line."""
    return " ".join(text.clean(" ".join(strings(field(row, title))), 200).split()) if title else ""


def question(each: PreparedQuery) -> str:
    """Return a query for people."""
    parts = [f"“{text.clean(each.query.text, 200)}”"] if each.query.typed else []
    if each.judged.image:
        image = each.judged.image
        parts.append("photo" if image.startswith("data:") else f"photo {text.clean(image, 80)}")
    parts += [f"{name}: {value}" for name, value in each.query.filters.items()]
    return ", ".join(parts)


def html(
    found: Evaluation, asked: Sequence[PreparedQuery], shows: Sequence[Example], *, heading: str, keyword: str
) -> str:
    """Return the whole file.

    Args:
        found: What was measured.
        asked: The queries.
        shows: From `examples`.
        heading: What was evaluated, and when.
        keyword: What the system `keyword` is.
    """
    against = next(each for each in found.comparisons if (each.a, each.b) == ("current", "keyword"))
    gains = (found.values["current"] - found.values["keyword"]).tolist()
    page = importlib.resources.files("hybridsearch.learning") / "report.html"
    return Template(page.read_text(encoding="utf-8")).substitute(
        heading=escape(heading),
        tone=TONES[against.sign],
        verdict=escape(found.verdict),
        main=MAIN,
        systems=charts.intervals(list(systems(found)), f"{MAIN} of each system", zero=False),
        measures=measures(found),
        comparisons=charts.intervals(list(comparisons(found)), "Differences between systems", zero=True),
        balance=f"{sum(each > 0 for each in gains):,} gain, {sum(each < 0 for each in gains):,} lose, "
        f"{sum(each == 0 for each in gains):,} stay.",
        gains=charts.gains(gains, list(map(question, asked)), "Gain of each query"),
        examples=sides("Biggest wins", [each for each in shows if each.gain > 0])
        + sides("Biggest losses", [each for each in shows if each.gain < 0]),
        least=LEAST_SHOWN,
        breakdown=breakdown(found),
        notes=bullets([*found.counts(), *found.notes]),
        keyword=escape(keyword),
    )


def systems(found: Evaluation) -> Iterator[charts.Row]:
    """Yield a row for each system."""
    for name, values in found.systems.items():
        low, high = found.intervals[name]
        tone = "better" if name == "current" else "unsure"
        yield charts.Row(name, values[MAIN], low, high, tone, f"{values[MAIN]:.3f} [{low:.3f}, {high:.3f}]")


def comparisons(found: Evaluation) -> Iterator[charts.Row]:
    """Yield a row for each comparison."""
    for each in found.comparisons:
        label = f"{each.a} − {each.b}"
        yield charts.Row(label, each.difference, each.low, each.high, TONES[each.sign], str(each))


def measures(found: Evaluation) -> str:
    """Return the table of all measures."""
    names = list(next(iter(found.systems.values())))
    best = {name: max(values[name] for values in found.systems.values()) for name in names}
    rows = [
        [name, *(cell(values[each], values[each] == best[each] and each != "judged@10") for each in names)]
        for name, values in found.systems.items()
    ]
    return table(["system", *names], rows)


def breakdown(found: Evaluation) -> str:
    """Return the table of the parts, with a heading for what they are parts by."""
    names = list(found.systems)
    rows: list[list[str]] = []
    for by, parts in groupby(found.breakdown, key=lambda part: part.by):
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


def sides(heading: str, shows: Sequence[Example]) -> str:
    """Return a section with the first results of both systems side by side, or nothing without examples."""
    parts = [
        f'<div class="example"><h3>{escape(each.query)} <span class="gain {"better" if each.gain > 0 else "worse"}">'
        f'{each.gain:+.3f}</span></h3><div class="sides">'
        f'<div><span class="soft">keyword</span>{results(each.keyword)}</div>'
        f'<div><span class="soft">current</span>{results(each.current)}</div></div></div>'
        for each in shows
    ]
    return f"<section><h2>{heading}</h2>{''.join(parts)}</section>" if parts else ""


def results(found: Sequence[Result]) -> str:
    """Return products in a list, each with its grade."""
    if not found:
        return '<p class="soft">nothing found</p>'
    return f"<ol>{''.join(f'<li><span>{escape(each.title)}</span>{grade(each.grade)}</li>' for each in found)}</ol>"


def grade(value: float | None) -> str:
    """Return the mark of a grade."""
    if value is None:
        return '<span class="grade">not judged</span>'
    kind = "relevant" if value > 0 else "irrelevant"
    return f'<span class="grade {kind}">{f"grade {value:g}" if value > 0 else "irrelevant"}</span>'


def bullets(lines: Iterable[str]) -> str:
    """Return sentences as a list."""
    return f'<ul class="plain">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'
