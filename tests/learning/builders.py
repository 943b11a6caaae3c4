"""Builders for the tests of learning: features with planted weights, and a shop whose best signal has no weight yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from hybridsearch.learning.features import Features, build
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.learning.sources.queries import JudgedQuery
from tests.shops import write_products

NAMES = ("title", "text", "words.leg", "number.sales")
TRUTH = np.array([0.2, 0.1, 0.7, 0.0])
"""The weights by which planted features get their grades."""
START = np.array([0.5, 0.5, 0.1, 0.0])
"""Weights that are far from them."""
TOP = (3.0, 3.0, 2.0, 2.0, 1.0, 1.0)
"""Grades of the best candidates of a planted query."""


def planted(
    queries: int = 60,
    *,
    truth: NDArray[np.float64] = TRUTH,
    noise: float = 0.0,
    seed: int = 0,
    candidates: int = 30,
    kind: str = "words",
) -> Features:
    """Return features of random values in which the best candidates by `truth` have the grades."""
    random = np.random.default_rng(seed)
    result_lists, judged = [], []
    for number in range(queries):
        values = random.random((candidates, len(NAMES)), np.float32)
        order = np.argsort(-(values @ truth + noise * random.standard_normal(candidates)))
        grades = {str(candidate): grade for candidate, grade in zip(order, TOP, strict=False)}
        result_lists.append(ResultList(tuple(map(str, range(candidates))), values))
        judged.append(JudgedQuery(f"{kind} {number}", {**grades, str(order[-1]): 0.0}))
    return build(NAMES, result_lists, judged, [kind] * queries)


def joined(*parts: Features) -> Features:
    """Return the queries of several features, with as many candidates each, as one."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("values", "present", "judged", "gains", "ideal", "trust", "kinds")
    }
    return Features(names=parts[0].names, groups=np.arange(sum(map(len, parts))), **arrays)


@st.composite
def small_features(draw: st.DrawFn) -> tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features]:
    """Return any small features, and what they were built from: few distinct values, so that many candidates tie."""
    result_lists, judged = [], []
    for number in range(draw(st.integers(1, 6))):
        size = draw(st.integers(0, 14))
        cells = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.5]), min_size=4, max_size=4)
        values = np.array(draw(st.lists(cells, min_size=size, max_size=size)), np.float32).reshape(size, 4)
        grades = draw(st.dictionaries(st.integers(0, 20).map(str), st.sampled_from([0.0, 1.0, 2.5]), max_size=8))
        result_lists.append(ResultList(tuple(map(str, range(size))), values))
        judged.append(JudgedQuery(f"query {number}", {**grades, draw(st.integers(0, 20).map(str)): 3.0}))
    kinds = [draw(st.sampled_from(["words", "code"])) for _ in judged]
    return tuple(result_lists), tuple(judged), build(NAMES, result_lists, judged, kinds)


# A shop in which each word names eight products that only their sales tell apart, as do the judges.

WORDS = ("ash", "birch", "cedar", "elm", "fir", "gum", "hazel", "ivy", "juniper", "kapok", "larch", "maple", "nutmeg")
THINGS = ("bench", "box", "chair", "desk", "door", "frame", "shelf", "table")
BEST_SELLERS: dict[str, Any] = {"fields": {"title": "title", "numbers": ["sales"], "languages": ["en"]}}


def best_sellers(folder: Path, *, twice: bool = True) -> Path:
    """Write the catalogue into a folder, with judgments of 13 queries or of 26, and return these."""
    random = np.random.default_rng(7)
    products, rows = [], []
    for word in [*WORDS, *(f"{word}wood" for word in WORDS)][: 26 if twice else 13]:
        sales = np.sort(random.integers(1, 500, len(THINGS)))[::-1]
        for rank, thing in enumerate(random.permutation(len(THINGS))):
            name = f"{word}-{THINGS[thing]}"
            products.append({"id": name, "title": f"{word} {THINGS[thing]}", "sales": int(sales[rank])})
            rows.append({"query": word, "product_id": name, "grade": max(0, 3 - rank)})
    order = random.permutation(len(products))
    write_products(folder / "products.jsonl", [products[position] for position in order])
    return write_rows(folder / "judgments.jsonl", rows)


def write_rows(path: Path, rows: Sequence[Any]) -> Path:
    """Write JSON lines; a row that is a text is written as it is."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


# Files of judgments.


def row(query: str = "red dress", product: str = "1", grade: Any = 1, **more: Any) -> dict[str, Any]:
    """Return a row of a file of judgments."""
    return {"query": query, "product_id": product, "grade": grade, **more}


def judgment_file(folder: Path, *rows: Any, name: str = "judgments.jsonl") -> Path:
    """Write a file of judgments."""
    return write_rows(folder / name, rows)


def grades(judgments: Judgments) -> dict[str, dict[str, float]]:
    """Return the grades of products by query."""
    return {query.text: dict(query.grades) for query in judgments.queries}
