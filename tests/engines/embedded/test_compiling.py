"""Compiling by parts: whatever their size, the file is the same to the byte, and no more than a part is in memory.

`spool`, where parts wait, `merging`, which joins them, and `surviving`, what is left of layers, are tested with it.
"""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays import spool
from hybridsearch.engines.embedded.arrays.arrays import load_arrays
from hybridsearch.engines.embedded.arrays.postings import Postings, PostingsBuilder
from hybridsearch.engines.embedded.arrays.spool import Spool
from hybridsearch.engines.embedded.compiled import layers, merging
from hybridsearch.engines.embedded.compiled.compiling import NAME, collect, compile_store, save_compiled
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.values import Document
from tests.engines.embedded.builders import DIMS, unit

SCHEMA = Schema(
    Fields(title="title", facets=("brand", "variants.size"), numbers=("price",)),
    (Leg("image", DIMS, "test"),),
    "test",
)
WORDS = ("red", "dress", "跑步鞋", "é", "shoe")


def product(number: int) -> Document:
    """Return a product that lacks, of each kind of field, what others have."""
    title = " ".join(WORDS[: number % 4]) + (f" n{number}" if number % 7 else "")
    fields: dict[str, Any] = {"facets": {"brand": (f"b{number % 3}",)} if number % 5 else {}}
    fields["numbers"] = {"price": float(number)} if number > 20 else {}
    variants = tuple({"facets": {"variants.size": (f"s{turn}",)}} for turn in range(number % 3))
    return Document(
        f"p{number * 7919 % 100}",
        {"title": title},
        {"title": {"en" if number % 2 else "de": title}},
        (f"c{number}",) if number % 2 else (),
        fields,
        {"image": unit(1, number, 2, 1)} if number % 6 == 0 else {},
        variants=variants,
        words=tuple(title.split()),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Sixty products of a generation that is not live."""
    folder = tmp_path_factory.mktemp("shop")
    with closing(EmbeddedEngine(folder, "products")) as engine:
        generation = engine.create(SCHEMA)
        engine.write(generation, [product(number) for number in range(60)])
        engine.remove(generation, {"p19": None})
    with closing(Store(folder / "products" / generation)) as store:
        yield store


@pytest.mark.parametrize("part", [0, 500, 3_000])
def test_the_compiled_file_is_the_same_whatever_the_size_of_a_part(
    store: Store, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_compiled(store, compile_store(store))
    in_one = (store.folder / NAME).read_bytes()
    monkeypatch.setattr(merging, "TERMS", 7)
    monkeypatch.setattr(merging, "POSTINGS", 11)
    save_compiled(store, compile_store(store, part))
    assert (store.folder / NAME).read_bytes() == in_one


def test_a_store_without_documents_compiles_to_no_documents(tmp_path: Path) -> None:
    with closing(Store.create(tmp_path / "products" / "generation", SCHEMA)) as empty:
        arrays = dict(compile_store(empty))
    assert {name: np.concatenate(list(pieces)).tolist() for name, pieces in arrays.items()} == {
        "numbers": [],
        "order": [],
    }


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.lists(st.text("aé跑\0", max_size=3), max_size=4), max_size=4), min_size=1, max_size=4),
    st.integers(1, 9),
)
def test_postings_of_runs_are_merged_into_those_of_all(runs: list[list[list[str]]], stretch: int) -> None:
    """Terms of any content, repeated in a document or not, in any run."""
    together, number = PostingsBuilder(), 0
    with closing(Spool(Path())) as kept, pytest.MonkeyPatch.context() as patched:
        patched.setattr(merging, "TERMS", stretch)
        patched.setattr(merging, "POSTINGS", stretch)
        inverted = []
        for run in runs:
            apart = PostingsBuilder()
            for terms in run:
                together.add(number, terms)
                apart.add(number, terms)
                number += 1
            inverted.append(merging.Kept.of(apart.finish(number), kept))
        stretches = list(merging.merged(inverted))
    expected = together.finish(number)
    postings = Postings({f"all:{part}": values for part, values in expected.arrays.items()}, "all")
    assert [term.decode() for each in stretches for term in each.terms] == list(postings.terms())
    assert [docs for each in stretches for docs in each.docs.tolist()] == postings.docs.tolist()
    assert [count for each in stretches for count in each.counts.tolist()] == expected.counts.tolist()
    assert [held for each in stretches for held in each.having.tolist()] == [held for _, held in postings.frequencies()]


def test_what_waits_in_a_spool_is_no_file_of_the_folder_and_comes_back_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves nothing behind: the file has no name where the system knows such files."""
    monkeypatch.setattr(spool, "IN_MEMORY", 8)
    with closing(Spool(tmp_path)) as kept:
        first, second = kept.put(np.arange(5)), kept.put(np.array([2.5], np.float32))
        kept.forget(second)
        third = kept.put(np.array([7], np.int32))
        assert (kept.get(third).tolist(), kept.get(first, 1, 3).tolist()) == ([7], [1, 2])
        assert list(tmp_path.iterdir()) == []


def test_a_part_ends_with_the_document_that_fills_it(store: Store) -> None:
    sizes = [len(record.content) for record in store.records()]
    ends = [part.products.end for part in collect(store, 1_000)]
    assert len(ends) > 3
    for begin, end in itertools.pairwise([0, *ends]):
        assert sum(sizes[begin : end - 1]) <= 1_000
    assert ends[-1] == len(sizes)


def test_the_terms_of_a_part_are_free_once_it_is_finished_without_the_garbage_collector() -> None:
    class Term(str):
        pass

    builder, term = PostingsBuilder(), Term("red")
    freed = weakref.ref(term)
    builder.add(0, [term])
    gc.disable()
    try:
        del term
        assert freed() is not None
        builder.finish(1)
        del builder
        assert freed() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("stretch", [7, 1_000_000])
def test_layers_are_merged_into_the_file_that_compiling_all_documents_gives_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    """Products, variants and vectors are replaced, added and removed, some twice, and no field is lost with them."""
    monkeypatch.setattr(layers, "LEAST", 0)
    monkeypatch.setattr(layers, "SHARE", 0)
    monkeypatch.setattr(layers, "SWALLOWED", 0)
    monkeypatch.setattr(merging, "TERMS", stretch)
    monkeypatch.setattr(merging, "POSTINGS", stretch)
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        generation = engine.create(SCHEMA)
        engine.write(generation, [product(number) for number in range(60)])
        engine.promote(generation, SCHEMA)
        for first in (30, 34, 70):
            engine.write(None, [product(number) for number in range(first, first + 9)])
            engine.remove(None, {product(first + 2).id: None})
        folder = tmp_path / "products" / generation
        assert len(list(folder.glob("layer-*"))) == 4  # one of removals alone takes in the next of these
        monkeypatch.setattr(layers, "SHARE", 1_000)
        engine.write(None, [product(99)])
    merged = (folder / NAME).read_bytes()
    assert [path.name for path in folder.glob("*.arrays")] == [NAME]
    with closing(Store(folder)) as store:
        save_compiled(store, compile_store(store))
    assert (folder / NAME).read_bytes() == merged


def test_a_word_that_only_dead_documents_had_is_no_longer_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "LEAST", 0)
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        generation = engine.create(SCHEMA)
        engine.write(generation, [product(number) for number in range(8)])
        engine.promote(generation, SCHEMA)
        for number in range(8):
            engine.remove(None, {product(number).id: None})
        assert engine.lexicon().counts == {}
    compiled, _ = load_arrays(tmp_path / "products" / generation / NAME)
    assert compiled["text:title:en:terms"].size == compiled["numbers"].size == 0
