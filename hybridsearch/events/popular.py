"""Popular queries: what of the end of a log is suggested to other shoppers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hybridsearch import redaction
from hybridsearch.catalog.base import product
from hybridsearch.catalog.formats.jsonl import parse_lines
from hybridsearch.disk.paths import shown
from hybridsearch.errors import EngineError
from hybridsearch.events.traffic import traffic_of
from hybridsearch.events.visits import Tally, visits
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject

END = 8 << 20
"""Bytes of a log in a file that are read, the last: some 20,000 answers with their clicks, in a second."""
CLICKED = 4.0
"""What an answer with a click weighs beside one that was only asked for."""
log = redaction.logger(__name__)


def popular(settings: Settings, end: int = END) -> dict[str, float]:
    """Return the queries of the shop's log that are suggested, with what each weighs.

    They are those that three shoppers or more asked, and that always found something.
    """
    section = settings.log
    try:
        if section.path is not None:
            rows = list(last_rows(settings.resolve(section.path), end))
        else:
            rows = last_documents(settings) if section.index else []
    except FileNotFoundError:  # nothing was logged so far
        return {}
    except (OSError, EngineError) as error:
        name, why = shown(section.path or section.index or ""), getattr(error, "strerror", None) or error
        log.warning("the log %s cannot be read, so that no queries are suggested: %s", name, why)
        return {}
    asked = traffic_of(visits(rows, Tally())).popular()
    return {query: answers + CLICKED * clicked for query, (answers, clicked) in asked.items()}


def last_documents(settings: Settings) -> list[Product | Reject]:
    """Return the last lines of the configured index.

    Raises:
        EngineError: It cannot be read.
    """
    from hybridsearch.events.index import IndexOfEvents

    with closing(IndexOfEvents(settings)) as index:
        return index.last()


def last_rows(path: Path, end: int) -> Iterator[Product | Reject]:
    """Yield the lines that end within the last bytes of a file, as objects.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - end))
        content = file.read(end)
    if size > end:
        content = content.partition(b"\n")[2]
    for number, row in parse_lines(io.StringIO(content.decode(errors="replace"))):
        yield product(row, None, f"{path.name}:{number}", number)
