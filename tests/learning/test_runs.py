"""Rank fusion and the best single weight, worked by hand; all systems on both engines are compared in test_eval.py."""

import numpy as np

from hybridsearch.learning.features import build
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.runs import best_single_weight, fuse
from hybridsearch.learning.sources.queries import JudgedQuery


def test_rank_fusion_adds_reciprocal_ranks() -> None:
    # b: 1/62 + 1/61, a: 1/61, c and d: 1/62 and 1/63
    assert fuse(["a", "b"], ["b", "c", "d"]) == ["b", "a", "c", "d"]
    assert fuse(["x"], ["y"]) == ["x", "y"]
    assert fuse([], []) == []


def test_the_best_single_weight_is_chosen_on_other_queries() -> None:
    names = ("text", "words.title")
    values = {"text": [[1, 0], [0, 1]], "cosine": [[0, 1], [1, 0]]}  # the values that rank the first product first
    queries = [JudgedQuery(text, {"a": 1.0, "b": 0.0}) for text in ("red coat", "blue shoes", "green boots")]

    def rankings(*best: str) -> list[list[str]]:
        windows = [ResultList(("b", "a"), np.array(values[system][::-1], np.float32)) for system in best]
        return best_single_weight(build(names, windows, queries, ["words"] * 3), windows)

    assert rankings("text", "text", "text") == [["a", "b"]] * 3
    # The third query is ranked by the weight that is best on the other two.
    assert rankings("text", "text", "cosine")[2] == ["b", "a"]
