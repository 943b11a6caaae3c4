"""Shadow: what new weights would change on the queries that shoppers really ask, while nothing changes for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from hybridsearch.errors import ConfigError
from hybridsearch.search.weights import Weights
from hybridsearch.shop import Shop

FIRST = 10
"""Hits that are compared: the first page."""
MOST = 200
"""Queries that are asked, the first distinct ones of the log."""
SHOWN = 5
"""Queries that are named, those that change most."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """How the first pages of new weights differ from those of the weights in use.

    Attributes:
        queries: How many were asked.
        overlap: Mean share of the first page that stays, in [0, 1].
        same_first: Share of the queries whose first hit stays.
        most_changed: The queries that change most, with their overlap.
    """

    queries: int
    overlap: float
    same_first: float
    most_changed: tuple[tuple[str, float], ...]


def read_log(path: Path) -> list[str]:
    """Return the first distinct queries of a log: one in a line, or JSON lines with `query`.

    Raises:
        ConfigError: It cannot be read, or holds no query.
    """
    found: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if query := query_of(line.strip()):
                    found[query] = None
                if len(found) == MOST:
                    break
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the log '{path}': {error}. Give a file of queries in UTF-8.") from error
    if not found:
        raise ConfigError(f"The log '{path}' holds no query: expected one in a line, or JSON lines with 'query'.")
    return list(found)


def query_of(line: str) -> str:
    """Return the query of a line of a log, or nothing."""
    if not line.startswith("{"):
        return line
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    return str(row.get("query") or "")


def compare_pages(shop: Shop, queries: Sequence[str], new: Weights, progress: Callable[[int, int], None]) -> Shadow:
    """Ask the shop with the weights in use and with new ones, and compare the first pages."""
    changes: list[tuple[str, float]] = []
    same = 0
    for number, query in enumerate(queries, 1):
        schema = shop.engine.schema()
        ours = [hit.id for hit in shop.engine.search(shop.plan_for(schema, query, size=FIRST))]
        theirs = [hit.id for hit in shop.engine.search(shop.plan_for(schema, query, size=FIRST, weights=new))]
        changes.append(
            (query, len(set(ours) & set(theirs)) / max(1, len(ours), len(theirs)) if ours or theirs else 1.0)
        )
        same += ours[:1] == theirs[:1]
        progress(number, len(queries))
    return Shadow(
        queries=len(queries),
        overlap=sum(overlap for _, overlap in changes) / max(1, len(changes)),
        same_first=same / max(1, len(changes)),
        most_changed=tuple(sorted(changes, key=lambda pair: pair[1])[:SHOWN]),
    )
