"""Files that are not UTF-8: a configuration names their encoding, and `init` writes down what they look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.catalog import open_source
from hybridsearch.catalog.encoding import decoding, likely
from hybridsearch.catalog.files import encoding_needed
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.settings import checked
from hybridsearch.values import Product
from tests.shops import runner

GERMAN = "Schöner Stuhl für das große Zimmer – 12,50 €\n"
FRENCH = "Chaise d’été à l’ancienne, forêt, cœur, garçon\n"
SPANISH = "Silla de jardín, niño, año, «nueva»\n"
JAPANESE = "キッチンのランプ、椅子と机\n"
MANY_KANJI = "定番の綿製品、東京都産、雨傘、赤、ソファー、表示能力\n"
"""With second bytes that are ASCII in cp932, as that of ソ, which is a backslash."""
TRADITIONAL = "廚房燈具 跑步鞋 男 紅色 上衣\n"
CHINESE = "厨房灯 跑步鞋 男 红色 T恤\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (SPANISH, "cp1252"),
        (GERMAN, "mac_roman"),
        (FRENCH, "mac_roman"),
        (SPANISH, "mac_roman"),
        (GERMAN.replace("–", "-").replace("€", "EUR"), "cp850"),
        (FRENCH.replace("’", "'").replace("œ", "oe"), "cp850"),
        (SPANISH, "cp850"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (MANY_KANJI, "cp932"),
        (MANY_KANJI, "euc_jp"),
        (TRADITIONAL, "big5"),
        (CHINESE, "gb18030"),
    ],
)
def test_the_encoding_of_each_language_is_told_from_the_bytes(text: str, encoding: str) -> None:
    assert likely(f"id;title\n1;{text}".encode(encoding)) == encoding


def test_an_encoding_that_is_said_is_taken() -> None:
    assert decoding(b"\x00\xff", "utf-16-le") == ("utf-16-le", "replace")


def written(folder: Path, encoding: str) -> Path:
    """Return a table of ten products in an encoding."""
    path = folder / "shop.csv"
    rows = "".join(f"{n};Nummer {n}: {GERMAN}" for n in range(10))
    path.write_bytes(f"id;title\n{rows}".encode(encoding))
    return path


def test_a_file_is_read_in_the_encoding_that_the_configuration_names(tmp_path: Path) -> None:
    catalog = Catalog(path=written(tmp_path, "cp1252"), encoding="cp1252")
    first = next(iter(open_source(catalog, Fields(title="title")).read()))
    assert isinstance(first, Product)
    assert first.row["title"] == f"Nummer 0: {GERMAN.strip()}"


def test_without_one_it_is_said_which_it_looks_like(tmp_path: Path) -> None:
    path = written(tmp_path, "cp1252")
    expected = "10 of the first 11 lines are not UTF-8, the first is line 2; set 'catalog.encoding' to \"cp1252\""
    with pytest.raises(CatalogError, match=expected):
        list(open_source(Catalog(path=path)).read())


@pytest.mark.parametrize(("encoding", "needed"), [("utf-8", None), ("utf-16", None), ("mac_roman", "mac_roman")])
def test_only_what_is_no_utf_needs_a_name(tmp_path: Path, encoding: str, needed: str | None) -> None:
    assert encoding_needed(written(tmp_path, encoding)) == needed


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="'klingon' is no encoding that is known; expected one such as cp1252"):
        checked(Catalog, path="shop.csv", encoding="klingon")


def test_init_writes_it_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = runner(tmp_path, monkeypatch, capfdbinary)
    written(tmp_path, "cp1252")
    assert run("init", "shop.csv")[0] == 0
    assert 'encoding = "cp1252"' in (tmp_path / "hybridsearch.toml").read_text()
    assert run("reindex")[0] == 0
    assert "Schöner Stuhl für" in run("search", "großes Zimmer")[1]
