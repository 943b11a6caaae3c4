"""JSON: one array of products, read element by element; one that is no JSON costs no other, where its end can be told.

Where it cannot be told (see `element_end`), the rest of the array cannot be read.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import LONGEST_ROW, TOO_LONG, flaw
from hybridsearch.catalog.formats.element_end import Layout, Nesting
from hybridsearch.catalog.formats.jsonl import DECODER, parse_lines, reason_of

CHUNK = 65_536
"""Characters that are read at a time."""
IN_VAIN = 4 * LONGEST_ROW
"""Characters that may be read ahead for elements that then turn out to be shorter: more would take too long."""
CUT = 16
"""Characters before the end of a chunk where an error may come from the cut, as in `tru`."""
LONGEST_BEGINNING = 100
"""Characters before an element in its line."""
WRAPPED = re.compile(
    r'\s*+\{\s*+(?:"[^"\\]{1,50}+"\s*+:\s*+(?:"[^"\\]{0,200}+"|[\w.+-]{1,30}+)\s*+,\s*+){0,20}+'
    r'"(?:products|items|data|results|rows|articles|catalog|produkte|artikel|produits|productos)"\s*+:\s*+(?=\[)'
)
"""How an object begins that holds the array, as the answers of shop systems do."""
GAP = re.compile(r"[\s,]*+")


def parse_document(text: TextIO) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield the elements of one array, which may lie in an object; a file that does not start so is read by lines.

    Raises:
        ValueError: The array cannot be read to its end; or it is one object.
    """
    start = text.read(CHUNK)
    text.seek(0)
    wrapped = WRAPPED.match(start)
    start = start.lstrip()
    if wrapped:
        lines = text.read(wrapped.end()).count("\n")
        for number, row in parse_array(text, wrapped=True):
            yield lines + number, row
    elif start.startswith("["):
        yield from parse_array(text)
    elif start.startswith(("{\n", "{\r")):
        raise ValueError("it is one object over many lines; expected an array of products, or one product a line")
    else:
        yield from parse_lines(text)


def parse_array(text: TextIO, *, wrapped: bool = False) -> Iterator[tuple[int, Any | Unreadable]]:
    """Yield the elements of an array that starts the text, holding no more than one of them and a chunk.

    What stands behind one that lies in an object is nothing of products.

    Raises:
        ValueError: The array does not end, or an element is not JSON, so that the start of the next one is unknown.
    """
    window, layout = Window(text), Layout()
    window.skip_gap()
    window.take(window.at + 1)
    closed = False
    while first := window.skip_gap():
        if first == "]":
            if wrapped:
                window.require_one_object()
                return
            closed = True
            window.take(window.at + 1)
            continue
        number = window.number
        row, whole = element(window, layout)
        if not (whole or closed):
            raise ValueError(f"line {number} is {row.reason}; where the next product starts cannot be told")
        yield number, row
    if not closed:
        raise ValueError(f"line {window.number} is not JSON: the array does not end")


def element(window: Window, layout: Layout) -> tuple[Any | Unreadable, bool]:
    """Return the element at which the window stands, and whether its end was found; move the window behind it."""
    error: Exception | None
    reads = 0
    while True:
        try:
            row, end = DECODER.raw_decode(window.text, window.at)
            error, whole = None, end < len(window.text)
        except (ValueError, RecursionError) as raised:
            error, whole = raised, window.holds(raised)
        if whole or window.ahead > LONGEST_ROW or not window.more():
            break
        reads += 1
    if error is None:
        written = window.text[window.at : end]
        layout.saw(window.begins, written)
        window.take(end)
        reason = flaw(written)
        return Unreadable(reason) if reason else row, True
    reason = reason_of(error, window.at) if whole or window.ahead <= LONGEST_ROW else TOO_LONG
    reached = window.done + window.ahead
    found = pass_over(window, layout.next_line(window.begins))
    window.in_vain += max(0, reached - window.done) if reads > 1 else 0
    return Unreadable(reason), found and window.in_vain <= IN_VAIN


def pass_over(window: Window, next_line: str) -> bool:
    """Move the window behind an element that cannot be read, and say whether its end was found.

    Args:
        window: What is passed over is not kept.
        next_line: How the line begins that holds the next element; empty where that is unknown.
    """
    nesting, margin = Nesting(next_line), len(next_line)
    end = None
    while end is None and not nesting.hopeless:
        stop = max(window.at, len(window.text) - margin)
        end = nesting.end(window.text, window.at, stop)
        window.take(stop if end is None else end)
        if end is None and not window.more():
            if not margin:
                break
            margin = 0
    return end is not None


class Window:
    """The part of a text that is at hand.

    Attributes:
        text: What was read and is not dropped yet.
        at: Place in it up to which all is done.
        number: The line of that place, from 1.
        begins: How the line of an element begins, up to its first character; empty where it does not begin a line.
        done: Characters of the whole text up to `at`.
        in_vain: Characters that were read ahead for elements that turned out to be shorter.
    """

    def __init__(self, text: TextIO) -> None:
        self.text = ""
        self.at = 0
        self.number = 1
        self.begins = ""
        self.done = 0
        self.in_vain = 0
        self._sources: list[TextIO] = [text]

    @property
    def ahead(self) -> int:
        """Characters that are at hand."""
        return len(self.text) - self.at

    def holds(self, error: Exception) -> bool:
        """Say whether an error would stay if more of the text was at hand."""
        if not isinstance(error, json.JSONDecodeError):
            return True
        return error.pos < len(self.text) - CUT and not error.msg.startswith("Unterminated string")

    def more(self) -> bool:
        """Read on, as much again as is at hand, so that a long element is parsed a few times only; False at the end."""
        size = max(CHUNK, min(self.ahead, LONGEST_ROW + 1 - self.ahead))
        chunk = ""
        while self._sources and not (chunk := self._sources[-1].read(size)):
            self._sources.pop()
        if chunk:
            self.text, self.at = self.text[self.at :] + chunk, 0
        return bool(chunk)

    def take(self, end: int) -> None:
        """Count what is done."""
        self.number += self.text.count("\n", self.at, end)
        self.done += end - self.at
        self.at = end
        # Parsing in a small text is faster: each error counts the lines of all that lies before it.
        if self.ahead > 4 * CHUNK:
            self._sources.append(io.StringIO(self.text[self.at :], newline=""))
            self.text, self.at = "", 0
        elif self.at > CHUNK // 8:
            self.text, self.at = self.text[self.at :], 0

    def require_one_object(self) -> None:
        """Require that no other object begins a line behind this place, as far as is at hand or one read further.

        Raises:
            ValueError: One does: each line is a product, of which the array is a part.
        """
        self.more()
        if "\n{" in self.text[self.at :]:
            raise ValueError("it has several objects, each with an array; name it .jsonl if each line is a product")

    def skip_gap(self) -> str:
        """Move over blanks and commas, and return the character behind them; empty at the end of the text."""
        gap = ""
        while True:
            match = GAP.match(self.text, self.at)
            end = match.end() if match else self.at
            gap = (gap + self.text[self.at : end])[-LONGEST_BEGINNING:]
            self.take(end)
            if self.ahead:
                break
            if not self.more():
                return ""
        self.begins = gap.rpartition("\n")[2] + self.text[self.at] if "\n" in gap else ""
        return self.text[self.at]
