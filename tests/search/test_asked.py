"""What a program passes to a search becomes a query of plain values, or is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.asked import asked
from hybridsearch.search.planner import Query


def query(**filters: Any) -> Query:
    """Return what is asked with filters alone."""
    return asked("", filters, (), None, 1, 10)


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
