"""Cells: nearly all nearest neighbours in a part of the vectors, made by `clustering` where that pays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays.arrays import held
from hybridsearch.engines.embedded.arrays.cells import Cells, path_of
from hybridsearch.engines.embedded.arrays.vectors import Comparison, LegVectors
from hybridsearch.engines.embedded.compiled import clustering
from hybridsearch.engines.embedded.compiled.clustering import cells_of
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document, Vector, Vectors
from tests.engines.embedded.builders import SCHEMA, ids, live_folder, near

DIMS = 16
LEG = Schema(SCHEMA.fields, (Leg("image", DIMS, "test"),), "test")


def made(count: int, seed: int = 1) -> Vectors:
    """Return vectors around forty centres, of length 1."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((40, DIMS))
    rows = centres[random.integers(40, size=count)] + 0.5 * random.standard_normal((count, DIMS))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


MATRIX = made(4_000)
ROWS = np.random.default_rng(2).permutation(4_000).astype(np.int32)
ROWS[::50] = -1  # documents without this leg
CELLS = held(cells_of(MATRIX, 1.0))


def both(vector: Vectors, k: int, allowed: np.ndarray[tuple[int], np.dtype[np.bool_]] | None) -> list[list[int]]:
    """Return the documents nearest to a vector, found by cells and by comparing all."""
    legs = LegVectors(MATRIX, ROWS, Cells(CELLS, ROWS)), LegVectors(MATRIX, ROWS)
    return [Comparison(leg, Vector(vector), again=False).nearest(k, -1.0, allowed)[0].tolist() for leg in legs]


@pytest.mark.parametrize("share", [None, 0.5, 0.1, 0.01, 0.0])
def test_nearly_all_nearest_neighbours_are_found_under_any_filter(share: float | None) -> None:
    random = np.random.default_rng(3)
    allowed = None if share is None else random.random(len(ROWS)) < share
    recalls = []
    for vector in [*made(30, seed=4), *np.eye(DIMS, dtype=np.float32)]:  # like products, and like none
        found, exact = both(vector, 100, allowed)
        recalls.append(len(set(found) & set(exact)) / max(len(exact), 1))
        assert len(found) == len(exact)
    assert np.mean(recalls) >= 0.98 or share == 0.0


def test_documents_of_one_far_cell_are_found_where_the_filter_passes_nothing_else() -> None:
    target = MATRIX[ROWS[1]]
    docs = np.flatnonzero(ROWS >= 0)
    allowed = np.zeros(len(ROWS), np.bool_)
    allowed[docs[np.argsort(-(MATRIX[ROWS[docs]] @ target))[:300]]] = True
    found, exact = both(-target, 20, allowed)
    assert len(set(found) & set(exact)) >= 19


def test_cells_that_would_not_pay_are_remembered_as_such() -> None:
    arrays = held(cells_of(MATRIX, 0.0))
    assert (arrays["share"].tolist(), arrays["vectors"].size) == ([1.0], 0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with closing(EmbeddedEngine(tmp_path, "products", approximate=True)) as engine:
        generation = engine.create(LEG)
        engine.write(generation, [document(number, MATRIX[number]) for number in range(1_500)])
        engine.promote(generation, LEG)
        yield engine


def document(number: int, vector: Vectors) -> Document:
    return Document(f"p{number}", {}, {"title": {"en": "red"}}, vectors={"image": Vector(vector)})


def nearest(engine: EmbeddedEngine, vector: Vectors) -> list[str]:
    return ids(engine.search(Plan("photo", "", neighbours=(near(Vector(vector), k=20),), size=20)))


def test_what_changed_after_the_cells_were_made_is_searched_beside_them(engine: EmbeddedEngine, tmp_path: Path) -> None:
    file = path_of(live_folder(tmp_path), "image")
    before, target = file.read_bytes(), MATRIX[7]
    assert nearest(engine, target)[0] == "p7"
    engine.write(None, [document(9_999, target), document(7, -target)])
    assert nearest(engine, target)[0] == "p9999"
    assert "p7" not in nearest(engine, target)
    assert nearest(engine, -target)[0] == "p7"
    engine.remove(None, {"p9999": None})
    assert "p9999" not in nearest(engine, target)
    assert file.read_bytes() == before
    engine.write(None, [document(number, MATRIX[number]) for number in range(2_000, 2_400)])
    assert file.read_bytes() != before


def test_every_vector_is_compared_where_the_file_of_the_cells_is_damaged_and_doctor_says_so(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    file, found = path_of(live_folder(tmp_path), "image"), nearest(engine, MATRIX[7])
    assert [check.state for check in engine.check() if check.name == "neighbours"] == ["ok"]
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    with closing(EmbeddedEngine(tmp_path, "products")) as other:
        assert nearest(other, MATRIX[7]) == found
        assert [check.state for check in other.check() if check.name == "neighbours"] == ["warning"]


def test_cells_are_made_from_a_size_on_unless_they_are_wanted_or_not(tmp_path: Path) -> None:
    for index, approximate in (("unsaid", None), ("off", False)):
        with closing(EmbeddedEngine(tmp_path, index, approximate=approximate)) as engine:
            generation = engine.create(LEG)
            engine.write(generation, [document(number, MATRIX[number]) for number in range(1_100)])
            engine.promote(generation, LEG)
            assert not path_of(engine.folder / generation, "image").exists()


def test_a_rebuild_that_dies_while_it_writes_cells_leaves_the_live_index_and_goes_on(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = engine.create(LEG)
    engine.write(generation, [document(number, MATRIX[number]) for number in range(1_200)])
    with monkeypatch.context() as patched:
        patched.setattr(clustering, "in_turn", lambda rows: iter([rows[:10], rows[1 / 0]]))
        with pytest.raises(ZeroDivisionError):
            engine.promote(generation, LEG)
    assert len(list((engine.folder / generation).glob("cells-*"))) == 0
    assert engine.search(Plan("browse", "")).total == 1_500
    engine.promote(generation, LEG)
    assert engine.search(Plan("browse", "")).total == 1_200
    assert nearest(engine, MATRIX[7])[0] == "p7"
