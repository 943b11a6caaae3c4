"""Values of Python as JSON has them."""

import json
import sqlite3
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from pydantic import BaseModel

from hybridsearch.inputs.json_values import json_value
from hybridsearch.inputs.rows import tidy

NUMBER = UUID("12345678-1234-5678-1234-567812345678")


@dataclass
class Size:
    name: str
    price: Decimal


class Brand(BaseModel):
    id: UUID
    since: date


class Named(NamedTuple):
    id: str
    tags: tuple[str, ...]


class Color(Enum):
    RED = "red"


class Text(str, Enum):  # noqa: UP042 - the older way, whose `format` is its name
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def database_row() -> Any:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    return db.execute("SELECT 17 AS id, 'hat' AS title").fetchone()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("19.90"), 19.9),
        (Decimal("20"), 20),
        (Decimal("2E+2"), 200),
        (Decimal("1E+30"), 1e30),
        (Fraction(1, 4), 0.25),
        (np.float32(19.9), 19.9),
        (np.float64(2.5), 2.5),
        (np.int64(17), 17),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("red"), "red"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(17), 17),
        (np.datetime64("2026-11-21"), "2026-11-21"),
        (np.datetime64("2026-11-21T09:30:00"), "2026-11-21T09:30:00"),
        (date(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 9, 30, tzinfo=UTC), "2026-11-21T09:30:00+00:00"),
        (datetime(2026, 11, 21, 9, 30), "2026-11-21T09:30:00"),
        (time(9, 30), "09:30:00"),
        (NUMBER, str(NUMBER)),
        (Path("images") / "hat.jpg", "images/hat.jpg"),
        (Color.RED, "red"),
        (Text.RED, "red"),
        (Level.HIGH, 3),
        (("a", 1), ["a", 1]),
        ({"M", "L", "S"}, ["L", "M", "S"]),
        (frozenset({2, 1}), [1, 2]),
        (deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": Decimal(1)}), {"a": 1}),
        ({1: "one", NUMBER: "two", Color.RED: "three"}, {"1": "one", str(NUMBER): "two", "red": "three"}),
        (Size("M", Decimal("1.5")), {"name": "M", "price": 1.5}),
        ([Size("M", Decimal(1))], [{"name": "M", "price": 1}]),
        (Brand(id=NUMBER, since=date(1999, 1, 1)), {"id": str(NUMBER), "since": "1999-01-01"}),
        (Named("17", ("a", "b")), {"id": "17", "tags": ["a", "b"]}),
        (database_row(), {"id": 17, "title": "hat"}),
    ],
    ids=repr,
)
def test_a_value_of_python_has_its_form_in_json(value: Any, expected: Any) -> None:
    found = tidy(value)
    assert found == expected
    assert type(found) is type(expected)
    assert f"{found}" == f"{expected}"
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff", "holds bytes b'\\xff', expected text, numbers, lists and objects"),
        (bytearray(b"a"), "holds bytearray bytearray(b'a'), expected text, numbers, lists and objects"),
        (1j, "holds complex 1j, expected text, numbers, lists and objects"),
        (timedelta(1), "holds timedelta datetime.timedelta(days=1), expected text, numbers, lists and objects"),
        (dict, "holds type <class 'dict'>, expected text, numbers, lists and objects"),
        (Decimal("NaN"), "holds nan, expected finite numbers"),
        (Decimal("Infinity"), "holds inf, expected finite numbers"),
        (Decimal("1E+999999999"), "holds inf, expected finite numbers"),
        (np.float32("nan"), "holds nan, expected finite numbers"),
        (np.array([1.0, np.nan]), "holds nan, expected finite numbers"),
        ({None: 1}, "has a field called None, expected text"),
        ({True: 1}, "has a field called bool True, expected text"),
        ({("a", "b"): 1}, "has a field called tuple ('a', 'b'), expected text"),
    ],
    ids=repr,
)
def test_what_json_has_no_form_for_is_refused_with_what_was_found(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        tidy(value)
    assert str(refused.value) == reason


@pytest.mark.parametrize("value", [Size, np.datetime64("NaT"), np.timedelta64(1, "D"), np.complex64(1)], ids=repr)
def test_a_class_and_what_is_no_moment_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=f"holds {type(value).__name__} .*, expected text, numbers, lists and objects"):
        tidy(value)


def test_what_holds_itself_is_refused() -> None:
    """Fault 64."""
    endless: deque[Any] = deque()
    endless.append(endless)
    with pytest.raises(ValueError, match="nested more than 50 levels deep"):
        tidy(endless)


def test_a_shop_may_register_a_type_of_its_own() -> None:
    class Money:
        cents = 1990

    @json_value.register
    def _(value: Money) -> Any:
        return value.cents / 100

    assert tidy({"price": Money()}) == {"price": 19.9}
