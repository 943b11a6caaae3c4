"""An array of products, and `element_end`: what is no JSON costs one element, wherever the next one can be told."""

import io
import json
import time
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.catalog import SOURCES, files, open_source
from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats import array
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog

GOOD = [{"id": str(number), "tags": ["a", {"b": "}]"}], "title": 'red "dress", {new}'} for number in range(6)]
BROKEN = {
    "comma too many": '{"id": "x", "tags": ["a", "b"],}',
    "quote not escaped": '{"id": "x", "title": "17" monitor"}',
    "quote missing": '{"id": "x", "title": "red}',
    "brace missing": '{"id": "x", "tags": {"a": 1}',
    "bracket missing": '{"id": "x", "tags": ["a", "b"}',
    "brace too many": '{"id": "x"}}',
    "bare word": "undefined",
    "bare value": '{"id": x, "price": .5}',
    "nested too deep": "[" * 100_000 + "]" * 100_000,
    "digits": '{"id": "x", "price": ' + "9" * 5_000 + "}",
    "backslash": '{"id": "x", "title": "a\\x"}',
}
IN_LINES = {
    "a row a line": ("[\n", ",\n", "\n]"),
    "a row a line behind the bracket": ("[", ",\n", "]"),
    "indented": ("[\n  ", ",\n  ", "\n]\n"),
    "commas first": ("[\n  ", "\n, ", "\n]"),
    "windows": ("[\r\n\t", ",\r\n\t", "\r\n]\r\n"),
}


def read(text: str | TextIO) -> list[Any]:
    """Return the elements of an array; in place of what cannot be read its line."""
    rows = SOURCES[".json"](io.StringIO(text, newline="") if isinstance(text, str) else text)
    return [number if isinstance(row, Unreadable) else row for number, row in rows]


def products(found: list[Any]) -> list[Any]:
    """Return what was read, without the one that could be read but for a bracket too many."""
    return [row for row in found if not isinstance(row, int) and row != {"id": "x"}]


@pytest.mark.parametrize("layout", IN_LINES)
@pytest.mark.parametrize("flaw", BROKEN)
def test_one_element_that_is_no_json_costs_one_element(flaw: str, layout: str) -> None:
    before, between, after = IN_LINES[layout]
    rows = [json.dumps(row) for row in GOOD]
    rows[3:3] = [BROKEN[flaw]]
    found = read(before + between.join(rows) + after)
    assert products(found) == GOOD
    assert [row for row in found if isinstance(row, int)] == [4 + before.count("\n")]


@pytest.mark.parametrize("flaw", sorted({*BROKEN} - {"brace missing", "quote missing", "bracket missing"}))
def test_one_element_of_many_lines_costs_one_element(flaw: str) -> None:
    text = json.dumps([*GOOD[:3], "BROKEN", *GOOD[3:]], indent=2)
    lines = json.dumps(GOOD[0], indent=2).count("\n") + 1
    found = read(text.replace('"BROKEN"', BROKEN[flaw].replace(", ", ",\n    ")))
    assert products(found) == GOOD
    assert [row for row in found if isinstance(row, int)] == [2 + 3 * lines]


@pytest.mark.parametrize("flaw", sorted({*BROKEN} - {name for name in BROKEN if name.endswith(("missing", "escaped"))}))
def test_in_one_long_line_brackets_tell_where_the_next_element_starts(flaw: str) -> None:
    rows = [json.dumps(row) for row in GOOD]
    rows[3:3] = [BROKEN[flaw]]
    assert products(read("[" + ", ".join(rows) + "]")) == GOOD


def test_where_the_next_element_starts_is_not_guessed() -> None:
    text = '[{"id": "1"}, {"id": "2", "variants": [{"id": "3"}, {"id": "4"}], {"id": "5"}]'
    with pytest.raises(ValueError, match=r"line 1 is not JSON: .*; where the next product starts cannot be told"):
        read(text)


def test_objects_inside_of_elements_are_not_taken_for_elements_whatever_their_lines() -> None:
    good = '{\n"id": "1",\n"variants": [\n{\n"id": "2"\n},\n{\n"id": "3"\n}\n]\n}'
    broken = good.replace('"1"', "1x")
    found = read(f"[\n{good},\n{good},\n{broken},\n{good}\n]")
    assert found == [json.loads(good), json.loads(good), 24, json.loads(good)]


