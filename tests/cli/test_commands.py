"""The command line: what programs read, what people see, and how every kind of trouble ends.

The modules `clean`, `demo`, `doctor`, `options`, `recommend`, `also_bought` and `show` of the command line are tested
here, and with them `explain` and the checks of `doctor`.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hybridsearch import Settings, sample
from hybridsearch.voice import RECOGNISERS
from tests.servers.fake import Received, Reply, error, serving
from tests.servers.model import Model
from tests.shops import LISTENING, PRODUCTS, Run, runner, shop, write_config, write_products
from tests.video.clips import filmed, plain
from tests.voice.recordings import Told, tone, wav

SAMPLE = Path(sample.__file__).parent
SIGHT = {"name": "image", "encoder": "starter", "reads": "image"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in an empty folder: exit code, standard output, standard error."""
    return runner(tmp_path, monkeypatch, capfdbinary)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The folder of a shop whose five products are indexed."""
    with shop(tmp_path):
        return write_config(tmp_path).parent


def python(*arguments: str | bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own, with arguments that may be any bytes."""
    command = [sys.executable, "-m", "hybridsearch", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=180)


def one_line(err: str) -> str:
    """Return the only line of standard error, without a trace of a traceback."""
    (line,) = err.splitlines()
    assert "Traceback" not in line
    return line


