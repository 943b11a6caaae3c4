"""Arms: two weightings of one shop that shoppers compare, each of them getting one, or both in one list.

The list is dealt as two captains choose their teams (team-draft interleaving, Radlinski, Kurup and Joachims, 2008): in
each round both choose the best product of their own order that nobody has, and a coin says who is first.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Literal, cast

from hybridsearch.errors import QueryError
from hybridsearch.inputs.given import read
from hybridsearch.inputs.json_values import brief
from hybridsearch.search.asked import count_of
from hybridsearch.search.planner import MOST_HITS
from hybridsearch.values import Hit, Page

Arm = Literal["a", "b"]
Chosen = Literal["", "a", "b", "interleaved"]
"""What a search is asked for; empty: nothing is tested."""

A: Arm = "a"
B: Arm = "b"
ARMS: tuple[Arm, Arm] = (A, B)
INTERLEAVED: Chosen = "interleaved"


def chosen(variant: object, *, weights: object = None, ordered: bool = False) -> Chosen:
    """Return the arm that the argument `variant` of a search names.

    Args:
        variant: As it was given.
        weights: Those that were given beside it, of which there may be none.
        ordered: Whether hits are in the order of a field, which no weighting changes: nothing is tested there.

    Raises:
        QueryError: There is no such arm, or weights were given too.
    """
    if variant is None:
        return ""
    if not isinstance(variant, str) or variant not in (*ARMS, INTERLEAVED):
        raise QueryError(f"'variant' is {brief(variant)}, expected 'a', 'b' or 'interleaved'.")
    if weights is not None:
        raise QueryError("'variant' and 'weights' both say which weights count. Give one of them.")
    return "" if ordered else cast(Chosen, str.__str__(variant))


def one_arm(variant: object, weights: object = None) -> Chosen:
    """Return the arm that a plan is made for, see `chosen`.

    Raises:
        QueryError: As there; or it is both, and a plan is of one.
    """
    arm = chosen(variant, weights=weights)
    if arm == INTERLEAVED:
        raise QueryError("'variant' is 'interleaved', which takes two plans. Ask for that of 'a' and that of 'b'.")
    return arm


def alone(arm: Chosen) -> Chosen:
    """Return the arm whose weights are used for what is not interleaved."""
    return A if arm == INTERLEAVED else arm


def assigned(who: str) -> Arm:
    """Return the arm of a shopper by name: the same at each visit, and each arm for half of them."""
    return ARMS[digest("arm", who) % 2]


def paged(page: object, size: object) -> tuple[int, int]:
    """Return the number and the size of an interleaved page, for which both arms are asked for all hits up to its end.

    Raises:
        QueryError: They are none, or one request does not reach so far.
    """
    number = read("page", page, count_of, "a whole number from 1")
    hits = read("size", size, count_of, "a whole number from 0")
    if number < 1 or hits < 0:
        raise QueryError(f"Page {number} of {hits} hits cannot be dealt: pages count from 1, sizes from 0.")
    if number * hits > MOST_HITS:
        raise QueryError(f"Interleaved hits end at {MOST_HITS:,}. Ask for an earlier page, or for arm 'a'.")
    return number, hits


def dealt(both: tuple[Page, Page], page: int, size: int, seed: str) -> Page:
    """Return a page of the list that is dealt from the first hits of both arms.

    Facets, notes and what else is known of all candidates are those of arm `a`, the total is that of the larger set.

    Args:
        both: The first page of each arm, with all hits up to the end of this one.
        page: From 1.
        size: Hits on it.
        seed: Whoever deals with the same one gets the same list: pages neither repeat nor leave out a hit.
    """
    first, second = both
    drafted = draft((first.hits, second.hits), page * size, seed)[(page - 1) * size :]
    return replace(
        first,
        hits=tuple(hit for hit, _ in drafted),
        teams=tuple(team for _, team in drafted),
        total=max(first.total, second.total),
        number=page,
        offset=(page - 1) * size,
        arm=INTERLEAVED,
        cursor="",
        degraded=tuple(dict.fromkeys((*first.degraded, *second.degraded))),
        took_ms=first.took_ms + second.took_ms,
    )


def draft(both: tuple[Sequence[Hit], Sequence[Hit]], count: int, seed: str) -> list[tuple[Hit, Arm]]:
    """Return the first hits of the common list, each with the arm that chose it.

    An arm that has no further product leaves the rest to the other one. What is dealt for a smaller count is the
    beginning of what is dealt for a larger one.
    """
    coin, taken = random.Random(digest("draft", seed)), set[str]()
    left = [iter(hits) for hits in both]
    drafted: list[tuple[Hit, Arm]] = []
    while len(drafted) < count:
        before = len(drafted)
        for team in (0, 1) if coin.random() < 0.5 else (1, 0):
            if best := next((hit for hit in left[team] if hit.id not in taken), None):
                taken.add(best.id)
                drafted.append((best, ARMS[team]))
        if len(drafted) == before:
            break
    return drafted[:count]


def digest(purpose: str, text: str) -> int:
    """Return a number that follows from a text, the same on every machine."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8, person=purpose.encode()).digest())
