"""Results of pure functions, remembered for the very objects that they were made from: weights, roles, schemas.

These never change: what is edited or read again is another object. To compare what two of them hold would take longer
than most of what is made from them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

MOST = 64
"""Results of one function that are remembered."""

Made = TypeVar("Made", bound=Callable[..., Any])


def remembered(function: Made) -> Made:
    """Return a function of positional arguments that remembers its last results; texts are compared by their value.

    The arguments of a result are kept beside it, so that no other object gets the identity of one of them meanwhile.
    """
    known: dict[tuple[object, ...], tuple[tuple[object, ...], Any]] = {}

    @functools.wraps(function)
    def looked_up(*given: object) -> Any:
        key = tuple(each if type(each) is str else id(each) for each in given)
        found = known.get(key)
        if found is None:
            if len(known) >= MOST:
                known.clear()
            found = known[key] = given, function(*given)
        return found[1]

    return cast(Made, looked_up)
