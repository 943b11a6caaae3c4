"""Pages of hand-made catalogues: which products a plan finds, in which order, and why.

The `view` and the `window` that a ranking reads are tested with it.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays import arrays
from hybridsearch.errors import QueryError, StoreDamaged
from hybridsearch.search.clauses import (
    CODE_LIFT,
    NEIGHBOUR_LIFT,
    Codes,
    Condition,
    Cosine,
    Match,
    Number,
    Passing,
    Saturated,
)
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Ids, Not, Range, Terms
from hybridsearch.search.plan import FIRST_PASS_SHARE, Plan, Sort
from hybridsearch.values import Document
from tests.engines.embedded.builders import SCHEMA, document, fill, ids, live_folder, near, search_words, unit, words


@pytest.fixture
def engine(tmp_path: Path) -> EmbeddedEngine:
    return EmbeddedEngine(tmp_path, "products")


def test_first_pass_lifts_codes_over_neighbours_over_words(engine: EmbeddedEngine) -> None:
    fill(
        engine,
        document("word"),
        document("near", "hat", vectors={"image": unit(1, 0, 0, 0)}),
        document("code", "hat", codes=("a1",)),
    )
    page = engine.search(search_words("red", codes=Codes(("a1",)), neighbours=(near(unit(1, 0, 0, 0)),)))
    assert ids(page) == ["code", "near", "word"]
    assert [page[0].score, page[1].score] == [CODE_LIFT, NEIGHBOUR_LIFT]


def test_signals_count_for_a_product_whichever_clause_matched_it(engine: EmbeddedEngine) -> None:
    fill(
        engine,
        document("by word", vectors={"image": unit(0, 1, 0, 0)}),
        document("by vector", "red hat", vectors={"image": unit(1, 0, 0, 0)}),
    )
    signals = (Condition("red", 1.0, words("red")), Cosine("image", 0.5, "image", unit(1, 1, 0, 0), 0.0, 1.0))
    plan = Plan("words", "", keyword=words("dress"), neighbours=(near(unit(1, 0, 0, 0), k=1),), signals=signals)
    assert [hit.signals for hit in engine.search(plan)] == [
        pytest.approx({"red": 1.0, "image": 0.5 * 2**-0.5}),
        pytest.approx({"red": 1.0, "image": 0.5 * 2**-0.5}),
    ]


def test_score_is_the_share_of_the_first_pass_and_the_sum_of_the_signals(engine: EmbeddedEngine) -> None:
    fill(engine, document("a", fields={"numbers": {"price": 30.0}}, codes=("c1",)), document("b", "hat", codes=("c1",)))
    plan = Plan("code", "", codes=Codes(("c1",)), signals=(Number("price", 0.2, "price", 10.0),))
    first = FIRST_PASS_SHARE * CODE_LIFT
    assert [hit.score for hit in engine.search(plan)] == pytest.approx([0.2 * 30 / (30 + 10) + first, first])


def test_a_shop_that_is_browsed_is_in_the_order_of_its_numbers_beyond_any_window(engine: EmbeddedEngine) -> None:
    fill(engine, *(document(f"{price:02}", fields={"numbers": {"price": price % 7}}) for price in range(20)))
    page = engine.search(Plan("browse", "", signals=(Number("price", 0.2, "price", 4.0),), window=3, size=5))
    assert ids(page) == ["06", "13", "05", "12", "19"]
    assert [hit.score for hit in page] == pytest.approx([0.12, 0.12, 1 / 9, 1 / 9, 1 / 9])


def test_products_outside_the_window_follow_with_their_share_of_the_first_pass(engine: EmbeddedEngine) -> None:
    fill(engine, document("long", "red dress shoe hat"), document("short", "red", fields={"numbers": {"price": 9.0}}))
    plan = search_words("red", window=1, signals=(Number("price", 1.0, "price", 1.0),))
    inside, outside = engine.search(plan)
    assert (inside.id, outside.id) == ("short", "long")
    assert outside.score < 1e-8
    assert outside.signals == {}


def test_tied_products_come_in_the_order_in_which_they_were_last_written(engine: EmbeddedEngine) -> None:
    generation = engine.create(SCHEMA)
    for name in ("b", "a", "c", "b"):
        engine.write(generation, [document(name)])
    engine.promote(generation, SCHEMA)
    assert ids(engine.search(search_words("red"))) == ["a", "c", "b"]


def test_equal_vectors_are_tied_wherever_they_lie(engine: EmbeddedEngine) -> None:
    twin = {"image": unit(0.3, -0.2, 0.7, 0.1)}
    fill(engine, *(document(f"p{number}", "", vectors=twin) for number in range(101)))
    page = engine.search(Plan("photo", "", neighbours=(near(unit(0.5, 0.1, 0.2, 0.9), k=7),), size=10))
    assert ids(page) == [f"p{number}" for number in range(7)]


def test_neighbours_are_the_nearest_among_those_that_pass_the_filters(engine: EmbeddedEngine) -> None:
    fill(
        engine,
        *(
            document(f"p{number}", "", vectors={"image": unit(1, number, 0, 0)}, fields={"numbers": {"price": number}})
            for number in range(10)
        ),
    )
    plan = Plan("photo", "", neighbours=(near(unit(1, 0, 0, 0), k=2),), filters=(Range("price", gte=4.0),))
    assert ids(engine.search(plan)) == ["p4", "p5"]


def test_neighbours_below_the_floor_are_no_candidates(engine: EmbeddedEngine) -> None:
    fill(engine, *(document(f"p{turn}", "", vectors={"image": unit(1, turn, 0, 0)}) for turn in range(4)))
    page = engine.search(Plan("photo", "", neighbours=(near(unit(1, 0, 0, 0), floor=0.7),)))
    assert (ids(page), page.total) == (["p0", "p1"], 2)


def test_best_language_counts(engine: EmbeddedEngine) -> None:
    generation = engine.create(SCHEMA)
    german = Document("de", {}, {"title": {"de": "rot kleid"}})
    engine.write(generation, [german, document("en", "red red dress")])
    engine.promote(generation, SCHEMA)
    both = Match.alike("title", (("en", ("red",)), ("de", ("rot",))))
    page = engine.search(Plan("words", "", keyword=both))
    alone = [
        engine.search(search_words("red"))[0],
        engine.search(Plan("words", "", keyword=words("rot", language="de")))[0],
    ]
    assert {hit.id: hit.score for hit in page} == {hit.id: hit.score for hit in alone}


def test_pages_of_a_query_continue_each_other(engine: EmbeddedEngine) -> None:
    fill(engine, *(document(f"p{number}", "red " * (number % 7 + 1)) for number in range(40)))
    signals = (Saturated("title", 1.0, words("red"), 8.0),)
    whole = engine.search(search_words("red", size=40, signals=signals))
    pages = [engine.search(search_words("red", offset=start, size=9, signals=signals)) for start in range(0, 45, 9)]
    assert [hit for page in pages for hit in page] == list(whole)
    assert {page.total for page in pages} == {40}
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]


def test_sort_puts_missing_numbers_last_in_both_directions_and_ties_in_order_of_ids(engine: EmbeddedEngine) -> None:
    prices = {"é": 5.0, "b": 5.0, "a": 9.0, "none": None, "c": 1.0, "B": 5.0}
    fill(
        engine, *(document(key, fields={"numbers": {"price": price} if price else {}}) for key, price in prices.items())
    )
    up = engine.search(search_words("red", sort=(Sort("price"),)))
    assert ids(up) == ["c", "B", "b", "é", "a", "none"]
    assert ids(engine.search(search_words("red", sort=(Sort("price", descending=True),)))) == [
        "a",
        "B",
        "b",
        "é",
        "c",
        "none",
    ]
    assert ids(engine.search(search_words("red", sort=(Sort("price"),), offset=2, size=2))) == ["b", "é"]
    assert {(hit.score, len(hit.signals)) for hit in up} == {(0.0, 0)}


def test_facets_count_all_candidates_the_hundred_most_frequent_values(engine: EmbeddedEngine) -> None:
    brands = [f"b{number:03}" for number in range(120)]
    fill(
        engine,
        *(document(f"p{number}", fields={"facets": {"brand": (brand, brand)}}) for number, brand in enumerate(brands)),
        document("more", fields={"facets": {"brand": ("b119", "b007")}}),
        document("hat", "hat", fields={"facets": {"brand": ("b001",)}}),
    )
    page = engine.search(search_words("red", facets=(Facet("brand"), Facet("color")), size=1))
    assert page.facets["color"] == {}
    assert list(page.facets["brand"].items())[:4] == [("b007", 2), ("b119", 2), ("b000", 1), ("b001", 1)]
    assert len(page.facets["brand"]) == 100


def test_filters_on_a_field_that_no_product_has_let_nothing_through(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    assert engine.search(search_words("red", filters=(Terms("color", ("red",)),))).total == 0
    assert engine.search(search_words("red", filters=(Range("weight", gte=0.0),))).total == 0


def test_range_includes_both_bounds_and_no_product_without_the_number(engine: EmbeddedEngine) -> None:
    fill(
        engine,
        *(document(f"p{price}", fields={"numbers": {"price": price}}) for price in (1.0, 2.0, 3.0, 4.0)),
        document("none"),
    )
    assert ids(engine.search(search_words("red", filters=(Range("price", 2.0, 3.0),)))) == ["p2.0", "p3.0"]
    assert engine.search(search_words("red", filters=(Range("price"),))).total == 4


@pytest.mark.parametrize("kind", ["browse", "empty", "words"])
def test_an_empty_catalogue_gives_an_empty_page(engine: EmbeddedEngine, kind: str) -> None:
    """Fault 48."""
    fill(engine)
    plan = Plan(
        kind,
        "",
        keyword=words("red"),
        codes=Codes(("a",)),
        neighbours=(near(unit(1, 0, 0, 0), k=100),),
        filters=(Terms("brand", ("a",)), Range("price", gte=1.0)),
        signals=(Saturated("title", 1.0, words("red"), 8.0), Cosine("image", 1.0, "image", unit(1, 0, 0, 0), 0, 1)),
        facets=(Facet("brand"),),
    )
    page = engine.search(plan)
    assert (len(page), page.total, page.facets) == (0, 0, {"brand": {}})


def test_more_neighbours_than_products_give_all_of_them(engine: EmbeddedEngine) -> None:
    """Fault 48."""
    fill(engine, document("only", "", vectors={"image": unit(1, 0, 0, 0)}))
    assert ids(engine.search(Plan("photo", "", neighbours=(near(unit(0, 1, 0, 0), k=1000),)))) == ["only"]


def test_page_carries_what_the_plan_says_about_the_query(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    page = engine.search(search_words("red", query="Red", notes=("cut",), degraded=("no vectors",), offset=10))
    assert (page.query, page.number, page.notes, page.degraded) == ("Red", 2, ("cut",), ("no vectors",))
    assert page.took_ms > 0


def test_an_async_search_gives_the_same_page(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    assert list(asyncio.run(engine.search_async(search_words("red")))) == list(engine.search(search_words("red")))


def test_a_leg_that_the_index_lacks_is_named(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    with pytest.raises(QueryError, match=r"no vectors 'photo', it has: image\."):
        engine.search(Plan("photo", "", neighbours=(near(unit(1, 0, 0, 0), leg="photo"),)))


def test_a_query_vector_of_other_dimensions_is_refused(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    with pytest.raises(QueryError, match=r"has 2 dims, the index holds 4\."):
        engine.search(Plan("photo", "", neighbours=(near(unit(1, 0)),)))


CUT = """
import os, sys
from pathlib import Path
from hybridsearch.engines.embedded import EmbeddedEngine
from tests.engines.embedded.builders import document, fill, ids, live_folder, near, search_words, unit
from hybridsearch.values import Vector

