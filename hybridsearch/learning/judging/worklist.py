"""The worklist: which queries are to be judged, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import Parser, flaw, lines
from hybridsearch.catalog.formats.csv import DELIMITERS
from hybridsearch.catalog.formats.jsonl import parse_lines
from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.events.source import rows as log_rows
from hybridsearch.events.traffic import Asked, in_order, traffic_of
from hybridsearch.events.visits import Tally, visits
from hybridsearch.learning.sources.foreign import column, parse_judged_table
from hybridsearch.learning.sources.formats import BLANK, reading
from hybridsearch.learning.sources.queries import JudgedQuery, read_query
from hybridsearch.settings import Settings
from hybridsearch.values import Row

MOST = 500
"""Queries of a list: more than anybody judges, and each with its products in memory."""
FEW = 10
"""Products of a query that have a grade, below which it is among those that come first."""
EXPECTED = "Expected one query in a line, or a table or JSON lines with 'query'."
NONE = (
    "There are no queries to judge. Give a file of them with --queries FILE, "
    'or let the shop log what is asked for: [log] path = "events.jsonl".'
)


def name_of(query: JudgedQuery) -> str:
    """Return what a query is called in addresses: the same in each process, and for each of its spellings."""
    return hashlib.blake2b(repr(query.key).encode(errors="replace"), digest_size=8).hexdigest()


def load(
    settings: Settings, named: Path | None, judged: Mapping[Hashable, Collection[str]]
) -> tuple[tuple[JudgedQuery, ...], str]:
    """Return the queries of a file, or else of the shop's log, and what was left out, if anything, as a sentence.

    Args:
        settings: Where the log of the shop is.
        named: The file.
        judged: The products that have a grade, by the key of their query: of a log the others come first.

    Raises:
        ConfigError: There are none.
        CatalogError: A file cannot be read.
        EngineError: The log is in an index whose server cannot be reached.
    """
    if named is not None:
        return read(named)
    if settings.log.path is None and settings.log.index is None:
        raise ConfigError(NONE)
    asked = in_order(traffic_of(visits(log_rows(settings, None), Tally())).queries.values())
    found = tuple(islice(of_log(asked, judged), MOST))
    if not found:
        raise ConfigError(f"The log of the shop has no query with words. {NONE}")
    return found, ""


def of_log(asked: Iterable[Asked], judged: Mapping[Hashable, Collection[str]]) -> Iterator[JudgedQuery]:
    """Yield queries of a log: first those with fewer than FEW judged products, of these the most asked first.

    Args:
        asked: The most asked first.
        judged: As for `load`.
    """
    queries = [JudgedQuery(each.query) for each in asked if each.answers]
    yield from sorted(queries, key=lambda query: len(judged.get(query.key, ())) >= FEW)


def read(path: Path) -> tuple[tuple[JudgedQuery, ...], str]:
    """Return the different queries of a file in its order, and what was left out, see `load`.

    Args:
        path: One query in a line, a table or JSON lines with `query`, such as judgments, or a log; plain or gzip.

    Raises:
        CatalogError: It cannot be read, or is not text in UTF-8.
        ConfigError: It holds no query.
    """
    with reading(path) as text:
        head = next((line.strip(BLANK) for _, line in lines(text) if line.strip(BLANK)), "")
    queries: dict[Hashable, JudgedQuery] = {}
    refused, first = 0, ""
    with reading(path) as text:
        for number, row in parser_of(head)(text):
            try:
                query = query_of(row)
            except ValueError as error:
                refused, first = refused + 1, first or f"{path.name}:{number}: {error}"
                continue
            if query:
                queries.setdefault(query.key, query)
    if not queries:
        raise ConfigError(f"{shown(path)} holds no query. {first or EXPECTED}")
    notes = [f"{refused:,} lines hold no query that can be judged. {first}"] if refused else []
    notes += [f"Of {len(queries):,} queries the first {MOST} are taken."] if len(queries) > MOST else []
    return tuple(islice(queries.values(), MOST)), " ".join(notes)


def parser_of(head: str) -> Parser:
    """Return what parses a file that begins with a line."""
    if head.startswith("{"):
        return parse_lines
    cells = {column(name.strip(' "')) for mark in DELIMITERS for name in head.split(mark)}
    return parse_judged_table if "query" in cells else parse_plain


def parse_plain(text: Iterable[str]) -> Iterator[tuple[int, Row | Unreadable]]:
    """Yield a query for every line that is not blank."""
    for number, line in enumerate(text, 1):
        if words := line.strip(BLANK):
            reason = flaw(words)
            yield number, Unreadable(reason) if reason else {"query": words}


def query_of(row: object) -> JudgedQuery | None:
    """Return the query of a row; None for a line of a log that holds none.

    Raises:
        ValueError: It cannot be judged here.
    """
    if isinstance(row, Unreadable):
        raise ValueError(row.reason)
    if not isinstance(row, dict):
        raise ValueError(f"found {str(row)[:40]!r}, expected an object with 'query'")
    if "user_query" in row or "action_name" in row:
        asked = row.get("user_query")
        return JudgedQuery(asked) if isinstance(asked, str) and asked.strip() else None
    query = read_query(row)
    if query.image or query.audio or query.video:
        raise ValueError("a query with a photo, a recording or a video is judged by hand alone")
    return query
