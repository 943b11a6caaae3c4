"""The parts of an Excel workbook, a zip archive of XML: whether openpyxl, which holds some of them, may read it."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from hybridsearch.catalog.files import LONGEST_ROW

PIECE = 1_000_000
"""Bytes that are looked at at a time."""
OVERLAP = 20
"""Bytes of the piece before, so that no mark is cut in two."""
MOST_HELD = 500_000_000
"""Bytes in memory that the texts of a workbook may take; they are stored apart from the sheets."""
TEXT = 60
"""Bytes that an empty one takes."""
DECLARED = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
"""How XML begins in which a letter is two bytes, so that no mark would be found."""
ROW = re.compile(rb"<(?:(?:\w{1,10}:)?row[\s>/]|(?P<end>/(?:\w{1,10}:)?sheetData\s*>))")
FORMULA = re.compile(rb"<(?:\w{1,10}:)?f[\s>/]")
ITEM = re.compile(rb"<(?:\w{1,10}:)?si[\s>/]")


def check(raw: BinaryIO) -> bool:
    """Look through a workbook once, without holding it, and return whether it has formulas.

    Raises:
        ValueError: It is no zip archive or a damaged one; a part declares a document type, and with it entities that
            may grow; a row, or all that is held, would take too much memory.
    """
    try:
        with zipfile.ZipFile(raw) as archive:
            have_formulas = [check_part(archive, part) for part in archive.infolist()]  # which need not be named .xml
            return any(have_formulas)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"it is no workbook, or is damaged: {error}; save it again as .xlsx") from error
    finally:
        raw.seek(0)


def check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Look through one part, as `check` says; one that has rows is a sheet, of which no more than a row is held."""
    row: int | None = None
    items = 0
    sheet = formulas = False
    for place, piece in pieces(archive, part):
        end = place + len(piece)
        if DECLARED.search(piece) or piece.startswith(WIDE):
            what = "is UTF-16" if piece.startswith(WIDE) else "declares a document type"
            raise ValueError(f"its part '{part.filename}' {what}, as no workbook needs; save it again as .xlsx")
        for match in ROW.finditer(piece):
            require_short(row, place + match.start())
            row = None if match["end"] else place + match.start()
            sheet = True
        require_short(row, end)
        items += len(ITEM.findall(piece))
        if (items or not sheet) and end + items * TEXT > MOST_HELD:
            raise ValueError(f"its texts take more than {MOST_HELD / 1e6:.0f} MB in memory; save it as CSV")
        formulas = formulas or (sheet and FORMULA.search(piece) is not None)
    return formulas


def require_short(row: int | None, end: int) -> None:
    """Require that a row that starts at one place, if it is known, is not longer than one may be at another."""
    if row is not None and end - row > LONGEST_ROW:
        raise ValueError(f"a row is longer than {LONGEST_ROW:,} characters; save it as CSV")


def pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[int, bytes]]:
    """Yield the content of a part piece by piece with the place of each, each with the end of the one before."""
    place, before = 0, b""
    with archive.open(part) as content:
        while piece := content.read(PIECE):
            yield place - len(before), before + piece
            place, before = place + len(piece), piece[-OVERLAP:]
