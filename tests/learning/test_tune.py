"""`hybridsearch tune`: what it activates, what it refuses and why, and what it does with bad judgments.

With it `learned_weights`, which turns what was learned into a weights file.
"""

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridSearch, running, sample
from hybridsearch.disk.home import Home
from hybridsearch.learning import cross_validation, curve
from hybridsearch.learning.history import exclusive
from hybridsearch.search import weights as weighting
from hybridsearch.search.weights import prior
from hybridsearch.settings import Settings
from tests.learning.builders import BEST_SELLERS, THINGS, WORDS, best_sellers, write_rows
from tests.servers.fake import Received, Reply, error, serving
from tests.shops import Run, runner, shop, write_config, write_products

IN_USE = {"weights": {"path": "weights.json"}}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the indexed shop and its judgments, to be copied."""
    folder = tmp_path_factory.mktemp("built")
    best_sellers(folder)
    with shop(folder, **BEST_SELLERS):
        write_config(folder, **BEST_SELLERS, **IN_USE)
    return folder


@pytest.fixture
def run(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run `tune` in a copy of the shop, with few choices and on one split, which takes a fifteenth of the time."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.01)), ("numbers", (False, True))))
    monkeypatch.setattr(cross_validation, "REPEATS", 1)

    return runner(tmp_path, monkeypatch, capfdbinary, "tune")


def judgments() -> list[dict[str, Any]]:
    """Return the rows of the judgments in the working directory."""
    return [json.loads(line) for line in Path("judgments.jsonl").read_text(encoding="utf-8").splitlines()]


def tuned(run: Run, rows: Sequence[Any], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Write judgments, tune on them, and return the exit code and the report."""
    code, out, _ = run(str(write_rows(Path("rows.jsonl"), rows)), "--json", *arguments)
    return code, json.loads(out)


def test_better_weights_are_activated_and_used(run: Run) -> None:
    code, out, _ = run("judgments.jsonl", "--json")
    report = json.loads(out)
    assert (code, report["activated"]) == (0, True)
    assert report["after"] > report["before"] + 0.1
    assert report["low"] > 0
    assert 0 < report["p"] < 0.05
    assert report["high"] > report["low"]
    assert report["queries"] == 26
    assert report["path"] == str(Path("weights.json").resolve())
    told = running.last(Home(Path(".hybridsearch")).tuning)
    assert told is not None
    assert (told.ended, told.report["reason"]) == ("done", report["reason"])
    with HybridSearch.open() as found:
        page = found.search("maple")
        assert page.degraded == ()
        rows = {row["product_id"]: row["grade"] for row in judgments() if row["query"] == "maple"}
        assert [rows[hit.id] for hit in page][:3] == [3, 2, 1]
        # The signals of the page are those of the file: a number of its own weight and constant.
        written = weighting.load(Path("weights.json"))
        assert written.half("number.sales") != prior().half("number.sales")
        for hit in page:
            sales = float(hit.product["sales"])
            expected = written.weight("number.sales") * sales / (sales + written.half("number.sales"))
            assert hit.signals["number.sales"] == pytest.approx(expected, abs=1e-4)


def test_a_report_with_the_learning_curve_is_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "SHARES", (0.5,))
    code, out, err = run("judgments.jsonl", "--json", "--html", "learned.html")
    points = json.loads(out)["curve"]
    assert code == 0
    assert err.endswith("The report is in 'learned.html'.\n")
    assert [point["queries"] for point in points] == sorted(point["queries"] for point in points)
    assert len(points) == 2
    page = Path("learned.html").read_text(encoding="utf-8")
    assert "Activated: " in page
    assert page.count("<svg") == 2
    assert run("--revert", "--html", "learned.html")[0] == 2


def test_the_file_says_what_was_learned_from_what(run: Run) -> None:
    run("judgments.jsonl")
    learned = json.loads(Path("weights.json").read_text(encoding="utf-8"))["learned"]
    assert (learned["queries"], learned["judgments"]) == (26, 26 * len(THINGS))
    assert learned["gain"]["low"] > 0
    assert set(learned["nDCG@10"]) == {"keyword", "before", "after"}
    assert learned["recipe"]["numbers"] is True
    assert learned["library"]
    assert learned["date"].startswith("20")


