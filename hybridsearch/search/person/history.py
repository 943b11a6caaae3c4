"""What a person looked at, as a program tells it with a search: events become products with weights.

Nothing of it is stored: it comes with each request, and ends with it.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import mul
from typing import Any, NamedTuple
from uuid import UUID

from hybridsearch.inputs.given import read
from hybridsearch.inputs.json_values import brief
from hybridsearch.inputs.rows import strings, tidy

ACTIONS = {"view": 1.0, "click": 1.0, "cart": 3.0, "purchase": 4.0}
"""What each action says of a taste: who put something into the basket means it more than who looked, and who bought
it a little more still, as what was bought is often not bought again."""
ALIASES = {"click_through": "click", "product_view": "view", "add_to_cart": "cart", "buy": "purchase"}
"""Other names of them, such as those of User Behavior Insights."""
HALF_LIFE = 10
"""Products after which one counts half: a taste of today is not that of last year, and times are not always known."""
PRODUCTS = 50
"""The last distinct products that count: with the half-life the ones before would add 3 %."""
FADING = tuple(0.5 ** (place / HALF_LIFE) for place in range(PRODUCTS))
"""What a product counts, the newest first."""
EVENTS = 10_000
"""The last events that are read: who passes more passes a log, not a history."""
MOST = 10_000_000
"""Events after which a history is not read on: it may have no end."""
TAKEN = 10
"""The last variants of a product that count."""
IDS = ("id", "product_id", "object_id")
NAMES_OF_ACTIONS = ("action", "action_name")
EXPECTED = "ids, or events such as {'id': '17', 'action': 'cart'}"
Variant = str | Mapping[str, Any]
"""A variant of a product: a code of it, or what it says, such as {"size": "M"}."""


class Event(NamedTuple):
    """That somebody did something with a product."""

    id: str
    action: str = "view"
    time: float | None = None
    """Seconds since 1970; None where it is not known."""
    variant: Variant | None = None
    """Which variant of the product it was about; None where nothing is said."""


@dataclass(frozen=True, slots=True)
class History:
    """The products that somebody looked at.

    Attributes:
        weights: Of each product, by id, above 0; the newest first.
        notes: What was left out, in sentences.
        variants: Which variants of a product it was about, by id, the newest first.
    """

    weights: Mapping[str, float]
    notes: tuple[str, ...] = ()
    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids, the newest first."""
        return list(self.weights)


NOTHING = History({})


def read_history(given: object) -> History:
    """Return the history that the argument of a search stands for; an event that cannot be read is told in a note.

    Args:
        given: Ids, or events with an id and perhaps an action and a time, the newest last; in the order of their times
            where each has one. A single text is one id, None nothing.

    Raises:
        QueryError: It is nothing of the kind.
    """
    if given is None:
        return NOTHING
    last, count = read("history", given, latest, EXPECTED)
    events: list[Event] = []
    odd: list[str] = []
    if set(map(type, last)) == {str} and all(map(str.isalnum, last)):  # ids alone: of none an event needs to be made
        strongest = dict.fromkeys(reversed(last), ACTIONS["view"])
    else:
        for each in last:
            try:
                events.append(event(each))
            except ValueError as error:
                odd.append(str(error))
        events = latest_first(events)
        strongest = strongest_of(events)
    notes = [f"of {count:,} events of the history the last {len(last):,} were read"] * (count > len(last))
    if odd:
        notes.append(f"left out of the history: {len(odd):,} of {len(last):,} events; the first {odd[0]}")
    weights = faded(strongest)
    if len(strongest) > len(weights):
        notes.append(f"of {len(strongest):,} products of the history the last {len(weights)} count")
    return History(weights, tuple(notes), taken(events, weights))


def latest(given: Any) -> tuple[list[Any], int]:
    """Return the last events of some, and how many there are."""
    if type(given) is list:
        return given[-EVENTS:], len(given)
    if isinstance(given, str | int | UUID | Mapping):
        return [given], 1
    if isinstance(given, bytes | bytearray) or not isinstance(given, Iterable):
        raise TypeError
    count = 0
    last: deque[Any] = deque(maxlen=EVENTS)
    for each in itertools.islice(given, MOST):
        last.append(each)
        count += 1
    return list(last), count


def event(given: Any) -> Event:
    """Return an event.

    Raises:
        ValueError: It is none; the message says what was found, as the end of a sentence.
    """
    if type(given) is str and given.isalnum():
        return Event(given)
    try:
        plain = tidy(given)
    except ValueError as error:
        raise ValueError(f"cannot be read: it {str(error)[:200]}") from error
    if not isinstance(plain, dict):
        return Event(id_of(plain))
    key, named = id_of(under(plain, IDS)), under(plain, NAMES_OF_ACTIONS)
    action = "view" if named is None else ALIASES.get(str(named), str(named))
    if action not in ACTIONS:
        raise ValueError(f"has the action {brief(named)}, expected one of {', '.join(ACTIONS)}")
    return Event(key, action, seconds(plain.get("timestamp")), variant_of(plain.get("variant")))


def under(event: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Return what an event says under the first of some names that it has."""
    for name in names:
        if (value := event.get(name)) is not None:
            return value
    return None


def id_of(value: Any) -> str:
    """Return the text of an id.

    Raises:
        ValueError: It is none.
    """
    found = () if isinstance(value, bool | dict | list) else strings(value)
    if not found:
        raise ValueError(f"has {brief(value)} for an id, expected text or a number")
    return found[0]


def variant_of(value: Any) -> Variant | None:
    """Return which variant an event is about.

    Raises:
        ValueError: It names none.
    """
    if value is None or value == "" or isinstance(value, dict):
        return value or None
    found = () if isinstance(value, bool | list) else strings(value)
    if not found:
        raise ValueError(f"has {brief(value)} for a variant, expected its code, or an object such as {{'size': 'M'}}")
    return found[0]


def seconds(value: Any) -> float | None:
    """Return a time in seconds since 1970, from a number or as ISO 8601 writes it; None where it is none."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).timestamp()
        return None if value is None or isinstance(value, bool) else float(value)
    except (OverflowError, TypeError, ValueError):
        return None


def latest_first(events: list[Event]) -> list[Event]:
    """Return events, the newest first: by their times where each has one."""
    if all(each.time is not None for each in events):
        events = sorted(events, key=lambda each: each.time or 0.0)
    return events[::-1]


def weighted(events: list[Event]) -> dict[str, float]:
    """Return the weights of the last products of events, the newest first.

    A product that occurs several times counts as its strongest event does, at the place of its last one.
    """
    return faded(strongest_of(events))


def strongest_of(events: list[Event]) -> dict[str, float]:
    """Return the products of events, the newest first, each with what its strongest event says of it."""
    strongest: dict[str, float] = {}
    for key, action, _, _ in events:
        weight = ACTIONS[action]
        if strongest.get(key, 0.0) < weight:
            strongest[key] = weight
    return strongest


def faded(strongest: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of the last of some products, given what each counts by itself, the newest first."""
    return dict(zip(strongest, map(mul, strongest.values(), FADING), strict=False))


def taken(events: list[Event], products: Collection[str]) -> dict[str, list[Variant]]:
    """Return the last variants of products that events, the newest first, are about."""
    found: dict[str, list[Variant]] = {}
    for each in events:
        if each.variant is not None and each.id in products:
            known = found.setdefault(each.id, [])
            known += [each.variant] * (each.variant not in known and len(known) < TAKEN)
    return found
