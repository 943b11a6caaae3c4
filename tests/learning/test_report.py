"""The report: one file that needs no other, in which text of queries and products is never markup.

With `sheet`, which it is put together with.
"""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from hybridsearch.learning.evaluate import evaluate
from hybridsearch.learning.prepared import LeftOut, PreparedQuery
from hybridsearch.learning.ranges import Range
from hybridsearch.learning.reports import examples, report
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.planner import Query
from hybridsearch.values import Row

HOSTILE = '<script>alert("x")</script> & \'$main\' ${heading} "}]<img src=//evil.test/a.png>'
PICTURES = {"good": "data:image/webp;base64,AAAA"}
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


def rendered(
    queries: list[str], titles: dict[str, str], keyword: list[list[str]], current: list[list[str]], **more: Any
) -> str:
    grades = {"good": 3.0, "bad": 0.0}
    asked = [PreparedQuery(JudgedQuery(text, grades), Query(text), "words", {}) for text in queries]
    rankings = {"keyword": keyword, "current": current}
    evaluation = evaluate(asked, rankings, skipped={"no relevant product": 1}, notes=["A note."])
    rows: dict[str, Row] = {name: {"title": title} for name, title in titles.items()}
    chosen = examples.examples(evaluation, asked, rankings, rows, "title", PICTURES)
    return report.html(evaluation, asked, chosen, heading="shop", keyword="BM25", **more)


@pytest.fixture
def page() -> str:
    """One win, one loss, one query that stays."""
    titles = {"good": "Red coat", "bad": "Blue coat", "new": "Green coat"}
    keyword = [["bad", "new"], ["good", "bad"], ["good"]]
    return rendered(["win", "loss", "stays"], titles, keyword, [["good", "new"], ["bad", "good"], ["good"]])


def test_the_file_needs_no_other(page: str) -> None:
    parsed = Page(page)
    assert not {"script", "link", "iframe", "object", "image", "use"} & set(parsed.elements)
    assert not {"href", "xlink:href", "srcset"} & {name for name, _ in parsed.attributes}
    assert {value for name, value in parsed.attributes if name == "src"} == {PICTURES["good"]}
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert "url(" not in page
    assert "@import" not in page
    assert ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in parsed.attributes


def test_wins_and_losses_show_both_answers_with_their_grades(page: str) -> None:
    wins, losses = re.findall(r"<h2>Biggest (wins|losses)</h2>(.*?)</section>", page, re.DOTALL)
    assert Page(wins[1]).text == (
        "“win” +1.000keywordBlue coat not found by currentirrelevantGreen coatnot judged"
        "currentRed coat not found by keywordgrade 3Green coatnot judged"
    )
    # A second place instead of a first one: 1 / log2(3) - 1
    assert Page(losses[1]).text == (
        "“loss” -0.369keywordRed coat current: 2grade 3Blue coat current: 1irrelevant"
        "currentBlue coat keyword: 2irrelevantRed coat keyword: 1grade 3"
    )


def test_every_query_has_a_bar(page: str) -> None:
    assert re.findall(r'<rect class="(\w+)".*?<title>(.*?)</title>', page) == [
        ("better", "“win”: +1.000"),
        ("unsure", "“stays”: +0.000"),
        ("worse", "“loss”: -0.369"),
    ]
    assert "1 gain, 1 lose, 1 stay." in page


def test_it_holds_the_verdict_the_notes_and_what_was_left_out(page: str) -> None:
    shown = Page(page).text
    assert "Too few queries to tell the weights in use from keywords alone: 3;" in shown
    assert "A note." in shown
    assert "Queries measured: 3." in shown
    assert "Queries left out: 1, no relevant product." in shown
    assert "keyword is BM25." in shown


def test_the_text_of_queries_and_products_is_never_markup() -> None:
    page = rendered([HOSTILE], {"good": HOSTILE, "bad": "b"}, [["bad"]], [["good"]])
    elements = Page(page).elements
    assert "script" not in elements
    assert elements.count("img") == 1
    assert Page(page).text.count(HOSTILE) == 4  # the heading of the example, the title, the bar, the table


def test_a_product_that_was_removed_since_shows_its_id() -> None:
    assert "<span>good <small" in rendered(["q"], {}, [["bad"]], [["good"]])


def test_wins_and_losses_are_counted_against_every_other_system_and_shown_for_each_query() -> None:
    asked = [PreparedQuery(JudgedQuery(text, {"good": 1.0}), Query(text), "words", {}) for text in ("a", "b")]
    rankings = {"keyword": [["bad"], ["good"]], "vector": [["good"], ["bad"]], "current": [["good"], ["good"]]}
    page = report.html(evaluate(asked, rankings, skipped={}), asked, [], heading="shop", keyword="BM25")
    cells = re.findall(r"<tr><td>(keyword|vector)</td><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td><td>([^<]+)</td>", page)
    assert cells == [("keyword", "1", "0", "1", "+0.500"), ("vector", "1", "0", "1", "+0.500")]
    rows = re.findall(r"<tr><td>(“.”)</td><td[^>]*>([^<]+)</td><td[^>]*>([^<]+)</td><td[^>]*>([^<]+)</td>", page)
    assert rows == [("“a”", "0.000", "1.000", "1.000"), ("“b”", "1.000", "0.000", "1.000")]


def test_queries_that_were_left_out_are_listed_with_the_reason() -> None:
    left_out = [LeftOut(JudgedQuery("sofa <b>", {}), "no relevant product")]
    page = rendered(["q"], {}, [["good"]], [["good"]], left_out=left_out)
    assert "The 1 queries that were left out" in page
    assert "<li>“sofa &lt;b&gt;”: no relevant product</li>" in page


def test_cosines_and_durations_are_charts_where_they_were_measured() -> None:
    page = rendered(["q"], {}, [["good"]], [["good"]])
    assert "<h2>Cosines</h2>" not in page
    assert "<h2>Time</h2>" not in page
    cosines = [Range("words.image", "relevant", 12, 0.4, 0.7, 0.9)]
    page = rendered(["q"], {}, [["good"]], [["good"]], ranges=cosines, scales=["A scale."], latencies=[2.0, 4.0, 30.0])
    assert "words.image, relevant: 0.70 [0.40, 0.90], 12 products" in page
    assert "<li>A scale.</li>" in page
    assert "median 4.0 ms" in Page(page).text


def test_without_a_gain_or_a_loss_there_are_no_examples() -> None:
    page = rendered(["q"], {}, [["good"]], [["good"]])
    assert "Biggest" not in page
    Page(page)


def test_the_largest_gains_come_first_and_are_few() -> None:
    keyword = [[*(["bad"] * count), "good"] for count in range(1, 9)]
    asked = [PreparedQuery(JudgedQuery("q", {"good": 1.0}), Query("q"), "words", {}) for _ in keyword]
    evaluation = evaluate(asked, {"keyword": keyword, "current": [["good"]] * 8}, skipped={})
    assert examples.extremes(evaluation) == [7, 6, 5, 4, 3]


def test_a_photo_and_filters_are_part_of_the_description() -> None:
    judged = JudgedQuery("blue", {}, image="photos/1.jpg", filters={"brand": "Acme"})
    assert examples.describe(judged) == "“blue”, photo photos/1.jpg, brand: Acme"
