"""The queries that one system answers better than another, with what each shows first. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.inputs.rows import field, strings
from hybridsearch.learning.evaluate import Evaluation
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.runs import Rankings
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.texts import text
from hybridsearch.values import Row

EXAMPLES = 5
"""Wins that are shown, and as many losses."""
TOP = 5
"""Results of each system in an example."""


@dataclass(frozen=True, slots=True)
class Result:
    """A product in an example.

    Attributes:
        grade: None if it was not judged.
        elsewhere: Its rank in the answer of the other system; 0 if it is not there.
        picture: As a `data:` address; empty for none.
    """

    title: str
    grade: float | None
    elsewhere: int = 0
    picture: str = ""


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
    pictures: Mapping[str, str] | None = None,
) -> list[Example]:
    """Return the biggest wins and losses with their first results.

    Args:
        evaluation: What was measured.
        queries: Those that were asked.
        rankings: Product ids by system and query.
        products: Rows of the products that are shown, by id.
        title: The field of their titles.
        pictures: Of these products, as `data:` addresses.
    """

    def first_results(system: str, other: str, position: int) -> tuple[Result, ...]:
        grades, elsewhere = queries[position].judged.grades, list(rankings[other][position])
        return tuple(
            Result(
                title_of(products.get(product, {}), title) or product,
                grades.get(product),
                elsewhere.index(product) + 1 if product in elsewhere else 0,
                (pictures or {}).get(product, ""),
            )
            for product in rankings[system][position][:TOP]
        )

    gains = evaluation.values["current"] - evaluation.values["keyword"]
    return [
        Example(
            describe(queries[position].judged, queries[position].query.typed),
            float(gains[position]),
            first_results("keyword", "current", position),
            first_results("current", "keyword", position),
        )
        for position in extremes(evaluation)
    ]


def title_of(row: Row, title: str | None) -> str:
    """Return the title of a product in one line, or an empty text."""
    return " ".join(text.clean(" ".join(strings(field(row, title))), 200).split()) if title else ""


def describe(judged: JudgedQuery, typed: str = "") -> str:
    """Return the words, recording, photo or video, and filters of a query for people.

    Args:
        judged: The query.
        typed: Its words as they were searched for, where it was.
    """
    words = text.clean(typed or judged.text, 200)
    parts = [f"“{words}”"] if words else []
    if judged.audio:
        parts.append(f"spoken in {text.clean(judged.audio, 80)}")
    if judged.video:
        parts.append(f"video {text.clean(judged.video, 80)}")
    if judged.image:
        image = judged.image
        parts.append("photo" if image.startswith("data:") else f"photo {text.clean(image, 80)}")
    parts += [f"{name}: {value}" for name, value in judged.filters.items()]
    return ", ".join(parts)
