"""From the log of a shop to how much a taste counts: `tune` and `eval` with what each session had done before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridSearch
from hybridsearch.learning import cross_validation, histories, history
from hybridsearch.learning.sources import judgments
from hybridsearch.runtime.progress import silent
from hybridsearch.search.weights import load, prior
from tests.engines.builders import on_both_engines
from tests.events.builders import action, answer, write
from tests.shops import Run, runner, shop, write_config, write_products

pytestmark = pytest.mark.beside_one_server

FIELDS: dict[str, Any] = {"title": "title", "facets": ["brand"], "languages": ["en"]}
TABLES: dict[str, Any] = {"fields": FIELDS, "weights": {"path": "weights.json"}}
THINGS = ("bench", "chair", "table")
BRANDS = ("Acme", "Zeta", "Borealis", "Corvus", "Draco")
PRODUCTS = [
    {"id": f"{thing}-{brand}-{number}", "title": f"{thing} number {number}", "brand": brand}
    for thing in THINGS
    for brand in BRANDS
    for number in range(2)
]


UNTASTED = prior().model_copy(update={"taste": 0.0})
"""The weights in use: the words alone do not tell products of a kind apart, any taste would put them in order."""


def log(folder: Path, *, planted: bool = True, sessions: int = 200) -> Path:
    """Write the log of persons who look at benches of a brand, then search and click; `planted`: on that brand."""
    random = np.random.default_rng(3)
    lines: list[dict[str, Any]] = []
    for number in range(sessions):
        liked, who = BRANDS[number % len(BRANDS)], f"s{number}"
        wanted = liked if planted else BRANDS[random.integers(len(BRANDS))]
        looked_at = [f"bench-{liked}-{each}" for each in range(2)]
        lines += [answer(f"b{number}", "", *looked_at, who=who), *(action(f"b{number}", key) for key in looked_at)]
        thing = THINGS[1 + number % 2]
        shown = [row["id"] for row in PRODUCTS if row["id"].startswith(thing)]
        order = [shown[place] for place in random.permutation(len(shown))]
        clicked = [key for rank, key in enumerate(order, 1) if wanted in key and random.random() < 1.2 / rank**0.5]
        lines += [answer(f"q{number}", thing, *order, who=who), *(action(f"q{number}", key) for key in clicked)]
    return write(folder / "events.jsonl", lines)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    write_products(folder / "products.jsonl", PRODUCTS)
    history.write(folder / "weights.json", UNTASTED)
    with shop(folder, **TABLES):
        write_config(folder, **TABLES)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shop; few choices take a sixth of the time."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(cross_validation, "CHOICES", (("cosines", (1.0,)),))
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    return runner(folder, monkeypatch, capfdbinary)


def test_a_taste_that_sessions_prove_is_activated_alone_and_nothing_else_of_the_file_changes(
    run: Run, folder: Path
) -> None:
    code, out, err = run("tune", log(folder).name, "--json")
    found = json.loads(out)
    assert (code, found["activated"], found["taste"]["activated"]) == (0, False, True), err
    assert found["taste"]["taste"] > 0
    assert found["taste"]["low"] > 0
    assert found["taste"]["without"] == found["taste"]["before"] < found["taste"]["after"] - 0.2
    written = load(folder / "weights.json")
    assert (written.taste, written.taste_vectors) == (found["taste"]["taste"], found["taste"]["taste_vectors"])
    assert (written.signals, written.kinds) == (prior().signals, prior().kinds)
    assert written.learned["taste"]["sessions"] == found["taste"]["sessions"]
    with HybridSearch.open() as one:
        page = one.search("chair", history=["bench-Acme-0", "bench-Acme-1"], size=2)
        assert {hit.product["brand"] for hit in page} == {"Acme"}
        added = page[0].signals["taste brand: Acme"]
        assert 0 < added <= written.taste


def test_people_are_told_of_it_and_a_shadow_uses_nothing(run: Run, folder: Path) -> None:
    code, out, _ = run("tune", log(folder).name, "--shadow")
    assert code == 0
    assert "Taste 0." in out
    assert "Not activated: nDCG@10 " in out.rpartition("Taste 0.")[2]
    assert load(folder / "weights.json").taste == 0
    assert load(folder / "weights.shadow.json").taste > 0


def test_sessions_without_a_taste_raise_nothing(run: Run, folder: Path) -> None:
    code, out, _ = run("tune", log(folder, planted=False).name, "--json")
    found = json.loads(out)["taste"]
    assert (code, found["activated"]) == (1, False)
    assert "is the best one for these" in found["reason"] or "is not surely better than" in found["reason"]
    assert load(folder / "weights.json").taste == 0


def test_judgments_without_sessions_have_no_taste(run: Run, folder: Path) -> None:
    rows = [{"query": "chair", "product_id": row["id"], "grade": int("Acme" in row["id"])} for row in PRODUCTS]
    file = write(folder / "judgments.jsonl", rows)
    assert json.loads(run("tune", file.name, "--json")[1])["taste"] is None
    assert json.loads(run("eval", file.name, "--json")[1])["history"] is None


def test_eval_of_a_log_measures_with_and_without_histories(run: Run, folder: Path) -> None:
    history.write(folder / "weights.json", prior())
    found = json.loads(run("eval", log(folder).name, "--json")[1])["history"]
    assert found["with"] > found["without"]
    assert found["low"] > 0
    assert found["sessions"] == found["searches"] > 40
    assert "sessions that had done something before: nDCG@10 0." in run("eval", "events.jsonl")[1]


@pytest.fixture(scope="module")
def both(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    with on_both_engines(tmp_path_factory.mktemp("both"), es_url, PRODUCTS, fields=FIELDS) as shops:
        yield shops


def test_both_engines_give_the_same_parts_of_the_scores(
    both: tuple[HybridSearch, HybridSearch], tmp_path: Path
) -> None:
    judged = judgments.read(log(tmp_path))
    found = [histories.ask(each, judged, each.weights[0], tmp_path, silent).features for each in both]
    assert len(found[0]) > 40
    ours, theirs = ([np.sort(rows, axis=0) for rows in each.values] for each in found)
    assert np.allclose(ours, theirs, atol=1e-5)
    # At full strength a product of the liked brand gets what the brand tells: of five brands each tells some.
    assert 0.5 < found[0].values[..., 2].max() <= 1.0


def test_a_score_is_the_sum_of_its_parts_at_any_strength(
    both: tuple[HybridSearch, HybridSearch], tmp_path: Path
) -> None:
    (one, _), judged = both, judgments.read(log(tmp_path))
    (query, *_), weights = judged.personal, one.weights_for(one.engine.schema())[0]
    found = histories.ask(one, judged, weights, tmp_path, silent).features
    page = one.search(query.text, history=query.history.ids, size=60)
    scores = np.sort(found.values[0] @ np.array([1.0, 0.0, weights.taste]))
    assert scores == pytest.approx(sorted(hit.score for hit in page), abs=1e-5)