def test_people_read_numbers_reason_and_where_it_was_written(run: Run) -> None:
    code, out, _ = run("judgments.jsonl")
    assert code == 0
    assert out.startswith("26 queries\n  keywords alone   ")
    assert "  weights: number.sales" in out
    assert "Activated: nDCG@10 " in out
    assert f"Written to '{Path('weights.json').resolve()}'." in out
    assert "put into the configuration" not in out


def test_a_second_run_starts_from_the_weights_of_the_first_and_gains_less(run: Run) -> None:
    first, second = (json.loads(run("judgments.jsonl", "--json")[1]) for _ in range(2))
    assert second["before"] > first["before"]
    assert second["difference"] < first["difference"] / 2


def test_a_configuration_that_names_no_file_is_told_what_to_add(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path, **BEST_SELLERS)
    code, out, _ = run("judgments.jsonl")
    path = tmp_path / "weights.json"
    assert code == 0
    assert out.endswith(f'To use them, put into the configuration:\n[weights]\npath = "{path}"\n')
    assert path.exists()


def test_another_file_can_be_named(run: Run) -> None:
    code, report = tuned(run, judgments(), "-o", "elsewhere/mine.json")
    assert (code, report["path"]) == (0, "elsewhere/mine.json")
    assert weighting.load(Path("elsewhere/mine.json")).weight("number.sales") > 0
    assert not Path("weights.json").exists()


def test_a_file_that_cannot_be_written_is_named(run: Run) -> None:
    Path("weights.json").mkdir()
    code, _, err = run("judgments.jsonl")
    assert code == 3
    assert "Look at the folder and the free space." in err


def test_a_change_can_be_taken_back(run: Run) -> None:
    run("judgments.jsonl")
    code, out, _ = run("--revert", "--json")
    assert code == 0
    assert json.loads(out)["reverted"].endswith("weights.json")
    assert weighting.load(Path("weights.json")) == prior()
    code, _, err = run("--revert")
    assert code == 2
    assert "has no history to go back to" in err


def test_a_damaged_file_is_compared_as_the_prior_and_said_and_kept(run: Run) -> None:
    Path("weights.json").write_text("{", encoding="utf-8")
    code, out, _ = run("judgments.jsonl", "--json")
    report = json.loads(out)
    assert code == 0
    assert any(note.startswith("The prior weights are used: ") for note in report["notes"])
    run("--revert")
    assert Path("weights.json").read_text(encoding="utf-8") == "{"


# Shadow.


def test_a_shadow_is_written_beside_and_compared_on_the_judged_queries(run: Run) -> None:
    code, report = tuned(run, judgments(), "--shadow")
    assert (code, report["activated"]) == (0, False)
    assert report["path"].endswith("weights.shadow.json")
    assert not Path("weights.json").exists()
    assert report["shadow"]["queries"] == 26
    assert report["shadow"]["overlap"] == 1.0  # eight products are one page in any order
    assert report["shadow"]["same_first"] < 1.0


def test_a_shadow_is_compared_on_the_queries_of_a_log(run: Run) -> None:
    Path("log.txt").write_text("maple\nelm desk\nmaple\nzzz\n", encoding="utf-8")
    code, out, _ = run("judgments.jsonl", "--shadow", "--log", "log.txt")
    assert code == 0
    assert "On 3 queries " in out
    assert "'zzz' (100% stays)" in out
    assert "Not activated: " in out


def test_a_log_alone_is_a_mistake(run: Run) -> None:
    assert run("judgments.jsonl", "--log", "log.txt")[0] == 2


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", None])
def test_a_log_that_cannot_be_read_is_named_before_anything_is_learned(run: Run, content: bytes | None) -> None:
    if content is not None:
        Path("log.txt").write_bytes(content)
    code, _, err = run("judgments.jsonl", "--shadow", "--log", "log.txt")
    assert code == 2
    assert "log.txt" in err
    assert not Home(Path(".hybridsearch")).candidates.exists()


