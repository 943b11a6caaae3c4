"""Every benchmark runs; its figures mean nothing at this size."""

import contextlib
import gzip
import io
import json
import runpy
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from hybridsearch import cli
from hybridsearch.learning import cross_validation
from tests.learning.builders import BEST_SELLERS, THINGS, WORDS, best_sellers
from tests.shops import FIELDS, write_config

ROOT = Path(__file__).parents[2]
# All of them beside the servers: so both processes of `make test` take about as long.
pytestmark = [pytest.mark.server, pytest.mark.beside_one_server]


def run(module: str, *arguments: str) -> str:
    """Run a benchmark as `python -m` does, in this process, which has loaded torch and the encoder already."""
    said = io.StringIO()
    argv = [module, *arguments, "--small"]
    with mock.patch.object(sys, "argv", argv), contextlib.chdir(ROOT), contextlib.redirect_stdout(said):
        runpy.run_module(module, run_name="__main__")
    return said.getvalue()


def test_the_embedded_engine_is_measured() -> None:
    assert "p50" in run("benchmarks.embedded")


def test_the_embedded_engine_is_measured_beside_the_peers_that_are_installed() -> None:
    command = [sys.executable, "-m", "benchmarks.peers", "--small"]  # each system runs in a process of its own
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert json.loads(said.splitlines()[0])["what"] == "hybridsearch"


def test_encoding_is_measured_against_the_bare_model() -> None:
    said = run("benchmarks.encode")
    assert said.count("library / bare") == 2 * 3
    assert "ms_a_photo" in said


def test_encoding_in_many_processes_is_measured_against_one() -> None:
    command = [sys.executable, "-m", "benchmarks.cluster", "--small"]  # its functions go to other processes
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.count('"same": true') == 2
    assert "through_dask_per_s" in said


def test_several_pictures_and_photos_with_words_are_measured() -> None:
    said = run("benchmarks.pictures")
    assert "several pictures" in said
    assert "but blue" in said


def test_videos_of_products_are_measured_by_their_mean_and_by_their_best_frame() -> None:
    said = run("benchmarks.video")
    assert said.count("picture + video x 1/4") == 2
    assert said.count("video, best") == 2


def test_photos_of_several_things_and_wishes_for_another_colour_are_measured() -> None:
    assert run("benchmarks.scenes").count("whole top-5") == 3
    assert run("benchmarks.wishes").count('"before"') == 2 * 4


def test_goods_under_their_names_in_other_languages_are_measured() -> None:
    figures = [json.loads(line) for line in run("benchmarks.abroad").splitlines()]
    assert [line["empty"] for line in figures] == [0] * 6
    assert [line["without"] for line in figures if line["language"] in ("ja", "zh")] == [0, 0]


def test_spoken_queries_are_measured_against_typed_ones(spoken: Path) -> None:
    said = run("benchmarks.voice", "--model", str(spoken))
    assert "hints" in said
    assert "spoken without the recogniser" in said


def test_searches_are_measured_against_what_shops_write_by_hand(es_url: str) -> None:
    assert "planned" in run("benchmarks.search", "--url", es_url)


def test_facets_are_measured_against_the_same_search_without_them_on_both_engines(es_url: str) -> None:
    assert run("benchmarks.facets").count('"ratios"') == 2
    assert run("benchmarks.facets", "--url", es_url).count('"ratios"') == 2


def test_the_page_and_the_api_are_measured_by_http() -> None:
    lines = [json.loads(line) for line in run("benchmarks.web").splitlines() if line.startswith("{")]
    assert [line["catalogue"] for line in lines] == ["sample"] * 3 + ["generated"] * 3
    assert {line["together"]["errors"] for line in lines if "together" in line} == {0}


def test_sizes_of_a_catalogue_and_kinds_of_vectors_are_measured_on_a_server(es_url: str) -> None:
    assert run("benchmarks.scale", "--url", es_url).count('"work_to_first"') == 2 * 5
    assert run("benchmarks.graphs", "--url", es_url, "--types", "int8_hnsw").count('"of_10"') == 7


def test_a_rebuild_is_measured_against_bare_bulk_requests(es_url: str) -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.reindex",
        "--url",
        es_url,
        "--small",
    ]  # it measures processes of its own
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "ratio" in said
    assert said.count("per_core_s") == 2


def test_products_with_variants_are_measured_against_plain_ones_on_both_engines(es_url: str) -> None:
    assert run("benchmarks.variants").count("ratio") == run("benchmarks.variants", "--url", es_url).count("ratio") == 9


def test_rules_and_synonyms_are_measured_on_both_engines(es_url: str) -> None:
    for arguments in ([], ["--url", es_url]):
        assert "10 rules are for a query" in run("benchmarks.guidance", *arguments)


def test_a_log_is_measured_as_it_is_written_and_read(es_url: str) -> None:
    said = run("benchmarks.log", "--url", es_url)
    assert said.count("p50_ms") == 2
    assert said.count("memory_MB") == 2 * 3


