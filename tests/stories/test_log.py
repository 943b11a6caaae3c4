"""The loop closes: a shop logs what shoppers do, `report` says what is missing, and `tune` learns from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridSearch
from hybridsearch.errors import ConfigError
from hybridsearch.learning import cross_validation
from hybridsearch.learning.sources.judgments import read
from hybridsearch.search.words import synonyms
from tests.events.builders import action, answer, write
from tests.learning.builders import BEST_SELLERS, best_sellers
from tests.shops import Run, runner, write_config

pytestmark = pytest.mark.beside_one_server

SHOPPERS = 24
"""Of each query."""


def seek(
    shop: HybridSearch,
    word: str,
    grades: dict[str, float],
    random: np.random.Generator,
    who: str,
    variant: str | None = None,
) -> None:
    """Be a shopper who looks down the page, less and less, and clicks what is good."""
    page = shop.search(word, variant=variant, session=who)
    clicked = [
        hit.id
        for rank, hit in enumerate(page)
        if random.random() < 0.93**rank and random.random() < grades.get(hit.id, 0) / 3
    ]
    assert shop.log(page, clicked, session=who)


def truth_of(folder: Path) -> dict[str, dict[str, float]]:
    """Return how good each product is for each query."""
    truth: dict[str, dict[str, float]] = {}
    for line in (folder / "judgments.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        truth.setdefault(row["query"], {})[row["product_id"]] = row["grade"]
    return truth


@pytest.fixture(scope="module", params=["file", "index"])
def lived_in(
    request: pytest.FixtureRequest, es_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """The folder of a shop in which shoppers were, and what its log is called."""
    folder = tmp_path_factory.mktemp("lived")
    best_sellers(folder)
    name = f"test-{folder.name.replace('_', '-')}"
    changes: dict[str, Any] = {**BEST_SELLERS, "weights": {"path": "weights.json"}, "log": {"path": "events.jsonl"}}
    if request.param == "index":
        changes |= {"engine": {"url": es_url, "index": name, "replicas": 0}, "log": {"index": f"{name}-events"}}
    config = write_config(folder, **changes)
    truth = truth_of(folder)
    random = np.random.default_rng(3)
    with HybridSearch.open(config) as shop:
        shop.reindex()
        for word, grades in truth.items():
            for number in range(SHOPPERS):
                seek(shop, word, grades, random, f"{word}-{number}")
        for number in range(5):  # shoppers who do not know what things are called here
            assert shop.log(shop.search("settee"), session=f"lost-{number}")
            page = shop.search("maple")
            assert shop.log(page, page[0].id, session=f"lost-{number}")
        yield folder, "events.jsonl" if request.param == "file" else f"{name}-events"
        if request.param == "index":
            client = shop.engine.client  # type: ignore[attr-defined]
            for found in client.indices.get(index=f"{name}*", expand_wildcards="all"):
                client.indices.delete(index=found)


@pytest.fixture
def run(lived_in: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in that folder."""
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.01)), ("numbers", (False, True))))
    return runner(lived_in[0], monkeypatch, capfdbinary)