# Bad input: it costs nothing but itself, and never makes a shop worse.


def test_five_judgments_prove_nothing(run: Run) -> None:
    code, report = tuned(run, judgments()[:5])
    assert (code, report["activated"]) == (1, False)
    assert report["reason"] == "1 queries are too few to prove anything; 20 are needed, 200 or more advised."
    assert not Path("weights.json").exists()


def test_grades_that_are_all_equal_prove_nothing(run: Run) -> None:
    code, report = tuned(run, [{**row, "grade": 2} for row in judgments()])
    assert (code, report["activated"]) == (1, False)
    assert report["before"] == pytest.approx(1.0)


def test_grades_for_products_that_are_gone_are_counted_and_passed_over(run: Run) -> None:
    gone = [{"query": word, "product_id": f"gone-{word}", "grade": 3} for word in (*WORDS, "nothing")]
    code, report = tuned(run, [*judgments(), *gone])
    assert code == 0
    assert report["skipped"] == {"no relevant product in the index": 1}
    assert any(note.endswith("that no system can find: 14.") for note in report["notes"])


def test_rows_that_cannot_be_used_cost_nothing_but_themselves(run: Run) -> None:
    bad = [{"query": "ash", "product_id": "ash-box", "grade": grade} for grade in (float("nan"), "good", None)]
    path = write_rows(Path("rows.jsonl"), [*bad, *judgments()])
    code, out, err = run(str(path), "--json")
    report = json.loads(out)
    assert (code, report["queries"]) == (0, 26)
    assert any(note.startswith("Rows that cannot be used: 3 of ") for note in report["notes"])
    assert "rows.jsonl:1" in err


def test_judgments_of_another_shop_are_refused(run: Run) -> None:
    write_rows(Path("rows.jsonl"), [{**row, "product_id": f"other-{row['product_id']}"} for row in judgments()])
    code, out, err = run("rows.jsonl")
    assert (code, out) == (2, "")
    assert "has none of the 208 judged products" in err
    assert "Give judgments of this shop" in err


def test_ten_thousand_equal_clicks_of_one_session_count_as_one(run: Run) -> None:
    click = {"session": "bot", "query": "ash", "shown": ["ash-box", "ash-desk"], "clicked": ["ash-box"]}
    code, _, err = run(str(write_rows(Path("rows.jsonl"), [click] * 10_000)))
    assert code == 2
    assert "Give judgments with grades above 0" in err


def test_clicks_teach_what_shoppers_prefer(run: Run) -> None:
    random = np.random.default_rng(0)
    graded: dict[str, dict[str, int]] = {}
    for row in judgments():
        graded.setdefault(row["query"], {})[row["product_id"]] = row["grade"]
    rows = []
    for session in range(26 * 80):
        query = list(graded)[session % 26]
        shown = random.permutation(list(graded[query])).tolist()
        chance = [graded[query][name] / 4 / rank for rank, name in enumerate(shown, 1)]
        clicked = [name for name, likely in zip(shown, chance, strict=True) if random.random() < likely]
        rows.append({"session": f"s{session}", "query": query, "shown": shown, "clicked": clicked})
    code, report = tuned(run, rows)
    assert (code, report["activated"]) == (0, True)
    assert report["weights"]["signals"]["number.sales"] > 0
    assert any(note.startswith("Grades were estimated from the clicks of 2080 sessions") for note in report["notes"])


def test_a_missing_or_foreign_file_is_named(run: Run) -> None:
    code, _, err = run("none.jsonl")
    assert code == 3
    assert "none.jsonl" in err
    code, _, err = run("hybridsearch.toml")
    assert code == 2
    assert "hybridsearch.toml" in err


def test_one_of_judgments_and_revert_is_needed(run: Run) -> None:
    assert run()[0] == 2
    assert run("judgments.jsonl", "--revert")[0] == 2


