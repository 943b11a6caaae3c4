"""One odd value of a row, in every format: the rows around it are read, and it is a product or a reject."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.catalog import open_source
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject

FINITE = "expected finite numbers"
VALUES = {
    "1e999": ("1e999", FINITE),
    "NaN": ("NaN", FINITE),
    "-Infinity": ("-Infinity", FINITE),
    "5,000 digits": ("9" * 5_000, "not JSON that can be read"),
    "lists 100,000 deep": ("[" * 100_000 + "]" * 100_000, "nested too deep"),
    "objects 100,000 deep": ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep"),
    "half a character": ('"\\ud800"', None),
    "NUL": ('"a\\u0000b"', None),
    "1e-400": ("1e-400", None),
    "thirty digits": ("1" + "0" * 30, None),
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["shop.jsonl", "shop.json"])
def test_an_odd_value_in_json_costs_its_row_at_most(tmp_path: Path, name: str, value: str) -> None:
    """Attack: numbers, nesting and characters that no index can hold."""
    written, reason = VALUES[value]
    rows = ['{"id": 1}', f'{{"id": 2, "x": {written}}}', '{"id": 3}']
    text = "\n".join(rows) if name == "shop.jsonl" else f"[{', '.join(rows)}]"
    first, odd, last = read(tmp_path / name, text)
    assert (first.id, last.id) == ("1", "3")
    if reason is None:
        assert isinstance(odd, Product)
        assert "\0" not in str(odd.row["x"]).encode().decode()  # UTF-8 can hold it
    else:
        assert isinstance(odd, Reject)
        assert reason in odd.reason


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["shop.csv", "shop.tsv"])
def test_an_odd_value_in_a_table_is_text(tmp_path: Path, name: str, value: str) -> None:
    """Attack: numbers, nesting and characters that no index can hold."""
    written = VALUES[value][0].strip('"').replace("\\u0000", "\0")
    delimiter = "," if name == "shop.csv" else "\t"
    cells = [["id", "x"], ["1", "a"], ["2", written], ["3", "c"]]
    rows = read(tmp_path / name, "\n".join(map(delimiter.join, cells)))
    assert [row.id for row in rows] == ["1", "2", "3"]
    assert isinstance(rows[1], Product)
    assert rows[1].row["x"] == written.replace("\0", "")


def read(path: Path, text: str) -> list[Product | Reject]:
    """Return the rows of a catalogue of this content."""
    path.write_text(text, encoding="utf-8")
    return list(open_source(Catalog(path=path), Fields(title="title")).read())
