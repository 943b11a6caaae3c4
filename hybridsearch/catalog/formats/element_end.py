"""Where an element of an array that is not JSON ends.

Before the next line that begins as the elements before it did, if all of them began a line in the same way; else where
its own brackets close.
"""

from __future__ import annotations

import re

MOST_MARKS = 5_000_000
"""Brackets and commas of one element that are looked at, which takes a few seconds."""
MARK = re.compile(r'\\.|["\n{}\[\],]', re.DOTALL)


class Layout:
    """How the elements of an array are laid out in lines, if all are laid out alike.

    The first one may stand behind the bracket of the array, so that the second decides.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._begins = ""
        self._alike = True

    def saw(self, begins: str, written: str) -> None:
        """Note how an element that can be read begins its line; none of its own may begin so, or as the array ends."""
        if self._seen < 2:
            self._begins = begins
        self._seen += 1
        inside = bool(begins) and (f"\n{begins}" in written or "\n]" in written)
        self._alike = self._alike and begins == self._begins and not inside

    def next_line(self, begins: str) -> str:
        """Return how the line begins that holds the next element; empty where that is unknown."""
        if not self._alike:
            return ""
        return begins if self._seen < 2 else self._begins


class Nesting:
    """Brackets that are open in an element that is not JSON.

    A text ends at the end of its line, so that a quote that is missing or too many costs no more than that. When the
    brackets do not match, or there are more than MOST_MARKS of them, lines alone tell where the next element starts.
    """

    def __init__(self, next_line: str) -> None:
        self._next_line = next_line
        self._braces = self._brackets = self._marks = 0
        self._quoted = self._escaped = self._blind = False

    @property
    def hopeless(self) -> bool:
        """Whether the end of the element cannot be found any more."""
        return self._blind and not self._next_line

    def end(self, text: str, at: int, stop: int) -> int | None:
        """Return the place behind the element, or None if it goes on behind `stop`."""
        seen = at + self._escaped
        for match in () if self._blind else MARK.finditer(text, seen, stop):
            seen = match.end()
            if self._ends(match[0], text, match.start()):
                return match.start()
            if self._blind:
                break
        self._escaped = not self._blind and stop > seen and text[stop - 1] == "\\"
        return self._line(text, seen, stop + len(self._next_line)) if self._blind and self._next_line else None

    def _line(self, text: str, at: int, stop: int) -> int | None:
        places = (text.find(f"\n{begins}", at, stop) for begins in (self._next_line, "]"))
        return min((place for place in places if place >= 0), default=None)

    def _ends(self, mark: str, text: str, place: int) -> bool:
        if mark == "\n":
            self._quoted = False
            return bool(self._next_line) and text.startswith((self._next_line, "]"), place + 1)
        if mark == '"':
            self._quoted = not self._quoted
        elif not self._quoted:
            if not self._braces and not self._brackets and mark in ",]}":
                return mark != "}"  # a brace that closes nothing hides nothing
            self._marks += 1
            self._braces += (mark == "{") - (mark == "}")
            self._brackets += (mark == "[") - (mark == "]")
            self._blind = self._braces < 0 or self._brackets < 0 or self._marks > MOST_MARKS
        return False
