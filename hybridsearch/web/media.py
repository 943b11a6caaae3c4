"""Decides what a card hands over beside pictures: when its video is like the query, and 3-D files. Pure values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hybridsearch import document
from hybridsearch.roles import Fields
from hybridsearch.values import Hit, Row

WEB = ("https://", "http://")
SOLID = re.compile(r"[^\s\x00-\x1f]{1,2000}?\.(glb|usdz)(?:\?[^\s\x00-\x1f]{0,500})?", re.I)
"""A 3-D file, for browsers and Android, or for iOS: a path or an address."""


def moment(hit: Hit, fields: Fields) -> tuple[str, str]:
    """Return when the video of a hit is the most like the query, and its address from then on; empty where unknown."""
    films = document.videos(hit.product, fields)[hit.video : hit.video + 1]
    if hit.frame is None or not films:
        return "", ""
    second = int(hit.frame)
    href = f"{films[0].partition('#')[0]}#t={hit.frame:g}" if films[0].startswith(WEB) else ""
    return f"{second // 60}:{second % 60:02}", href


def solids(row: Row) -> dict[str, str]:
    """Return the 3-D files of a product by kind, `glb` and `usdz`: the first of each, wherever it stands in the row."""
    found: dict[str, str] = {}
    for text in texts(row):
        if named := SOLID.fullmatch(text):
            found.setdefault(named[1].lower(), text)
    return found


def texts(value: Any, depth: int = 4) -> Iterator[str]:
    """Yield the texts of a value, and of what it holds."""
    if isinstance(value, str):
        yield value.strip()
    elif depth and isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each, depth - 1)


def scene_viewer(address: str, title: str) -> str:
    """Return the address by which Android shows a file in the room; empty for one that it cannot fetch.

    Source: developers.google.com/ar/develop/scene-viewer, explicit intent.
    """
    if not address.startswith("https://"):
        return ""
    given = f"file={quote(address, safe='')}&mode=ar_preferred&title={quote(title, safe='')}"
    end = "#Intent;scheme=https;package=com.google.ar.core;action=android.intent.action.VIEW;end;"
    return f"intent://arvr.google.com/scene-viewer/1.0?{given}{end}"