def test_report_says_what_finds_nothing_and_what_shoppers_meant(run: Run, lived_in: tuple[Path, str]) -> None:
    code, out, err = run("report", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["answers"] == 26 * SHOPPERS + 10
    assert found["top"][0]["query"] == "maple"
    assert [(each["query"], each["empty"], each["shoppers"]) for each in found["empty"]] == [("settee", 5, 5)]
    assert found["reformulations"] == [{"from": "settee", "to": "maple", "shoppers": 5}]
    (proposed,) = found["proposals"]["synonyms"]
    assert proposed["line"] == "settee => settee, maple"
    assert not synonyms.parse({"s": ("", proposed["line"])}).problems
    named = json.loads(run("report", lived_in[1], "--json")[1])
    assert named == found
    assert "settee -> maple  (5 shoppers)" in run("report")[1]


def test_eval_measures_on_the_log_and_tune_learns_from_it(run: Run, lived_in: tuple[Path, str]) -> None:
    folder, name = lived_in
    code, out, _ = run("eval", name, "--json")
    before = json.loads(out)
    assert (code, before["queries"]) == (0, 26)
    assert any("Grades were estimated from the clicks of" in note for note in before["notes"])
    code, out, _ = run("tune", name, "--json")
    tuned = json.loads(out)
    assert (code, tuned["activated"]) == (0, True)
    assert tuned["after"] > tuned["before"] + 0.05
    # What was learned from clicks is what judges would say, whose judgments were never shown to `tune`.
    _, out, _ = run("eval", "judgments.jsonl", "--json")
    judged = json.loads(out)["systems"]
    assert judged["current"]["nDCG@10"] > judged["keyword"]["nDCG@10"] + 0.1
    assert (folder / "weights.json").exists()


def test_filters_make_a_query_of_its_own_and_those_that_nothing_can_be_filtered_by_are_left_out(tmp_path: Path) -> None:
    acme, odd = {"brand": "Acme"}, {"brand": {"x": {"y": 1}}}
    lines: list[Any] = []
    for number in range(20):
        for name, filters in (("p", {}), ("f", acme), ("g", odd)):
            lines.append(answer(f"{name}{number}", "coat", "1", "2", who=f"{name}{number}", filters=filters))
            lines.append(action(f"{name}{number}", "1"))
    judged = read(write(tmp_path / "events.jsonl", [*lines, answer("w", "", "1"), answer("e", "coat")]))
    assert [(query.text, query.filters) for query in judged.queries] == [("coat", {}), ("coat", acme)]
    assert judged.notes[-1] == (
        "Pages that are not judged: 1 without words, 1 without products, 20 with filters that judgments cannot have."
    )


def test_a_log_without_a_page_to_learn_from_says_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"has no answer with words and products to learn from\. Actions whose answer"
    ):
        read(write(tmp_path / "events.jsonl", [action("nowhere", "1")]))


def test_a_log_gives_the_grades_that_its_sessions_give(tmp_path: Path) -> None:
    """The same visits as a file of sessions, which is read by other code."""
    random = np.random.default_rng(5)
    logged: list[Any] = []
    sessions: list[Any] = []
    for number in range(400):
        query = f"query {number % 4}"
        shown = [str(product) for product in random.permutation(6)]
        clicked = [key for rank, key in enumerate(shown) if random.random() < 0.9**rank * (int(key) + 1) / 8]
        sessions.append({"session": str(number), "query": query, "shown": shown, "clicked": clicked})
        logged.append(answer(f"q{number}", query, *shown, who=str(number)))
        logged += [action(f"q{number}", key) for key in clicked]
    ours = read(write(tmp_path / "events.jsonl", logged))
    theirs = read(write(tmp_path / "sessions.jsonl", sessions))
    assert [(query.text, query.grades, query.weight) for query in ours.queries] == [
        (query.text, query.grades, query.weight) for query in theirs.queries
    ]
    assert ours.rows == len(logged)


@pytest.mark.parametrize(("signals", "better"), [({"title": 0.5, "number.sales": 0.5}, "b"), ({"title": 1.0}, None)])
def test_shoppers_of_a_test_find_the_better_arm_and_none_where_both_rank_alike(
    tmp_path: Path,
    signals: dict[str, float],
    better: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    best_sellers(tmp_path, twice=False)
    (tmp_path / "weights-a.json").write_text(json.dumps({"signals": {"title": 1.0}}))
    (tmp_path / "weights-b.json").write_text(json.dumps({"signals": signals}))
    weights = {"path": "weights-a.json", "b": "weights-b.json"}
    config = write_config(tmp_path, **BEST_SELLERS, weights=weights, log={"path": "events.jsonl"})
    random, truth = np.random.default_rng(11), truth_of(tmp_path)
    with HybridSearch.open(config) as shop:
        shop.reindex()
        for number in range(300):
            word = str(random.choice(sorted(truth)))
            seek(shop, word, truth[word], random, f"dealt-{number}", "interleaved")
            seek(shop, word, truth[word], random, f"apart-{number}", shop.arm_of(f"apart-{number}"))
    code, out, _ = runner(tmp_path, monkeypatch, capfdbinary)("compare", "--json")
    found = json.loads(out)
    assert (code, found["better"]) == (0, better)
    assert found["interleaved"]["answers"] == sum(found["separate"]["answers"].values()) == 300
