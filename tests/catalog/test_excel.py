"""Workbooks, written by openpyxl and by hand: values keep their type, and what is broken costs little.

The modules `binary`, `excel_cells` and `excel_parts` of the catalogue are tested here, too.
"""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats import excel, excel_parts
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.rows import tidy
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject
from tests.shops import runner

FIELDS = Fields(title="title")
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(lambda text: text[0] not in "=#_")
Reader = Callable[..., list[Product | Reject]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATION = f'<Relationship Id="{{}}" Type="{DOCUMENT}/{{}}" Target="{{}}"/>'
TYPES = "".join(
    f'<Override PartName="/xl/{part}.xml" ContentType="{KINDS}.{kind}+xml"/>'
    for part, kind in (
        ("workbook", "sheet.main"),
        ("worksheets/sheet1", "worksheet"),
        ("sharedStrings", "sharedStrings"),
        ("styles", "styles"),
    )
)


def saved(*rows: list[Any], since_1904: bool = False) -> bytes:
    """Return a workbook of these rows, as openpyxl writes it."""
    book = Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    for row in rows:
        book.active.append(row)
    return stored(book)


def stored(book: Workbook) -> bytes:
    """Return the bytes of a workbook."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def by_hand(rows: str, texts: str = "", before: str = "", **others: str | bytes) -> bytes:
    """Return a workbook with these rows and texts in XML."""
    file = io.BytesIO()
    inner = {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{TYPES}</Types>',
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations(*inner.items()),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"{before}{sheet}",
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"/>',
        **others,
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def relations(*parts: tuple[str, str]) -> str:
    """Return the relations to parts by their kinds."""
    written = "".join(RELATION.format(f"r{place}", *part) for place, part in enumerate(parts, 1))
    return f'<Relationships xmlns="{PACKAGE}/relationships">{written}</Relationships>'


def read(content: bytes) -> list[tuple[int, Any]]:
    """Return the rows of a workbook with their numbers; of one that cannot be read, the reason."""
    rows = excel.rows(io.BytesIO(content))
    return [(number, row.reason if isinstance(row, Unreadable) else tidy(row)) for number, row in rows]


@pytest.fixture
def catalog(tmp_path: Path) -> Reader:
    """Return a function that reads a file with this content."""

    def catalog(content: bytes, name: str = "shop.xlsx") -> list[Product | Reject]:
        (tmp_path / name).write_bytes(content)
        return list(open_source(Catalog(path=tmp_path / name), FIELDS).read())

    return catalog


def test_values_keep_their_type() -> None:
    row = ["A1", 7, 19.9, 3.0, True, False, date(2025, 1, 31), datetime(2025, 1, 31, 9, 30), time(9, 30)]
    names = [*"abcdefghi"]
    expected = ["A1", 7, 19.9, 3, True, False, "2025-01-31", "2025-01-31T09:30:00", "09:30:00"]
    assert read(saved(names, row)) == [(2, dict(zip(names, expected, strict=True)))]


def test_rows_know_their_numbers_and_empty_ones_are_skipped(catalog: Reader) -> None:
    rows = saved([None], ["id", "title"], [1, "red"], [None, None], [], [3, " "], ["x", "blue"])
    assert catalog(rows) == [
        Product("1", {"id": 1, "title": "red"}, "shop.xlsx:3"),
        Product("3", {"id": 3}, "shop.xlsx:6"),
        Product("x", {"id": "x", "title": "blue"}, "shop.xlsx:7"),
    ]


def test_columns_without_a_name_are_left_out_and_of_two_with_one_name_the_filled_one_counts() -> None:
    assert read(saved(["id", None, "color", "color"], [1, "note", "red", None])) == [(2, {"id": 1, "color": "red"})]


def test_names_may_be_numbers() -> None:
    assert read(saved(["id", 2024], [1, "x"])) == [(2, {"id": 1, "2024": "x"})]


def test_the_first_sheet_that_is_shown_and_holds_anything_is_read() -> None:
    book = Workbook()
    hidden, full, later = (book.create_sheet(name) for name in ("hidden", "full", "later"))
    hidden.sheet_state = "hidden"
    for sheet in (hidden, full, later):
        sheet.append(["id"])
        sheet.append([sheet.title])
    assert read(stored(book)) == [(2, {"id": "full"})]


def test_text_with_styles_in_it_is_one_text() -> None:
    rich = CellRichText("Soft ", TextBlock(InlineFont(b=True), "red"), " hat")
    assert read(saved(["id"], [rich])) == [(2, {"id": "Soft red hat"})]


def test_a_workbook_of_a_macintosh_counts_days_from_1904() -> None:
    assert read(saved(["day"], [date(2025, 1, 31)], since_1904=True)) == [(2, {"day": "2025-01-31"})]


NAMES = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="str"><v>b</v></c></row>'


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><f>1+1</f><v>2</v></c>', 2),
        ('<c r="B2" t="str"><f>A1</f><v>red</v></c>', "red"),
        ('<c r="B2" t="b"><f>A1</f><v>1</v></c>', True),
        ('<c r="B2" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="B2" t="s"><v>1</v></c>', "two\n"),
        ('<c r="B2" t="inlineStr"><is><t>in</t></is></c>', "in"),
        ('<c r="B2" t="d"><v>2025-01-31</v></c>', "2025-01-31"),
        ("<c><v>4.0063813339310001E+12</v></c>", 4006381333931),
    ],
)
def test_cells_are_read_as_programs_write_them(cell: str, value: Any) -> None:
    rows = f'{NAMES}<row r="2"><c r="A2"><v>1</v></c>{cell}</row>'
    texts = '<si><t>one</t></si><si><r><t xml:space="preserve">two</t></r><r><t>_x000A_</t></r></si>'
    assert read(by_hand(rows, texts)) == [(2, {"id": 1, "b": value})]


def test_a_program_may_write_prefixes() -> None:
    rows = NAMES + '<row r="2"><c r="A2"><v>1</v></c></row>'
    sheet = re.sub(r"<(/?)", r"<\1x:", f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
    sheet = sheet.replace("<x:worksheet", f'<x:worksheet xmlns:x="{MAIN}"')
    assert read(by_hand("", **{"xl/worksheets/sheet1.xml": sheet})) == [(2, {"id": 1})]


def test_cells_without_a_place_follow_each_other() -> None:
    rows = "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c/><c><v>4</v></c><c><v>5</v></c></row>"
    assert read(by_hand(rows)) == [(2, {"3": 5})]


@pytest.mark.parametrize(
    "cell", ["<c r='B3'><f>1+1</f></c>", "<c r='B3'><f>1+1</f><v/></c>", "<c r='B3' t='str'><f>A1</f><v></v></c>"]
)
def test_a_formula_without_its_result_costs_its_row_and_no_other(cell: str) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>{cell if n == 3 else ""}</row>' for n in (2, 3, 4))
    before, broken, after = read(by_hand(NAMES + rows))
    assert (before, after) == ((2, {"id": 2}), (4, {"id": 4}))
    reason = "column 'b' holds a formula without its result; open and save the file where it was written"
    assert broken == (3, reason)


def test_a_date_that_no_calendar_has_is_an_error_as_excel_shows_it() -> None:
    styles = '<fills/><borders/><cellXfs><xf/><xf numFmtId="14"/></cellXfs>'
    rows = f"{NAMES}<row r='2'><c r='A2'><v>1</v></c><c r='B2' s='1'><v>-500000000</v></c></row>"
    content = by_hand(rows, **{"xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'})
    assert read(content) == [(2, {"id": 1, "b": "#VALUE!"})]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("<c r='B3' t='s'><v>7</v></c>", "list index out of range"),
        ("<c r='B3'><v>1.9.9</v></c>", "could not convert string to float: '1.9.9'"),
        ("<c r='B3' t='d'><v>the 3rd</v></c>", "Invalid datetime value the 3rd"),
        ("<c r='3' t='b'><v>1</v></c>", "'' is not a valid column name. Column names are from A to ZZZ"),
        ("<c r='B3' s='bold'><v>1</v></c>", "invalid literal for int() with base 10: 'bold'"),
        ("<c r='B3'><v>x</v><f>1+1</f></c>", "invalid literal for int() with base 10: 'x'"),
    ],
)
def test_a_damaged_cell_costs_its_row_and_no_other(cell: str, why: str) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>{cell if n == 3 else ""}</row>' for n in (2, 3, 4))
    before, broken, after = read(by_hand(NAMES + rows))
    assert (before, after) == ((2, {"id": 2}), (4, {"id": 4}))
    assert broken == (3, f"the cell of column 'b' is damaged ({why}); write it again")


def test_a_damaged_cell_of_a_column_without_a_name_costs_nothing() -> None:
    row = "<row r='2'><c r='A2'><v>1</v></c><c r='C2'><v>x</v></c></row>"
    assert read(by_hand(NAMES + row)) == [(2, {"id": 1})]


def test_rows_whose_numbers_do_not_grow_are_read_all_the_same() -> None:
    rows = "".join(f'<row r="{n}"><c><v>{value}</v></c></row>' for value, n in enumerate((5, 3, 5, "x", 12), 1))
    assert read(by_hand(NAMES + rows)) == [(n, {"id": value}) for value, n in enumerate((5, 6, 7, 8, 12), 1)]


@pytest.mark.parametrize(
    ("names", "row"),
    [(NAMES, "<row r='2'><c r='A2'>&"), (NAMES.replace('t="str"', 't="d"'), "<row r='2'><c r='A2'><v>1</v></c></row>")],
)
def test_where_the_xml_ends_or_a_name_is_damaged_the_rest_cannot_be_read(names: str, row: str) -> None:
    with pytest.raises(ValueError, match=r"it is no workbook, or is damaged( at row \d)?: .*; save it again as .xlsx"):
        read(by_hand(names + row))


def test_a_title_may_stand_above_the_names() -> None:
    rows = saved(["Our shop, spring 2025"], [], ["id", "title"], [1, "red"], [2])
    assert read(rows) == [(4, {"id": 1, "title": "red"}), (5, {"id": 2})]


def test_a_sheet_may_have_one_column() -> None:
    assert read(saved(["title"], *([f"hat {n}"] for n in range(30))))[28:] == [
        (30, {"title": "hat 28"}),
        (31, {"title": "hat 29"}),
    ]


def test_a_sheet_with_names_alone_has_no_products() -> None:
    assert read(saved(["id", "title"])) == read(saved()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (saved(["id"], [1])[:-200], "it is no workbook, or is damaged: .*; save it again as .xlsx"),
        (b"id,title\n1,red", "it is no workbook, or is damaged: File is not a zip file; save it again as .xlsx"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "it has a password, or is in the format before 2007; save it as .xlsx"),
        (b"\x1f\x8b" + bytes(100), "it is packed with gzip, which this format needs not"),
        (
            by_hand("", before='<!DOCTYPE a [<!ENTITY b "b">]>'),
            "its part 'xl/worksheets/sheet1.xml' declares a document",
        ),
        (
            by_hand("", **dict[str, Any]({"xl/styles.xml": "<?xml version='1.0'?>".encode("utf-16")})),
            "its part 'xl/styles.xml' is UTF-16, as no workbook needs",
        ),
        (by_hand(NAMES, "<si>&</si>"), "it is no workbook, or is damaged: not well-formed"),
    ],
)
def test_what_is_no_sound_workbook_is_an_error_that_says_why(content: bytes, reason: str, catalog: Reader) -> None:
    with pytest.raises(CatalogError, match=f"Cannot read catalogue '.*shop.xlsx': {reason}"):
        catalog(content)


def test_an_archive_of_other_parts_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(ValueError, match="it is no workbook, or is damaged"):
        read(file.getvalue())


def test_a_row_without_end_is_refused_and_takes_no_memory() -> None:
    """A zip bomb: 40 MB of cells in 40 kB."""
    content = by_hand(f'{NAMES}<row r="2">{"<c><v>1</v></c>" * 2_500_000}</row>')
    assert len(content) < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="a row is longer than 5,000,000 characters; save it as CSV"):
            read(content)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_what_stands_behind_the_rows_may_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_parts, "LONGEST_ROW", 2_000)
    rows = f'{NAMES}<row r="2"><c r="A2"><v>2</v></c></row></sheetData><links>{"<link/>" * 1_000}</links><sheetData>'
    assert read(by_hand(rows)) == [(2, {"id": 2})]


@pytest.mark.parametrize("texts", ["<si/>" * 20_000, f"<si><t>{'x' * 1_100_000}</t></si>"])
def test_texts_that_would_fill_the_memory_are_refused(texts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel_parts, "MOST_HELD", 1_000_000)
    with pytest.raises(ValueError, match="its texts take more than 1 MB in memory; save it as CSV"):
        read(by_hand(NAMES, texts))


def test_memory_hardly_grows_with_the_rows() -> None:
    content = saved(["id", "price"], *([n, 19.9] for n in range(5_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in excel.rows(io.BytesIO(content))) == 5_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_a_sheet_that_says_that_it_is_huge_is_read_as_it_is() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>{NAMES}</sheetData></worksheet>'
    sheet = sheet.replace("</sheetData>", '<row r="2"><c r="A2"><v>2</v></c></row></sheetData>')
    assert read(by_hand("", **{"xl/worksheets/sheet1.xml": sheet})) == [(2, {"id": 2})]


def test_count_is_what_the_sheet_says(tmp_path: Path) -> None:
    (tmp_path / "shop.xlsx").write_bytes(saved(["id"], *([n] for n in range(500))))
    assert open_source(Catalog(path=tmp_path / "shop.xlsx")).count() == 500
    (tmp_path / "shop.xlsx").write_bytes(by_hand(NAMES))
    assert open_source(Catalog(path=tmp_path / "shop.xlsx")).count() is None


ROWS = st.fixed_dictionaries(
    {
        "text": TEXT,
        "number": st.integers(-(10**9), 10**9),
        "part": st.integers(-9_999, 9_999).map(lambda cents: cents / 100),
        "truth": st.booleans(),
    }
)


@given(rows=st.lists(ROWS))
def test_a_workbook_reads_back_what_was_written(rows: list[dict[str, Any]]) -> None:
    names = ["text", "number", "part", "truth"]
    content = saved(names, *([row[name] for name in names] for row in rows))
    assert [row for _, row in read(content)] == rows


@given(place=st.integers(0), byte=st.integers(0, 255), cut=st.booleans())
def test_whatever_byte_is_wrong_it_is_a_reject_or_one_error(place: int, byte: int, cut: bool) -> None:
    content = bytearray(saved(["id", "title"], [1, "red"], [2, date(2025, 1, 31)]))
    content[place % len(content)] = byte
    with suppress(ValueError):
        read(bytes(content[: place % len(content)] if cut else content))


def test_init_and_reindex_take_a_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = runner(tmp_path, monkeypatch, capfdbinary)
    colours = ("red", "blue", "green")
    rows = [[n, f"{colours[n % 3]} summer dress {n}", colours[n % 3], 19.9 + n] for n in range(30)]
    (tmp_path / "shop.xlsx").write_bytes(saved(["id", "title", "color", "price"], *rows))
    assert run("init", "shop.xlsx")[0] == 0
    assert run("reindex", "--dry-run")[0] == 0
    code, out, _ = run("reindex")
    assert code == 0
    assert "Indexed 30 products" in out
    assert "dress 1" in run("search", "blue dress")[1]


def test_init_says_why_no_product_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = runner(tmp_path, monkeypatch, capfdbinary)
    (tmp_path / "shop.xlsx").write_bytes(
        saved(["id", "title", "price"], *([n, "hat", f"=A{n}*2"] for n in range(2, 5)))
    )
    code, _, err = run("init", "shop.xlsx")
    assert code == 3
    reason = "The first one, shop.xlsx:2: column 'price' holds a formula without its result"
    assert f"'shop.xlsx' has no product that can be read. {reason}" in err


def test_of_merged_cells_the_first_one_has_the_value() -> None:
    book = Workbook()
    for row in (["id", "brand"], [1, "Acme"], [2, "Zeta"]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    assert read(stored(book)) == [(2, {"id": 1, "brand": "Acme"}), (3, {"id": 2})]
