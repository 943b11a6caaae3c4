"""Layers: a change compiles what it changed, and everything is found as if all had been compiled again.

`layers` says which files there are, `layered` and `layered_text` read them, `surviving` is what is left of merged ones,
`files` keeps them open.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded import EmbeddedEngine, writers
from hybridsearch.engines.embedded.compiled import layers, views
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.values import Document, Page
from tests.engines.embedded.builders import SCHEMA, document, fill, ids, live_folder, search_words
from tests.engines.embedded.test_model import DOCUMENT, PLAN, Model


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep layers in small catalogues too, whatever share of them was changed."""
    monkeypatch.setattr(layers, "LEAST", 0)
    monkeypatch.setattr(layers, "SHARE", 0)


def layer_files(folder: Path) -> list[str]:
    return sorted(path.name for path in live_folder(folder).glob("*.arrays*"))


def told(page: Page) -> tuple[Any, ...]:
    """Return what a page says, scores to the bit."""
    return page.hits, page.total, page.facets, page.details


SHARES = st.sampled_from([0, 0, 0, 2, 1_000_000])
"""Never, once a half was changed, and always all layers are merged into one."""


class Changes(RuleBasedStateMachine):
    """Single changes of the live index, against the definitions, and against an index that compiles everything."""

    @initialize(documents=st.lists(DOCUMENT, min_size=1, max_size=25))
    def begin(self, documents: list[Document]) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.engines = [EmbeddedEngine(self.folder / name, "products") for name in ("layered", "whole")]
        for engine in self.engines:
            generation = engine.create(SCHEMA)
            engine.write(generation, documents)
            engine.promote(generation, SCHEMA)
        self.model = Model({})
        self.remember(documents)

    def remember(self, documents: list[Document]) -> None:
        for each in documents:
            self.model.documents.pop(each.id, None)
            self.model.documents[each.id] = each

    def change(self, method: str, changed: Any, expected: Written, share: int) -> None:
        layered, whole = self.engines
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(layers, "LEAST", 0)
            patched.setattr(layers, "SHARE", share)
            assert getattr(layered, method)(None, changed) == expected
            patched.setattr(writers, "add_layer", lambda *_: False)
            assert getattr(whole, method)(None, changed) == expected

    @rule(documents=st.lists(DOCUMENT, min_size=1, max_size=4), share=SHARES)
    def write(self, documents: list[Document], share: int) -> None:
        self.change("write", documents, Written(), share)
        self.remember(documents)

    @rule(documents=st.lists(DOCUMENT, min_size=1, max_size=3), share=SHARES)
    def remove(self, documents: list[Document], share: int) -> None:
        keys = {each.id for each in documents}
        self.change("remove", dict.fromkeys(keys), Written(missing=len(keys - set(self.model.documents))), share)
        for key in keys:
            self.model.documents.pop(key, None)

    @rule()
    def reopen(self) -> None:
        self.engines[0].close()
        self.engines[0] = EmbeddedEngine(self.folder / "layered", "products")

    @rule(plan=PLAN.filter(lambda plan: plan.is_steady or not plan.least))  # a bar is of an order by a field
    def search(self, plan: Plan) -> None:
        layered, whole = (engine.search(plan) for engine in self.engines)
        assert told(layered) == told(whole)
        self.model.require(plan, layered)

    @rule()
    def compare(self) -> None:
        layered, whole = (engine.lexicon() for engine in self.engines)
        assert (layered.counts, layered.documents) == (whole.counts, whole.documents)
        assert self.engines[0].vectors("image") == self.engines[1].vectors("image")

    def teardown(self) -> None:
        if hasattr(self, "engines"):
            for engine in self.engines:
                engine.close()
            shutil.rmtree(self.folder)


Changes.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestChanges = Changes.TestCase


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        fill(engine, *(document(f"p{number}", f"red coat n{number}") for number in range(20)))
        yield engine


