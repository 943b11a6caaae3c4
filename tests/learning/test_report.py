"""The report: one file that needs nothing else, in which nobody's text is markup."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning import charts, report
from hybridsearch.learning.evaluate import evaluate
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.search.planner import Query
from hybridsearch.values import Row

HOSTILE = '<script>alert("x")</script> & \'$main\' ${heading} "}]<img src=//evil.test/a.png>'
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements in order, text, and attributes of a page; raises where an element is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        self.open += [tag] * (tag not in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(queries: list[str], titles: dict[str, str], keyword: list[list[str]], current: list[list[str]]) -> str:
    grades = {"good": 3.0, "bad": 0.0}
    asked = [PreparedQuery(JudgedQuery(text, grades), Query(text), "words", {}) for text in queries]
    rankings = {"keyword": keyword, "current": current}
    found = evaluate(asked, rankings, skipped={"no relevant product": 1}, notes=["A note."])
    rows: dict[str, Row] = {name: {"title": title} for name, title in titles.items()}
    shows = report.examples(found, asked, rankings, rows, "title")
    return report.html(found, asked, shows, heading="shop", keyword="BM25")


@pytest.fixture
def page() -> str:
    """One win, one loss, one query that stays."""
    titles = {"good": "Red coat", "bad": "Blue coat", "new": "Green coat"}
    keyword = [["bad", "new"], ["good", "bad"], ["good"]]
    return rendered(["win", "loss", "stays"], titles, keyword, [["good", "new"], ["bad", "good"], ["good"]])


def test_the_file_needs_nothing_from_elsewhere(page: str) -> None:
    found = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(found.elements)
    assert not {"src", "href", "xlink:href", "srcset"} & {name for name, _ in found.attributes}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert "url(" not in page
    assert "@import" not in page
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in found.attributes


def test_wins_and_losses_show_both_answers_with_their_grades(page: str) -> None:
    wins, losses = re.findall(r"<h2>Biggest (wins|losses)</h2>(.*?)</section>", page, re.DOTALL)
    assert Page(wins[1]).text == (
        "“win” +1.000keywordBlue coatirrelevantGreen coatnot judgedcurrentRed coatgrade 3Green coatnot judged"
    )
    # A second place instead of a first one: 1 / log2(3) - 1
    assert Page(losses[1]).text == (
        "“loss” -0.369keywordRed coatgrade 3Blue coatirrelevantcurrentBlue coatirrelevantRed coatgrade 3"
    )


def test_every_query_has_a_bar(page: str) -> None:
    assert re.findall(r'<rect class="(\w+)".*?<title>(.*?)</title>', page) == [
        ("better", "“win”: +1.000"),
        ("unsure", "“stays”: +0.000"),
        ("worse", "“loss”: -0.369"),
    ]
    assert "1 gain, 1 lose, 1 stay." in page


def test_it_holds_the_verdict_the_notes_and_what_was_left_out(page: str) -> None:
    said = Page(page).text
    assert "Too few queries to tell the weights in use from keywords alone: 3;" in said
    assert "A note." in said
    assert "Queries measured: 3." in said
    assert "Queries left out: 1, no relevant product." in said
    assert "keyword is BM25." in said


def test_the_text_of_queries_and_products_is_never_markup() -> None:
    found = rendered([HOSTILE], {"good": HOSTILE, "bad": "b"}, [["bad"]], [["good"]])
    elements = Page(found).elements
    assert "script" not in elements
    assert "img" not in elements
    assert Page(found).text.count(HOSTILE) == 3  # the heading of the example, the title, the bar


def test_a_product_that_is_gone_since_shows_its_id() -> None:
    found = rendered(["q"], {}, [["bad"]], [["good"]])
    assert "<span>good</span>" in found


def test_without_a_gain_or_a_loss_there_are_no_examples() -> None:
    found = rendered(["q"], {}, [["good"]], [["good"]])
    assert "Biggest" not in found
    Page(found)


def test_the_largest_gains_come_first_and_are_few() -> None:
    keyword = [[*(["bad"] * place), "good"] for place in range(1, 9)]
    asked = [PreparedQuery(JudgedQuery("q", {"good": 1.0}), Query("q"), "words", {}) for _ in keyword]
    found = evaluate(asked, {"keyword": keyword, "current": [["good"]] * 8}, skipped={})
    assert report.extremes(found) == [7, 6, 5, 4, 3]


def test_a_photo_and_filters_are_part_of_the_question() -> None:
    judged = JudgedQuery("blue", {}, image="photos/1.jpg", filters={"brand": "Acme"})
    assert report.question(
        PreparedQuery(judged, Query("blue", ("photo",), {"brand": "Acme"}), "photo and words", {})
    ) == ("“blue”, photo photos/1.jpg, brand: Acme")


numbers = st.floats(-1, 1)


@given(st.lists(st.tuples(numbers, numbers, numbers).map(sorted), min_size=1, max_size=6), st.booleans())
def test_every_interval_lies_inside_its_picture(rows: list[list[float]], zero: bool) -> None:
    made = [charts.Row("<a>", value, low, high, "unsure", "") for low, value, high in rows]
    picture = ElementTree.fromstring(charts.intervals(made, "t", zero=zero))
    left, right = charts.LABELS, charts.WIDTH - charts.FIGURES
    circles = [float(each.attrib["cx"]) for each in picture.iter("circle")]
    assert len(circles) == len(rows)
    assert all(left <= x <= right for x in circles)
    order = np.argsort([value for _, value, _ in rows], kind="stable")
    assert (np.diff(np.array(circles)[order]) >= 0).all()


@given(st.lists(numbers, min_size=1, max_size=40))
def test_every_bar_of_a_gain_lies_inside_its_picture(values: list[float]) -> None:
    picture = ElementTree.fromstring(charts.gains(values, ["q"] * len(values), "t"))
    height = float(picture.attrib["viewBox"].split()[3])
    bars = [(float(each.attrib["y"]), float(each.attrib["height"])) for each in picture.iter("rect")]
    assert len(bars) == len(values)
    assert all(y >= 0 and y + size <= height for y, size in bars)


@given(numbers, numbers)
def test_marks_are_even_and_reach_over_both_ends(one: float, other: float) -> None:
    low, high = sorted((one, other))
    marks = charts.ticks(low, high)
    assert marks[0] <= low + 1e-9
    assert marks[-1] >= high - 1e-9
    assert 2 <= len(marks) <= 10
    assert np.allclose(np.diff(marks), marks[1] - marks[0])


def test_marks_are_round_and_tell_apart() -> None:
    assert charts.ticks(0.53, 0.84) == [0.5, 0.6, 0.7, 0.8, 0.9]
    marks = charts.ticks(-0.004, 0.013)
    assert marks == [-0.005, 0.0, 0.005, 0.01, 0.015]
    assert [charts.label(mark, marks) for mark in marks] == ["-0.005", "0.000", "0.005", "0.010", "0.015"]