def test_reindex_says_what_it_did(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    code, out, err = run("reindex")
    assert (code, err) == (0, "")
    assert out.startswith("Indexed 5 products into 'products' in ")


def test_reindex_takes_a_number_of_processes(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    code, out, _ = run("reindex", "--workers", "2")
    assert (code, out[:18]) == (0, "Indexed 5 products")
    assert run("reindex", "--workers", "0")[0] == 2


def test_reindex_for_programs(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    code, out, err = run("reindex", "--json")
    report = json.loads(out)
    assert (code, err) == (0, "")
    assert set(report) == {
        *("index", "generation", "indexed", "rejected", "duplicates", "without_picture", "encoded", "cached"),
        *("older", "changes", "resumed", "retried", "seconds", "quality", "rejects", "rejects_file"),
        *("reviews", "unused_reviews", "odd_reviews", "videos", "unread_videos", "stray_reviews"),
    }
    assert (report["index"], report["indexed"], report["rejects_file"]) == ("products", 5, None)


def test_rejects_end_in_code_1_and_are_listed(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, {"id": "6", "title": "Free", "price": "free"}])
    code, out, err = run("reindex")
    assert code == 1
    assert "1 rejected" in out
    assert err.splitlines()[0] == "  products.jsonl:6: document: 'price' is 'free', expected a number"
    assert err.splitlines()[1].startswith("  1 products rejected; everything is in ")
    assert len(run("reindex", "--json")[1].splitlines()) == 1


@pytest.mark.parametrize("engine", ["embedded", "elasticsearch"])
def test_a_hostile_catalogue_is_indexed_but_for_its_rejects(
    run: Run, tmp_path: Path, es_url: str, index: str, engine: str
) -> None:
    lines = [
        *('{"title": "no id"}', '{"id": "", "title": "x"}', '{"id": "nan", "title": "x", "price": NaN}', "[1", "null"),
        *(json.dumps({"id": "own", "title": "x", "hybrid": {"id": 1}}), json.dumps({"id": "x" * 600, "title": "x"})),
        json.dumps(
            {"id": "many", "title": "plenty"} | {f"attr_{number}": [number, {"a": number}] for number in range(1_000)}
        ),
        json.dumps({"id": "long", "title": "verbose", "note": "warm wool " * 20_000, "brand": "b" * 40_000}),
        json.dumps({"id": "twice", "title": "first"}),
        json.dumps({"id": "twice", "title": "second"}),
        json.dumps({"id": "odd \ud800\0\u202e", "title": "\x07odd \ud800", "brand": "\0", "price": "1.299,00 €"}),
    ]
    write_config(tmp_path, engine={"url": es_url, "index": index, "replicas": 0} if engine == "elasticsearch" else {})
    (tmp_path / "products.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"id": "bytes", "title": "caf\xe9"}\n')
    code, out, _ = run("reindex", "--json")
    report = json.loads(out)
    assert (code, report["indexed"], report["rejected"], report["duplicates"]) == (1, 4, 8, 1)
    found = {
        word: json.loads(run("search", word, "--json")[1])["total"] for word in ("plenty", "verbose", "second", "odd")
    }
    assert found == {"plenty": 1, "verbose": 1, "second": 1, "odd": 1}


def test_a_dry_run_reads_everything_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, {"title": "no id"}])
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = run("reindex", "--dry-run", "--json")
    assert code == 1
    found = json.loads(out)
    assert [found[name] for name in ("products", "texts", "pictures", "cached", "rejected")] == [5, 0, 0, 0, 1]
    assert set(found) == {
        *("products", "texts", "pictures", "cached", "rejected", "seconds", "measured", "disk", "memory", "outlook"),
        *("tried", "unread", "flaw", "videos", "absent", "rejects"),
    }
    assert run("reindex", "--dry-run")[1].startswith("Would index 5 products into 'products'")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_video_is_searched_with_in_place_of_a_photo(run: Run, tmp_path: Path) -> None:
    films = {"1": filmed([plain("red")] * 3), "2": filmed([plain("blue")] * 3)}
    for name, data in films.items():
        (tmp_path / f"{name}.mp4").write_bytes(data)
    rows = [{"id": name, "title": f"film {name}", "video": f"{name}.mp4"} for name in films]
    write_products(tmp_path / "products.jsonl", rows)
    fields, leg = {"title": "title", "video": "video"}, {"name": "image", "encoder": "starter"}
    write_config(tmp_path, fields=fields, vectors=[leg])
    report = json.loads(run("reindex", "--json", "--restart")[1])
    assert (report["indexed"], report["videos"], report["unread_videos"]) == (2, 2, 0)
    assert "2 products are seen in a video; of 0 others it cannot be read." in run("reindex", "--restart")[1]
    assert json.loads(run("search", "--video", "1.mp4", "--json")[1])["hits"][0]["id"] == "1"
    assert run("search", "film", "--video", "2.mp4", "--plan")[1].startswith("photo and words: ")
    code, _, err = run("search", "--video", "gone.mp4")
    assert (code, err[:39]) == (3, "Error: Cannot read the video 'gone.mp4'")
    code, _, err = run("search", "--video", "1.mp4", "--image", "1.mp4")
    assert (code, one_line(err)[:42]) == (2, "Error: 'image' and 'video' are both given,")


def test_a_recording_is_searched_with_and_what_was_heard_is_told(
    run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECOGNISERS, "told", lambda *_: Told())
    write_config(acme, voice={"recogniser": "told:"})
    (acme / "said.wav").write_bytes(wav(tone(1.0)))
    page = json.loads(run("search", "--audio", "said.wav", "--json")[1])
    assert page["heard"] == {"text": "red coat", "language": "en", "confidence": 0.9, "alternatives": {}}
    assert [hit["id"] for hit in page["hits"]] == ["3"]
    assert "Heard: red coat (en, 90%)" in run("search", "--audio", "said.wav")[1]
    assert run("search", "--audio", "said.wav", "--plan")[1].startswith("voice: 2 words that were spoken")
    code, _, err = run("search", "--audio", "gone.wav")
    assert (code, err[:42]) == (3, "Error: Cannot read the recording 'gone.wav")


def test_search_for_programs_keeps_its_contract(run: Run, acme: Path) -> None:
    code, out, err = run("search", "red coats", "--facet", "brand", "--json")
    page = json.loads(out)
    assert (code, err) == (0, "")
    assert set(page) == {
        "query",
        "query_id",
        "total",
        "hits",
        "facets",
        "facet_details",
        "page",
        "cursor",
        "degraded",
        "notes",
        "spelled",
        "corrected",
        "dropped",
        "suggestion",
        "suggestions",
        "rules",
        "redirect",
        "banners",
        "heard",
        "regions",
        "took_ms",
    }
    assert (page["query"], page["total"], page["degraded"]) == ("red coats", 1, [])
    assert page["facets"] == {"brand": {"Borealis": 1}}
    (hit,) = page["hits"]
    assert set(hit) == {"id", "score", "signals", "product"}
    assert (hit["id"], hit["product"]) == ("3", PRODUCTS[2])
    assert hit["score"] == pytest.approx(sum(hit["signals"].values()), abs=1e-5)


def test_similar_products_are_a_page_as_that_of_a_search(run: Run, acme: Path) -> None:
    code, out, err = run("similar", "2", "--facet", "brand", "--filter", "price>=100", "--json")
    page, searched = json.loads(out), json.loads(run("search", "coat", "--json")[1])
    assert (code, err, set(page)) == (0, "", set(searched))
    assert ([hit["id"] for hit in page["hits"]], page["facets"]) == (["3"], {"brand": {"Borealis": 1}})
    code, out, _ = run("similar", "2", "-k", "1")
    assert (code, "Red winter coat" in out) == (0, True)
    assert "similar to '2'" in run("similar", "2", "--plan")[1]
    request = json.loads(run("similar", "2", "--plan", "--json")[1])
    assert request["body"]["query"]["bool"]["filter"] == [{"bool": {"must_not": [{"terms": {"hybrid.id": ["2"]}}]}}]
    code, out, err = run("similar", "99")
    assert (code, out) == (2, "")
    assert one_line(err).startswith("Error: The index has no product '99', expected an id as 'id' of the catalogue")


def test_a_history_on_the_command_line_lifts_what_is_like_it_and_says_so(run: Run, acme: Path) -> None:
    code, out, err = run("search", "coat", "--history", "1, 2,gone", "--json")
    page = json.loads(out)
    assert (code, err) == (0, "")
    assert page["hits"][0]["because"] == ["because you looked at 1 (Red summer dress)"]
    assert page["notes"] == ["not in the index: 1 of 3 products of the history"]
    assert "because you looked at 1 (Red summer dress)" in run("search", "coat", "--history", "1,2")[1]


def test_without_words_the_command_browses_and_goes_on_by_a_cursor(run: Run, acme: Path) -> None:
    first = json.loads(run("search", "", "--sort", "price:desc", "-k", "3", "--json")[1])
    assert (first["total"], [hit["id"] for hit in first["hits"]], first["page"]) == (5, ["3", "2", "5"], 1)
    options = ("--sort", "price:desc", "-k", "3", "--json", "--timeout", "5", "--cursor")
    second = json.loads(run("search", *options, first["cursor"])[1])
    assert ([hit["id"] for hit in second["hits"]], second["page"], second["cursor"]) == (["4", "1"], 2, "")
    code, _, err = run("search", *options, "nonsense")
    assert (code, "'cursor' is 'nonsense', which is none" in err) == (2, True)


def test_search_for_people_is_a_table_without_escape_codes(run: Run, acme: Path) -> None:
    """Fault 93."""
    code, out, err = run("search", "red coats", "--facet", "brand")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("1 products, page 1, ")
    assert out.splitlines()[2].split()[0] == "1"
    assert "Red winter coat" in out
    assert "brand: Borealis (1)" in out
    assert "\x1b" not in out


def test_facets_take_options_on_the_command_line(run: Run, acme: Path) -> None:
    _, out, _ = run(
        "search", "--filter", "price>=20", "--facet", "brand,size=1,order=desc", "--facet", "price,ranges=35:90"
    )
    assert "brand: Cumulus (1), others (4)" in out
    assert "price: ..35 (1), 35..90 (2), 90.. (2), from 20 to 120, mean 67" in out
    _, out, _ = run("search", "--any", "price<30", "--facet", "brand", "--facet", "price,ranges=50", "--json")
    page = json.loads(out)
    assert page["facets"] == {"brand": {"Acme": 1}, "price": {"..50": 2, "50..": 3}}
    assert page["facet_details"]["price"]["filters"] == {"..50": {"lt": 50.0}, "50..": {"gte": 50.0}}
    _, out, _ = run(
        "search", "--sort", "price", "--facet", "brand,containing=\u00c1C,order=asc", "--facet", "price,bars=3"
    )
    assert "brand: Acme (2)" in out
    assert "price: 0..50 (2), 50..100 (2), 100..150 (1), from 20 to 120, mean 67" in out


def test_explain_shows_the_words_that_matched_and_those_that_did_not(run: Run, acme: Path) -> None:
    assert "has: red coats lacks: -" in run("search", "red coats", "--explain")[1]
    _, out, _ = run("search", "red warm snow coats", "--explain", "--json")
    (hit,) = [hit for hit in json.loads(out)["hits"] if hit["id"] == "3"]
    assert (hit["matched"], hit["missing"]) == (["red", "warm", "coats"], ["snow"])


def test_plan_shows_the_plan_and_the_body_and_runs_nothing(run: Run, acme: Path) -> None:
    code, out, _ = run("search", "red", "--plan")
    first, *_, last = out.splitlines()
    assert (code, first) == (0, "words: 1 word")
    assert json.loads(last)["query"]["bool"]["minimum_should_match"] == 1
    assert json.loads(run("search", "red", "--plan", "--json")[1])["body"] == json.loads(last)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["red", "--filter", "brand=Acme"], ["1"]),
        (["--filter", "brand=Acme", "--filter", "brand=Cumulus", "--sort", "price:desc"], ["2", "5", "1"]),
        (["--filter", "price>=35", "--filter", "price<=90", "--sort", "price:asc"], ["4", "5", "2"]),
        (["--filter", "price = 20"], ["1"]),
        (["--filter", "price>35", "--filter", "price<90"], ["5"]),
        (["--filter", "brand!=Acme", "--filter", "brand != Borealis"], ["5"]),
        (["--any", "brand=Cumulus", "--any", "price<=20", "--sort", "price:asc"], ["1", "5"]),
        (["--exists", "brand", "--filter", "price>100"], ["3"]),
        (["--missing", "brand"], []),
        (["--sort", "price:asc", "-k", "2", "--page", "2"], ["5", "2"]),
        (["--sort", "price:asc", "-k", "0"], []),
        (["--sort", "brand:desc", "--sort", "price:desc"], ["5", "3", "4", "2", "1"]),
        (["AC-1002"], ["2"]),
        (["跑步鞋"], ["5"]),
    ],
)
def test_options_reach_the_search(run: Run, acme: Path, options: list[str], expected: list[str]) -> None:
    code, out, _ = run("search", *options, "--json")
    assert (code, [hit["id"] for hit in json.loads(out)["hits"]]) == (0, expected)


