"""XML: product feeds (Google Merchant, RSS, Atom), read product by product; a broken one costs no other."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any, TextIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import LONGEST_ROW, TOO_LONG, flaw
from hybridsearch.catalog.formats.buffer import Buffer
from hybridsearch.catalog.formats.xml_parser import Flaw, XmlParser

PRODUCTS = ("item", "entry", "product")
"""Elements that are products: of RSS, of Atom, and of the feeds that shops make themselves."""
EMPTY_ROOTS = ("rss", "RDF", "feed", "products")
"""Outermost elements that may hold no product."""
CHUNK = 65_536
"""Characters that are read at a time, and bytes that are parsed."""
FIRST_PIECE = 1_024
"""Bytes that are parsed first after a flaw, then twice as many: where flaw follows flaw, more would be for nothing."""
IN_VAIN = 4 * LONGEST_ROW
"""Bytes that may be parsed again after rows that do not end: more would take too long."""
FRESH = 1_000_000
"""Bytes after which a new parser begins with the next row: it keeps every name that it has seen."""
LONGEST_START = 100
"""Bytes that the start of a row has at most."""
NAME_START = re.compile(rb"<(?:[\w.-]{1,50}:)?([\w.-]{1,50})(?=[\s/>])")
"""Of any element."""
NAME_ENDS = (b" ", b"\t", b"\r", b"\n", b"/", b">")
SWALLOWS = "a comment or a CDATA section is not closed, and others would be lost in it"

XmlRow = dict[str, Any] | Unreadable


def parse_feed(text: TextIO) -> Iterator[tuple[int, XmlRow]]:
    """Yield the products of a feed with their numbers, from 1.

    Raises:
        ValueError: It is no XML, breaks off, declares a document type, or has nothing that is known as a product.
    """
    feed = Feed(PRODUCTS)
    yield from enumerate(feed.rows(text), 1)
    if feed.root and not feed.row and feed.root.rpartition(":")[2] not in EMPTY_ROOTS:
        names = ", ".join(f"<{name}>" for name in PRODUCTS)
        raise ValueError(f"it begins with <{feed.root}> and holds none of {names}; expected RSS or Atom")


class Feed:
    """XML of which some elements are rows. After a flaw, reading goes on at the start of the next row.

    No more than a row and a chunk are held.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names of the elements that are rows."""
        self._buffer = Buffer()
        self._parser = XmlParser(names)
        self._begun, self._first_line = 0, 1  # place and line of the parser's first byte
        self._lost = self._resumed = False
        self._in_vain = 0
        self._size = CHUNK

    @property
    def root(self) -> str:
        """The name of the outermost element, as it is written; empty where nothing was read."""
        return self._parser.root

    @property
    def row(self) -> str:
        """The name of the latest row, as it is written; empty before the first."""
        return self._parser.row

    def rows(self, text: TextIO) -> Iterator[XmlRow]:
        """Yield the rows of a text.

        Raises:
            ValueError: It is no XML, breaks off, or declares a document type.
        """
        chunk = text.read(CHUNK).lstrip()
        if chunk and not chunk.startswith("<"):
            raise ValueError(f"it is not XML: it begins with {chunk[:20]!r}")
        while chunk:
            following = text.read(CHUNK)
            yield from self._take(chunk, last=not following)
            chunk = following

    def _take(self, text: str, *, last: bool) -> Iterator[XmlRow]:
        """Take the next piece, and yield the rows that end in it."""
        self._buffer.held += text.encode("utf-8", "surrogateescape")
        while not self._lost or self._find():
            piece = self._buffer.piece(self._size)
            if not piece and not last:
                return
            found = self._parser.feed(piece, last=not piece)
            if (place := (yield from self._given())) is not None:
                yield from self._give_up(Flaw(SWALLOWS), place, in_row=True)
            elif found or self._buffer.fed - self._kept > LONGEST_ROW:
                yield from self._give_up(found or Flaw(TOO_LONG), self._kept, in_row=self._parser.in_row)
            elif piece:
                self._buffer.drop(self._kept)
                self._size = min(2 * self._size, CHUNK)
                self._lost = self._parser.in_row and self._kept - self._begun > FRESH
            else:
                break
        if last:
            self._check_end()

    @property
    def _kept(self) -> int:
        return self._begun + self._parser.kept

    def _given(self) -> Generator[XmlRow, None, int | None]:
        """Yield the rows that the parser found, up to one that others are lost in; return the place of that."""
        given, self._parser.found = self._parser.found, []
        for found in given:
            written = self._buffer.slice(self._begun + found.start, self._begun + found.end)
            if sum(1 for _ in starts(written, self._parser)) > 1 + found.inner:
                return self._begun + found.start
            yield found.row
        return None

    def _give_up(self, found: Flaw, place: int, *, in_row: bool) -> Iterator[XmlRow]:
        """Yield what cannot be read, and look for the next row behind its start.

        Ends that do not fit are nothing to tell of outside of rows, once it is not sure what these lie in.

        Raises:
            ValueError: The rest cannot be read.
        """
        buffer = self._buffer
        following = next(starts(buffer.held, self._parser, place + 1 - buffer.start), None)
        if found.cut_off and following is None and not self._whole:
            raise ValueError(f"it ends inside of <{self._parser.innermost}>: it was cut off; make or fetch it again")
        if in_row or not (self._resumed and found.mismatch):
            written = buffer.slice(place, self._begun + self._parser.at + 1) if found.line else b""
            line = f" of line {self._first_line + found.line - 1:,}" if found.line else ""
            yield Unreadable(flaw(written.decode("utf-8", "surrogateescape")) or found.reason + line)
        if following is not None:
            self._in_vain += max(0, buffer.fed - (buffer.start + following) - CHUNK)
        if self._in_vain > IN_VAIN:
            raise ValueError(f"the rest is not tried after so many that do not end; {SWALLOWS}")
        buffer.drop(place + 1)
        self._lost = True

    def _find(self) -> bool:
        """Begin at the start of the next row, if it is at hand."""
        buffer = self._buffer
        start = next(starts(buffer.held, self._parser), None)
        buffer.drop(max(buffer.start, buffer.end - LONGEST_START) if start is None else buffer.start + start)
        if start is not None:
            self._parser = self._parser.again()
            self._begun, self._first_line, buffer.fed = buffer.start, buffer.line, buffer.start
            self._lost, self._resumed, self._size = False, True, FIRST_PIECE
        return start is not None

    def _check_end(self) -> None:
        if self._lost and not (self._parser.closed or self._whole):
            raise ValueError(f"it does not end with </{self.root}>: it was cut off; make or fetch it again")

    @property
    def _whole(self) -> bool:
        """Whether what is at hand ends as the file should."""
        return self._buffer.held.rstrip().endswith(f"</{self.root}>".encode())


def starts(written: bytes | bytearray, parser: XmlParser, first: int = 0) -> Iterator[int]:
    """Yield where rows start, by the name that they were seen to have, or else may have."""
    if not parser.row:
        names = [name.encode() for name in parser.names]
        yield from (match.start() for match in NAME_START.finditer(written, first) if match[1] in names)
        return
    start = f"<{parser.row}".encode()
    at = written.find(start, first)
    while at >= 0:
        end = at + len(start)
        if written[end : end + 1] in NAME_ENDS:
            yield at
        at = written.find(start, end)
