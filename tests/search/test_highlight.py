"""The words that a query found, marked in title and texts: the same whatever engine, and safe in HTML."""

import itertools
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.roles import Fields
from hybridsearch.search.clauses import Match
from hybridsearch.search.highlight import LONGEST, highlights, marked, wanted_tokens
from hybridsearch.texts import text

FIELDS = Fields(title="title", text=("note",), languages=("en", "de", "ja", "zh"))


def found(query: str, row: dict[str, Any], fields: Fields = FIELDS) -> dict[str, str]:
    parts = text.fields_by_language(query, fields.languages)
    keyword = Match.alike("text", [(language, text.analyse_query(part, language)) for language, part in parts.items()])
    return highlights(wanted_tokens(keyword), row, fields)


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("red coats", "Warm Red Coat", "Warm <mark>Red</mark> <mark>Coat</mark>"),
        ("tshirt", "Blue T-Shirt, cotton", "Blue <mark>T-Shirt</mark>, cotton"),
        ("hohe", "Tische Höhe 75", "Tische <mark>Höhe</mark> 75"),
        ("wh1000xm5", "Sony WH-1000XM5 black", "Sony <mark>WH-1000XM5</mark> black"),
        ("折りたたみ傘", "軽量 折りたたみ傘 赤", "軽量 <mark>折りたたみ傘</mark> 赤"),
        ("しゃわー", "シャワーヘッド", "<mark>シャワー</mark>ヘッド"),
        ("傘", "折りたたみ傘", "折りたたみ<mark>傘</mark>"),
        ("跑步鞋", "男士跑步鞋", "男士<mark>跑步鞋</mark>"),
        ("dog", "Cat &amp; <b>Dog</b> <script>alert(1)</script> 5 < 6", "Cat &amp; <mark>Dog</mark> 5 &lt; 6"),
    ],
)
def test_the_words_of_a_query_are_marked_however_they_are_written(query: str, title: str, expected: str) -> None:
    assert found(query, {"title": title}) == {"title": expected}


def test_a_field_without_a_word_of_the_query_is_left_out() -> None:
    assert found("red", {"title": "Blue hat", "note": ["warm", "not red"]}) == {"note": "warm\nnot <mark>red</mark>"}
    assert found("red", {"title": "Blue hat"}) == {}


def test_of_a_long_text_the_part_is_shown_where_the_words_are() -> None:
    note = f"{'red hat ' + 'word ' * 200}a red wool coat for cold days {'word ' * 200}"
    shown = found("red wool coat", {"title": "", "note": note})["note"]
    assert "a <mark>red</mark> <mark>wool</mark> <mark>coat</mark> for cold days" in shown
    assert shown.startswith("…word")
    assert shown.endswith("word…")
    assert len(shown) <= LONGEST + 2 + 3 * len("<mark></mark>")


class Seen(HTMLParser):
    """What a browser makes of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(f"{tag}{attrs or ''}")

    def handle_data(self, data: str) -> None:
        self.text += data


WORDS = st.lists(
    st.sampled_from(
        ["red", "Coat", "<i>", "&lt;", "<img src=x onerror=y>", "傘", "傘下", '"', "'", "&", "\u202e", "x-1"]
    ),
    max_size=12,
).map(" ".join)


@given(WORDS, WORDS | st.text(max_size=40))
def test_whatever_a_title_holds_its_highlights_are_text_and_marks_alone(query: str, title: str) -> None:
    for shown in found(query, {"title": title}).values():
        seen = Seen()
        seen.feed(shown)
        seen.close()
        assert seen.tags == {"mark"}


@given(st.text(max_size=60), st.sets(st.text(max_size=3), max_size=4))
def test_marks_are_in_order_and_apart(shown: str, tokens: set[str]) -> None:
    spans = marked(shown, {"en": frozenset(tokens - {""}), "ja": frozenset(tokens - {""})})
    assert all(start < end for start, end in spans)
    assert all(end < following for (_, end), (following, _) in itertools.pairwise(spans))
