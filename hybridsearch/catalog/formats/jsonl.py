"""JSON: a product a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import flaw, lines

DECODER = json.JSONDecoder(strict=False)
"""Accepts control characters and NaN; `tidy` removes the former and refuses a product with the latter."""


def parse_lines(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield a row for every line that is not blank."""
    for number, line in lines(text):
        # A byte-order mark also stands where two files were joined.
        if row := line.strip("\ufeff \t\r\n"):
            yield number, parse(row)


def parse(row: str) -> Any | Unreadable:
    """Return the JSON value of a text; of repeated keys the last wins."""
    if reason := flaw(row):
        return Unreadable(reason)
    try:
        return DECODER.decode(row)
    except (ValueError, RecursionError) as error:
        return Unreadable(reason_of(error))


def reason_of(error: Exception, start: int = 0) -> str:
    """Return why a text that begins at some place could not be decoded."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.pos - start + 1}"
    return f"not JSON that can be read: {'nested too deep' if isinstance(error, RecursionError) else error}"
