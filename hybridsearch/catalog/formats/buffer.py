"""The part of a file of XML that is at hand, from the start of what is not done yet."""

from __future__ import annotations


class Buffer:
    """Bytes that arrive at one end and are dropped at the other. Places count from the start of the file.

    Attributes:
        held: What is at hand.
        start: Place of its first byte.
        fed: Place up to which the parser has it.
        line: The line of the first byte, from 1.
    """

    def __init__(self) -> None:
        self.held = bytearray()
        self.start = self.fed = 0
        self.line = 1

    @property
    def end(self) -> int:
        """Place behind the last byte."""
        return self.start + len(self.held)

    def piece(self, size: int) -> bytes:
        """Return the next bytes for the parser; none at the end."""
        first, self.fed = self.fed, min(self.fed + size, self.end)
        return self.slice(first, self.fed)

    def slice(self, first: int, end: int) -> bytes:
        """Return the bytes between two places."""
        return bytes(self.held[first - self.start : end - self.start])

    def drop(self, place: int) -> None:
        """Forget what lies before a place; the parser begins there if it was not as far."""
        size = place - self.start
        self.line += self.held.count(b"\n", 0, size)
        del self.held[:size]
        self.start = place
