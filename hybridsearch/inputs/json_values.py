"""Values of Python as JSON: what a backend passes, in the form that a catalogue's file would have.

`json_value.register` of `functools.singledispatch` adds a type of a shop's own.
"""

from __future__ import annotations

import dataclasses
import functools
import reprlib
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

WHOLE_DIGITS = 19
"""Digits from which on a whole Decimal is a float: 64 bits hold no more."""


@functools.singledispatch
def json_value(value: Any) -> Any:
    """Return what stands for a value in JSON; what is inside objects and lists stays as it is.

    Mappings, dataclasses, named tuples, models of pydantic and rows of a database become objects; tuples, sets (sorted)
    and arrays become lists; Decimals, fractions and numbers of NumPy become numbers; dates and times become ISO text;
    UUIDs and paths become text; an enum becomes its value.

    Raises:
        ValueError: JSON has no form for it; the message says what was found.
    """
    if isinstance(value, type):
        raise unknown(value)
    if dataclasses.is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):  # rows of some databases are no Mapping
        return dict(value)
    raise unknown(value)


def unknown(value: object) -> ValueError:
    """Return the error for a value that JSON has no form for."""
    return ValueError(f"holds {named(value)}, expected text, numbers, lists and objects")


def named(value: object) -> str:
    """Return a value for a message: its type and its beginning."""
    return "None" if value is None else f"{type(value).__name__} {brief(value)}"


def brief(value: object) -> str:
    """Return the beginning of a value as Python writes it, whatever the value is; it never fails."""
    try:
        return BRIEF.repr(value)
    except Exception:  # it is somebody else's object, or a number that Python does not print
        return f"<{type(value).__name__}>"


BRIEF = reprlib.Repr()
BRIEF.maxstring = BRIEF.maxother = BRIEF.maxlong = 60


@json_value.register(Mapping)
def _(value: Any) -> Any:
    return dict(value)


@json_value.register
def _(value: BaseModel) -> Any:
    return value.model_dump()


@json_value.register(Sequence)
def _(value: Any) -> Any:
    if hasattr(value, "keys"):  # sqlite3.Row
        return dict(value)
    return value._asdict() if hasattr(value, "_asdict") else list(value)


@json_value.register(bytes)
@json_value.register(bytearray)
@json_value.register(memoryview)
@json_value.register(np.timedelta64)
def _(value: object) -> Any:
    raise unknown(value)


@json_value.register(set)
@json_value.register(frozenset)
def _(value: Any) -> Any:
    return sorted(value, key=str)


@json_value.register(np.ndarray)
def _(value: NDArray[Any]) -> Any:
    return list(value) if value.ndim else value[()]


@json_value.register
def _(value: Enum) -> Any:
    return value.value


@json_value.register
def _(value: Decimal) -> Any:
    exponent = value.as_tuple().exponent
    whole = isinstance(exponent, int) and exponent >= 0 and value.adjusted() < WHOLE_DIGITS
    return int(value) if whole else float(value)


@json_value.register
def _(value: Integral) -> Any:
    return int(value)


@json_value.register
def _(value: Real) -> Any:
    return float(value)


@json_value.register(np.floating)
def _(value: Any) -> Any:
    return float(str(value))  # a float32 of 19.9 would else be 19.899999618530273


@json_value.register
def _(value: np.bool_) -> Any:
    return bool(value)


@json_value.register(date)
@json_value.register(time)
@json_value.register(np.datetime64)
def _(value: Any) -> Any:
    if value != value:  # NaT, of NumPy and of pandas
        raise unknown(value)
    return str(value) if isinstance(value, np.datetime64) else value.isoformat()


@json_value.register(UUID)
@json_value.register(PurePath)
def _(value: object) -> Any:
    return str(value)