folder = Path(sys.argv[1])
engine = EmbeddedEngine(folder, "products")
fill(engine, *(document(str(number), vectors={"image": unit(1, 0, 0, number)}) for number in range(3_000)))
plan = search_words("dress", neighbours=(near(unit(1, 0, 0, 0)),))
engine.search(plan)
for file in ("compiled.arrays", "vectors-image.f32"):
    os.truncate(live_folder(folder) / file, 0)
print(engine.search(plan).total)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be cut short there")
def test_a_file_that_is_cut_short_under_a_search_does_not_kill_the_process(tmp_path: Path) -> None:
    """Attack: a file of the embedded engine that is changed in place while a shop is open."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", CUT, str(tmp_path)]
    child = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert (child.returncode, child.stdout) == (0, "3000\n"), child.stderr


def test_a_file_that_is_overwritten_under_a_search_is_a_damaged_store(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: a file of the embedded engine that is changed in place while a shop is open."""
    monkeypatch.setattr(arrays, "MAPPED_FROM", 0)
    fill(engine, *(document(str(number), fields={"facets": {"brand": ("Acme",)}}) for number in range(100)))
    plan = search_words("dress", facets=(Facet("brand"),))
    assert engine.search(plan).total == 100
    file = live_folder(tmp_path) / "compiled.arrays"
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.write(b"\x7f" * size)
    with pytest.raises(StoreDamaged, match=r"it was changed while it was in use\. Open the shop again, or run"):
        engine.search(plan)


