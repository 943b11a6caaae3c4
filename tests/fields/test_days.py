"""Days in the order of a column, as ISO 8601; the names of their `months`."""

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
        ("2019. 1. 4.", "YMD", "2019-01-04"),
        ("2019-11-14", "DMY", "2019-11-14"),
        ("14/11-2019", "DMY", "14/11-2019"),
        ("14/11/19", "DMY", "2019-11-14"),
        ("4/20/16, 11:25\u202fPM", "MDY", "2016-04-20T23:25:00"),
        ("24/03/15", "YMD", "2024-03-15"),
        ("1.2.68", "DMY", "2068-02-01"),
        ("1.2.69", "DMY", "1969-02-01"),
        ("1.2.999", "DMY", "1.2.999"),
        ("3. März 2024", "DMY", "2024-03-03"),
        ("Montag, 3. Mrz. 2024 09:30", "DMY", "2024-03-03T09:30:00"),
        ("12 mars 2024", "DMY", "2024-03-12"),
        ("1er AOÛT 2024", "DMY", "2024-08-01"),
        ("3 de septiembre de 2024", "DMY", "2024-09-03"),
        ("3 dic. 2024", "DMY", "2024-12-03"),
        ("21st May 2024", "DMY", "2024-05-21"),
        ("03-Mar-24", "DMY", "2024-03-03"),
        ("Mon, 06 Sep 2009 16:45:00 GMT", "DMY", "2009-09-06T16:45:00Z"),
        ("Mon, 06 Sep 2009 16:45:00 +0200", "DMY", "2009-09-06T16:45:00+0200"),
        ("Mar 3, 2024", "MDY", "2024-03-03"),
        ("March 3rd, 2024 9:30 PM", "MDY", "2024-03-03T21:30:00"),
        ("2024-Mar-03", "YMD", "2024-03-03"),
        ("2024年3月3日(日) 9:30", "YMD", "2024-03-03T09:30:00"),
        ("2024 年 3 月 3 日", "YMD", "2024-03-03"),
        ("24年3月3日", "YMD", "2024-03-03"),
        ("3 Marsh 2024", "DMY", "3 Marsh 2024"),
        ("Mar 3, 2024", "DMY", "Mar 3, 2024"),
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