def test_the_second_of_two_runs_is_refused_and_told_who_is_first(run: Run) -> None:
    with exclusive(Settings.load()):
        code, _, err = run("judgments.jsonl")
        assert code == 3
        assert err.startswith(f"Error: Process {os.getpid()} is tuning in ")
        assert "Wait until it has ended, then try again." in err
        assert run("--revert")[0] == 3
    assert run("judgments.jsonl")[0] == 0


def test_an_engine_that_is_down_is_said_and_the_weights_stay(run: Run, tmp_path: Path) -> None:
    def script(request: Received) -> Reply:
        return error(503, "no_shard_available_action_exception")

    with serving(script) as server:
        write_config(tmp_path, **BEST_SELLERS, **IN_USE, engine={"url": server.url})
        code, _, err = run("judgments.jsonl")
    assert code == 3
    assert "The answers so far are kept" in err
    assert not Path("weights.json").exists()


def test_queries_whose_answer_is_degraded_teach_nothing_and_are_counted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 9: what a shard kept to itself looks irrelevant, and would be learned as that."""
    from hybridsearch.engines.embedded import EmbeddedEngine

    search = EmbeddedEngine.search

    def partly(self: EmbeddedEngine, plan: Any) -> Any:
        page = search(self, plan)
        return replace(page, degraded=("1 of 2 shards failed",)) if plan.query == "maple" else page

    monkeypatch.setattr(EmbeddedEngine, "search", partly)
    report = json.loads(run("judgments.jsonl", "--json")[1])
    assert (report["queries"], report["skipped"]) == (25, {"an answer was not whole": 1})


def test_an_engine_that_goes_down_half_way_is_asked_only_the_rest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from hybridsearch.engines.embedded import EmbeddedEngine
    from hybridsearch.errors import EngineError

    asked = 0
    last = 30
    search = EmbeddedEngine.search

    def failing(self: EmbeddedEngine, plan: Any) -> Any:
        nonlocal asked
        if asked == last:
            raise EngineError("It is gone.")
        asked += 1
        return search(self, plan)

    monkeypatch.setattr(EmbeddedEngine, "search", failing)
    code, _, err = run("judgments.jsonl")
    assert (code, asked) == (3, 30)
    assert "run the same command again to continue" in err
    last = -1
    assert run("judgments.jsonl")[0] == 0
    assert asked == 2 * 26  # the window and the keywords of each query, none of them twice


def test_judgments_may_be_packed(run: Run) -> None:
    with gzip.open("packed.jsonl.gz", "wb") as file:
        file.write(Path("judgments.jsonl").read_bytes())
    assert run("packed.jsonl.gz")[0] == 0


# Photos.


def test_judged_photos_are_learned_from_and_those_that_cannot_be_read_are_counted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "seeing"
    images = Path(sample.__file__).parent
    lines = (images / "products.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("image")][:60:3]
    write_products(folder / "products.jsonl", rows)
    changes: dict[str, Any] = {
        "catalog": {"path": "products.jsonl", "images": str(images)},
        "fields": {"title": "title", "image": "image", "languages": ["en"]},
        "vectors": [{"name": "image", "encoder": "starter", "reads": "image"}],
    }
    with shop(folder, **changes):
        write_config(folder, **changes)
    for row in rows:
        shutil.copy(images / row["image"], folder / f"{row['id']}.png")
    judged = [{"image": f"{row['id']}.png", "product_id": row["id"], "grade": 1} for row in rows]
    (folder / "broken.png").write_bytes(b"no picture")
    judged.append({"image": "broken.png", "product_id": rows[0]["id"], "grade": 1})
    write_rows(folder / "photos.jsonl", judged)
    monkeypatch.chdir(folder)
    code, out, _ = run("photos.jsonl", "--json", "--shadow")
    report = json.loads(out)
    assert code == 0
    assert report["queries"] == len(rows)
    assert report["skipped"] == {"photo that cannot be read": 1}
    assert report["before"] > 0.9  # each photo is the picture of its product
    assert report["shadow"]["queries"] == 0  # there are no words to ask