@pytest.mark.parametrize("changes", [("upsert", "upsert"), ("upsert", "delete"), ("delete", "delete")])
def test_compiled_arrays_of_another_store_with_as_many_changes_are_not_believed(
    tmp_path: Path, changes: tuple[str, str]
) -> None:
    """Attack: compiled arrays of another generation, or of a backup, with the same number of changes."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder, change, product in zip(folders, changes, "12", strict=True):
        if folder == folders[1]:
            shutil.copytree(folders[0] / "before", folder / "products")
        with closing(EmbeddedEngine(folder, "products")) as engine:
            if folder == folders[0]:
                fill(engine, document("1"), document("2"), document("3"))
                shutil.copytree(folder / "products", folder / "before")
            if change == "upsert":
                engine.write(None, [document(product, f"coat {product}")])
            else:
                engine.remove(None, {product: None})
    shutil.copy(*(live_folder(folder) / "compiled.arrays" for folder in folders))
    with closing(EmbeddedEngine(folders[1], "products")) as engine:
        assert sorted(ids(engine.search(search_words("dress")).hits)) == ["1", "3"]
        assert ids(engine.search(search_words("coat 2")).hits) == (["2"] if changes[1] == "upsert" else [])


def test_compiled_arrays_of_another_generation_are_not_believed(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Attack: compiled arrays of another generation, or of a backup, with the same number of changes."""
    fill(engine, document("1", "red coat"))
    before = live_folder(tmp_path)
    fill(engine, document("1", "blue shoe"))
    engine.close()
    shutil.copy(before / "compiled.arrays", live_folder(tmp_path))
    with closing(EmbeddedEngine(tmp_path, "products")) as opened:
        assert ids(opened.search(search_words("red coat")).hits) == []
        assert ids(opened.search(search_words("blue shoe")).hits) == ["1"]