def test_ranks_go_on_from_page_to_page(run: Run, acme: Path) -> None:
    _, out, _ = run("search", "--sort", "price:asc", "-k", "2", "--page", "3")
    assert out.splitlines()[2].split()[0] == "5"


@pytest.mark.parametrize(
    "query",
    [
        *("", "   ", "?!…", "*", "title:x OR y", "a* OR b*~", '"quo"ted', "(", "\\", "--", "[bold]red[/bold]"),
        *("😀", "e\u0301", "\u202edress", "\ufeffred"),
        *("x" * 100_000, "哈" * 100_000, "red dress " * 10_000, "1" * 100_000, "-".join("1" * 50_000)),
    ],
)  # fmt: skip
def test_any_query_is_answered_within_two_seconds(run: Run, acme: Path, query: str) -> None:
    run("search", "跑步", "--json")
    started = time.perf_counter()
    code, out, _ = run("search", "--json", "--explain", "--", query)
    assert time.perf_counter() - started < 2
    assert (code, json.loads(out)["query"]) == (0, query)
    assert run("search", "--explain", "--", query)[0] == run("search", "--plan", "--", query)[0] == 0


@pytest.mark.parametrize("query", [b"\xff\xfe red", b"\xed\xa0\x80 red", b"r\x01ed \x1b[31m"])
@pytest.mark.parametrize("option", ["--json", "--explain", "--plan"])
def test_bytes_that_are_no_text_are_answered_too(acme: Path, query: bytes, option: str) -> None:
    """Fault 88."""
    done = python("search", query, option, "--filter", b"brand=\xff", folder=acme)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    assert done.stdout.decode()


