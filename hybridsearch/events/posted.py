"""What a browser posts of a shopper, and what a backend says of a page: read as actions, or refused by its name.

A browser is a stranger: of what it posts only the fields below are read, each has a limit, and the time is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.events.lines import ACTIONS, LONGEST_NAME
from hybridsearch.inputs.given import read, some_name, text
from hybridsearch.inputs.json_values import brief, json_value
from hybridsearch.inputs.rows import tidy

MOST_EVENTS = 100
"""Of one post."""
MOST_CLICKED = 1_000
DEEPEST = 1_000_000
"""The last rank that is believed: nobody scrolls further."""
EXPECTED = '{"query_id": "…", "action_name": "click_through", "object_id": "17"}, or a list of such'


@dataclass(frozen=True, slots=True)
class Posted:
    """What a browser says that somebody did; see `Action`."""

    query_id: str
    action: str
    product: str
    session: str = ""
    position: int = 0


def actions_of(event: object) -> list[Posted]:
    """Return what one posted event says, or each of a list.

    Raises:
        QueryError: One says nothing of the kind, or there are too many.
    """
    plain = read("event", event, objects, EXPECTED)
    if len(plain) > MOST_EVENTS:
        raise QueryError(f"'event' holds {len(plain)} events, expected at most {MOST_EVENTS}. Post them in parts.")
    return [posted(each) for each in plain]


def objects(value: Any) -> list[dict[str, Any]]:
    """Return objects of plain values."""
    given = list(value) if isinstance(value, list | tuple) else [value]
    plain = [tidy(json_value(each)) for each in given]
    if not all(isinstance(each, dict) for each in plain):
        raise TypeError
    return plain


def posted(event: Mapping[str, Any]) -> Posted:
    """Return what an event says: in the short form, or in UBI's, with `event_attributes`."""
    attributes = inner(event, "event_attributes")
    about, place = inner(attributes, "object"), inner(attributes, "position")
    product = event.get("object_id", about.get("object_id"))
    session, rank = event.get("session_id", event.get("client_id")), event.get("position", place.get("ordinal"))
    return Posted(
        query_id=read("query_id", event.get("query_id"), name, "the 'query_id' of a page"),
        action=read("action_name", event.get("action_name"), action, f"one of {', '.join(ACTIONS)}"),
        product=read("object_id", product, name, "the id of a product"),
        session="" if session is None else named(session),
        position=0 if rank is None else read("position", rank, whole, f"a rank: a whole number from 1 to {DEEPEST:,}"),
    )


def inner(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object inside of another; an empty one where there is none."""
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def named(session: object) -> str:
    """Return the name of a session; empty for none.

    Raises:
        QueryError: It is none.
    """
    if session is None:
        return ""
    return read("session", session, some_name, "a text or a number that names a session")


def action(value: Any) -> str:
    """Return the name of an action."""
    if text(value) not in ACTIONS:
        raise ValueError
    return text(value)


def whole(value: Any) -> int:
    """Return a rank, which a browser may have as text."""
    found = float(text(value) if isinstance(value, str) else value)
    if isinstance(value, bool) or not (1 <= found <= DEEPEST and found.is_integer()):
        raise ValueError
    return int(found)


def name(value: Any) -> str:
    """Return an id, which is not too long."""
    found: str = tidy(some_name(value)).strip()
    if not found or len(found.encode()) > LONGEST_NAME:
        raise ValueError
    return found


def clicked_ids(clicked: Any) -> list[str]:
    """Return the ids that were clicked, each once: of one, of several, or of none.

    Raises:
        QueryError: One of them is none.
    """
    if clicked is None:
        return []
    expected = "the id of a product, or a list of ids"
    ids = read("clicked", clicked, listed, expected)
    if len(ids) > MOST_CLICKED:
        raise QueryError(f"'clicked' holds {brief(len(ids))} ids, expected at most {MOST_CLICKED:,}.")
    return ids


def listed(value: Any) -> list[str]:
    """Return one id or several as a list."""
    several = isinstance(value, list | tuple | set | frozenset)
    return list(dict.fromkeys(map(name, value if several else [value])))
