"""Shadow: what new weights would change on the queries of a log, while shoppers still get the current ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from hybridsearch.catalog.files import flaw, lines
from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.runtime.progress import Progress
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import Shop, lexicon_of

FIRST = 10
"""Hits that are compared: the first page."""
MOST = 200
"""Queries that are asked, the first distinct ones of the log."""
SHOWN = 5
"""Queries that are listed, those that change most."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """How the first pages of new weights differ from those of the weights in use.

    Attributes:
        queries: How many were asked.
        overlap: Mean share of the first page that stays, in [0, 1].
        same_first: Share of the queries whose first hit stays, in [0, 1].
        most_changed: The queries that change most, with their overlap.
    """

    queries: int
    overlap: float
    same_first: float
    most_changed: tuple[tuple[str, float], ...]


def read_log(path: Path) -> list[str]:
    """Return the first distinct queries of a log: one in a line, or JSON lines with `query`, or of the shop's log.

    Raises:
        ConfigError: It cannot be read, or holds no query.
    """
    queries: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig") as text:
            for _, line in lines(text):
                if not flaw(line) and (query := query_of(line.strip())):
                    queries[query] = None
                if len(queries) == MOST:
                    break
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the log {shown(path)}: {error}. Give a file of queries in UTF-8.") from error
    if not queries:
        raise ConfigError(f"The log {shown(path)} holds no query: expected one in a line, or JSON lines with 'query'.")
    return list(queries)


def query_of(line: str) -> str:
    """Return the query of a line of a log, or an empty text."""
    if not line.startswith("{"):
        return line
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    return str(row.get("query") or row.get("user_query") or "")


def compare_pages(shop: Shop, queries: Sequence[str], new: Weights, progress: Progress) -> Shadow:
    """Ask the shop with the weights in use and with new ones, and compare the first pages."""
    overlaps: list[tuple[str, float]] = []
    same_first = 0
    for number, query in enumerate(queries, 1):
        schema, lexicon = shop.engine.schema(), lexicon_of(shop.engine)
        first_page = Query(query, size=FIRST)
        plans = (shop.plan_query(schema, first_page, lexicon=lexicon, weights=weights) for weights in (None, new))
        before, after = ([hit.id for hit in shop.engine.search(plan)] for plan in plans)
        longer = max(len(before), len(after))
        overlaps.append((query, len(set(before) & set(after)) / longer if longer else 1.0))
        same_first += before[:1] == after[:1]
        progress("comparing pages", number, len(queries))
    return Shadow(
        queries=len(queries),
        overlap=sum(overlap for _, overlap in overlaps) / max(1, len(overlaps)),
        same_first=same_first / max(1, len(overlaps)),
        most_changed=tuple(sorted(overlaps, key=lambda pair: pair[1])[:SHOWN]),
    )
