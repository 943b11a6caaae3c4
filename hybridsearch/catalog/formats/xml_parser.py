"""A parser of XML that gives the elements that are rows, one by one.

It is `expat`, which comes with Python. It fetches nothing; a file that declares a document type, without which there
are no entities that could grow, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from xml.parsers import expat

from hybridsearch.catalog.formats.elements import GOOGLES, Element, fields, google_prefixes, value
from hybridsearch.inputs.rows import DEEPEST

CUT_OFF = (3, 5, 6, 20)
"""What expat calls an end that comes too early: of nothing, or of an open token, character or CDATA section."""
TAG_MISMATCH = 7


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a parser cannot go on.

    Attributes:
        line: On which it stopped, from 1 on the parser's first line; 0 where the reason says all.
    """

    reason: str
    line: int = 0
    cut_off: bool = False
    mismatch: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An element that is a row.

    Attributes:
        start: Where its start begins, in bytes from the parser's first one.
        end: Where its end begins.
        inner: How many elements in it have its name.
    """

    row: dict[str, Any]
    start: int
    end: int
    inner: int


class XmlParser:
    """One run of expat.

    Attributes:
        found: The rows that have ended; whoever takes them empties the list.
        row: The name of the latest row, as it is written; empty before the first.
        root: The name of the outermost element.
        closed: Whether that has ended.
    """

    def __init__(
        self, names: Sequence[str], above: Sequence[str] = (), row: str = "", left_out: frozenset[str] = GOOGLES
    ) -> None:
        """Begin inside of some elements, whose starts are taken for read.

        Args:
            names: Of the elements that are rows, without prefixes.
            above: Names of the elements around.
            row: The name of rows, where it is known.
            left_out: Prefixes that are left out of the names of fields.
        """
        self.names = names
        self.found: list[Found] = []
        self.row, self.root, self.closed = row, "".join(above[:1]), False
        self._above, self._left_out = list(above), left_out
        self._open: list[Element] = []
        self._depth: int | None = None
        self._row_start = self._inner = 0
        self._expat = expat.ParserCreate("utf-8")
        self._expat.buffer_text = True
        start = "".join(f"<{name}>" for name in above).encode()
        self._before = len(start)
        self._expat.Parse(start)
        self._open = [Element(name, {}) for name in above]
        self._expat.StartDoctypeDeclHandler = refuse
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text

    @property
    def in_row(self) -> bool:
        """Whether a row is open."""
        return self._depth is not None

    @property
    def kept(self) -> int:
        """Where the row that is open starts, or else where the parser is."""
        return self._row_start if self.in_row else self.at

    @property
    def innermost(self) -> str:
        """The name of the element that is open."""
        return self._open[-1].name if self._open else self.root

    @property
    def at(self) -> int:
        """Where the parser is, in bytes."""
        return self._expat.CurrentByteIndex - self._before

    def feed(self, piece: bytes, *, last: bool) -> Flaw | None:
        """Parse the next bytes.

        Raises:
            ValueError: A document type is declared.
        """
        try:
            self._expat.Parse(piece, last)
        except expat.ExpatError as error:
            reason = f"not XML: {expat.ErrorString(error.code)} at character {error.offset + 1:,}"
            return Flaw(reason, error.lineno, error.code in CUT_OFF, error.code == TAG_MISMATCH)
        except TooDeep:
            return Flaw(f"nested more than {DEEPEST} levels deep")
        return None

    def again(self) -> XmlParser:
        """Return a parser that begins with the next row, for all that this one knows of what is around it."""
        # They lead back to expat: a circle, which would keep all names until the garbage collector comes.
        self._expat.StartElementHandler = self._expat.EndElementHandler = self._expat.CharacterDataHandler = None
        above = self._above or [element.name for element in self._open] or [self.root or "feed"]
        return XmlParser(self.names, above, self.row, self._left_out)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if attributes:
            self._left_out |= google_prefixes(attributes)
        if len(self._open) > DEEPEST:
            raise TooDeep
        if name.rpartition(":")[2] in self.names and self._open:
            if self.in_row:
                self._inner += name == self.row
            else:
                self.row, self._above = name, [element.name for element in self._open]
                self._depth, self._row_start, self._inner = len(self._open), self.at, 0
        self.root = self.root or name
        self._open.append(Element(name, attributes))

    def _text(self, text: str) -> None:
        if self.in_row:
            self._open[-1].content.append(text)

    def _end(self, name: str) -> None:
        element = self._open.pop()
        if self._depth is None:
            self.closed = not self._open
            return
        if len(self._open) > self._depth:
            self._open[-1].content.append((name, value(element, self._left_out)))
            return
        self._depth = None
        self.found.append(Found(fields(element, self._left_out), self._row_start, self.at, self._inner))


class TooDeep(Exception):  # noqa: N818 - passes through expat, and no further
    """Elements are nested too deep."""


def refuse(name: str, *_: object) -> NoReturn:
    """Refuse a feed that declares a document type."""
    raise ValueError(
        f"it declares a document type, <!DOCTYPE {name[:50]} …>, and with it entities that may grow without bounds; "
        "take the declaration out, and write &nbsp; and the like as characters"
    )
