"""`init` of several catalogues: one configuration, whose products are offers of their sellers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.cli import DONE, run
from hybridsearch.settings import Settings
from tests.shops import quietly


def ean(n: int) -> str:
    """Return a GTIN of 13 digits with its check digit, which weighs every second digit three times (GS1)."""
    body = f"40063813{n:04}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the catalogues of two sellers, in German and English, and in two formats of numbers."""
    monkeypatch.chdir(tmp_path)
    ours = ["Artikelnummer;Bezeichnung;Hersteller;EAN;Preis"]
    ours += [f"A-{n};Der schöne Schirm für den Regen {n};Acme;{ean(n) if n % 7 else ''};{n + 10},50" for n in range(30)]
    Path("laden.csv").write_text("\n".join(ours), encoding="cp1252")
    theirs = ["sku,name,brand,gtin,price"]
    theirs += [f"B-{n},The umbrella for the rain {n},Acme,{ean(n)},{n + 9}.00" for n in range(10, 40)]
    Path("shop.csv").write_text("\n".join(theirs), encoding="utf-8")
    return tmp_path


def test_catalogues_of_several_sellers_become_offers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "laden.csv", "shop.csv"]) == DONE
    assert "hybridsearch match -o groups.jsonl, and: hybridsearch reindex" in capsys.readouterr().out
    settings = Settings.load()
    catalog, fields = settings.catalog, settings.fields
    assert [(each.name, str(each.path), each.id, each.encoding) for each in catalog.sources] == [
        ("laden", "laden.csv", "Artikelnummer", "cp1252"),
        ("shop", "shop.csv", "sku", None),
    ]
    assert catalog.sources[0].columns == {
        "title": "Bezeichnung",
        "price": "Preis",
        "brand": "Hersteller",
        "gtin": "EAN",
    }
    assert (fields.title, fields.codes, fields.numbers) == ("title", ("gtin",), ("offers.price",))
    assert (fields.offers, {*fields.languages}, {*fields.facets} >= {"offers.source"}) == ("offers", {"de", "en"}, True)
    assert run(["match", "-o", "groups.jsonl"]) == DONE
    data: dict[str, Any] = settings.model_dump(exclude={"folder", "vectors"})
    with HybridSearch.open(Settings.parse(data, folder=folder)) as shop:
        assert shop.reindex(options=quietly()).indexed == 43  # of 14, 21 and 28 one seller has no EAN
        (hit,) = shop.search(ean(12), size=1)
        assert (hit.id, [float(offer["price"]) for offer in hit.offers]) == ("laden:A-12", [21.0, 22.5])
        cheap = shop.search("", filters={"offers.source": "laden", "offers.price": {"lt": 12}})
        assert sorted(hit.id for hit in cheap) == ["laden:A-0", "laden:A-1"]


def test_paths_are_those_of_the_folder_of_the_configuration(folder: Path) -> None:
    (folder / "conf").mkdir()
    assert run(["init", "laden.csv", str(folder / "shop.csv"), "-o", "conf/hybridsearch.toml"]) == DONE
    settings = Settings.load(Path("conf/hybridsearch.toml"))
    assert [each.path for each in settings.catalog.sources] == [Path("../laden.csv"), folder / "shop.csv"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["laden.csv", "gone.csv"], "'gone.csv' is no file"),
        (["laden.csv", "other/laden.csv"], "Two catalogues are called 'laden'"),
        (["laden.csv", "shop.csv", "--query", "SELECT 1"], "--query is for one database"),
    ],
)
def test_what_are_no_catalogues_of_sellers_is_refused(
    folder: Path, names: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "laden.csv").write_bytes((folder / "laden.csv").read_bytes())
    assert run(["init", *names]) != DONE
    assert reason in capsys.readouterr().err
