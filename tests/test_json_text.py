"""JSON and TOML that somebody may have edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.inputs import json_text
from hybridsearch.inputs.json_text import parse_json, read_json, read_toml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'\xef\xbb\xbf{"a": [1, 2.5, "\xc3\xa4", null, true]}', {"a": [1, 2.5, "ä", None, True]}),
        ("[]", []),
        (str(2**64 - 1), 2**64 - 1),
        ("[" * 100 + "]" * 100, None),
        (r'"\ud83d\ude00"', "😀"),
    ],
)
def test_json_comes_in_as_it_is(text: bytes | str, value: Any) -> None:
    assert parse_json(text) == (json.loads(text) if value is None else value)


BAD: dict[str, tuple[str | bytes, str]] = {
    "100,000 levels": ("[" * 100_000, "nested more than 100 levels deep"),
    "100,000 levels of objects": ('{"a":' * 100_000, "nested more than 100 levels deep"),
    "101 levels": ("[" * 102 + "]" * 102, "nested more than 100 levels deep"),
    "5,000 digits": ("5" * 5_000, "a number of 5,000 digits"),
    "500 digits": ("-" + "5" * 499, "a number of 500 digits"),
    "65 bits": (str(2**64), "a whole number of more than 64 bits"),
    "NaN": ("[NaN]", "it holds nan, expected finite numbers"),
    "too large a float": ("[1e999]", "it holds inf, expected finite numbers"),
    "twice": ('{"a": 1, "b": 2, "a": 3}', "'a' stands twice in one object"),
    "half a character": (r'["x\ud800"]', r"the text 'x\\ud800' has half a character"),
    "half a character in a name": (r'{"x\ud800": 1}', r"the text 'x\\ud800' has half a character"),
    "no JSON": ("{", "Expecting property name"),
    "no UTF-8": (b'"\xff"', "can't decode byte"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_could_break_something_later_is_refused_with_a_reason(case: str) -> None:
    text, reason = BAD[case]
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_files_of_other_programs_may_hold_what_json_does_not_know() -> None:
    assert parse_json('{"a": 1, "a": Infinity}', plain=False) == {"a": float("inf")}
    assert parse_json("1" + "0" * 30, plain=False) == 10**30  # the longest text of many a tokenizer


def test_a_file_is_not_read_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    file.write_text("[1, 2, 3]")
    assert read_json(file) == [1, 2, 3]
    monkeypatch.setattr(json_text, "LARGEST", 8)
    with pytest.raises(ValueError, match="it has more than 0 MB"):
        read_json(file)


def test_toml_comes_in_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbf[a]\r\nb = 1\rc = ['x']\n")
    assert read_toml(file) == {"a": {"b": 1, "c": ["x"]}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = " + "[" * 100_000, "nested more than 100 levels deep"),
        ("a = " + "[" * 150 + "]" * 150, "nested more than 100 levels deep"),
        (".".join("a" * 5_000) + " = 1", "nested more than 100 levels deep"),
        ("a = " + "5" * 5_000, "Exceeds the limit"),
        ("a = nan", "it holds nan, expected finite numbers"),
        ("a = 1e999", "it holds inf, expected finite numbers"),
        ("a = 1\na = 2", "Cannot overwrite a value"),
        ("a =", "Invalid value"),
        ("\udcff", "can't decode byte"),
    ],
)
def test_toml_that_could_break_something_later_is_refused_with_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=reason):
        read_toml(tmp_path / "a.toml")
