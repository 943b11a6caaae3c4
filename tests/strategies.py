"""Values that a program may pass by mistake, and a person may write into a file: any text, any JSON, any value."""

from __future__ import annotations

import decimal
import enum
import fractions
import functools
import uuid
from collections import OrderedDict, UserDict, UserList, UserString, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path, PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import numpy as np
from hypothesis import strategies as st

from hybridsearch import Hit, Page

ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "\ud800",
    "a\ud83d",
    "\u202ex\u2066",
    "x" * 100_000,
    "é" * 70_000,
    "漢" * 20_000,
    "9" * 5_000,
    "1e999",
    "nan",
    "-0",
    "true",
    "price:asc",
    ":asc",
    "{}",
    '{"a": ' * 2_000,
    "[" * 100_000,
    "a" * 300 + ":desc",
    "../../x",
    "~nobody/x",
    "CON",
    "a\nb\r\nc",
    "\\x00",
    "%s{0}%(x)d",
    "2025-01-01T00:00:00+99:99",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01",
    "٣",
    "𝟝",
    "\x1b[2J",
)
ODD_NUMBERS = (2**31, 2**63, 2**64, -(2**64), 10**30, 10**400, -(10**5_000), 1e308, -1e308, 5e-324, float("nan"), 1e16)


@dataclass(frozen=True)
class Made:
    """Stands for a value that is made when it is needed: a strategy looks at what it yields, and prints it."""

    name: str


def made(value: Any) -> Any:
    """Return a value with what was only named in it."""
    if isinstance(value, Made):
        return MAKERS[value.name]()
    if type(value) is list:
        return [made(part) for part in value]
    if type(value) is dict:
        # What cannot be the name of a field stays out.
        return {key: made(part) for key, part in value.items()}
    return value


@functools.cache
def any_text() -> st.SearchStrategy[Any]:
    """Text, with whole characters and half ones, of any length."""
    return st.text(max_size=12) | st.sampled_from([Made(f"text {number}") for number in range(len(ODD_TEXTS))])


@functools.cache
def any_number() -> st.SearchStrategy[Any]:
    """Whole numbers and floats, of any size, finite or not."""
    odd = st.sampled_from([Made(f"number {number}") for number in range(len(ODD_NUMBERS))])
    return st.integers(-5, 5) | odd | st.floats()


@functools.cache
def any_json() -> st.SearchStrategy[Any]:
    """What the reader of JSON in the standard library may return, NaN and half characters included."""
    leaves = st.none() | st.booleans() | any_number() | any_text()
    deep = st.sampled_from([Made(f"{depth:,} {kind}") for depth in (60, 5_000) for kind in ("objects", "lists")])
    return leaves | objects(leaves | objects(leaves)) | deep


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and objects of some values."""
    names = st.sampled_from(["id", "brand", "gte", "lte", "", "a.b"]) | st.text(max_size=3)
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)


@functools.cache
def any_value() -> st.SearchStrategy[Any]:
    """Any JSON, and what Python has besides: objects of other libraries, endless ones, and some that bite."""
    hostile = st.sampled_from([Made(name) for name in sorted(HOSTILE)])
    return any_json() | hostile | hostile | objects(hostile)


def nested(depth: int, named: bool) -> Any:
    """Return objects or lists inside each other."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if named else [value]
    return value


class Bite(Exception):  # noqa: N818 - it is what the objects below do
    """Raised by an object that was only looked at."""


def bite(*_: Any, **__: Any) -> Any:
    """Take the place of any method."""
    raise Bite


METHODS = (
    *("__str__", "__repr__", "__eq__", "__bool__", "__iter__", "__len__", "__getitem__", "__contains__", "__lt__"),
    *("__index__", "__int__", "__float__", "__fspath__", "__getattribute__", "__format__", "__buffer__", "__array__"),
    *("keys", "items", "values", "get", "isoformat"),
)
BASES: dict[str, tuple[type, Any]] = {
    "object": (object, None),
    "text": (str, "red"),
    "mapping": (dict, {"id": "1", "brand": "x"}),
    "list": (list, ["1", "brand"]),
    "number": (int, 7),
    "float": (float, 7.5),
    "error": (ValueError, "x"),
}


def biting(base: type, content: Any, method: str) -> Any:
    """Return an object of which one method raises."""
    kind = type(f"Bites_{method}", (base,), {method: bite, "__hash__": object.__hash__})
    return kind() if content is None else kind(content)


