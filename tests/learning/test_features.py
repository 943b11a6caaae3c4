"""The table that weights are learned from: its nDCG is that of the measures, and no order of level products helps."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.learning.features import LARGEST, Features, build
from hybridsearch.learning.judgments import read
from hybridsearch.learning.measures import condensed_ndcg, ndcg
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.learning.result_lists import ResultList, bare, probe
from hybridsearch.search.signals import signal_names
from hybridsearch.search.weights import Weights, prior
from tests.learning.builders import BEST_SELLERS, NAMES, best_sellers, planted, tables
from tests.shops import shop

FOUR = st.lists(st.sampled_from([0.0, 0.1, 0.3, 1.0]), min_size=4, max_size=4)


def one(values: list[float], grades: dict[str, float]) -> Features:
    """Return the table of one query and one signal; candidates are called 0, 1, ..."""
    window = ResultList(tuple(map(str, range(len(values)))), np.array(values, np.float32)[:, None])
    return build(["title"], [window], [JudgedQuery("a", grades)], ["words"])


@settings(deadline=None)
@given(tables(), FOUR)
def test_ndcg_is_that_of_the_measures_where_no_products_are_level(
    found: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], weights: list[float]
) -> None:
    windows, judged, _ = found
    apart = [
        ResultList(each.ids, each.values + (np.arange(len(each.ids))[:, None] / 64).astype(np.float32))
        for each in windows
    ]
    table = build(NAMES, apart, judged, ["words"] * len(judged))
    given = np.array(weights)
    if all((np.diff(np.sort(each.values @ given)) > 1e-4).all() for each in apart):  # float32 cannot tell less
        expected = [ndcg(each.ranked(given), query.grades) for each, query in zip(apart, judged, strict=True)]
        assert table.ndcg(given) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=5), st.data())
def test_level_products_count_as_the_mean_over_all_their_orders(values: list[float], data: st.DataObject) -> None:
    grades = {str(place): data.draw(st.sampled_from([0.0, 1.0, 3.0])) for place in range(len(values))} | {"x": 2.0}
    orders = [
        order for order in itertools.permutations(range(len(values)))
        if all(values[one] >= values[other] for one, other in itertools.pairwise(order))
    ]  # fmt: skip
    expected = np.mean([ndcg([str(place) for place in order], grades) for order in orders])
    assert one(values, grades).ndcg(np.array([1.0])) == pytest.approx([expected], abs=1e-6)


def test_all_level_candidates_are_worth_what_chance_is_worth() -> None:
    # Four candidates, one of gain 1, each rank as likely: the mean of 1 / log2(rank + 1) over the ranks 1 to 4.
    found = one([0.5] * 4, {"0": 1.0}).ndcg(np.array([1.0]))
    assert found == pytest.approx([(1 + 1 / np.log2(3) + 1 / 2 + 1 / np.log2(5)) / 4], abs=1e-6)


def test_what_the_engine_did_not_find_still_counts_in_the_ideal() -> None:
    # The only candidate has gain 3 at rank 1; the ideal order has it behind one of gain 7 that was not found.
    found = one([0.5], {"0": 2.0, "gone": 3.0}).ndcg(np.array([1.0]))
    assert found == pytest.approx([3 / (7 + 3 / np.log2(3))], abs=1e-6)


def test_each_query_may_have_weights_of_its_own() -> None:
    table = planted(4)
    spread = np.eye(4)
    assert table.ndcg(spread) == pytest.approx([table.ndcg(spread[place])[place] for place in range(4)])


def test_a_query_without_candidates_is_worth_nothing_and_breaks_nothing() -> None:
    windows = [ResultList((), np.zeros((0, 4), np.float32)), ResultList(("a",), np.ones((1, 4), np.float32))]
    table = build(NAMES, windows, [JudgedQuery("a", {"a": 1.0}), JudgedQuery("b", {"a": 1.0})], ["words"] * 2)
    assert table.ndcg(np.ones(4)) == pytest.approx([0, 1])
    assert not table.seen().any()


def test_ranked_ids_keep_the_order_of_the_engine_where_they_are_level() -> None:
    window = ResultList(("b", "a", "d", "c"), np.array([[0.5], [0.5], [0.9], [0.5]], np.float32))
    assert window.ranked(np.array([1.0])) == ["d", "b", "a", "c"]


def test_a_signal_that_never_differs_within_a_query_is_not_seen() -> None:
    values = np.array([[[0.1, 0.5, 0.0, 0.2]] * 3, [[0.9, 0.5, 0.0, 0.2]] * 3], np.float32)
    values[1, 0, 3] = 0.4
    windows = [ResultList(("a", "b", "c"), each) for each in values]
    table = build(NAMES, windows, [JudgedQuery("a", {"a": 1.0}), JudgedQuery("b", {"a": 1.0})], ["words"] * 2)
    assert table.seen().tolist() == [False, False, False, True]


def test_the_middle_is_the_median_number_over_its_constant() -> None:
    numbers = np.array([0, 8, 16, 48], np.float64)  # by the constant 16: 0 does not count, 1/2, 1, 3
    table = one((numbers / (numbers + 16)).tolist(), {"1": 1.0})
    assert table.middle("title") == pytest.approx(1.0, rel=1e-5)
    assert one([0.0, 0.0], {"1": 1.0}).middle("title") == 1.0
    assert one([1.0, 1.0], {"1": 1.0}).middle("title") == LARGEST


@pytest.mark.parametrize("scale", [1.0, 1_000.0, 1e6, 1e9])
def test_another_constant_for_numbers_of_any_size_is_told_to_four_digits(scale: float) -> None:
    numbers = np.random.default_rng(0).gamma(2, scale, 200)
    table = one((numbers / (numbers + 16)).tolist(), {"0": 1.0})
    change = table.middle("title")
    again = table.saturated({"title": change})
    assert again.values[0, :, 0] == pytest.approx(numbers / (numbers + 16 * change), abs=1e-4)


def test_other_constants_give_what_the_engine_gives_under_them(tmp_path: Path) -> None:
    judgments = read(best_sellers(tmp_path, twice=False))
    changes = {"title": 0.5, "text": 2.0, "number.sales": 7.0}
    with shop(tmp_path, **BEST_SELLERS) as found:
        schema = found.engine.schema()
        names = signal_names(schema)
        asked = prepare(found, judgments, tmp_path).asked
        start = prior()
        changed = {name: start.half(name) * by for name, by in changes.items()}
        other = start.model_copy(update={"saturation": {"*": start.half("*"), **changed}})

        def table(weights: Weights) -> Features:
            pages = [found.engine.search(probe(each.plan(schema, bare(weights)))) for each in asked]
            windows = [
                ResultList(ids, np.array([[hits[each].get(name, 0.0) for name in names] for each in ids], np.float32))
                for page in pages
                for hits in [{hit.id: hit.signals for hit in page}]
                for ids in [tuple(sorted(hits))]
            ]
            return build(names, windows, [each.judged for each in asked], [each.kind for each in asked])

        assert table(start).saturated(changes).values == pytest.approx(table(other).values, abs=1e-5)
        assert table(start).values != pytest.approx(table(other).values, abs=1e-2)


def test_among_the_judged_products_alone_ndcg_is_the_condensed_one() -> None:
    window = ResultList(
        ("a", "b", "c", "d"), np.array([[4, 0, 0, 0], [3, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0]], np.float32)
    )
    judged = JudgedQuery("query", {"b": 0.0, "d": 2.0, "gone": 1.0})
    table = build(NAMES, [window], [judged], ["words"])
    weights = np.array([1.0, 0, 0, 0])
    expected = condensed_ndcg(window.ranked(weights), judged.grades)
    assert table.among_judged().ndcg(weights).tolist() == pytest.approx([expected])
    assert expected == pytest.approx(3 / np.log2(3) / (3 + 1 / np.log2(3)))  # d comes second of the two that are judged
