"""Builders for the tests of logs: lines, files of them, and what is read from these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hybridsearch.events.source import of_file
from hybridsearch.events.visits import Tally, Visit, visits
from hybridsearch.values import Product, Reject


def answer(
    query_id: str, query: str, *shown: str, who: str = "", time: Any = None, **attributes: Any
) -> dict[str, Any]:
    """Return the line of an answer."""
    return {
        "query_id": query_id,
        "user_query": query,
        "query_response_object_ids": list(shown),
        **({"session_id": who} if who else {}),
        **({"timestamp": time} if time else {}),
        "query_attributes": attributes,
    }


def action(query_id: str, product: str, name: str = "click_through", position: int = 0) -> dict[str, Any]:
    """Return the line of an action."""
    place = {"position": {"ordinal": position}} if position else {}
    return {"action_name": name, "query_id": query_id, "event_attributes": {"object": {"object_id": product}, **place}}


def write(path: Path, lines: Iterable[Any]) -> Path:
    """Write a log; a line that is a text is written as it is."""
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return path


def rows(lines: Sequence[dict[str, Any]]) -> list[Product | Reject]:
    """Return lines as they are read."""
    return [Product(f"log:{number}", line, f"log:{number}") for number, line in enumerate(lines, 1)]


def read(path: Path, **limits: int) -> tuple[list[Visit], Tally]:
    """Return the visits of a file, and what was found in it."""
    tally = Tally()
    return list(visits(of_file(path), tally, **limits)), tally


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file as objects."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
