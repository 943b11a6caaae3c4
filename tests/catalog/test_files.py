"""Catalogues in files, `csv` and `jsonl`, good and bad."""

import csv
import gzip
import io
import json
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.catalog import BINARIES, SOURCES, files, open_source, sample
from hybridsearch.catalog.base import Unreadable, column_name, product
from hybridsearch.catalog.formats.csv import swallows_rows
from hybridsearch.catalog.formats.jsonl import parse
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.json_values import json_value
from hybridsearch.inputs.rows import tidy
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject, Row
from tests.shops import PRODUCTS
from tests.shops import settings as shop_settings

FIELDS = Fields(title="title")
Reader = Callable[..., list[Product | Reject]]
Packer = Callable[[bytes], bytes]
TEXT = st.text(st.characters(exclude_categories=["C"]), min_size=1).map(str.strip).filter(bool)


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a function that reads a catalogue with this content."""

    def read(content: bytes | str, name: str = "shop.jsonl") -> list[Product | Reject]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(open_source(Catalog(path=path), FIELDS).read())

    return read


def ids(items: list[Product | Reject]) -> list[str | None]:
    return [item.id for item in items]


def row(items: list[Product | Reject]) -> Row:
    """Return the row of the only product."""
    (only,) = items
    assert isinstance(only, Product)
    return only.row


def rejects(items: list[Product | Reject]) -> dict[str, str]:
    return {item.where: item.reason for item in items if isinstance(item, Reject)}


def test_products_come_in_order_and_know_their_lines(read: Reader) -> None:
    assert read('{"id": 1, "title": "red"}\n\n{"id": "b"}') == [
        Product("1", {"id": 1, "title": "red"}, "shop.jsonl:1"),
        Product("b", {"id": "b"}, "shop.jsonl:3"),
    ]


def test_bad_lines_are_rejects_and_the_rest_is_read(read: Reader) -> None:
    products = read('{"id": 1}\n{"id": 2\n[3]\n{"id": 4, "price": NaN}\n{"id": 5}\n')
    assert ids(products) == ["1", None, None, None, "5"]
    assert rejects(products) == {
        "shop.jsonl:2": "not JSON: Expecting ',' delimiter at character 9",
        "shop.jsonl:3": "found list '[3]', expected an object of fields",
        "shop.jsonl:4": "holds nan, expected finite numbers",
    }


def test_of_repeated_keys_the_last_wins(read: Reader) -> None:
    assert ids(read('{"id": 1, "id": 2}')) == ["2"]


def test_duplicate_ids_are_all_given_for_the_writer_to_count(read: Reader) -> None:
    assert ids(read('{"id": 1}\n{"id": 1}')) == ["1", "1"]


def test_lone_surrogate_becomes_a_replacement_character(read: Reader) -> None:
    assert row(read(r'{"id": "a", "title": "\ud800\u0000"}')) == {"id": "a", "title": "\ufffd"}


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_a_reject(read: Reader, depth: int) -> None:
    """Fault 64."""
    products = read('{"id": 1, "a": ' + "[" * depth + "]" * depth + '}\n{"id": 2}')
    assert "nested" in rejects(products)["shop.jsonl:1"]
    assert isinstance(products[1], Product)


def test_row_of_10_mb_is_a_reject(read: Reader) -> None:
    products = read('{"id": 1, "title": "' + "x" * 10_000_000 + '"}\n{"id": 2}')
    assert rejects(products) == {"shop.jsonl:1": "the row is longer than 5,000,000 characters"}
    assert ids(products) == [None, "2"]


def test_integer_of_thousands_of_digits_is_a_reject(read: Reader) -> None:
    assert "not JSON that can be read" in rejects(read('{"id": ' + "9" * 5_000 + "}"))["shop.jsonl:1"]


@pytest.mark.parametrize("name", ["shop.csv", "shop.jsonl"])
def test_byte_that_is_not_utf8_is_named_with_line_and_place(read: Reader, name: str) -> None:
    """Fault 62."""
    content = {"shop.csv": "id,title\n1,red\n2,Café\n", "shop.jsonl": '\n{"id": 1}\n{"id": "Café"}'}[name]
    place = {"shop.csv": 6, "shop.jsonl": 12}[name]
    reason = f"byte 0xE9 at character {place} is not UTF-8; save the file as UTF-8"
    assert rejects(read(content.encode("cp1252"), name)) == {f"{name}:3": reason}


def test_file_in_another_encoding_is_refused_as_a_whole(read: Reader) -> None:
    content = "id;title\n" + "".join(f"{n};Möbel\n" for n in range(20))
    with pytest.raises(CatalogError, match="20 of the first 21 lines are not UTF-8, the first is line 2; set"):
        read(content.encode("cp1252"), "shop.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_marks_and_compression_are_recognised_by_content(read: Reader, encoding: str, pack: Packer) -> None:
    (product,) = read(pack("id;title\r\n1;Möbel\r\n".encode(encoding)), "shop.csv")
    assert product == Product("1", {"id": "1", "title": "Möbel"}, "shop.csv:2")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiter_is_the_one_that_splits_the_names(read: Reader, mark: str) -> None:
    assert row(read(f'id{mark}"title, size; or | more"\n1{mark}red\n', "shop.txt")) == {
        "id": "1",
        "title, size; or | more": "red",
    }


def test_excels_own_first_line_names_the_delimiter(read: Reader) -> None:
    """Fault 63."""
    assert ids(read("sep=;\nid;title,de\n7;rot\n", "shop.csv")) == ["7"]


def test_cells_may_hold_delimiters_quotes_and_lines(read: Reader) -> None:
    assert read('id,title\n1,"a, ""b""\nc"\n2,d\n', "shop.csv") == [
        Product("1", {"id": "1", "title": 'a, "b"\nc'}, "shop.csv:2"),
        Product("2", {"id": "2", "title": "d"}, "shop.csv:4"),
    ]


def test_empty_cells_are_missing_values(read: Reader) -> None:
    assert row(read("id,title,,color,color\n1, ,x,red,\n", "shop.csv")) == {"id": "1", "color": "red"}


def test_record_of_another_length_is_a_reject(read: Reader) -> None:
    products = read("id,title\n1,red,dress\n2\n3,blue,\n", "shop.csv")
    assert rejects(products) == {
        "shop.csv:2": "found 3 columns, expected 2",
        "shop.csv:3": "found 1 columns, expected 2",
    }
    assert products[2].id == "3"


@pytest.mark.parametrize("rest", [5, 5_000])
def test_quote_that_never_closes_costs_one_line(read: Reader, rest: int) -> None:
    products = read('id,title\n1,"17 inch\n' + "".join(f"{n},monitor\n" for n in range(rest)), "shop.csv")
    assert rejects(products) == {"shop.csv:2": "not CSV: unexpected end of data"}
    assert len(products) == rest + 1


def test_quote_that_closes_in_a_later_record_costs_one_line(read: Reader) -> None:
    products = read('id,title\n1,"17 inch\n2,"monitor"\n3,"cable"\n', "shop.csv")
    assert ids(products) == [None, "2", "3"]


def test_rows_between_a_stray_quote_and_a_later_one_are_not_lost_in_it(read: Reader) -> None:
    """Attack: an inch mark closed a stray quote five products before, which went with it in silence."""
    rows = "".join(f"{number},hat {number},6\n" for number in range(3, 8))
    products = read(f'id,title,price\n1,cap,5\n2,"Big hat,6\n{rows}8,Monitor 19",7\n9,last,8\n', "shop.csv")
    assert [product.id for product in products if isinstance(product, Product)] == ["1", *"345678", "9"]
    (reject,) = (product for product in products if isinstance(product, Reject))
    assert "rows would be lost in it" in reject.reason


def test_a_text_over_several_lines_is_one_cell(read: Reader) -> None:
    text = "Soft, warm, light\nWash at 30 degrees, no dryer\n- wool\n- silk, cotton, linen, hemp\nEnd"
    (product,) = read(f'id,title,text\n1,hat,"{text}"\n', "shop.csv")
    assert isinstance(product, Product)
    assert product.row["text"] == text


def test_a_file_that_is_written_to_while_it_is_read_is_an_error_and_one_that_is_replaced_is_not(
    tmp_path: Path,
) -> None:
    """Attack: an export that began during a rebuild, after which a third of the products was missing."""
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f'{{"id": {number}}}\n' for number in range(50_000)))
    for act, fails in ((lambda: path.write_text('{"id": 1}\n'), True), (lambda: replaced(path), False)):
        path.write_text("".join(f'{{"id": {number}}}\n' for number in range(50_000)))
        rows = open_source(Catalog(path=path), Fields(title="title")).read()
        next(rows)
        act()
        if fails:
            with pytest.raises(CatalogError, match="was written to while it was read"):
                list(rows)
        else:
            assert sum(1 for _ in rows) == 49_999


def replaced(path: Path) -> None:
    """Put another file in the place of one."""
    new = path.with_suffix(".new")
    new.write_text('{"id": 1}\n')
    new.replace(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shop.jsonl")
    with pytest.raises(CatalogError, match="is a pipe or a device"):
        open_source(Catalog(path=tmp_path / "shop.jsonl"))


def test_description_of_200_kb_is_read(read: Reader) -> None:
    assert len(row(read("id,title\n1," + "x" * 200_000, "shop.csv"))["title"]) == 200_000


def test_python_limit_for_fields_is_never_lowered(read: Reader) -> None:
    before = csv.field_size_limit(50_000_000)
    read("id,title\n1,red", "shop.csv")
    assert csv.field_size_limit(before) == 50_000_000


@pytest.mark.parametrize("content", ['[{"id": 1},\n {"id": 2}]', '{"id": 1}\n{"id": 2}'])
def test_json_file_holds_an_array_or_lines(read: Reader, content: str) -> None:
    products = read(content, "shop.json")
    assert ids(products) == ["1", "2"]
    assert [product.where for product in products] == ["shop.json:1", "shop.json:2"]


def test_array_is_read_in_pieces(read: Reader) -> None:
    rows = [{"id": str(n), "title": "x" * (n % 97)} for n in range(5_000)]
    products = read(json.dumps(rows, indent=1), "shop.json")
    assert [product.row for product in products] == rows
    assert products[-1].where == f"shop.json:{2 + 4 * 4_999}"


def test_array_that_breaks_off_is_an_error_after_its_products(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text('[{"id": 1},\n{"id": 2')
    products = open_source(Catalog(path=tmp_path / "shop.json"), FIELDS).read()
    assert next(products).id == "1"
    with pytest.raises(CatalogError, match="line 2 is not JSON: Expecting ',' delimiter"):
        next(products)


def test_object_over_many_lines_is_refused_with_what_is_expected(read: Reader) -> None:
    with pytest.raises(CatalogError, match="expected an array of products, or one product a line"):
        read('{\n  "shops": [{"id": 1}]\n}', "shop.json")


@pytest.mark.parametrize("name", [f"shop{suffix}" for suffix in (*SOURCES, *BINARIES)])
def test_empty_file_has_no_products(read: Reader, name: str) -> None:
    assert read("", name) == read(" \n\n", name) == []


def test_damaged_gzip_is_an_error(read: Reader) -> None:
    with pytest.raises(CatalogError, match="damaged gzip file"):
        read(gzip.compress(b'{"id": 1}\n' * 100_000)[:-500])


def test_workbook_is_refused_with_what_to_do(read: Reader) -> None:
    with pytest.raises(CatalogError, match=r"it is a zip archive or an Excel workbook; unpack it, or name it .xlsx"):
        read(b"PK\x03\x04" + bytes(100), "shop.csv")


def test_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"'.*shop.csv' is missing. Correct 'catalog.path' and try again"):
        open_source(Catalog(path=Path("shop.csv")), FIELDS, folder=tmp_path)


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is a folder"):
        open_source(Catalog(path=tmp_path), FIELDS)


def test_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"has the suffix '.yaml'. Expected one of: .jsonl, "):
        open_source(Catalog(path=tmp_path / "shop.yaml.gz"), FIELDS)


@pytest.mark.parametrize("rows", [0, 10, 200_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_count_is_about_right_without_reading_all(tmp_path: Path, rows: int, pack: Packer) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_bytes(pack(b"".join(b'{"id": %d, "title": "red dress in cotton"}\n' % n for n in range(rows))))
    assert open_source(Catalog(path=path), FIELDS).count() == pytest.approx(rows, rel=0.15)


def test_count_is_of_rows_where_these_take_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("id,title\n" + "".join(f'{n},"red dress\n\nin cotton"\n' for n in range(3_000)))
    assert open_source(Catalog(path=path), FIELDS).count() == pytest.approx(3_000, rel=0.01)


def test_count_of_an_array_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text('[{"id": 1}]')
    assert open_source(Catalog(path=tmp_path / "shop.json"), FIELDS).count() is None


def test_sample_is_spread_over_the_file_and_needs_no_ids(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f'{{"n": {n}}}\n' for n in range(1_000)))
    rows = [row["n"] for row in sample(open_source(Catalog(path=path)), size=100)]
    assert 100 <= len(rows) < 200
    assert rows == list(range(0, 1_000, rows[1]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary() | st.text('{}[]",:;\t\n\r 1a\\').map(str.encode),
    name=st.sampled_from(sorted({*SOURCES, *BINARIES})),
    pack=st.sampled_from([bytes, gzip.compress]),
)
def test_any_bytes_give_products_rejects_or_one_error(tmp_path: Path, content: bytes, name: str, pack: Packer) -> None:
    """Fault 63."""
    path = tmp_path / f"shop{name}"
    path.write_bytes(pack(content))
    source = open_source(Catalog(path=path), FIELDS)
    with suppress(CatalogError):
        assert all(isinstance(item, Product | Reject) for item in source.read())
        source.count()


@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abc"), TEXT, min_size=1), min_size=1), mark=st.sampled_from(",;\t|")
)
def test_table_reads_back_what_was_written(rows: list[dict[str, str]], mark: str) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, "abc", delimiter=mark)
    table.writeheader()
    for each in rows:
        start = text.tell()
        table.writerow(each)
        assume(not swallows_rows(text.getvalue()[start:].splitlines(keepends=True), 3, mark))
    text.seek(0)
    assert [row for _, row in SOURCES[".csv"](text)] == rows


@given(rows=st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans())), chunk=st.integers(2, 50))
def test_array_reads_back_what_was_written_whatever_the_pieces(rows: list[dict[str, Any]], chunk: int) -> None:
    text = io.StringIO(json.dumps(rows, indent=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hybridsearch.catalog.formats.array.CHUNK", chunk)
        assert [row for _, row in SOURCES[".json"](text)] == rows


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f'{{"id": {n}, "title": "{"x" * 500}"}}\n' for n in range(20_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_source(Catalog(path=path), FIELDS).read()) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_long_lines_do_not_fill_memory() -> None:
    text = io.StringIO("x" * (3 * files.LONGEST_ROW) + "\ny")
    assert [(number, len(line)) for number, line in files.lines(text)] == [(1, files.LONGEST_ROW + 1), (2, 1)]


def parse_cards(text: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    """A format that the library does not know: a product a paragraph, a field a line."""
    for number, card in enumerate(text.read().strip().split("\n\n"), 1):
        yield number, dict(line.split(": ", 1) for line in card.splitlines())


def test_a_new_format_is_one_parser_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, ".cards", parse_cards)
    rows: list[Row] = [*PRODUCTS, {"id": "6", "title": "Free gift", "price": "free"}]
    cards = "\n\n".join("\n".join(f"{name}: {row[name]}" for name in ("id", "title", "price")) for row in rows)
    (tmp_path / "shop.cards.gz").write_bytes(gzip.compress(cards.encode()))
    with HybridSearch.open(shop_settings(tmp_path, catalog={"path": "shop.cards.gz"})) as shop:
        report = shop.reindex()
        assert [hit.id for hit in shop.search("red", filters={"price": {"lte": 100}})] == ["1"]
    assert (report.indexed, report.rejected, report.rejects[0].where) == (5, 1, "shop.cards.gz:6")
    assert open_source(Catalog(path=tmp_path / "shop.cards.gz"), FIELDS).count() == 6


def test_what_could_not_be_parsed_passes_for_no_value_anywhere() -> None:
    """A named tuple or a dataclass would become an object of fields; once an unreadable judgment passed for one."""
    unreadable = parse("{")
    assert isinstance(unreadable, Unreadable)
    for take in (json_value, tidy):
        with pytest.raises(ValueError, match="holds Unreadable"):
            take(unreadable)
    assert isinstance(product([unreadable], None, "here"), Reject)


@pytest.mark.parametrize("line", ['a","\n', '"\n', 'a","\nb\n', '"a\n', 'a,"b\n'])
def test_quotes_that_never_close_are_read_in_linear_time(line: str) -> None:
    text = io.StringIO("id,title\n" + line * (200_000 // len(line)))
    started = time.process_time()
    assert sum(1 for _ in SOURCES[".csv"](text)) > 0
    assert time.process_time() - started < 10


def test_a_record_of_a_thousand_lines_is_read_although_quotes_before_it_never_close(read: Reader) -> None:
    long = '7,"' + "line\n" * 900 + '"\n'
    products = read("id,title\n" + '1,"17 inch\n' + "2,desk\n" * 200 + long + "8,lamp\n", "shop.csv")
    assert [product.id for product in products[-2:]] == ["7", "8"]


def test_a_row_that_takes_more_memory_than_any_text_is_a_reject(read: Reader) -> None:
    products = read('{"id": 1, "a": [' + "[]," * 500_000 + ']}\n{"id": 2, "a": [' + "[]," * 500_000 + '1]}\n{"id": 3}')
    assert ids(products) == [None, None, "3"]
    assert rejects(products)["shop.jsonl:2"] == "its values take 32 MB in memory, expected at most 25"


def test_a_sample_of_long_rows_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.jsonl"
    path.write_text("".join(f'{{"n": {n}, "text": "{"x" * 10_000}"}}\n' for n in range(500)))
    monkeypatch.setattr("hybridsearch.catalog.SAMPLE_BYTES", 1_000_000)
    rows = [row["n"] for row in sample(open_source(Catalog(path=path)))]
    assert 45 <= len(rows) < 100
    assert rows == list(range(0, 500, rows[1]))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Art.-Nr.", "Art.-Nr"),
        (" .Bez. ", "Bez"),
        ("L..B", "L.B"),
        ("Price (incl. VAT)", "Price (incl. VAT)"),
        ("attrs.color", "attrs.color"),
        (" . ", ""),
    ],
)
def test_the_name_of_a_column_has_no_dots_that_would_make_objects_of_nothing(written: str, name: str) -> None:
    assert column_name(written) == name
