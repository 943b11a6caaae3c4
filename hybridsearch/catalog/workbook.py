"""The parts of an Excel workbook, which is a zip archive of XML: sheets, texts, number formats."""

from __future__ import annotations

import io
import posixpath
import sys
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.cells import SINCE_1900, SINCE_1904, Meaning, is_dated, listed, text_of
from hybridsearch.catalog.xml import Feed

MAIN = "/officeDocument"
"""How the type of the relation ends that names the main part."""
MOST_TEXT = 500_000_000
"""Bytes that the texts of a workbook may take in memory; they are stored apart from the cells."""
PREFIXES = frozenset({"x", "s", "main"})
"""Prefixes that some programs write."""


class Workbook:
    """An open workbook. Whatever reads a part of it raises a ValueError where that is damaged.

    No part is unpacked as a whole, so that a small archive of a huge part takes no memory.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._parts = set(archive.namelist())
        self._main = next((part for kind, _, part in self._relations("") if kind.endswith(MAIN)), "xl/workbook.xml")

    def sheets(self) -> list[str]:
        """Return the parts that hold the sheets, in the order of the workbook, hidden ones last."""
        parts = {key: part for _, key, part in self._relations(self._main)}
        found = [
            (row.get("state", "visible") != "visible", parts.get(value, ""))
            for row in self._sound(self._main, "sheet")
            for name, value in row.items()
            if name.endswith(":id")
        ]
        return [part for _, part in sorted(found, key=lambda each: each[0]) if part in self._parts]

    def rows(self, part: str, *names: str) -> Iterator[dict[str, Any] | Unreadable]:
        """Yield the elements of a part that have one of these names; none where there is no such part."""
        if part not in self._parts:
            return
        if self._archive.getinfo(part).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"its part '{part}' is packed as no workbook is; save it again")
        with self._archive.open(part) as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape") as text:
            try:
                yield from Feed(names, PREFIXES).rows(text)
            except ValueError as error:
                raise ValueError(f"in its part '{part}', {error}") from error

    @cached_property
    def meaning(self) -> Meaning:
        """What its cells refer to."""
        parts = {kind.rpartition("/")[2]: part for kind, _, part in self._relations(self._main)}
        since_1904 = any(row.get("date1904") in ("1", "true") for row in self._sound(self._main, "workbookPr"))
        return Meaning(
            self._texts(parts.get("sharedStrings", "")),
            self._dated(parts.get("styles", "")),
            SINCE_1904 if since_1904 else SINCE_1900,
        )

    def _sound(self, part: str, *names: str) -> Iterator[Mapping[str, Any]]:
        """Yield elements without which the workbook cannot be read."""
        for row in self.rows(part, *names):
            if isinstance(row, Unreadable):
                raise ValueError(f"its part '{part}' is damaged: {row.reason}; save it again")
            yield row

    def _relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        """Yield kind, key and target of what a part refers to."""
        folder, name = posixpath.split(part)
        for row in self._sound(posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship"):
            kind, key, target = (str(row.get(name, "")) for name in ("Type", "Id", "Target"))
            yield kind, key, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")

    def _texts(self, part: str) -> list[str]:
        texts: list[str] = []
        size = 0
        for row in self._sound(part, "si"):
            texts.append(text_of(row))
            size += sys.getsizeof(texts[-1]) + sys.getsizeof(size)
            if size > MOST_TEXT:
                raise ValueError(f"its texts take more than {MOST_TEXT / 1e6:.0f} MB in memory; save it as CSV")
        return texts

    def _dated(self, part: str) -> list[bool]:
        """Return whether numbers of each style are dates."""
        codes: dict[str, str] = {}
        styles: list[Any] = []
        for row in self._sound(part, "numFmt", "cellXfs"):
            if "formatCode" in row:
                codes[row.get("numFmtId", "")] = str(row["formatCode"])
            else:
                styles += listed(row.get("xf"))
        numbers = [str((style or {}).get("numFmtId", "0")) for style in styles]
        return [is_dated(number, codes.get(number)) for number in numbers]
