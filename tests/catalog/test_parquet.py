"""Parquet, as pyarrow writes it: lists and structs, times, decimals and bytes, and what is broken.

The module `typed` of the catalogue is tested here, too.
"""

import base64
import io
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as arrow

from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats import parquet
from hybridsearch.catalog.typed import text_or_data
from hybridsearch.errors import CatalogError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject
from tests.shops import runner

FIELDS = Fields(title="title")
Reader = Callable[..., list[Product | Reject]]


def written(table: Any, **options: Any) -> bytes:
    """Return a table of Arrow's as a file."""
    file = io.BytesIO()
    arrow.write_table(table, file, **options)
    return file.getvalue()


def column(values: list[Any], kind: Any) -> bytes:
    """Return a file with one column."""
    return written(pa.table({"a": pa.array(values, kind)}))


def read(content: bytes) -> list[Any]:
    """Return the rows of a file; of one that cannot be read, the reason."""
    return [row.reason if isinstance(row, Unreadable) else row for _, row in parquet.rows(io.BytesIO(content))]


@pytest.fixture
def catalog(tmp_path: Path) -> Reader:
    """Return a function that reads a file with this content."""

    def catalog(content: bytes) -> list[Product | Reject]:
        (tmp_path / "shop.parquet").write_bytes(content)
        return list(open_source(Catalog(path=tmp_path / "shop.parquet"), FIELDS).read())

    return catalog


def test_rows_are_products_and_know_their_numbers(catalog: Reader) -> None:
    table = pa.table({"id": [7, 8], "title": ["red", None], "colors": [["a", "b"], []], "size": [{"w": 1}, {"w": 2}]})
    assert catalog(written(table, row_group_size=1)) == [
        Product("7", {"id": 7, "title": "red", "colors": ["a", "b"], "size": {"w": 1}}, "shop.parquet:1"),
        Product("8", {"id": 8, "colors": [], "size": {"w": 2}}, "shop.parquet:2"),
    ]


NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (Decimal("19.90"), pa.decimal128(9, 2), Decimal("19.90")),
        (True, pa.bool_(), True),
        (1.5, pa.float16(), 1.5),
        (date(2025, 1, 31), pa.date32(), date(2025, 1, 31)),
        (NOON.replace(tzinfo=None), pa.timestamp("ns"), NOON.replace(tzinfo=None)),
        (NOON, pa.timestamp("ns", "Europe/Berlin"), NOON),
        (time(9, 30), pa.time64("ns"), time(9, 30)),
        (timedelta(minutes=1), pa.duration("ms"), 60.0),
        ("red", pa.dictionary(pa.int8(), pa.string()), "red"),
        ("red", pa.large_string(), "red"),
        ("Möbel".encode(), pa.binary(), "Möbel"),
        (b"\x89PNG", pa.binary(), "data:application/octet-stream;base64,iVBORw=="),
        ([("a", 1)], pa.map_(pa.string(), pa.int64()), {"a": 1}),
        (
            [{"b": b"\xff"}, None],
            pa.list_(pa.struct([("b", pa.binary())])),
            [{"b": text_or_data(b"\xff")}, None],
        ),
        ([NOON], pa.list_(pa.timestamp("ns", "UTC")), [NOON]),
        ({"at": NOON}, pa.struct([("at", pa.timestamp("ns", "UTC"))]), {"at": NOON}),
        ([("at", NOON)], pa.map_(pa.string(), pa.timestamp("ns", "UTC")), {"at": NOON}),
    ],
)
def test_each_kind_of_column_has_its_value(value: Any, kind: Any, expected: Any) -> None:
    assert read(column([value], kind)) == [{"a": expected}]


def test_what_is_no_number_is_missing() -> None:
    assert read(column([1.5, float("nan"), None], pa.float64())) == [{"a": 1.5}, {}, {}]


def test_the_column_in_which_pandas_numbers_its_rows_is_left_out() -> None:
    assert read(written(pa.table({"a": [1], "__index_level_0__": [0]}))) == [{"a": 1}]


def test_times_and_decimals_are_stored_as_json(catalog: Reader) -> None:
    table = pa.table({"id": ["1"], "at": pa.array([NOON], pa.timestamp("ns", "UTC")), "price": [Decimal("19.90")]})
    (product,) = catalog(written(table))
    assert isinstance(product, Product)
    assert product.row == {"id": "1", "at": "2025-01-31T12:00:00+00:00", "price": 19.9}


