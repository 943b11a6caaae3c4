"""Dates: whatever form a shop writes them in, they are one number; whatever is none is refused."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import document
from hybridsearch.fields import Format, dates
from hybridsearch.roles import Fields

MORNING = 1_738_315_800_000
"""2025-01-31T09:30:00Z."""
MIDNIGHT = MORNING - 34_200_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.from_regex(r"[-+0-9TZ:. /]{1,30}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "written",
    [
        "2025-01-31T09:30:00Z",
        "2025-01-31T09:30:00.000Z",
        "2025-01-31T09:30:00",
        "2025-01-31 09:30",
        "2025-01-31 09:30:00 +00:00",
        "2025-01-31T10:30:00+01:00",
        "2025-01-31T04:30:00-0500",
        "2025-01-31T09:30:00,000999z",
        "20250131T093000Z",
        "2025/01/31 09:30:00",
        "  ２０２５-０１-３１ 09:30 ",
        1_738_315_800,
        1_738_315_800.0,
        "1738315800",
        "+1738315800.0",
        1_738_315_800_000,
        "1738315800000",
        datetime(2025, 1, 31, 9, 30),
        datetime(2025, 1, 31, 10, 30, tzinfo=timezone(timedelta(hours=1))),
        [None, "", "2025-01-31T09:30:00Z", "2026-01-01"],
    ],
)
def test_every_form_of_a_moment_is_the_same_number(written: Any) -> None:
    assert dates.read(written) == MORNING


@pytest.mark.parametrize("written", ["2025-01-31", "20250131", 20250131, "2025/01/31", date(2025, 1, 31)])
def test_a_day_is_kept_as_its_beginning_and_bounds_include_all_of_it(written: Any) -> None:
    assert dates.read(written) == MIDNIGHT
    assert (dates.bound(written, False), dates.bound(written, True)) == (MIDNIGHT, MIDNIGHT + 86_399_999)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999Z"),
        ("2025", "2025-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"),
        (2025, "2025-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("0001", "0001-01-01T00:00:00Z", "0001-12-31T23:59:59.999Z"),
        ("2025-01-31T09:30:00Z", "2025-01-31T09:30:00Z", "2025-01-31T09:30:00Z"),
    ],
)
def test_a_bound_is_the_first_or_the_last_millisecond_of_what_is_named(written: Any, first: str, last: str) -> None:
    assert [dates.bound(written, upper) for upper in (False, True)] == [dates.read(first), dates.read(last)]


@pytest.mark.parametrize("nothing", [None, "", "  ", [], [None, " "]])
def test_a_missing_date_is_none(nothing: Any) -> None:
    assert dates.read(nothing) is None


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "31.01.2025", "01/31/2025", "2025-1-31", "2025-02-29", "2025-13-01", "2025-01-31+02:00", "v2.5.1"),
        *("2025-01-31T24:00:01Z", "2016-12-31T23:59:60Z", "2025-01-31T09:30:00+25:00", "2025-01-31Tx", "0000-01-01"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9" * 5_000, "1" + "0" * 400 + ".5", "1e9"),
        *(
            True,
            False,
            math.nan,
            math.inf,
            -math.inf,
            1e300,
            10**400,
            -(10**15),
            253_402_300_800_000,
            {"a": 1},
            b"2025",
        ),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_date_is_refused(value: Any) -> None:
    said = "^'released' is .*, expected a date such as 2025-01-31 or 2025-01-31T09:30:00Z$"
    with pytest.raises(ValueError, match=said) as refused:
        document.read({"released": value}, ["released"], dates.KIND, Fields(title="title", dates=("released",)))
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("written", ["31/01/2025", "31.1.2025", "2025-01-31", ["", "31-01-2025"], 20250131])
def test_a_column_with_an_order_of_its_own_has_the_same_days(written: Any) -> None:
    assert dates.KIND.kept(written, Format(date="DMY")) == MIDNIGHT


@pytest.mark.parametrize("written", ["01/31/2025", "31.02.2025", "31/01-2025", True])
def test_what_is_no_date_in_the_order_of_the_column_is_refused(written: Any) -> None:
    fields = Fields(title="title", dates=("released",), formats={"released": Format(date="DMY")})
    said = 'T09:30:00Z as \\[fields.formats\\] says: { date = "DMY" }$'
    with pytest.raises(ValueError, match=said):
        document.read({"released": written}, ["released"], dates.KIND, fields)


def test_years_before_1970_are_below_0() -> None:
    assert dates.read("1969-12-31T23:59:59.999Z") == -1
    assert dates.read("1969-12-31T23:59:59.9999Z") == -1
    assert dates.read("-86400") == -86_400_000
    assert dates.read("0001-01-01") == dates.EARLIEST
    assert dates.read("9999-12-31T23:59:59.999Z") == dates.LATEST


def test_numbers_are_told_apart_by_their_size() -> None:
    assert dates.read(99_999_999_999) == 99_999_999_999_000
    assert dates.read(100_000_000_000) == 100_000_000_000
    assert dates.read(-99_999_999_999 + 10**11 - 1) == 0
    assert dates.read(12_345_678) == 12_345_678_000  # no day has month 56
    assert dates.read(0) == 0


MOMENTS = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.none() | st.sampled_from([UTC, timezone(timedelta(hours=-9.5))]),
)


@given(MOMENTS)
def test_any_moment_reads_the_same_as_an_object_as_text_and_as_a_number(moment: datetime) -> None:
    kept = dates.read(moment)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    assert kept == (aware - dates.EPOCH) // timedelta(milliseconds=1)
    assert kept == dates.read(moment.isoformat()) == dates.read(moment.isoformat(" "))
    if abs(kept) >= dates.SECONDS_BELOW:
        assert kept == dates.read(kept) == dates.read(str(kept)) == dates.read(float(kept))
    if 10**8 <= abs(kept // 1000) < dates.SECONDS_BELOW:
        assert dates.read(kept // 1000) == kept // 1000 * 1000


@given(st.dates())
def test_the_bounds_of_a_day_lie_a_day_apart_and_meet_those_of_its_neighbours(day: date) -> None:
    first, last = dates.bound(day.isoformat(), False), dates.bound(day, True)
    assert last - first == 86_399_999
    if day < date.max:
        assert dates.bound(day + timedelta(days=1), False) == last + 1


@given(JSON)
def test_any_json_value_is_a_date_of_the_years_1_to_9999_or_none_or_a_value_error(value: Any) -> None:
    try:
        kept = dates.read(value)
    except ValueError:
        return
    assert kept is None or (type(kept) is int and dates.EARLIEST <= kept <= dates.LATEST)
