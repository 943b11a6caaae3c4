"""`hybridsearch match`, from files to an index whose hits have offers."""

import json
from pathlib import Path

import pytest

from tests.shops import Run, runner, write_products

EAN = "4006381333931"
ACME = f"SKU;Name;Marke;EAN;Preis\n1;Schirm Terra größer;Tirrendo;{EAN};19,90\n2;Nordhem kettle NK-100;Nordhem;;39,00\n"
BETA = [
    {"id": "b1", "title": "Umbrella Terra", "brand": "TIRRENDO", "gtin": EAN, "price": 17.5},
    {"id": "b2", "title": "Kettle NK100 Nordhem", "brand": "Nordhem", "price": 41},
    {"id": "b3", "title": "Quibrant lamp LQ55 black", "brand": "Quibrant", "gtin": "0000000000000", "price": 21},
]
SHOP = """
[catalog]
groups = "groups.jsonl"
[[catalog.sources]]
path = "acme.csv"
id = "SKU"
columns = { title = "Name", brand = "Marke", gtin = "EAN", price = "Preis" }
formats = { price = { decimal = "," } }
[[catalog.sources]]
path = "beta.jsonl"
[fields]
title = "title"
codes = ["gtin"]
facets = ["brand", "offers.source"]
numbers = ["offers.price"]
offers = "offers"
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in a folder with the catalogues of two sellers, in two encodings."""
    (tmp_path / "acme.csv").write_bytes(ACME.encode("utf-16"))
    write_products(tmp_path / "beta.jsonl", BETA)
    return runner(tmp_path, monkeypatch, capfdbinary)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_files_of_two_sellers_become_groups_with_reasons(run: Run, tmp_path: Path) -> None:
    code, out, err = run("match", "acme.csv", "beta.jsonl", "-o", "groups.jsonl")
    assert code == 0, err
    assert out.startswith("5 offers are 3 products: 4 offers have another one beside them. Wrote groups.jsonl.")
    said = lines(tmp_path / "groups.jsonl")
    assert all(list(each) == ["group", "product_id", "source", "score", "because"] for each in said)
    assert [(each["group"], each["source"], each["product_id"]) for each in said] == [
        ("acme:1", "acme", "1"),
        ("acme:2", "acme", "2"),
        ("acme:1", "beta", "b1"),
        ("acme:2", "beta", "b2"),
        ("beta:b3", "beta", "b3"),
    ]


def test_programs_read_what_a_run_did(run: Run) -> None:
    code, out, _ = run("match", "acme.csv", "beta.jsonl", "--json", "--review", "review.jsonl")
    said = json.loads(out)
    assert (code, said["offers"], said["groups"], said["joined"], said["rejects"]) == (0, 5, 3, 4, 0)
    assert list(said) == [
        "output", "review_file", "offers", "groups", "joined", "review", "rejects", "repeated", "untitled", "notes"
    ]  # fmt: skip


def test_groups_become_an_index_whose_hits_have_offers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hybridsearch.toml").write_text(SHOP, encoding="utf-8")
    assert run("match")[0] == 0
    assert run("reindex")[0] == 0
    code, out, _ = run("search", EAN, "--json")
    (hit,) = json.loads(out)["hits"]
    assert (code, hit["id"], hit["product"]["title"]) == (0, "acme:1", "Schirm Terra größer")
    assert [(each["source"], each["price"]) for each in hit["offers"]] == [("beta", 17.5), ("acme", 19.9)]
    _, out, _ = run("search", "--filter", "offers.price<20", "--sort", "offers.price", "--json")
    assert [each["id"] for each in json.loads(out)["hits"]] == ["acme:1"]


def test_a_configuration_stands_for_its_catalogue(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gamma.toml").write_text(
        '[catalog]\npath = "beta.jsonl"\n[fields]\ntitle = "title"\nnumbers = ["price"]\n'
    )
    assert run("match", "acme.csv", "gamma.toml")[0] == 0
    assert {each["source"] for each in lines(tmp_path / "groups.jsonl")} == {"acme", "gamma"}


def test_an_older_encoding_is_recognised(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{number};Schirm größer N{number}00;5\n" for number in range(9))
    (tmp_path / "gamma.csv").write_bytes(f"id;title;price\n{rows}".encode("cp1252"))
    code, out, err = run("match", "beta.jsonl", "gamma.csv")
    assert (code, out[:30], err) == (0, "12 offers are 12 products: 0 o", "")


def test_a_row_that_cannot_be_read_is_named_and_ends_in_code_1(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "beta.jsonl").open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    code, _, err = run("match", "acme.csv", "beta.jsonl")
    assert code == 1
    assert "beta.jsonl:4 is passed over" in err


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["missing.csv"], 3, "missing.csv"),
        (["acme.csv", "acme.csv"], 3, "Two catalogues are called 'acme'"),
        (["acme.csv", "beta.jsonl", "-o", "beta.jsonl"], 2, "'beta.jsonl' is a catalogue"),
        ([], 3, "hybridsearch.toml"),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Run, arguments: list[str], code: int, why: str) -> None:
    found, _, err = run("match", *arguments)
    assert (found, why in err, "Traceback" in err) == (code, True, False)
