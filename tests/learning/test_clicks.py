"""Clicks: attention and attractiveness are told apart."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hybridsearch.learning.sources import clicks
from hybridsearch.learning.sources.clicks import Impressions, Sessions, grade, propensities
from hybridsearch.learning.sources.judgments import read
from tests.learning.builders import write_rows

Log = list[tuple[str, str, list[str], list[str]]]
"""Session, query, shown, clicked."""

DEPTH = 8
ATTENTION = 1 / np.arange(1, DEPTH + 1)


def simulate(queries: int, sessions: int, seed: int = 0, shuffled: float = 1.0) -> tuple[Log, NDArray[np.float64]]:
    """Return sessions of shoppers who look at rank r with chance 1 / r, and how attractive each product is to them.

    The shop ranks its worst products first, and shuffles a share of the pages.
    """
    random = np.random.default_rng(seed)
    attractive = np.sort(random.uniform(0.02, 0.6, (queries, DEPTH)), axis=1)
    log = []
    for query in range(queries):
        for session in range(sessions):
            order = random.permutation(DEPTH) if random.random() < shuffled else np.arange(DEPTH)
            clicked = order[random.random(DEPTH) < ATTENTION * attractive[query, order]]
            shown = [f"p{product}" for product in order]
            log.append((f"{query}/{session}", f"q{query}", shown, [f"p{product}" for product in clicked]))
    return log, attractive


def impressions(log: Log) -> Impressions:
    sessions = Sessions()
    for row in log:
        sessions.add(*row)
    return sessions.impressions()


def by_expectation_maximisation(counts: Impressions, steps: int = 3_000) -> NDArray[np.float64]:
    """Return the propensities according to section 4.3 of "Click Models for Web Search"."""
    attractive, examined = np.full(len(counts.query), 0.5), 1 / np.arange(1, counts.depth + 1) ** 0.5
    missed = counts.shown - counts.clicks
    for _ in range(steps):
        a, e = attractive[counts.pair], examined[counts.rank]
        attractive = counts.by_pair(counts.clicks + missed * a * (1 - e) / (1 - a * e)) / counts.by_pair(counts.shown)
        examined = counts.by_rank(counts.clicks + missed * e * (1 - a) / (1 - a * e)) / counts.by_rank(counts.shown)
        examined[0] = 1.0
    return examined


def attractiveness_of_best(
    counts: Impressions, propensity: NDArray[np.float64], attractive: NDArray[np.float64]
) -> float:
    """Return how attractive the products with the highest grades are, relative to the best of each query."""
    best = [max(grades, key=grades.__getitem__) for _, grades, _ in grade(counts, propensity)]
    return float(np.mean([row[int(product[1:])] / row.max() for product, row in zip(best, attractive, strict=True)]))


def test_attention_and_attractiveness_are_recovered_where_the_order_changes() -> None:
    log, attractive = simulate(queries=10, sessions=3_000)
    counts = impressions(log)
    assert propensities(counts) == pytest.approx(ATTENTION, rel=0.1)
    gains = np.array(
        [[2 ** grades[f"p{p}"] - 1 for p in range(DEPTH)] for _, grades, _ in grade(counts, propensities(counts))]
    )
    truth = 15 * attractive / attractive.max(axis=1, keepdims=True)
    assert gains == pytest.approx(truth, abs=1.5)


@pytest.mark.parametrize("seed", range(3))
def test_attractive_products_are_found_behind_a_bad_order_only_with_the_correction(seed: int) -> None:
    log, attractive = simulate(queries=10, sessions=3_000, seed=seed, shuffled=0.15)
    counts = impressions(log)
    assert attractiveness_of_best(counts, propensities(counts), attractive) > 0.94
    assert attractiveness_of_best(counts, np.ones(counts.depth), attractive) < 0.85


def test_estimate_is_that_of_expectation_maximisation_where_a_query_has_many_sessions() -> None:
    counts = impressions(simulate(queries=10, sessions=3_000, seed=1)[0])
    assert propensities(counts) == pytest.approx(by_expectation_maximisation(counts), rel=0.03)


def test_attention_is_recovered_from_few_sessions_of_many_queries() -> None:
    counts = impressions(simulate(queries=2_000, sessions=8)[0])
    assert propensities(counts) == pytest.approx(ATTENTION, rel=0.2)


def test_nothing_is_corrected_where_the_order_never_changes() -> None:
    counts = impressions(simulate(queries=5, sessions=200, shuffled=0)[0])
    assert propensities(counts).tolist() == [1.0] * DEPTH


def test_rank_that_no_moved_product_tells_takes_the_propensity_of_the_rank_above() -> None:
    swapped = [(f"{n}", "q", ["a", "b"] if n % 2 else ["b", "a"], ["a"] if n % 4 else []) for n in range(400)]
    pinned = [(session, query, [*shown, "c"], clicked) for session, query, shown, clicked in swapped]
    propensity = propensities(impressions(pinned))
    assert propensity[2] == propensity[1] < 1


def test_no_propensity_is_below_the_floor() -> None:
    log: Log = [(f"{n}", "q", ["a", "b"] if n % 2 else ["b", "a"], ["ba"[n % 2]]) for n in range(2_000)]
    assert propensities(impressions(log)).tolist() == [1.0, clicks.MIN_PROPENSITY]


def test_clicks_of_one_session_count_once_however_often_they_are_written() -> None:
    log, _ = simulate(queries=2, sessions=100)
    session, query, shown, _ = log[0]
    once = impressions([(session, query, shown, ["p0"]), *log[1:]])
    often = impressions([(session, query, shown, ["p0"] * 20)] * 10_000 + log[1:])
    assert list(grade(once, propensities(once))) == list(grade(often, propensities(often)))


def test_rows_of_one_session_and_query_are_merged() -> None:
    counts = impressions([("s", "q", ["a", "b"], ["a"]), ("s", "q", ["b", "a"], ["b"]), ("s", "r", ["a"], [])])
    cells = {
        (counts.queries[counts.query[pair]], counts.products[counts.product[pair]], rank): (shown, clicked)
        for pair, rank, shown, clicked in zip(counts.pair, counts.rank, counts.shown, counts.clicks, strict=True)
    }
    assert cells == {("q", "a", 0): (1, 1), ("q", "b", 0): (1, 1), ("r", "a", 0): (1, 0)}
    assert counts.clicking.tolist() == [1, 0]


def test_counts_do_not_depend_on_how_many_visits_are_counted_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = simulate(queries=3, sessions=20)
    whole = impressions(log + log[::2])
    monkeypatch.setattr(clicks, "BLOCK", 7)
    parts = impressions(log + log[::2])
    for name in ("query", "product", "pair", "rank", "shown", "clicks", "clicking"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    assert whole.shown.sum() == 3 * 20 * DEPTH


def test_product_that_was_hardly_seen_has_no_grade() -> None:
    log = [(f"{n}", "q", ["a", "b"] if n else ["c", "b"], ["a", "b", "c"]) for n in range(30)]
    (_, grades, _), *_ = grade(impressions(log), np.array([1.0, 0.5]))
    assert grades.keys() == {"a", "b"}  # c was seen once, b 30 times at half the attention


def test_grade_is_the_formula_worked_by_hand() -> None:
    log = [(f"{n}", "q", ["a", "b", "c"], (["a"] if n < 30 else []) + (["b"] if n < 12 else [])) for n in range(50)]
    log += [(f"{n}", "r", ["a"], []) for n in range(50)]
    (_, grades, weight), (_, none, nothing) = grade(impressions(log), np.array([1.0, 0.5, 1.0]))
    a, b = 30 / (50 + 10), 12 / (50 * 0.5 + 10)
    assert grades == pytest.approx({"a": 4, "b": np.log2(1 + 15 * b / a), "c": 0})
    assert (weight, none, nothing) == (30 / (30 + 20), {"a": 0}, 0)


def test_blank_product_keeps_its_rank() -> None:
    assert impressions([("s", "q", ["", "a"], [])]).rank.tolist() == [1]


def test_no_sessions_give_no_grades() -> None:
    counts = Sessions().impressions()
    assert propensities(counts).tolist() == []
    assert list(grade(counts, propensities(counts))) == []


ROWS = st.tuples(
    st.sampled_from("stu"),
    st.text(max_size=2),
    st.lists(st.text(max_size=2), max_size=5),
    st.lists(st.text(max_size=2)),
)


@given(st.lists(st.integers(0, 3).flatmap(lambda times: ROWS.map(lambda row: (row, 10 * times)))), st.randoms())
@settings(deadline=None)
def test_any_sessions_in_any_order_give_the_same_grades(rows: list[tuple[Any, int]], shuffler: Random) -> None:
    log = [(f"{row[0]}{n}", *row[1:]) for row, times in rows for n in range(times)]
    counts = impressions(log)
    shuffler.shuffle(log)
    again = impressions(log)
    graded, graded_again = (
        {query: (grades, weight) for query, grades, weight in grade(s, np.ones(s.depth))} for s in (counts, again)
    )
    assert graded == graded_again
    assert propensities(counts) == pytest.approx(propensities(again), rel=1e-6)
    assert all(clicks.MIN_PROPENSITY <= propensity <= 1 for propensity in propensities(counts))
    assert all(0 <= weight < 1 for _, weight in graded.values())
    assert all(0 <= value <= 4 for grades, _ in graded.values() for value in grades.values())


def rows_of(log: Log) -> list[dict[str, Any]]:
    return [dict(zip(("session", "query", "shown", "clicked"), row, strict=True)) for row in log]


def test_file_of_sessions_becomes_weighted_judgments(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "sessions.jsonl", rows_of(simulate(queries=2, sessions=500)[0]))
    corrected, plain = read(path), read(path, corrected=False)
    assert [query.text for query in corrected.queries] == ["q0", "q1"]
    assert all(0.9 < query.weight < 1 and len(query.grades) == DEPTH for query in corrected.queries)
    assert "corrected for the share of shoppers who look at each rank (1: 1.00, " in corrected.notes[0]
    assert "without correction" in plain.notes[0]
    assert corrected.queries != plain.queries


def test_fixed_order_is_said_to_be_left_uncorrected(tmp_path: Path) -> None:
    judgments = read(write_rows(tmp_path / "sessions.jsonl", rows_of(simulate(queries=2, sessions=50, shuffled=0)[0])))
    assert "not shown at different ranks often enough" in judgments.notes[0]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"query": "red", "shown": ["a"], "clicked": []}, "'session' is missing or empty, expected an id"),
        ({"session": 1, "shown": ["a"], "clicked": []}, "'query', 'image', 'audio' and 'video' are missing or empty"),
        ({"session": 1, "query": "red", "shown": [], "clicked": []}, "'shown' is empty, expected the products that"),
        ({"session": 1, "query": "red", "shown": ["a"]}, "'clicked' is None, expected a list of products"),
        ({"session": 1, "query": "red", "shown": "a", "clicked": []}, "'shown' is 'a', expected a list of products"),
        ('"red"', "found str 'red', expected an object of fields"),
    ],
)
def test_session_that_cannot_be_used_is_refused_with_its_reason_and_the_others_are_read(
    tmp_path: Path, bad: Any, reason: str
) -> None:
    good = {"session": 7.0, "query": "red", "shown": [1, None, "a"], "clicked": ["a", "z"]}
    judgments = read(write_rows(tmp_path / "sessions.jsonl", [bad, good]))
    assert (judgments.rows, judgments.refused) == (2, 1)
    assert judgments.first_refused[0].reason.startswith(reason)
    assert "Sessions that click what they were not shown: 1." in judgments.notes[2]


def test_repeated_sessions_are_counted(tmp_path: Path) -> None:
    good = {"session": 7, "query": "Red", "shown": ["a"], "clicked": ["a"]}
    judgments = read(
        write_rows(tmp_path / "sessions.jsonl", [good, good, {**good, "query": "red "}, {**good, "session": 8}])
    )
    assert (judgments.rows, judgments.duplicates, len(judgments.queries)) == (4, 2, 1)
    assert judgments.notes[1] == "Products that were seen fewer than 10 times for a query have no grade: 1."