@pytest.mark.parametrize(
    ("sizes", "new", "stay"),
    [
        ([100], 1, 1),
        ([100], 1_000, 1),  # no share is set here
        ([100, 1], 1, 1),
        ([100, 5], 1, 2),
        ([100, 4], 1, 1),
        ([100, 17, 3, 1], 1, 1),  # 1 + 1, + 3, + 17: each is at most four times what is below it
        ([100, 30, 3, 1], 1, 2),
        ([100, 30, 0], 0, 2),  # removals alone
    ],
)
def test_layers_that_are_not_much_larger_are_compiled_together(sizes: list[int], new: int, stay: int) -> None:
    assert layers.kept(sizes, new) == stay


def test_a_change_leaves_the_file_of_all_and_there_are_few_of_the_others(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    base = live_folder(tmp_path) / "compiled.arrays"
    before = base.read_bytes()
    for number in range(60):
        engine.write(None, [document(f"p{number}", f"blue hat n{number}")])
        assert ids(engine.search(search_words(f"n{number}"))) == [f"p{number}"]
        assert len(layer_files(tmp_path)) <= 5
    assert base.read_bytes() == before
    assert engine.search(search_words("blue")).total == 60
    assert engine.search(search_words("red")).total == 0


def test_all_are_compiled_again_once_a_share_of_them_was_changed(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "SHARE", 10)  # two of twenty
    for number in range(2):
        engine.write(None, [document(f"new {number}")])
        assert len(layer_files(tmp_path)) == 2
    engine.write(None, [document("new 2")])
    assert layer_files(tmp_path) == ["compiled.arrays"]
    for number in range(2):
        engine.remove(None, {f"p{number}": None})
        assert len(layer_files(tmp_path)) == 2
    engine.remove(None, {"p2": None})
    assert layer_files(tmp_path) == ["compiled.arrays"]
    assert engine.search(Plan("browse", "")).total == 20


def test_another_process_finds_the_change_and_compiles_nothing(engine: EmbeddedEngine, tmp_path: Path) -> None:
    with closing(EmbeddedEngine(tmp_path, "products")) as reader:
        assert reader.search(search_words("blue")).total == 0
        file = reader._view()._arrays
        engine.write(None, [document("p3", "blue hat")])
        assert ids(reader.search(search_words("blue"))) == ["p3"]
        layered = reader._view()._layered
        assert layered is not None
        assert layered.layers[0] is file  # neither read nor compared with its checksum again
        engine.remove(None, {"p3": None})
        assert reader.search(search_words("blue")).total == 0


def test_a_search_compiles_no_more_than_was_changed_where_a_writer_compiles_all(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "SHARE", 10)  # two of twenty
    with closing(Store(live_folder(tmp_path), writing=True)) as store:  # the writer is killed before it has compiled
        store.write([document(f"p{number}", "blue hat") for number in range(5)])
        store.remove({"p7": None})

    def compile_all(_: Store) -> Any:
        raise AssertionError("everything is compiled, while somebody waits")

    monkeypatch.setattr(views, "compile_store", compile_all)
    with closing(EmbeddedEngine(tmp_path, "products")) as reader:
        assert reader.search(search_words("blue")).total == 5
        assert reader.search(search_words("red")).total == 14
    assert layer_files(tmp_path) == ["compiled.arrays"]


@pytest.mark.parametrize("content", [None, b"", b"short", b"x" * 5_000])
def test_a_missing_layer_costs_time_and_nothing_else(
    engine: EmbeddedEngine, tmp_path: Path, content: bytes | None
) -> None:
    engine.write(None, [document("p3", "blue hat")])
    engine.close()
    (layer,) = live_folder(tmp_path).glob("layer-*")
    layer.unlink() if content is None else layer.write_bytes(content)
    with closing(EmbeddedEngine(tmp_path, "products")) as other:
        assert ids(other.search(search_words("blue"))) == ["p3"]
        other.write(None, [document("p4", "blue hat")])
        assert ids(other.search(search_words("blue"))) == ["p3", "p4"]


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_bit_in_a_layer_changes_no_answer(engine: EmbeddedEngine, tmp_path: Path, seed: int) -> None:
    engine.write(None, [document("p3", "blue hat"), document("p21", "red hat")])
    plan = search_words("red hat", facets=(Facet("brand"),), sort=(Sort("price"),))
    before = told(engine.search(plan))
    engine.close()
    (layer,) = live_folder(tmp_path).glob("layer-*")
    data = bytearray(layer.read_bytes())
    data[seed * len(data) // 8] ^= 1 << seed
    layer.write_bytes(data)
    with closing(EmbeddedEngine(tmp_path, "products")) as other:
        assert told(other.search(plan)) == before


def test_layers_of_a_copy_that_went_another_way_are_not_believed(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Attack: compiled arrays of another generation, or of a backup, with the same number of changes."""
    engine.close()
    shutil.copytree(tmp_path / "products", tmp_path / "copy")
    for index, title in (("products", "blue hat"), ("copy", "green hat")):
        with closing(EmbeddedEngine(tmp_path, index)) as changed:
            changed.write(None, [document("p3", title)])
    (layer,) = live_folder(tmp_path).glob("layer-*")
    (copied,) = (tmp_path / "copy").glob("*/layer-*")
    shutil.copy(layer, copied)
    with closing(EmbeddedEngine(tmp_path, "copy")) as copy:
        assert ids(copy.search(search_words("green"))) == ["p3"]
        assert ids(copy.search(search_words("blue"))) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from hybridsearch.engines.embedded import EmbeddedEngine, writers
from hybridsearch.engines.embedded.compiled import layers
from tests.engines.embedded.builders import document

folder, where = Path(sys.argv[1]), sys.argv[2]
layers.LEAST = layers.SHARE = 0

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before_unlink(store, extents, record=layers.record):
    store.save_layers(extents)
    die()

shop = EmbeddedEngine(folder, "products")
shop.write(None, [document("p1", "blue hat")])
if where == "compiled":
    layers.save_arrays = die
elif where == "saved":
    layers.record = die
elif where == "recorded":
    layers.record = before_unlink
elif where == "pointed":
    shop._views.replace = die
elif where == "all":
    layers.LEAST, layers.save_arrays = 1_000_000, die
elif where == "all saved":
    layers.LEAST, layers.record = 1_000_000, die
elif where == "all recorded":
    layers.LEAST, layers.record = 1_000_000, before_unlink
elif where == "from documents":
    writers.add_layer, writers.save_compiled = lambda *_: False, die
shop.write(None, [document("p2", "blue hat"), document("p20", "blue hat")])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    "where", ["compiled", "saved", "recorded", "pointed", "all", "all saved", "all recorded", "from documents"]
)
def test_a_writer_that_is_killed_between_two_steps_costs_nothing(
    engine: EmbeddedEngine, tmp_path: Path, where: str
) -> None:
    assert engine.search(search_words("blue")).total == 0
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), where], cwd=root, env=environment)
    assert child.returncode == -signal.SIGKILL
    with closing(EmbeddedEngine(tmp_path, "products")) as other:
        assert sorted(ids(other.search(search_words("blue")))) == ["p1", "p2", "p20"]
        other.write(None, [document("p3", "blue hat")])
        assert sorted(ids(other.search(search_words("blue")))) == ["p1", "p2", "p20", "p3"]
        assert [check.state for check in other.check() if check.name == "compiled"] == []
    assert sorted(ids(engine.search(search_words("blue")))) == ["p1", "p2", "p20", "p3"]
    assert len(layer_files(tmp_path)) <= 3
    assert not [name for name in layer_files(tmp_path) if name.endswith(".tmp")]
