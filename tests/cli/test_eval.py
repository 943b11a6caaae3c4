"""`hybridsearch eval`: what it says of good judgments, and how every kind of bad ones ends.

With it `prepared` and `trial`, which turn judgments into queries that are asked and measured.
"""

import gzip
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, sample
from hybridsearch.disk.home import Home
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.result_lists import ResultCache
from hybridsearch.learning.runs import Runs, retrieve
from hybridsearch.learning.sources import judgments as judging
from hybridsearch.runtime.progress import silent
from hybridsearch.voice import RECOGNISERS
from tests.servers.fake import RESET, Fake, Received, Reply, passed_on, serving
from tests.shops import PRODUCTS, Run, lend_vectors, runner, settings, shop, write_config, write_products
from tests.video.clips import filmed, plain
from tests.voice.recordings import Told, tone, wav

SAMPLE = Path(sample.__file__).parent
SIGHT = {"name": "image", "encoder": "starter", "reads": "image"}
WORDS = {"name": "words", "encoder": "starter", "reads": ["title"]}
RED_COAT = [("red coat", "3", 2), ("red coat", "2", 1), ("red coat", "4", 0)]
BOOTS = [("boots", "4", 1), ("boots", "1", 0)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `eval` on a file of judgments in a shop's folder: exit code, standard output, standard error."""
    return runner(tmp_path, monkeypatch, capfdbinary, "eval")


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """The folder of a shop without vectors, whose five products are indexed."""
    with shop(tmp_path):
        return write_config(tmp_path).parent


def write(folder: Path, rows: Sequence[tuple[str, str, Any]], **more: Any) -> str:
    """Write judgments, each row with the same further fields, and return the name of the file."""
    lines = (
        json.dumps({"query": query, "product_id": product, "grade": grade, **more}) for query, product, grade in rows
    )
    (folder / "judgments.jsonl").write_text("\n".join(lines) + "\n")
    return "judgments.jsonl"


def test_people_see_tables_and_a_verdict(run: Run, acme: Path) -> None:
    code, out, err = run(write(acme, RED_COAT + BOOTS))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["nDCG@10", "condensed", "nDCG@10", "MAP"]
    assert [line.split()[0] for line in lines[1:3]] == ["keyword", "current"]
    assert "current - keyword" in out
    assert "Queries measured: 2." in lines
    assert lines[-1].startswith("Too few queries to tell the weights in use from keywords alone: 2; nDCG@10 ")


def test_programs_get_one_object(run: Run, acme: Path) -> None:
    code, out, err = run(write(acme, [*RED_COAT, *BOOTS, ("sofa", "1", 0)]), "--json")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert (data["queries"], data["skipped"]) == (2, 1)
    assert data["skipped_because"] == {"no relevant product": 1}
    # The red coat comes first for both systems, and so do the boots, which nothing else is called.
    assert {name: values["MRR@10"] for name, values in data["systems"].items()} == {"keyword": 1, "current": 1}
    assert [(comparison["a"], comparison["b"]) for comparison in data["comparisons"]] == [("current", "keyword")]
    assert data["judgments"] == {"rows": 6, "duplicates": 0, "contradictions": 0, "refused": 0, "unknown_products": 0}


def test_a_leg_brings_its_systems(run: Run, tmp_path: Path) -> None:
    with shop(tmp_path, vectors=[WORDS]):
        write_config(tmp_path, vectors=[WORDS])
    data = json.loads(run(write(tmp_path, RED_COAT + BOOTS), "--json")[1])
    assert list(data["systems"]) == ["keyword", "vector", "rrf", "single", "current"]
    assert len(data["comparisons"]) == 6


def test_the_report_is_one_file_with_titles(run: Run, acme: Path) -> None:
    code, _, err = run(write(acme, RED_COAT), "--html", "report.html")
    assert (code, err) == (0, "The report is in 'report.html'.\n")
    page = (acme / "report.html").read_text(encoding="utf-8")
    assert "products, judgments.jsonl, 20" in page
    assert page.count("<svg") == 4  # systems, comparisons, queries, durations


def test_a_report_that_cannot_be_written_says_so_after_the_figures(run: Run, acme: Path) -> None:
    code, out, err = run(write(acme, RED_COAT), "--html", "gone/report.html")
    assert code == 2
    assert "Too few queries" in out
    assert err == "Error: Cannot write the report 'gone/report.html': No such file or directory. Name another file.\n"


def test_products_that_are_gone_are_counted_and_cost_only_themselves(run: Run, acme: Path) -> None:
    rows = [*RED_COAT, ("red coat", "gone", 2), ("old", "gone too", 2), ("old", "1", 0)]
    data = json.loads(run(write(acme, rows), "--json")[1])
    assert (data["queries"], data["judgments"]["unknown_products"]) == (1, 2)
    assert data["skipped_because"] == {"no relevant product in the index": 1}
    assert "Judged products that the index does not have, and that no system can find: 2." in data["notes"]
    # The red dress, which nobody judged, comes between the two coats; what is gone is not missed.
    assert data["systems"]["keyword"]["nDCG@10"] == pytest.approx((3 + 1 / math.log2(4)) / (3 + 1 / math.log2(3)))


def test_judgments_of_another_shop_are_refused(run: Run, acme: Path) -> None:
    code, out, err = run(write(acme, [("red coat", "B00X", 2), ("boots", "B00Y", 1)]))
    assert (code, out) == (2, "")
    assert err == (
        "Error: The index 'products' has none of the 2 judged products, such as 'B00X'. Give judgments of this shop, "
        "with the ids that its products have in 'id'; if the products are new, run: hybridsearch reindex\n"
    )


def test_judgments_without_anything_relevant_are_refused(run: Run, acme: Path) -> None:
    code, out, err = run(write(acme, [("red coat", "3", 0), ("boots", "4", 0)]))
    assert (code, out) == (2, "")
    assert err.startswith("Error: None of the 2 judged queries can be measured (no relevant product: 2).")


def test_a_row_that_cannot_be_used_is_shown_and_ends_in_code_1(run: Run, acme: Path) -> None:
    rows: list[tuple[str, str, Any]] = [*RED_COAT, ("boots", "4", float("nan")), ("boots", "1", "good")]
    code, out, err = run(write(acme, rows), "--json")
    data = json.loads(out)
    assert code == 1
    assert (data["queries"], data["judgments"]["refused"]) == (1, 2)
    lines = err.splitlines()
    assert lines[0].startswith("  judgments.jsonl:4: ")
    assert lines[1].startswith("  judgments.jsonl:5: 'grade' is 'good'")
    assert lines[2] == "  2 of 5 rows cannot be used; the others were."


def test_repeated_and_contradictory_rows_are_counted(run: Run, acme: Path) -> None:
    data = json.loads(run(write(acme, [*RED_COAT, RED_COAT[0], ("red coat", "2", 2)]), "--json")[1])
    assert (data["judgments"]["duplicates"], data["judgments"]["contradictions"]) == (1, 1)
    assert "Rows that repeat another, and count once: 1." in data["notes"]


def test_equal_grades_are_measured_and_pointed_out(run: Run, acme: Path) -> None:
    code, out, _ = run(write(acme, [("red coat", "3", 1), ("red coat", "2", 1), ("boots", "4", 1)]))
    assert code == 0
    assert "All grades are equal" in out


@pytest.mark.parametrize(("content", "code", "said"), [("", 2, "are empty"), (None, 3, "Cannot read")])
def test_a_file_without_judgments_is_refused(run: Run, acme: Path, content: str | None, code: int, said: str) -> None:
    if content is not None:
        (acme / "judgments.jsonl").write_text(content)
    exit_code, out, err = run("judgments.jsonl")
    assert (exit_code, out) == (code, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_filter_that_the_index_does_not_have_costs_one_query(run: Run, acme: Path) -> None:
    write(acme, RED_COAT)
    lines = (acme / "judgments.jsonl").read_text()
    for name, query in (("brand", "winter coat"), ("colour", "boots")):
        row = {"query": query, "product_id": "3", "grade": 1, "filters": {name: "Borealis"}}
        lines += json.dumps(row) + "\n"
    (acme / "judgments.jsonl").write_text(lines)
    data = json.loads(run("judgments.jsonl", "--json")[1])
    assert data["queries"] == 2
    assert data["skipped_because"] == {"filter that this index does not have": 1}


def test_a_photo_needs_a_leg_that_sees(run: Run, acme: Path) -> None:
    code, _, err = run(write(acme, RED_COAT, image="photo.jpg"))
    assert code == 2
    assert "photo, and no vector leg reads pictures: 1" in err


def test_photos_lie_beside_the_judgments(run: Run, tmp_path: Path) -> None:
    with shop(tmp_path, vectors=[SIGHT]):
        write_config(tmp_path, vectors=[SIGHT])
    beside = tmp_path / "judged"
    beside.mkdir()
    shutil.copy(SAMPLE / "photo.jpg", beside / "photo.jpg")
    rows = [
        {"query": "coat", "product_id": "3", "grade": 1, "image": image}
        for image in ("photo.jpg", "gone.jpg", "../hybridsearch.toml")
    ]
    (beside / "photos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = json.loads(run("judged/photos.jsonl", "--json")[1])
    assert data["queries"] == 1
    assert data["skipped_because"] == {"photo that cannot be read": 2}
    assert [part["value"] for part in data["breakdown"]] == []


def test_recordings_lie_beside_the_judgments_and_are_measured_by_what_is_heard_in_them(
    run: Run, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECOGNISERS, "told", lambda *_: Told())
    write_config(acme, voice={"recogniser": "told:"})
    beside = acme / "judged"
    beside.mkdir()
    (beside / "said.wav").write_bytes(wav(tone(1.0)))
    (beside / "silence.wav").write_bytes(wav(tone(1.0) * 0))
    rows = [
        {"audio": audio, "product_id": "3", "grade": 1}
        for audio in ("said.wav", "silence.wav", "gone.wav", "../hybridsearch.toml", "../judged")
    ]
    (beside / "spoken.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = json.loads(run("judged/spoken.jsonl", "--json")[1])
    assert data["queries"] == 1
    assert data["skipped_because"] == {
        "recording in which nothing was said": 1,
        "recording that cannot be read": 3,
    }
    assert data["systems"]["current"]["nDCG@10"] == 1


def test_videos_lie_beside_the_judgments_and_are_searched_with_in_place_of_photos(run: Run, tmp_path: Path) -> None:
    beside = tmp_path / "judged"
    beside.mkdir()
    for color in ("red", "blue"):
        plain(color).save(tmp_path / f"{color}.png")
    (beside / "shown.webm").write_bytes(filmed([plain("red")] * 3, "webm"))
    (beside / "broken.mp4").write_bytes(b"text")
    write_products(tmp_path / "products.jsonl", [{"id": name, "image": f"{name}.png"} for name in ("red", "blue")])
    changes: dict[str, Any] = {"fields": {"image": "image"}, "vectors": [{"name": "image", "encoder": "starter"}]}
    with shop(tmp_path, **changes):
        write_config(tmp_path, **changes)
    rows = [
        {"video": video, "product_id": "red", "grade": 1}
        for video in ("shown.webm", "broken.mp4", "gone.mp4", "../red.png", "https://shop.example/v.mp4")
    ]
    rows.append({"video": "shown.webm", "image": "red.png", "product_id": "red", "grade": 1})
    (beside / "filmed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, err = run("judged/filmed.jsonl", "--json")
    assert code == 1
    assert "'image' and 'video' are both given, expected one of them" in err
    data = json.loads(out)
    assert data["queries"] == 1
    assert data["skipped_because"] == {"video that cannot be read": 4}
    assert data["systems"]["current"]["nDCG@10"] == 1


def test_other_words_for_judgments_are_read_too(run: Run, acme: Path) -> None:
    with gzip.open(acme / "qrels.gz", "wt") as file:
        file.write("1 0 3 2\n1 0 2 0\n")
    (acme / "topics.tsv").write_text("1\tred coat\n")
    data = json.loads(run("qrels.gz", "--topics", "topics.tsv", "--json")[1])
    assert (data["queries"], data["systems"]["keyword"]["nDCG@10"]) == (1, 1)


def test_weights_that_cannot_be_used_are_noted(run: Run, acme: Path) -> None:
    write_config(acme, weights={"path": "gone.json"})
    code, out, _ = run(write(acme, RED_COAT))
    assert code == 0
    assert "The prior weights are used: Cannot read" in out


def test_the_shops_own_query_needs_its_own_index(run: Run, acme: Path) -> None:
    (acme / "query.json").write_text('{"query": {"match": {"title": "{{query}}"}}}')
    code, out, err = run(write(acme, RED_COAT), "--keyword-query", "query.json")
    assert (code, out) == (2, "")
    assert err.startswith("Error: The shop's own query needs the shop's own index, but the catalogue is a file.")


def test_measuring_a_shop_without_vectors_never_loads_torch() -> None:
    statement = "import hybridsearch.cli.eval, hybridsearch.learning.reports.report, hybridsearch.learning.trial, sys"
    done = subprocess.run([sys.executable, "-c", f"{statement}; print(*sys.modules)"], capture_output=True, check=True)
    assert not {"torch", "sentence_transformers", "transformers"} & set(done.stdout.decode().split())


@pytest.fixture
def grown(tmp_path: Path, es_url: str, index: str) -> Path:
    """The folder of a shop whose catalogue is an index of its own."""
    own = f"{index}-own"
    with Elasticsearch(es_url) as client:
        for row in PRODUCTS:
            client.index(index=own, id=str(row["id"]), document=row)
        client.indices.refresh(index=own)
    changes = {"catalog": {"index": own}, "engine": {"url": es_url, "index": index, "replicas": 0}}
    with shop(tmp_path, **changes):
        return write_config(tmp_path, **changes).parent


def test_the_shops_own_query_is_asked_on_its_own_index(run: Run, grown: Path) -> None:
    # The cheapest first, and nothing but titles: what no plan of ours would do.
    body = {"query": {"match": {"title": "{{query}}"}}, "sort": [{"price": "asc"}], "size": 1, "from": 1}
    (grown / "query.json").write_text(json.dumps(body))
    arguments = (write(grown, [("coat", "3", 1), ("coat", "2", 0)]), "--keyword-query", "query.json", "--json")
    data = json.loads(run(*arguments)[1])
    assert data["systems"]["keyword"]["MRR@10"] == 0.5
    assert json.loads(run(*arguments)[1])["systems"] == data["systems"]


def test_words_cannot_break_out_of_the_shops_own_query(run: Run, grown: Path) -> None:
    (grown / "query.json").write_text('{"query": {"match": {"title": "{{query}}"}}}')
    hostile = 'coat"}}, "size": 0, {{query}}'
    code, out, _ = run(write(grown, [(hostile, "3", 1)]), "--keyword-query", "query.json", "--json")
    assert code == 0
    assert json.loads(out)["systems"]["keyword"]["recall@10"] == 1


def test_a_query_that_the_server_refuses_is_for_the_shop_to_correct(run: Run, grown: Path) -> None:
    (grown / "query.json").write_text('{"query": {"macth": {"title": "{{query}}"}}}')
    code, _, err = run(write(grown, RED_COAT), "--keyword-query", "query.json")
    assert code == 2
    assert "Elasticsearch refused the shop's own query: unknown query [macth]" in err


@contextmanager
def between(es_url: str, change: Callable[[Received, int, Reply], Reply]) -> Iterator[Fake]:
    """Run a server that passes everything on to a real one, and may change the answers to searches, counted from 1."""
    searches = 0

    def script(asked: Received) -> Reply:
        nonlocal searches
        reply = passed_on(es_url, asked)
        if "_search" in asked.path and not asked.asks_for_words:
            searches += 1
            return change(asked, searches, reply)
        return reply

    with serving(script) as fake:
        yield fake


def searches(fake: Fake) -> int:
    return sum("_search" in request.path and not request.asks_for_words for request in fake.asked)


def test_an_engine_that_goes_away_costs_nothing_that_was_answered(
    run: Run, tmp_path: Path, es_url: str, index: str
) -> None:
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}):
        rows = [*RED_COAT, *BOOTS, ("dress", "1", 1)]
    with between(es_url, lambda _, number, reply: reply if number <= 4 else RESET) as dying:
        write_config(tmp_path, engine={"url": dying.url, "index": index})
        code, out, err = run(write(tmp_path, rows))
    assert (code, out) == (3, "")
    assert err.startswith("The answers so far are kept: run the same command again to continue.\nError: Cannot reach")
    with between(es_url, lambda _, number, reply: reply) as healthy:
        write_config(tmp_path, engine={"url": healthy.url, "index": index})
        code, out, _ = run("judgments.jsonl", "--json")
        assert searches(healthy) == 2  # of the six
    assert (code, json.loads(out)["queries"]) == (0, 3)


def test_answers_that_are_not_whole_are_left_out_and_counted(run: Run, tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 9: they are not kept either."""

    def late(asked: Received, number: int, reply: Reply) -> Reply:
        return Reply({**json.loads(reply.body), "timed_out": True}) if number == 1 else reply

    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}):
        pass
    with between(es_url, late) as slow:
        write_config(tmp_path, engine={"url": slow.url, "index": index})
        data = json.loads(run(write(tmp_path, RED_COAT + BOOTS), "--json")[1])
        assert (data["queries"], data["skipped_because"]) == (1, {"an answer was not whole": 1})
        # It was not kept either: asked again, it is whole.
        assert json.loads(run("judgments.jsonl", "--json")[1])["queries"] == 2


FIELDS: Mapping[str, Any] = {
    "title": "title",
    "text": ["description", "brand"],
    "codes": ["sku", "ean"],
    "image": "image",
    "numbers": ["rating"],
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEGS = [{**SIGHT, "exact": True}, {**WORDS, "exact": True}]


def test_both_engines_give_the_same_rankings_and_current_is_what_they_serve(
    tmp_path: Path, es_url: str, index: str
) -> None:
    judged = judging.read(SAMPLE / "judgments.tsv")
    embedded, served_embedded = every_answer(tmp_path / "here", judged, {})
    elastic, served_elastic = every_answer(tmp_path / "there", judged, {"url": es_url, "index": index, "replicas": 0})
    assert len(embedded.asked) > 30
    for system, lists in embedded.rankings.items():
        for query, ours, theirs in zip(embedded.asked, lists, elastic.rankings[system], strict=True):
            assert level_apart(ours, theirs), (system, query.query.text)
    assert served_embedded == served_elastic
    for ids, served in zip(embedded.rankings["current"], served_embedded, strict=True):
        assert level_apart(ids[:10], served)  # tied products have an order of their own under other weights


def level_apart(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Say whether two rankings differ at most in the order of neighbours.

    The engines' scores agree to some 1e-7: two products that are nearer to each other may change places, and how near
    they are depends on the processor that encoded them.
    """
    ranks = {product: rank for rank, product in enumerate(theirs)}
    return len(ours) == len(theirs) and all(
        abs(ranks.get(product, len(theirs)) - rank) <= 1 for rank, product in enumerate(ours)
    )


def every_answer(folder: Path, judged: judging.Judgments, engine: Mapping[str, Any]) -> tuple[Runs, list[list[str]]]:
    """Return what the systems answer in a shop with the sample catalogue, and what its shoppers get."""
    folder.mkdir()
    lend_vectors(folder, "the sample and its photo")
    catalog = {"path": str(SAMPLE / "products.jsonl")}
    made = settings(folder, catalog=catalog, fields=FIELDS, vectors=LEGS, engine=dict(engine))
    with HybridSearch.open(made) as shop, ResultCache(Home(folder).candidates) as cache:
        shop.reindex()
        if engine:
            with Elasticsearch(engine["url"]) as client:
                client.indices.forcemerge(index=engine["index"], max_num_segments=1)
        asked = prepare(shop, judged, SAMPLE).asked
        served = [[hit.id for hit in shop.search(query.query.text)] for query in asked]
        return retrieve(shop, asked, shop.weights_for(shop.engine.schema())[0], cache, silent), served
