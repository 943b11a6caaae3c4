"""Where a log is read from: a file, plain or gzip, or the index that the configuration names."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hybridsearch.catalog.base import product
from hybridsearch.catalog.files import opened
from hybridsearch.catalog.formats.jsonl import parse_lines
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject

NO_LOG = 'Name a log, or write it into the configuration: [log] path = "events.jsonl".'


def rows(settings: Settings, named: Path | None) -> Iterator[Product | Reject]:
    """Yield the lines of a log as objects, or why there is none.

    Args:
        settings: Where the log of the shop is.
        named: A file, or the name of that index; left out: the log of the shop.

    Raises:
        ConfigError: There is none.
        CatalogError: It cannot be read.
        EngineError: The server cannot be reached.
    """
    section = settings.log
    if is_index(settings, named):
        yield from of_index(settings)
    elif (path := named or (section.path and settings.resolve(section.path))) is not None:
        yield from of_file(path)
    else:
        raise ConfigError(f"There is no log to read. {NO_LOG}")


def is_index(settings: Settings, named: Path | None) -> bool:
    """Tell whether the log that is meant is the index of the configuration; a file of its name goes before."""
    index = settings.log.index
    return index is not None and (named is None or (str(named) == index and not named.exists()))


def of_file(path: Path) -> Iterator[Product | Reject]:
    """Yield the lines of a file; of one whose gzip is cut off or damaged, those before."""
    number = 0
    try:
        with opened(path) as (text, _):
            for number, row in parse_lines(text):
                yield product(row, None, f"{path.name}:{number}", number)
    except CatalogError as error:
        cause = error.__cause__
        if number and isinstance(cause, EOFError | zlib.error | gzip.BadGzipFile):
            yield Reject(f"{path.name}:{number + 1}", None, "read", f"the rest of the gzip file is damaged: {cause}")
            return
        why = (isinstance(cause, OSError) and cause.strerror) or cause or error
        raise CatalogError(f"Cannot read the log {shown(path)}: {why}. Correct the path or the file.") from error


def of_index(settings: Settings) -> Iterator[Product | Reject]:
    """Yield the documents of the configured index."""
    from hybridsearch.events.index import IndexOfEvents

    with closing(IndexOfEvents(settings)) as index:
        yield from index.read()