class Missing:
    """As `NA` of pandas: neither true nor false, and equal to nothing."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __eq__(self, other: object) -> Any:
        return self

    def __hash__(self) -> int:
        return 7


class Liar:
    """Says that it is a text."""

    __class__ = str  # type: ignore[assignment]


class Loud(str):
    """A text that is not what it looks like."""

    def __str__(self) -> str:
        return "other"

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise Bite

    def strip(self, *_: Any) -> str:
        raise Bite

    def __hash__(self) -> int:
        raise Bite


class Colour(enum.Enum):
    """An enum whose value is no JSON."""

    RED = object()


class Cyclic(dict[str, Any]):
    """An object that holds itself."""

    def __init__(self) -> None:
        super().__init__(id="1", brand=self)


def endless_list() -> list[Any]:
    """Return a list that holds itself."""
    values: list[Any] = ["1"]
    values.append(values)
    return values


def generator() -> Iterator[str]:
    """Yield an id, and fail."""
    yield "1"
    raise Bite


def object_array() -> Any:
    """Return an array that holds itself."""
    array = np.empty(2, dtype=object)
    array[0], array[1] = array, "1"
    return array


def same(value: Any) -> Any:
    """Return a value that may be looked at many times."""
    return value


class Pair(NamedTuple):
    """A named tuple whose second part is no JSON."""

    id: str
    title: object


HOSTILE: dict[str, Callable[[], Any]] = {
    **{
        f"{name} with {method}": partial(biting, base, content, method)
        for name, (base, content) in BASES.items()
        for method in METHODS
    },
    **{
        f"{type(value).__name__} {number}": partial(same, value)
        for number, value in enumerate(
            (
                b"\xff\xd8",
                bytearray(b"1"),
                memoryview(b"1"),
                decimal.Decimal("sNaN"),
                decimal.Decimal("NaN"),
                decimal.Decimal("-Infinity"),
                decimal.Decimal("1E+999999"),
                decimal.Decimal("19.90"),
                fractions.Fraction(1, 3),
                fractions.Fraction(10**400),
                complex(1, 2),
                date.max,
                datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
                datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
                datetime(2025, 1, 1, tzinfo=UTC),
                time(1),
                timedelta(1),
                np.float64("nan"),
                np.float32(19.9),
                np.int64(3),
                np.bool_(True),
                np.str_("red"),
                np.bytes_(b"x"),
                np.datetime64("NaT"),
                np.datetime64("2025-01-01"),
                np.timedelta64(1),
                np.array([1, 2]),
                np.array(["1", "2"]),
                np.array(5),
                np.array([[1.0, np.nan]]),
                np.zeros(0),
                np.ma.masked,
                np.void(b"1"),
                np.array([(1, 2.0)], dtype=[("id", "i4"), ("price", "f4")]),
                uuid.UUID(int=1),
                Path("a\0b"),
                PurePosixPath("x"),
                range(3),
                slice(3),
                Ellipsis,
                NotImplemented,
                int,
                dict,
                Colour,
                Colour.RED,
                len,
                ValueError("x"),
                MappingProxyType({"id": "1"}),
                OrderedDict(id="1"),
                UserDict(id="1"),
                UserList(["1"]),
                UserString("red"),
                deque(["1"]),
                frozenset({"1", 2, None}),
                {"1", 2, None},
                ("1", 2),
                Pair("1", object()),
                SimpleNamespace(id="1", keys=None),
                Hit("1", 1.0, {}, {"id": "1"}),
                Page("x", (), 0),
                {1: 2, None: 3, (1,): 4},
                {"gte": 10**5_000, "lte": "x"},
                {"gte": None},
                {"gte": 1, "lte": float("nan"), "x": 1},
                list(map(str, range(100_000))),
                {str(number): number for number in range(100_000)},
                [[]] * 1_000,
                {"id": "1", "title": "x" * 200_000},
                {"id": "1", "title": ["x", {"y": object()}]},
                {"id": "x" * 600},
                {"id": "1", "hybrid": 1},
                {"id": "1", "price": 10**400, "brand": ["x"] * 10_000},
            )
        )
    },
    "self-made NA": Missing,
    "a liar": Liar,
    "loud text": lambda: Loud("red"),
    "an object": object,
    "a mock": MagicMock,
    "an object that holds itself": Cyclic,
    "a list that holds itself": endless_list,
    "an array that holds itself": object_array,
    "a generator": generator,
    "an iterator": lambda: iter(["1", "2"]),
    "an exhausted iterator": lambda: iter(()),
}
"""What makes values that no caller should pass, by name; each is made anew, for some can be read only once."""

MAKERS: dict[str, Callable[[], Any]] = {
    **HOSTILE,
    **{f"text {number}": partial(same, value) for number, value in enumerate(ODD_TEXTS)},
    **{f"number {number}": partial(same, value) for number, value in enumerate(ODD_NUMBERS)},
    **{
        f"{depth:,} {kind}": partial(nested, depth, kind == "objects")
        for depth in (60, 5_000)
        for kind in ("objects", "lists")
    },
}