def test_a_row_that_python_has_no_value_for_costs_no_other(catalog: Reader) -> None:
    at = pa.array([0, 10**17, 1], pa.int64()).cast(pa.timestamp("ms"))  # of which one lies in the year 3170843
    rows = catalog(written(pa.table({"id": ["1", "2", "3"], "at": at})))
    assert [row.id for row in rows] == ["1", None, "3"]
    assert isinstance(rows[1], Reject)
    assert rows[1].where == "shop.parquet:2"
    assert rows[1].reason.startswith("holds what cannot be read: ")


def test_a_text_that_is_not_utf8_costs_one_row() -> None:
    texts = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())
    first, broken, last = read(written(pa.table({"a": texts})))
    assert (first, last) == ({"a": "a"}, {"a": "c"})
    assert "can't decode byte 0xff" in broken


def test_a_file_without_rows_has_no_products() -> None:
    assert read(written(pa.table({"id": pa.array([], pa.string())}))) == []


@pytest.mark.parametrize(
    "content", [b"id,title\n1,red", b"PAR1" + bytes(100), written(pa.table({"id": ["1"] * 1_000}))[:-20]]
)
def test_what_is_no_sound_file_is_an_error_that_says_what_to_do(content: bytes, catalog: Reader) -> None:
    reason = "it is no Parquet file, or a damaged one: .*; write it again"
    with pytest.raises(CatalogError, match=f"Cannot read catalogue '.*shop.parquet': {reason}"):
        catalog(content)


def test_damage_in_the_middle_is_an_error_after_what_lies_before(catalog: Reader) -> None:
    table = pa.table({"id": [str(n) for n in range(300)]})
    content = bytearray(written(table, row_group_size=100, compression="gzip", use_dictionary=False))
    start = arrow.ParquetFile(io.BytesIO(content)).metadata.row_group(2).column(0).data_page_offset
    content[start : start + 200] = bytes(200)
    rows = parquet.rows(io.BytesIO(content))
    assert [next(rows)[0] for _ in range(200)] == list(range(1, 201))
    with pytest.raises(ValueError, match="damaged"):
        next(rows)


def test_without_pyarrow_it_is_said_what_to_install(catalog: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    content = column([1], pa.int64())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CatalogError, match=r'it needs pyarrow; install it with: pip install "hybridsearch\[parquet\]"'):
        catalog(content)


def test_memory_does_not_grow_with_the_rows() -> None:
    """A column of one long text takes little room in the file, and is never held as a whole."""
    content = written(pa.table({"a": ["x" * 10_000] * 20_000}))
    assert len(content) < 100_000
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in parquet.rows(io.BytesIO(content)))
    assert most < 10_000_000


def test_count_is_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "shop.parquet").write_bytes(column(list(range(500)), pa.int64()))
    assert open_source(Catalog(path=tmp_path / "shop.parquet")).count() == 500


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "text": st.text(st.characters(exclude_categories=["Cs"])),
                "list": st.lists(st.integers(-(2**63), 2**63 - 1)),
                "part": st.floats(allow_nan=False, allow_infinity=False),
            }
        ),
        min_size=1,
    )
)
def test_a_file_reads_back_what_was_written(rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([("text", pa.string()), ("list", pa.list_(pa.int64())), ("part", pa.float64())])
    assert read(written(pa.Table.from_pylist(rows, schema), row_group_size=3)) == rows


def test_a_picture_in_a_column_is_one_that_can_be_read(catalog: Reader) -> None:
    table = pa.table({"id": ["1"], "image": [{"bytes": b"\x89PNG\r\n", "path": "a.png"}]})
    (product,) = catalog(written(table))
    assert isinstance(product, Product)
    kind, _, data = product.row["image"]["bytes"].partition(",")
    assert (kind.startswith("data:"), base64.b64decode(data)) == (True, b"\x89PNG\r\n")


def test_init_and_reindex_take_parquet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = runner(tmp_path, monkeypatch, capfdbinary)
    colours = ("red", "blue", "green")
    rows = [{"id": n, "title": f"{colours[n % 3]} summer dress {n}", "color": colours[n % 3]} for n in range(30)]
    (tmp_path / "shop.parquet").write_bytes(written(pa.Table.from_pylist(rows)))
    assert run("init", "shop.parquet")[0] == 0
    assert run("reindex", "--dry-run")[0] == 0
    code, out, _ = run("reindex")
    assert code == 0
    assert "Indexed 30 products" in out
    assert "dress 1" in run("search", "blue dress")[1]
