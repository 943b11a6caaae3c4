"""Features: their nDCG is that of the measures, and no order of tied products helps."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.learning.features import LARGEST, Features, build
from hybridsearch.learning.measures import condensed_ndcg, ndcg
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.result_lists import ResultList, bare, probe
from hybridsearch.learning.sources.judgments import read
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.signals import signal_names
from hybridsearch.search.weights import Weights, prior
from tests.learning.builders import BEST_SELLERS, NAMES, best_sellers, planted, small_features
from tests.shops import shop

FOUR = st.lists(st.sampled_from([0.0, 0.1, 0.3, 1.0]), min_size=4, max_size=4)


def one_query(values: list[float], grades: dict[str, float]) -> Features:
    """Return the features of one query and one signal; candidates are called 0, 1, ..."""
    results = ResultList(tuple(map(str, range(len(values)))), np.array(values, np.float32)[:, None])
    return build(["title"], [results], [JudgedQuery("a", grades)], ["words"])


@settings(deadline=None)
@given(small_features(), FOUR)
def test_ndcg_is_that_of_the_measures_where_no_products_tie(
    drawn: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], weights: list[float]
) -> None:
    result_lists, judged, _ = drawn
    apart = [
        ResultList(results.ids, results.values + (np.arange(len(results.ids))[:, None] / 64).astype(np.float32))
        for results in result_lists
    ]
    features = build(NAMES, apart, judged, ["words"] * len(judged))
    given = np.array(weights)
    if all((np.diff(np.sort(results.values @ given)) > 1e-4).all() for results in apart):  # float32 cannot tell less
        ranked = [results.ranked(given, NAMES) for results in apart]
        expected = [ndcg(ids, query.grades) for ids, query in zip(ranked, judged, strict=True)]
        assert features.ndcg(given) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=5), st.data())
def test_tied_products_count_as_the_mean_over_all_their_orders(values: list[float], data: st.DataObject) -> None:
    grades = {str(number): data.draw(st.sampled_from([0.0, 1.0, 3.0])) for number in range(len(values))} | {"x": 2.0}
    orders = [
        order for order in itertools.permutations(range(len(values)))
        if all(values[above] >= values[below] for above, below in itertools.pairwise(order))
    ]  # fmt: skip
    expected = np.mean([ndcg([str(number) for number in order], grades) for order in orders])
    assert one_query(values, grades).ndcg(np.array([1.0])) == pytest.approx([expected], abs=1e-6)


def test_candidates_that_all_tie_have_the_mean_ndcg_of_a_random_order() -> None:
    # Four candidates, one of gain 1, each rank as likely: the mean of 1 / log2(rank + 1) over the ranks 1 to 4.
    values = one_query([0.5] * 4, {"0": 1.0}).ndcg(np.array([1.0]))
    assert values == pytest.approx([(1 + 1 / np.log2(3) + 1 / 2 + 1 / np.log2(5)) / 4], abs=1e-6)


def test_what_the_engine_did_not_find_still_counts_in_the_ideal() -> None:
    # The only candidate has gain 3 at rank 1; the ideal order has it behind one of gain 7 that was not found.
    values = one_query([0.5], {"0": 2.0, "missing": 3.0}).ndcg(np.array([1.0]))
    assert values == pytest.approx([3 / (7 + 3 / np.log2(3))], abs=1e-6)


def test_each_query_may_have_weights_of_its_own() -> None:
    features = planted(4)
    spread = np.eye(4)
    assert features.ndcg(spread) == pytest.approx([features.ndcg(spread[query])[query] for query in range(4)])


def test_a_query_without_candidates_counts_0_and_breaks_nothing() -> None:
    result_lists = [ResultList((), np.zeros((0, 4), np.float32)), ResultList(("a",), np.ones((1, 4), np.float32))]
    features = build(NAMES, result_lists, [JudgedQuery("a", {"a": 1.0}), JudgedQuery("b", {"a": 1.0})], ["words"] * 2)
    assert features.ndcg(np.ones(4)) == pytest.approx([0, 1])
    assert not features.varying().any()


def test_ranked_ids_keep_the_order_of_the_engine_where_they_tie() -> None:
    results = ResultList(("b", "a", "d", "c"), np.array([[0.5], [0.5], [0.9], [0.5]], np.float32))
    assert results.ranked(np.array([1.0]), ["title"]) == ["d", "b", "a", "c"]


def test_a_signal_that_never_differs_within_a_query_does_not_vary() -> None:
    values = np.array([[[0.1, 0.5, 0.0, 0.2]] * 3, [[0.9, 0.5, 0.0, 0.2]] * 3], np.float32)
    values[1, 0, 3] = 0.4
    result_lists = [ResultList(("a", "b", "c"), rows) for rows in values]
    features = build(NAMES, result_lists, [JudgedQuery("a", {"a": 1.0}), JudgedQuery("b", {"a": 1.0})], ["words"] * 2)
    assert features.varying().tolist() == [False, False, False, True]


def test_the_middle_is_the_median_number_over_its_constant() -> None:
    numbers = np.array([0, 8, 16, 48], np.float64)  # by the constant 16: 0 does not count, 1/2, 1, 3
    features = one_query((numbers / (numbers + 16)).tolist(), {"1": 1.0})
    assert features.middle("title") == pytest.approx(1.0, rel=1e-5)
    assert one_query([0.0, 0.0], {"1": 1.0}).middle("title") == 1.0
    assert one_query([1.0, 1.0], {"1": 1.0}).middle("title") == LARGEST


@pytest.mark.parametrize("scale", [1.0, 1_000.0, 1e6, 1e9])
def test_another_constant_for_numbers_of_any_size_is_told_to_four_digits(scale: float) -> None:
    numbers = np.random.default_rng(0).gamma(2, scale, 200)
    features = one_query((numbers / (numbers + 16)).tolist(), {"0": 1.0})
    change = features.middle("title")
    again = features.saturated({"title": change})
    assert again.values[0, :, 0] == pytest.approx(numbers / (numbers + 16 * change), abs=1e-4)


def test_other_constants_give_what_the_engine_gives_under_them(tmp_path: Path) -> None:
    judgments = read(best_sellers(tmp_path, twice=False))
    changes = {"title": 0.5, "text": 2.0, "number.sales": 7.0}
    with shop(tmp_path, **BEST_SELLERS) as opened:
        schema = opened.engine.schema()
        names = signal_names(schema)
        queries = prepare(opened, judgments, tmp_path).asked
        start = prior()
        changed = {name: start.half(name) * by for name, by in changes.items()}
        after = start.model_copy(update={"saturation": {"*": start.half("*"), **changed}})

        def features(weights: Weights) -> Features:
            pages = [opened.engine.search(probe(query.plan(schema, bare(weights)))) for query in queries]
            result_lists = [
                ResultList(
                    ids, np.array([[hits[product].get(name, 0.0) for name in names] for product in ids], np.float32)
                )
                for page in pages
                for hits in [{hit.id: hit.signals for hit in page}]
                for ids in [tuple(sorted(hits))]
            ]
            return build(names, result_lists, [query.judged for query in queries], [query.kind for query in queries])

        assert features(start).saturated(changes).values == pytest.approx(features(after).values, abs=1e-5)
        assert features(start).values != pytest.approx(features(after).values, abs=1e-2)


def test_among_the_judged_products_alone_ndcg_is_the_condensed_one() -> None:
    results = ResultList(
        ("a", "b", "c", "d"), np.array([[4, 0, 0, 0], [3, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0]], np.float32)
    )
    judged = JudgedQuery("query", {"b": 0.0, "d": 2.0, "missing": 1.0})
    features = build(NAMES, [results], [judged], ["words"])
    weights = np.array([1.0, 0, 0, 0])
    expected = condensed_ndcg(results.ranked(weights, NAMES), judged.grades)
    assert features.among_judged().ndcg(weights).tolist() == pytest.approx([expected])
    assert expected == pytest.approx(3 / np.log2(3) / (3 + 1 / np.log2(3)))  # d comes second of the two that are judged