def test_escape_codes_and_markup_in_a_title_are_not_printed_raw(run: Run, tmp_path: Path) -> None:
    """Faults 65 and 88."""
    title = "\x1b[31mRed\x07 [bold]dress[/bold]\u202e <script>"
    write_products(tmp_path / "products.jsonl", [{"id": "\x1b[1m1", "title": title, "brand": "\x1b]0;owned\x07"}])
    write_config(tmp_path)
    run("reindex")
    code, out, _ = run("search", "dress", "--facet", "brand", "--explain")
    assert code == 0
    assert "[bold]dress[/bold] <script>" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_whether_a_shop_is_ready_is_an_exit_code(run: Run, acme: Path) -> None:
    assert run("doctor", "--ready")[0] == 0
    write_config(acme, vectors=[{"name": "late", "encoder": "starter", "reads": ["title"]}])
    assert run("doctor", "--ready")[0] == 0, "a leg that the index does not have yet is not asked"
    write_config(acme, engine={"index": "another"})
    code, out, _ = run("doctor", "--ready", "--json")
    assert (code, [(line["name"], line["state"]) for line in json.loads(out)]) == (3, [("search", "failure")])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search", "x", "--filter", "brnd=x"], "Error: Unknown filter field 'brnd'. Did you mean 'brand'?"),
        (["search", "x", "--facet", "colour"], "Error: Unknown facet field 'colour'. The index has: brand, price."),
        (
            ["search", "x", "--facet", "brand,size=many"],
            "found 'brand,size=many', expected FIELD, then options such",
        ),
        (["search", "x", "--facet", "brand,size=0"], "Facet 'brand' has the size 0, expected a whole number"),
        (["search", "x", "--sort", "prize:asc"], "Error: Unknown sort field 'prize'. Did you mean 'price'?"),
        (["search", "x", "--filter", "price=cheap"], "Error: Filter 'price' is ['cheap'], expected a number, "),
        (
            ["search", "x", "--filter", "brand"],
            "found 'brand', expected FIELD, then one of = != > >= < <=",
        ),
        (["search", "x", "--filter", "price>1", "--filter", "price>2"], "found two bounds 'price>', expected one"),
        (
            ["search", "x", "--filter", "price>=cheap"],
            "Error: Filter 'price' has the bound 'cheap', expected a number.",
        ),
        (["search", "x", "-k", "many"], "'many' is not a valid integer"),
        (["search", "x", "--page", "0"], "0 is not in the range x>=1"),
        (["search", "x", "--image", "photo.jpg"], "Error: A photo was given, but no vector leg of the index reads "),
        (["search", "x", "y"], "Got unexpected extra argument (y)"),
        (["serch", "x"], "No such command 'serch'"),
        (["reindex", "--forse"], "No such option"),
    ],
)
def test_what_is_asked_wrongly_ends_in_code_2(run: Run, acme: Path, arguments: list[str], sentence: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_an_unknown_key_of_the_configuration_ends_in_code_2_with_the_nearest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hybridsearch.toml").write_text('[catalog]\npath = "p.jsonl"\n[fields]\ntitel = "t"\n')
    code, _, err = run("search", "x")
    assert (code, one_line(err)) == (
        2,
        "Error: hybridsearch.toml: unknown key 'fields.titel'. Did you mean 'title'?",
    )


@pytest.mark.parametrize("command", [["search", "x"], ["reindex"], ["doctor"]])
def test_a_missing_configuration_ends_in_code_3(run: Run, command: list[str]) -> None:
    code, _, err = run(*command)
    assert (code, one_line(err)) == (
        3,
        "Error: Cannot read 'hybridsearch.toml': No such file or directory. Write one with: hybridsearch init",
    )


def test_the_environment_names_a_configuration(run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (acme / "elsewhere").mkdir()
    monkeypatch.chdir(acme / "elsewhere")
    monkeypatch.setenv("HYBRIDSEARCH_CONFIG", str(acme / "hybridsearch.toml"))
    assert run("search", "red coats", "--json")[0] == 0


def test_a_missing_catalogue_ends_in_code_3(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "products.jsonl").unlink()
    code, _, err = run("reindex")
    assert (code, one_line(err)) == (
        3,
        f"Error: Catalogue '{tmp_path / 'products.jsonl'}' is missing. Correct 'catalog.path' and try again.",
    )


def test_a_search_before_a_rebuild_ends_in_code_3(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    code, _, err = run("search", "red")
    assert code == 3
    assert one_line(err).endswith("Create it with: hybridsearch reindex")


@pytest.mark.parametrize("command", [["search", "x"], ["search", "x", "--plan"], ["reindex"]])
def test_a_server_that_is_down_ends_in_code_3_with_one_line(tmp_path: Path, command: list[str]) -> None:
    """Fault 1."""
    write_config(tmp_path, engine={"url": "http://127.0.0.1:1"})
    done = python(*command, folder=tmp_path)
    assert done.returncode == 3
    assert one_line(done.stderr.decode()) == (
        "Error: Cannot reach Elasticsearch at http://127.0.0.1:1: connection refused. "
        "Check that it runs, and its host and port."
    )


def test_an_empty_catalogue_replaces_nothing_and_ends_in_code_1(run: Run, acme: Path) -> None:
    write_products(acme / "products.jsonl", [])
    code, _, err = run("reindex")
    assert (code, one_line(err)) == (
        1,
        "Error: Catalogue 'products.jsonl' has no products. The old index stays; check [catalog].",
    )
    assert json.loads(run("search", "coat", "--json")[1])["total"] == 2


def test_a_catalogue_of_one_product_is_a_shop(run: Run, tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", PRODUCTS[:1])
    write_config(tmp_path)
    assert run("reindex")[0] == 0
    assert json.loads(run("search", "red dresses", "-k", "1000", "--json")[1])["total"] == 1


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_an_image_that_is_no_picture_ends_in_code_3_with_one_line(run: Run, tmp_path: Path, content: bytes) -> None:
    write_config(tmp_path, fields={"image": "image"}, vectors=[SIGHT])
    assert run("reindex")[0] == 0
    (tmp_path / "photo.jpg").write_bytes(content)
    code, out, err = run("search", "--image", "photo.jpg")
    assert (code, out) == (3, "")
    assert one_line(err).startswith("Error: The ")
    assert one_line(run("search", "--image", "none.jpg")[2]).startswith("Error: Cannot read the picture 'none.jpg'")


def test_doctor_is_a_line_for_each_thing_with_the_next_step(run: Run, acme: Path) -> None:
    code, out, _ = run("doctor", "--json")
    checks = json.loads(out)
    assert code == 0
    assert {tuple(check) for check in checks} == {("name", "state", "found", "next_step")}
    assert [check["name"] for check in checks if check["state"] != "ok"] == ["vectors"]
    assert "warning  vectors" in run("doctor")[1]


def test_doctor_ends_in_code_3_when_something_fails(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path, weights={"path": "none.json"})
    code, out, _ = run("doctor", "--json")
    failures = {check["name"]: check["next_step"] for check in json.loads(out) if check["state"] == "failure"}
    assert code == 3
    assert failures == {"index": "hybridsearch reindex", "weights": "restore the file, or leave 'weights.path' out"}


def test_doctor_names_a_server_that_is_away(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path, engine={"url": "http://127.0.0.1:1"})
    code, out, _ = run("doctor")
    assert code == 3
    assert "failure  server     Cannot reach Elasticsearch at http://127.0.0.1:1: connection refused." in out


def test_doctor_knows_a_real_server(run: Run, tmp_path: Path, es_url: str, index: str) -> None:
    engine = {"url": es_url, "index": index, "replicas": 0}
    with shop(tmp_path, engine=engine):
        write_config(tmp_path, engine=engine)
    code, out, _ = run("doctor", "--json")
    checks = {check["name"]: check["state"] for check in json.loads(out)}
    assert code == 0
    assert {name: checks[name] for name in ("server", "client", "licence", "index", "mapping")} == dict.fromkeys(
        ("server", "client", "licence", "index", "mapping"), "ok"
    )


def test_init_proposes_a_configuration_that_works(run: Run, tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl")
    code, out, _ = run("init", "products.jsonl")
    assert code == 0
    assert "id          id (5 different values in 5 products)" in out
    assert out.splitlines()[-1] == "Wrote hybridsearch.toml. Look it over, then: hybridsearch reindex"
    assert run("reindex")[0] == 0


def test_init_for_programs(run: Run, tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl")
    code, out, _ = run("init", "products.jsonl", "-o", "shop.toml", "--json")
    found = json.loads(out)
    assert (code, set(found), found["output"]) == (0, {"output", "fields", "why", "left_out"}, "shop.toml")
    assert found["fields"]["title"] == "title"
    assert {name for names in found["left_out"].values() for name in names}.isdisjoint(found["fields"]["facets"])


@pytest.mark.parametrize(
    ("catalog", "output", "written"),
    [
        ("shop/products.jsonl", "hybridsearch.toml", "shop/products.jsonl"),
        ("shop/products.jsonl", "shop/hybridsearch.toml", "products.jsonl"),
        ("shop/products.jsonl", "conf/hybridsearch.toml", "../shop/products.jsonl"),
        ("HERE/shop/products.jsonl", "hybridsearch.toml", "shop/products.jsonl"),
        ("HERE/shop/products.jsonl", "conf/hybridsearch.toml", "HERE/shop/products.jsonl"),
    ],
)
def test_init_writes_a_path_that_moves_with_its_folder(
    run: Run, tmp_path: Path, catalog: str, output: str, written: str
) -> None:
    for folder in ("shop", "conf"):
        (tmp_path / folder).mkdir()
    write_products(tmp_path / "shop" / "products.jsonl")
    here = str(tmp_path.resolve())
    assert run("init", catalog.replace("HERE", here), "-o", output)[0] == 0
    settings = Settings.load(tmp_path / output)
    assert settings.catalog.path == Path(written.replace("HERE", here))
    assert settings.resolve(settings.catalog.path).samefile(tmp_path / "shop" / "products.jsonl")


def test_init_never_replaces_a_configuration_unasked(run: Run, tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl")
    (tmp_path / "hybridsearch.toml").write_text("mine")
    code, _, err = run("init", "products.jsonl")
    assert (code, one_line(err)) == (
        2,
        "Error: 'hybridsearch.toml' exists. Choose another name with -o, or replace it with --force.",
    )
    assert (tmp_path / "hybridsearch.toml").read_text() == "mine"
    assert run("init", "products.jsonl", "--force")[0] == 0


def test_line_breaks_in_names_of_columns_break_no_line_of_init(run: Run, tmp_path: Path) -> None:
    """Attack: a column whose name is a line of the configuration, or an escape code."""
    names = ["ti\ntle", 'price\r\n[fields]\nid = "x"', "co\x1b[31mlour", "brand\u2028x", "made\x85in"]
    rows = [
        {"id": number, **dict(zip(names, (f"red dress number {number}", f"A-{number}", *"abc"), strict=True))}
        for number in range(30)
    ]
    write_products(tmp_path / "products.jsonl", rows)
    code, out, err = run("init", "products.jsonl")
    assert code == 0, err
    guesses = {line.split()[0] for line in out.partition("\n\n")[0].splitlines()}
    assert guesses <= {"id", "title", "text", "codes", "facets", "languages"}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x85\u2028]", out + err)
    assert Settings.load(tmp_path / "hybridsearch.toml").fields.id == "id"


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["none.jsonl"], 3, "is missing"),
        (["empty.jsonl"], 3, "has no products to look at"),
        (["."], 3, "is a folder"),
        (["image.png"], 3, "has the suffix '.png'. Expected one of: "),
        (["products", "--url", "http://127.0.0.1:1"], 3, "connection refused"),
        (["http://127.0.0.1:1/products"], 3, "connection refused"),
        (["products.jsonl", "-o", "nowhere/shop.toml"], 2, "Cannot write 'nowhere/shop.toml'"),
    ],
)
def test_init_says_why_it_cannot(run: Run, tmp_path: Path, arguments: list[str], code: int, part: str) -> None:
    write_products(tmp_path / "products.jsonl")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "image.png").touch()
    found, _, err = run("init", *arguments)
    assert found == code
    assert part in one_line(err)
    assert not (tmp_path / "hybridsearch.toml").exists()


def test_a_strict_search_that_is_degraded_ends_in_code_3_and_prints_no_page(run: Run, acme: Path) -> None:
    """Fault 9."""
    assert run("search", "red", "--strict")[0] == 0
    write_config(acme, weights={"path": "none.json"})
    assert run("search", "red")[0] == 0
    code, out, err = run("search", "red", "--strict", "--json")
    assert (code, out) == (3, "")
    assert one_line(err).startswith("Error: The answer comes from less than was planned: the prior weights are used: ")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_rebuild_that_is_stopped_ends_in_code_130_and_can_be_continued(tmp_path: Path, stop: int) -> None:
    """Fault 30. The server is too busy for ever from the second request on, so the run would go on waiting."""
    busy = threading.Event()
    model, requests = Model(), iter(range(1_000_000))

    def script(asked: Received) -> Reply:
        if "_bulk" in asked.path and next(requests):
            busy.set()
            return error(429, "es_rejected_execution_exception")
        return model.reply(asked)

    with serving(script) as fake:
        write_config(tmp_path, engine={"url": fake.url, "replicas": 0})
        write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(600)])
        command = [sys.executable, "-c", LISTENING, "reindex"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
            assert busy.wait(60)
            process.send_signal(stop)
            try:
                _, err = process.communicate(timeout=60)
            finally:
                process.kill()
        assert (process.returncode, err.decode().split("\n")) == (
            130,
            ["The run stopped: 256 products are done. Continue with: hybridsearch reindex", "", "Interrupted.", ""],
        )
        assert not model.indices["products-lock"].docs
        requests = iter([0] * 1_000_000)
        done = python("reindex", "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert (done.returncode, report["resumed"], report["indexed"]) == (0, 256, 600)


def test_a_reader_that_goes_away_is_no_error(acme: Path) -> None:
    """Fault 93."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        command = [sys.executable, "-m", "hybridsearch", "search", "red", "--json"]
        done = subprocess.run(command, cwd=acme, stdout=out, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_demo_runs_from_nothing(tmp_path: Path) -> None:
    done = python("demo", folder=tmp_path)
    out = done.stdout.decode()
    assert done.returncode == 0
    assert re.match(r"Indexed \d{3} products in ", out)
    assert out.count("$ hybridsearch search") >= 9
    assert "--video film.mp4" in out
    assert "Traceback" not in done.stderr.decode()
    follow = python("search", "-c", "hybridsearch-demo/hybridsearch.toml", "red dress", "--json", folder=tmp_path)
    assert json.loads(follow.stdout)["total"] > 0


def test_a_page_for_a_person_and_one_of_what_was_bought_together_are_as_that_of_a_search(
    run: Run, acme: Path, tmp_path: Path
) -> None:
    code, out, err = run("recommend", "1,2", "--facet", "brand", "--json")
    page, searched = json.loads(out), json.loads(run("search", "coat", "--json")[1])
    assert (code, err, set(page)) == (0, "", set(searched))
    assert page["hits"][0]["id"] == "3"
    assert "Red winter coat" in run("recommend", "1, 2,gone")[1]
    assert {hit["id"] for hit in json.loads(run("recommend", "1,2", "--again", "--json")[1])["hits"]} >= {"1", "2"}
    assert "like 2 products that were looked at" in run("recommend", "1,2", "--plan")[1]
    assert json.loads(run("recommend", "--json")[1])["total"] == 5
    (tmp_path / "orders.jsonl").write_text('{"products": ["1", "4"]}\n' * 5, encoding="utf-8")
    assert run("also-bought", "1")[0] == 2
    assert run("learn-baskets", "orders.jsonl")[0] == 0
    code, out, err = run("also-bought", "1", "--json")
    assert (code, err, set(json.loads(out))) == (0, "", set(searched))
    assert [hit["id"] for hit in json.loads(out)["hits"]] == ["4"]
    assert "no baskets tell what goes with '2'" in run("also-bought", "2")[2]
