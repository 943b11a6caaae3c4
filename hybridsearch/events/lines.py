"""A line of a log: an answer that was shown, or what somebody did with it, in the form of User Behavior Insights (UBI).

UBI 1.3.0 has two kinds of objects, queries and events, which the id of a query joins. What it has no name for stands
under `query_attributes`, which it leaves to whoever writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hybridsearch.inputs.rows import number, strings
from hybridsearch.texts.text import QUERY_LIMIT, clean
from hybridsearch.values import Row

CLICKS = ("click_through", "click", "add_to_cart", "purchase")
"""Actions that say that a product is what was looked for."""
IMPRESSION = "impression"
"""The action that says that a product was seen, and not sent alone."""
UNUSED = ("view", "watch")
"""Named actions of UBI that say neither."""
ACTIONS = (*CLICKS, IMPRESSION, *UNUSED)

SHOWN_IDS = ("query_response_object_ids", "query_response_objects_ids", "query_response_hit_ids")
"""How the list of shown products is called: in UBI's schema, in an earlier one, in OpenSearch's indices."""
WHO = ("session_id", "client_id", "user_id")
"""What tells one shopper from another, the narrowest first."""
LONGEST_NAME = 512
LARGEST_TIME = 1e11
"""Seconds since 1970; what is larger is in milliseconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page that was shown.

    Attributes:
        query_id: Of this answer alone.
        query: As it was typed, cut to what a search reads; empty for a page without words.
        shown: Ids in their order.
        who: The shopper, hashed; empty where nobody was named.
        time: Seconds since 1970; 0 where nothing is said.
        total: How many products there were on all pages; None where nothing is said.
        offset: How many were on the pages before.
        filters: By field.
        sort: The fields that products were in order of; empty: by score.
        arm: Of a test, see `search/arms.py`; empty where nothing was tested.
        teams: Of an interleaved page, the arm of each product, a letter each.
    """

    query_id: str
    query: str
    shown: tuple[str, ...]
    who: str = ""
    time: float = 0.0
    total: int | None = None
    offset: int = 0
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    arm: str = ""
    teams: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the line."""
        attributes = {
            "total": self.total,
            "offset": self.offset or None,
            "filters": dict(self.filters) or None,
            "sort": list(self.sort) or None,
            "arm": self.arm or None,
            "teams": self.teams or None,
        }
        return {
            "query_id": self.query_id,
            "timestamp": written_time(self.time),
            **({"session_id": self.who} if self.who else {}),
            "user_query": self.query,
            "query_response_object_ids": list(self.shown),
            "query_attributes": {name: value for name, value in attributes.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody did.

    Attributes:
        query_id: Of the answer.
        name: One of `ACTIONS`, or any other.
        product: Its id; empty where the action is about none.
        who: The shopper, hashed; empty where nobody was named.
        time: Seconds since 1970; 0 where nothing is said.
        position: Where the product stood, from 1, counted from the first page on; 0 where nothing is said.
    """

    query_id: str
    name: str
    product: str
    who: str = ""
    time: float = 0.0
    position: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the line."""
        position = {"position": {"ordinal": self.position}} if self.position else {}
        return {
            "action_name": self.name,
            "query_id": self.query_id,
            "timestamp": written_time(self.time),
            **({"session_id": self.who} if self.who else {}),
            "event_attributes": {"object": {"object_id": self.product}, **position},
        }


def read_line(row: Row) -> Answer | Action:
    """Return what a line says.

    Raises:
        ValueError: It is neither, or lacks what it needs.
    """
    if row.get("action_name") is not None:
        return read_action(row)
    if row.get("user_query") is not None or any(name in row for name in SHOWN_IDS):
        return read_answer(row)
    raise ValueError("neither 'action_name' nor 'user_query' is there, expected a line of a log")


def read_answer(row: Row) -> Answer:
    """Return an answer."""
    attributes = row.get("query_attributes")
    more: Row = attributes if isinstance(attributes, Mapping) else {}
    listed: Any = next((row[name] for name in SHOWN_IDS if row.get(name) is not None), [])
    shown = tuple(first(product) for product in (listed if isinstance(listed, list) else [listed]))
    total, filters = more.get("total"), more.get("filters")
    arm, teams = first(more.get("arm")), first(more.get("teams"))
    return Answer(
        query_id=name_of(row, "query_id"),
        query=clean(first(row.get("user_query")), QUERY_LIMIT),
        shown=shown,
        who=who_of(row),
        time=time_of(row.get("timestamp")),
        total=None if total is None else count(total),
        offset=count(more.get("offset")),
        filters=filters if isinstance(filters, Mapping) else {},
        sort=strings(more.get("sort")),
        arm=arm,
        teams=teams if len(teams) == len(shown) else "",
    )


def read_action(row: Row) -> Action:
    """Return an action."""
    attributes = row.get("event_attributes")
    more: Row = attributes if isinstance(attributes, Mapping) else {}
    about, place = more.get("object"), more.get("position")
    return Action(
        query_id=name_of(row, "query_id"),
        name=name_of(row, "action_name"),
        product=first(about.get("object_id")) if isinstance(about, Mapping) else "",
        who=who_of(row),
        time=time_of(row.get("timestamp")),
        position=count(place.get("ordinal")) if isinstance(place, Mapping) else 0,
    )


def name_of(row: Row, name: str) -> str:
    """Return the name that a field holds.

    Raises:
        ValueError: There is none, or it is too long.
    """
    value = first(row.get(name))
    if not value or len(value) > LONGEST_NAME:
        raise ValueError(f"'{name}' is missing, empty or too long, expected a name")
    return value


def who_of(row: Row) -> str:
    """Return the name of the shopper; empty where there is none."""
    return next((who for name in WHO if (who := first(row.get(name)))), "")[:LONGEST_NAME]


def first(value: object) -> str:
    """Return the first text that a value stands for; empty where there is none."""
    if type(value) is str:  # nearly always, and a log has millions
        return value.strip()
    return next(iter(strings(value)), "")


def count(value: object) -> int:
    """Return a whole number from 0; 0 where there is none."""
    try:
        found = number(value)
    except ValueError:
        return 0
    return int(found) if found is not None and 0 <= found < LARGEST_TIME else 0


def time_of(value: object) -> float:
    """Return seconds since 1970: of ISO 8601, or of a number in seconds or milliseconds; 0 where there is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    else:
        text = first(value)
        try:
            moment = datetime.fromisoformat(text)
            found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            found = float(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0.0
    found = found / 1000 if found > LARGEST_TIME else found
    return found if 0 <= found < LARGEST_TIME else 0.0


def written_time(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def offset_ids(offset: int, shown: Sequence[str]) -> list[str]:
    """Return ids by rank from 0, with an empty one for each on the pages before."""
    return [*[""] * offset, *shown]
