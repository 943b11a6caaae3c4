"""What a program gives as an argument, which may be anything: read as what it should be, or refused by its name.

Code that asks an object of somebody else for its text, its length or its truth runs that object's code, which may raise
what it likes. So the public methods ask once, here, and go on with values of Python's own types.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.inputs.json_values import brief, json_value

Plain = TypeVar("Plain")


def read(
    name: str, value: Any, parse: Callable[[Any], Plain], expected: str, error: type[HybridSearchError] = QueryError
) -> Plain:
    """Return an argument as a plain value.

    Args:
        name: Of the argument, for the message.
        value: What was given.
        parse: Returns the plain value, or raises anything.
        expected: What it should be, for the message.
        error: The class of the error.

    Raises:
        HybridSearchError: Of that class: it cannot be read.
    """
    try:
        return parse(value)
    except HybridSearchError:
        raise
    except Exception as problem:
        raise error(f"'{name}' is {brief(value)}, expected {expected}.") from problem


def flag(name: str, value: Any, error: type[HybridSearchError] = QueryError) -> bool:
    """Return an argument that is true or false.

    Raises:
        HybridSearchError: Of the given class: it is neither.
    """
    return read(name, value, truth, "True or False", error)


def instance(kind: type[Plain]) -> Callable[[Any], Plain]:
    """Return what gives a value back if it is of a kind; the value itself is not asked."""

    def parse(value: Any) -> Plain:
        if not issubclass(type(value), kind):
            raise TypeError
        given: Plain = value
        return given

    return parse


def text(value: Any) -> str:
    """Return text as a `str`."""
    return str.__str__(value)


def some_name(value: Any) -> str:
    """Return what names somebody as text, which numbers and UUIDs stand for too."""
    plain = text(value) if isinstance(value, str) else json_value(value)
    if isinstance(value, bool | np.bool_) or not isinstance(plain, str | int) or not str(plain).strip():
        raise ValueError
    return str(plain)


def duration(value: Any) -> float:
    """Return a finite number of seconds above 0."""
    seconds = float(json_value(value))
    if not 0 < seconds < float("inf"):
        raise ValueError
    return seconds


def truth(value: Any) -> bool:
    """Return a truth value, also as 0 or 1."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return {0: False, 1: True}[operator.index(value)]