def test_what_follows_the_array_is_not_lost() -> None:
    assert read('[{"id": 1}]\n[{"id": 2}]\n') == [{"id": 1}, [{"id": 2}]]
    assert read('[{"id": 1}], {"id": 2}') == [{"id": 1}, {"id": 2}]
    assert read('[{"id": 1}]\n\0\0\0') == [{"id": 1}, 2]
    assert read('[{"id": 1}]]]]  \n') == [{"id": 1}]


@pytest.mark.parametrize("text", ["[", "[1", "[1,", '[{"id": 1}', '[{"id": 1},\n{"id": 2', '["a', "[{]"])
def test_an_array_that_does_not_end_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"line [12] is not JSON: "):
        read(text)


def test_an_element_that_is_too_long_costs_one_element(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (array, files):
        monkeypatch.setattr(module, "LONGEST_ROW", 2_000)
    monkeypatch.setattr(array, "CHUNK", 100)
    for long in ('{"a": "' + "x" * 9_000 + '"}', '{"a": [' + '"]}", ' * 2_000 + "1]}", "[" * 5_000 + "]" * 5_000):
        assert read(f'[{{"id": 1}}, {long}, {{"id": 2}},\n {long}\n]') == [{"id": 1}, 1, {"id": 2}, 2]


@given(
    rows=st.lists(
        st.dictionaries(st.text('a"\\{}[],:\n ', max_size=3), st.text('a"\\{}[],:\n ', max_size=9)), min_size=2
    ),
    at=st.integers(0),
    flaw=st.sampled_from(
        sorted({*BROKEN} - {"nested too deep", "brace missing", "quote missing", "quote not escaped"})
    ),
    chunk=st.integers(1, 60),
)
def test_whatever_the_pieces_no_other_element_is_lost(rows: list[Any], at: int, flaw: str, chunk: int) -> None:
    place = at % (len(rows) + 1)
    texts = [json.dumps(row) for row in rows]
    texts[place:place] = [BROKEN[flaw]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array, "CHUNK", chunk)
        found = read("[\n" + ",\n".join(texts) + "\n]")
    assert products(found)[-len(rows) :] == rows


@pytest.mark.parametrize(
    "unit",
    [
        '{"a,\n',
        "x,",
        '{"a":[\n',
        '{"a":[1,\n{"b":1},\n',
        '"',
        "[",
        "{",
        "]",
        "}",
        "[{",
        '{"a":1}}',
        '{"',
        "\\",
        ",",
        "1 ",
        '"a\\"\n',
    ],
)
def test_many_broken_elements_is_read_in_linear_time(unit: str) -> None:
    text = "[" + unit * (100_000 // len(unit))
    started = time.process_time()
    for whole in (text, text + "]"):
        try:
            read(whole)
        except ValueError:
            continue
    assert time.process_time() - started < 5


def test_a_broken_element_of_a_file_is_a_reject_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text('[{"id": 1},\n{"id": 2,},\n{"id": 3}]')
    rows = list(open_source(Catalog(path=tmp_path / "shop.json"), Fields(title="title")).read())
    assert [row.id for row in rows] == ["1", None, "3"]
    assert rows[1].where == "shop.json:2"
    assert getattr(rows[1], "reason", "").startswith("not JSON: ")


WRAPPED = [
    '{"products": [%s]}',
    '{"total": 6, "next": null, "data": [%s], "page": {"next": []}}\n',
    '{\n  "items": [\n    %s\n  ],\n  "page": {\n    "size": 6\n  }\n}',
]


@pytest.mark.parametrize("around", WRAPPED)
def test_an_array_may_lie_in_an_object(around: str) -> None:
    assert read(around % ",\n".join(map(json.dumps, GOOD))) == GOOD
    numbers = [number for number, _ in SOURCES[".json"](io.StringIO(around % ",\n".join(map(json.dumps, GOOD))))]
    first = around[: around.index("%s")].count("\n") + 1
    assert numbers == list(range(first, first + len(GOOD)))


@pytest.mark.parametrize("around", WRAPPED)
def test_an_array_in_an_object_that_is_cut_off_is_an_error(around: str) -> None:
    whole = around % ", ".join(map(json.dumps, GOOD))
    with pytest.raises(ValueError, match=r"the array does not end|where the next product starts cannot be told"):
        read(whole[: whole.index("new}") - 40])


def test_lines_that_begin_with_an_array_are_products() -> None:
    lines = '{"items": [{"id": 1}], "id": "a"}\n{"items": [{"id": 2}], "id": "b"}\n'
    with pytest.raises(ValueError, match=r"it has several objects, each with an array; name it \.jsonl"):
        read(lines)
    assert [number for number, _ in SOURCES[".jsonl"](io.StringIO(lines))] == [1, 2]
