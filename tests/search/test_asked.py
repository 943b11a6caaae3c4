"""What a program passes to a search becomes a query of plain values, or is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.asked import asked
from hybridsearch.search.planner import Query


def query(**filters: Any) -> Query:
    """Return what is asked with filters alone."""
    return asked("", filters, (), None, 1, 10, None)


class Day(date):
    """Has no text and no number."""

    def fail(self, *_: Any) -> Any:
        raise RuntimeError

    isoformat = toordinal = timetuple = __str__ = __repr__ = fail


class Unequal(date):
    """Cannot be compared."""

    def __ne__(self, _: object) -> bool:
        raise RuntimeError


class Nowhere(tzinfo):
    """Does not tell its offset."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        raise RuntimeError

    dst = tzname = utcoffset  # type: ignore[assignment]


class Odd(tzinfo):
    """Is ahead by a part of a second, too."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(hours=23, minutes=59, microseconds=1)

    dst = tzname = utcoffset  # type: ignore[assignment]


WAYS: list[Callable[[Any], Any]] = [lambda value: value, lambda value: [value], lambda value: {"gte": value}]
DAYS = [Day(2025, 1, 1), datetime(2025, 1, 1, 9, tzinfo=Odd()), datetime(2025, 1, 1), date(2025, 1, 1)]


@pytest.mark.parametrize("way", WAYS, ids=["value", "list", "bounds"])
@pytest.mark.parametrize("day", DAYS, ids=["subclass", "zone", "moment", "day"])
def test_dates_of_other_classes_become_those_of_python(day: date, way: Callable[[Any], Any]) -> None:
    """Attack: filters whose values fail when they are looked at."""
    wanted: Any = query(released=way(day)).filters["released"]
    (plain,) = wanted if isinstance(wanted, list) else wanted.values() if isinstance(wanted, dict) else [wanted]
    assert type(plain) in (date, datetime)
    assert (plain.year, plain.month, plain.day) == (2025, 1, 1)
    if isinstance(day, datetime):
        assert type(plain.tzinfo) is not Odd
        assert plain.utcoffset() == day.utcoffset()


@pytest.mark.parametrize("way", WAYS, ids=["value", "list", "bounds"])
@pytest.mark.parametrize("value", [Unequal(2025, 1, 1), datetime(2025, 1, 1, tzinfo=Nowhere())], ids=["equal", "zone"])
def test_a_date_that_cannot_be_read_is_refused(value: Any, way: Callable[[Any], Any]) -> None:
    """Attack: filters whose values fail when they are looked at."""
    with pytest.raises(QueryError, match=r"filters\['released'\]' is .*expected a value"):
        query(released=way(value))


def test_operators_and_groups_become_plain_values() -> None:
    class Shade(str):
        pass

    asked = query(color={"none": (Shade("red"),), "exists": True}, any=({"price": {"gt": Decimal("5")}}, {}))
    assert asked.filters == {"color": {"none": ["red"], "exists": True}, "any": [{"price": {"gt": 5.0}}, {}]}
    ((shade,),) = (part for part in asked.filters["color"].values() if isinstance(part, list))  # type: ignore[union-attr]
    assert type(shade) is str


@pytest.mark.parametrize(
    ("levels", "sentence"), [(5, ""), (6, "Groups of filters lie more than 5 levels deep."), (5_000, "Groups of ")]
)
def test_groups_lie_in_groups_but_not_without_end(levels: int, sentence: str) -> None:
    filters: dict[str, Any] = {"brand": "Acme"}
    for _ in range(levels - 1):
        filters = {"any": [filters]}
    if not sentence:
        assert query(**filters).filters == filters
        return
    with pytest.raises(QueryError, match=f"^{sentence}"):
        query(**filters)


def test_what_is_neither_a_value_nor_a_group_is_refused_by_its_name() -> None:
    for odd in ([{"brand": "Acme"}, 5], {"none": [["Acme"]]}, {"none": {"any": "Acme"}}):
        with pytest.raises(QueryError, match=r"^'(filters\['any'\]|filters)' is .*expected a"):
            query(any=odd)
