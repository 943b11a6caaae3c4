"""Days in the order of a column, as ISO 8601."""

import pytest

from hybridsearch.fields.days import Order, iso


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("14/11/2019", "DMY", "2019-11-14"),
        ("4.1.2019", "DMY", "2019-01-04"),
        ("4. 1. 2019", "DMY", "2019-01-04"),
        ("14-11-2019 9:30", "DMY", "2019-11-14T09:30:00"),
        ("14.11.2019, 09:30:15,5", "DMY", "2019-11-14T09:30:15,5"),
        ("11/14/2019", "MDY", "2019-11-14"),
        ("11/14/2019 9:30 PM", "MDY", "2019-11-14T21:30:00"),
        ("11/14/2019 12:05 a.m.", "MDY", "2019-11-14T00:05:00"),
        ("11/14/2019 12:05 pm +0100", "MDY", "2019-11-14T12:05:00+0100"),
        ("2019/1/4", "YMD", "2019-01-04"),
        ("2019年1月4日", "YMD", "2019-01-04"),
        ("2019. 1. 4.", "YMD", "2019. 1. 4."),
        ("2019-11-14", "DMY", "2019-11-14"),
        ("14/11-2019", "DMY", "14/11-2019"),
        ("14/11/19", "DMY", "14/11/19"),
        ("soon", "DMY", "soon"),
        ("1" * 101, "DMY", "1" * 101),
    ],
)
def test_a_day_in_the_order_of_a_column_becomes_iso_and_others_stay(text: str, order: Order, expected: str) -> None:
    assert iso(text, order) == expected


@pytest.mark.parametrize("time", ["0:30 AM", "13:30 PM"])
def test_an_hour_that_no_clock_shows_is_refused(time: str) -> None:
    with pytest.raises(ValueError, match="expected an hour from 1 to 12"):
        iso(f"11/14/2019 {time}", "MDY")