def test_similar_products_are_measured_on_both_engines(es_url: str) -> None:
    for arguments, systems in (([], 2), (["--url", es_url], 4)):
        said = run("benchmarks.similar", *arguments)
        assert said.count("similar leads by") == 2 * 2 * (systems - 1)
        assert said.count("the prior") == 2


def test_questions_are_measured(tmp_path: Path) -> None:
    lines = (ROOT / "benchmarks" / "questions_held.jsonl").read_text(encoding="utf-8").splitlines()
    attributes = {question["attribute"]: "grey" for question in map(json.loads, lines) if question["attribute"]}
    with gzip.open(tmp_path / "products.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"id": str(number), "title": "Thing", **attributes}) + "\n" for number in range(9))
    assert "without: " in run("benchmarks.ask", str(tmp_path))


def test_tastes_are_measured_in_made_up_sessions() -> None:
    said = run("benchmarks.taste")
    assert said.count("own history gains") >= 2
    assert said.count("an empty history changes 0 searches") == 2


def test_quality_is_measured_on_judgments(tmp_path: Path) -> None:
    leg = {"name": "words", "encoder": "starter", "reads": ["title"]}
    config = write_config(tmp_path, fields=FIELDS, vectors=[leg])
    assert cli.run(["reindex", "-c", str(config)]) == 0
    grades = [("red coat", "3", 2), ("boots", "4", 0)]
    judgments = [{"query": query, "product_id": product, "grade": grade} for query, product, grade in grades]
    with gzip.open(tmp_path / "judgments.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in judgments)
    said = run("benchmarks.quality", str(tmp_path), "--config", str(config))
    assert "1 queries, 1 left out" in said
    assert "nDCG@10" in said
    said = run("benchmarks.nonsense", "--config", str(config), "--judgments", str(tmp_path / "judgments.jsonl.gz"))
    assert "gibberish    5 queries" in said
    assert "real         1 queries, 0.0% find nothing" in said
    said = run("benchmarks.served", "--config", str(config), "--judgments", str(tmp_path / "judgments.jsonl.gz"))
    assert "all        1 queries  nDCG@10" in said
    files = ("--config", str(config), "--judgments", str(tmp_path / "judgments.jsonl.gz"))
    assert "cut-off 0.65 relevant 1.000" in run("benchmarks.sorting", *files)
    assert '"what": "completed", "queries": 2, "word": 1.0' in run("benchmarks.suggest", *files)
    assert "score 0.8: nDCG@10 1.000" in run("benchmarks.diversity", *files, "--facet", "brand")


def test_learning_is_measured_by_judgments_on_shuffled_grades_and_from_clicks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.01)),))  # a tenth of the time
    judgments = best_sellers(tmp_path, twice=False)
    config = write_config(tmp_path, **BEST_SELLERS)
    assert cli.run(["reindex", "-c", str(config)]) == 0
    sessions = [
        {"session": f"{word} {number}", "query": word, "shown": [f"{word}-{thing}" for thing in THINGS[number % 4 :]],
         "clicked": [f"{word}-{THINGS[4]}"]}
        for word in WORDS for number in range(60)
    ]  # fmt: skip
    with gzip.open(tmp_path / "sessions.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in sessions)
    for what, rows, expected in (
        ("curve", judgments, "queries aside: keywords "),
        ("shuffled", judgments, "over_judged: "),
        ("clicks", tmp_path / "sessions.jsonl.gz", "other queries: corrected - plain, measured corrected: "),
    ):
        assert expected in run("benchmarks.learning", what, "--config", str(config), "--judgments", str(rows))


def test_offers_that_are_one_product_are_measured_against_plain_similarities() -> None:
    assert run("benchmarks.match").count("precision") == 3 + 2


def test_suggestions_are_measured_on_both_engines(es_url: str) -> None:
    for arguments in ([], ["--url", es_url]):
        assert run("benchmarks.suggest", *arguments).count('"p50_ms"') == 2


def test_what_is_learned_of_tastes_is_measured_on_made_up_logs() -> None:
    said = run("benchmarks.sessions")
    assert said.count("sessions that had done something before") == 4


def test_reviews_are_measured_on_labelled_sentences_of_which_those_held_out_are_told_in_each_language() -> None:
    told = [json.loads(line) for line in run("benchmarks.reviews").splitlines()]
    assert all(line["accuracy"] >= 0.8 for line in told if "accuracy" in line)
    assert sum("accuracy" in line for line in told) == sum("reviews_a_second" in line for line in told) == 6


def test_changes_of_a_share_of_all_products_are_measured_beside_compiling_all() -> None:
    compiled, changed = map(json.loads, run("benchmarks.changes").splitlines())
    assert compiled["compiled from documents"]["cpu_s"] > 0
    assert (changed["percent"], changed["merging all"]["cpu_s"] > 0) == (10, True)
