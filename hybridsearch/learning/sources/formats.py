"""Files of judgments and clicks: the content tells the format, and every row becomes an object or a reject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TextIO

from hybridsearch.catalog.base import Unreadable, product
from hybridsearch.catalog.files import Parser, flaw, lines, opened
from hybridsearch.catalog.formats.csv import DELIMITERS
from hybridsearch.catalog.formats.jsonl import parse, parse_lines
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.learning.sources.foreign import (
    JUDGED,
    RATINGS,
    column,
    parse_judged_table,
    parse_ranklib,
    parse_ratings,
)
from hybridsearch.values import Product, Reject

Format = Literal["lines", "table", "qrels", "sessions", "events", "ranklib", "ratings"]

HEAD = 20
"""Lines that are read to recognise a format."""
BLANK = "\ufeff \t\r\n"
EXPECTED = (
    "Expected JSON lines or a table with 'query', 'product_id' and 'grade', or TREC qrels, "
    "or JSON lines with 'session', 'query', 'shown' and 'clicked', or a log, RankLib's lines, or OpenSearch's ratings."
)
_CELLS = re.compile(f"[{DELIMITERS}]")
_QREL = re.compile(r"\S+\s+\S+\s+\S+\s+[+-]?\d+(\.\d+)?")


def recognise(path: Path) -> Format:
    """Return the format of a file.

    Raises:
        CatalogError: It cannot be read, or is not text in UTF-8.
        ConfigError: It is empty, or in none of the formats.
    """
    with reading(path) as text:
        head = list(islice(filter(None, (line.strip(BLANK) for _, line in lines(text))), HEAD))
    if not head:
        raise ConfigError(f"Judgments {shown(path)} are empty. {EXPECTED}")
    if {"query", "product_id"} <= {column(name.strip(' "')) for name in _CELLS.split(head[0])}:
        return "table"
    if head[0].startswith(("{", "[")) and any(RATINGS in line for line in head):
        return "ratings"
    if objects := [line for line in head if line.startswith("{")]:
        names = {name for row in map(parse, objects) if isinstance(row, dict) for name in row}
        if "shown" in names:
            return "sessions"
        return "events" if names & {"user_query", "action_name"} else "lines"
    if any(JUDGED.fullmatch(line) for line in head):
        return "ranklib"
    if _QREL.fullmatch(head[0]):
        return "qrels"
    raise ConfigError(f"Judgments {shown(path)} start with {head[0][:60]!r}. {EXPECTED}")


def rows(path: Path, file_format: Format, topics: Path | None = None) -> Iterator[Product | Reject]:
    """Yield every row of a file, named by its product, or by its session.

    Args:
        path: Plain or gzip.
        file_format: From `recognise`.
        topics: The texts of the queries, for TREC qrels only.

    Raises:
        CatalogError: A file cannot be read, or is not text in UTF-8.
        ConfigError: The topics are missing, or not needed, or hold no query.
    """
    if file_format != "qrels" and topics:
        raise ConfigError(
            f"Judgments {shown(path)} hold the text of their queries, but topics were given. Leave them out."
        )
    if file_format == "qrels" and not topics:
        raise ConfigError(
            f"Judgments {shown(path)} are TREC qrels, which number their queries. "
            "Give the texts, a TSV of number and text, with: --topics FILE"
        )
    parsers: dict[Format, Parser] = {
        "lines": parse_lines,
        "sessions": parse_lines,
        "table": parse_judged_table,
        "ranklib": parse_ranklib,
        "ratings": parse_ratings,
    }
    if topics:
        parsers["qrels"] = partial(parse_qrels, read_topics(topics), topics.name)
    with reading(path) as text:
        for number, row in parsers[file_format](text):
            yield product(row, "session" if file_format == "sessions" else "product_id", f"{path.name}:{number}")


def parse_qrels(topics: Mapping[str, str], source: str, text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield a judgment for every line `qid iter docid rel` that is not blank."""
    for number, line in lines(text):
        cells = line.strip(BLANK).split()
        if reason := flaw(line):
            yield number, Unreadable(reason)
        elif cells and len(cells) != 4:
            yield number, Unreadable(f"found {len(cells)} columns, expected query, iteration, product and grade")
        elif cells and cells[0] not in topics:
            yield number, Unreadable(f"query '{cells[0]}' is not in {source}")
        elif cells:
            yield number, {"query": topics[cells[0]], "product_id": cells[2], "grade": cells[3]}


def read_topics(path: Path) -> dict[str, str]:
    """Return the texts of queries by their numbers; lines without a tab or a text are ignored.

    Raises:
        CatalogError: The file cannot be read, or is not text in UTF-8.
        ConfigError: It holds no query.
    """
    with reading(path) as text:
        cells = (line.strip("\ufeff\r\n").partition("\t") for _, line in lines(text) if not flaw(line))
        topics = {number.strip(): topic.strip() for number, _, topic in cells if topic.strip()}
    if not topics:
        raise ConfigError(f"Topics {shown(path)} hold no queries. Expected lines of number, tab and text.")
    return topics


@contextmanager
def reading(path: Path) -> Iterator[TextIO]:
    """Open a file of judgments as text.

    Raises:
        CatalogError: It cannot be read, or is not text in UTF-8.
    """
    try:
        with opened(path) as (text, _):
            yield text
    except CatalogError as error:
        cause = error.__cause__
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        if "'catalog.encoding'" in reason:  # that is for catalogues
            reason = f"{reason.partition(';')[0]}; save it as UTF-8"
        raise CatalogError(
            f"Cannot read {shown(path)}: {reason}. Correct the path or the file and try again."
        ) from cause