def test_what_is_for_one_product_counts_for_it_as_what_is_for_several_does(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"), document("b"), document("c"), document("other", "hat"))
    one, two = Passing("one", 3.0, (Ids(("b",)),)), Passing("again", 0.5, (Ids(("b",)),))
    elsewhere = Passing("hat", 9.0, (Ids(("other",)),)), Passing("gone", 9.0, (Ids(("no such product",)),))
    others = Passing("both", 1.0, (Ids(("a", "b")),)), Passing("not a", 0.25, (Ids(("a",)),), holds=False)
    page = engine.search(search_words("red", signals=(one, two, *elsewhere, *others)))
    assert {hit.id: dict(hit.signals) for hit in page} == {
        "a": {"both": 1.0},
        "b": {"one": 3.0, "both": 1.0, "again": 0.5, "not a": 0.25},
        "c": {"not a": 0.25},
    }
    assert [signal.pinned for signal in (one, *others)] == ["b", "", ""]
    nothing = engine.search(search_words("blue", signals=(one,)))
    assert nothing.total == 0


def test_what_is_hidden_is_left_out_beside_other_filters_and_in_any_order_of_them(engine: EmbeddedEngine) -> None:
    fill(engine, *(document(f"{n}", fields={"numbers": {"price": n}}) for n in range(6)))
    hidden, priced = Not(Ids(("2", "4", "no such product"))), Range("price", gte=1, lt=5)
    for filters in ((hidden, priced), (priced, hidden), (priced, hidden, hidden)):
        assert sorted(ids(engine.search(search_words("red", filters=filters)))) == ["1", "3"]
    assert sorted(ids(engine.search(search_words("red", filters=(hidden,))))) == ["0", "1", "3", "5"]
    assert sorted(ids(engine.search(search_words("red", filters=(Range("price"),))))) == list("012345")
