"""Charts: everything lies inside the picture, and axes have round marks."""

from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.reports import charts

numbers = st.floats(-1, 1)


@given(st.lists(st.tuples(numbers, numbers, numbers).map(sorted), min_size=1, max_size=6), st.booleans())
def test_every_interval_lies_inside_its_picture(rows: list[list[float]], zero: bool) -> None:
    intervals = [charts.Interval("<a>", value, low, high, "unsure", "") for low, value, high in rows]
    picture = ElementTree.fromstring(charts.intervals(intervals, "t", zero=zero))
    left, right = charts.LABEL_WIDTH, charts.WIDTH - charts.FIGURES_WIDTH
    circles = [float(circle.attrib["cx"]) for circle in picture.iter("circle")]
    assert len(circles) == len(rows)
    assert all(left <= x <= right for x in circles)
    order = np.argsort([value for _, value, _ in rows], kind="stable")
    assert (np.diff(np.array(circles)[order]) >= 0).all()


@given(st.lists(numbers, min_size=1, max_size=40))
def test_every_bar_of_a_gain_lies_inside_its_picture(values: list[float]) -> None:
    picture = ElementTree.fromstring(charts.gains(values, ["q"] * len(values), "t"))
    height = float(picture.attrib["viewBox"].split()[3])
    bars = [(float(bar.attrib["y"]), float(bar.attrib["height"])) for bar in picture.iter("rect")]
    assert len(bars) == len(values)
    assert all(y >= 0 and y + size <= height for y, size in bars)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=40))
def test_every_value_of_a_histogram_is_counted_once_and_inside_its_picture(values: list[float]) -> None:
    picture = ElementTree.fromstring(charts.histogram(values, "t", unit="ms", marked={"most": max(values)}))
    height = float(picture.attrib["viewBox"].split()[3])
    bars = list(picture.iter("rect"))
    assert sum(int(str(bar[0].text).replace(",", "")) for bar in bars) == len(values)
    assert all(float(bar.attrib["y"]) + float(bar.attrib["height"]) <= height for bar in bars)
    (mark,) = [line for line in picture.iter("line") if line.attrib["class"] == "mark"]
    assert charts.LEFT <= float(mark.attrib["x1"]) <= charts.WIDTH


@given(st.lists(st.tuples(st.integers(1, 1000), numbers, numbers, numbers), min_size=1, max_size=6))
def test_every_point_of_a_curve_lies_inside_its_picture(rows: list[tuple[int, float, float, float]]) -> None:
    points = [charts.Point(x, *sorted(ends)[1:2], *sorted(ends)[::2]) for x, *ends in rows]
    picture = ElementTree.fromstring(charts.curve(points, "t", unit="queries"))
    height = float(picture.attrib["viewBox"].split()[3])
    circles = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in picture.iter("circle")]
    assert len(circles) == len(points)
    assert all(charts.LEFT <= x <= charts.WIDTH and 0 <= y <= height for x, y in circles)


def test_a_chart_says_its_figures_to_who_does_not_see_it() -> None:
    points = [charts.Point(100, 0.02, -0.01, 0.05), charts.Point(1600, 0.04, 0.03, 0.05)]
    said = "100 queries: +0.020 [-0.010, +0.050]; 1,600 queries: +0.040 [+0.030, +0.050]"
    picture = ElementTree.fromstring(charts.curve(points, "Gain", unit="queries"))
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-label"] == f"Gain. {said}"
    assert [each.text for each in picture[:2]] == ["Gain", said]
    assert [each.attrib["class"] for each in picture.iter("g")] == ["unsure", "better"]


@given(numbers, numbers)
def test_ticks_are_even_and_include_both_ends(first: float, second: float) -> None:
    low, high = sorted((first, second))
    ticks = charts.ticks(low, high)
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= high - 1e-9
    assert 2 <= len(ticks) <= 10
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_ticks_are_round_and_their_labels_differ() -> None:
    assert charts.ticks(0.53, 0.84) == [0.5, 0.6, 0.7, 0.8, 0.9]
    ticks = charts.ticks(-0.004, 0.013)
    assert ticks == [-0.005, 0.0, 0.005, 0.01, 0.015]
    assert [charts.label(mark, ticks) for mark in ticks] == ["-0.005", "0.000", "0.005", "0.010", "0.015"]
