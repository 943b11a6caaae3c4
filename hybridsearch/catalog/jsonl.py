"""JSON: a product a line, or one array of products."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import LONGEST_ROW, flaw, lines

CHUNK = 65_536
"""Characters that are read at a time from an array."""
GAP = re.compile(r"[\s,]*")
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
    except json.JSONDecodeError as error:
        return Unreadable(f"not JSON: {error.msg} at character {error.pos + 1}")
    except RecursionError:
        return Unreadable("not JSON that can be read: nested too deep")
    except ValueError as error:
        return Unreadable(f"not JSON that can be read: {error}")


def parse_document(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield the elements of one array; a file that does not start with one is read by lines.

    Raises:
        ValueError: An element is not JSON, so that the start of the next one is unknown; or it is one object.
    """
    start = text.read(CHUNK).lstrip()
    text.seek(0)
    if start.startswith("["):
        yield from parse_array(text)
    elif start.startswith(("{\n", "{\r")):
        raise ValueError("it is one object over many lines; expected an array of products, or one product a line")
    else:
        yield from parse_lines(text)


def parse_array(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield the elements of an array that starts the text, holding no more than one of them and a chunk."""
    buffer = text.read(CHUNK)
    at = buffer.index("[") + 1
    number = 1 + buffer.count("\n", 0, at)
    while True:
        start = skip(buffer, at)
        if buffer.startswith("]", start):
            return
        try:
            row, end = DECODER.raw_decode(buffer, start)
            problem = None if end < len(buffer) else "the array does not end"
        except (ValueError, RecursionError) as error:
            problem = getattr(error, "msg", str(error))
        if problem is None:
            number += buffer.count("\n", at, start)
            reason = flaw(buffer[start:end])
            yield number, Unreadable(reason) if reason else row
            number += buffer.count("\n", start, end)
            at = end
            continue
        # The buffer doubles: an element that spans many chunks is then parsed only a few times.
        more = text.read(max(CHUNK, len(buffer) - at))
        if not more or len(buffer) - at > LONGEST_ROW:
            raise ValueError(f"line {number + buffer.count(chr(10), at, start)} is not JSON: {problem}")
        buffer, at = buffer[at:] + more, 0


def skip(text: str, at: int) -> int:
    """Return the place after blanks and commas."""
    match = GAP.match(text, at)
    return match.end() if match else at
