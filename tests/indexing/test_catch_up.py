"""Changes that come in during a run, and how far each is brought in; a living catalogue is in tests/stories."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hybridsearch import HybridSearch
from hybridsearch.changes import START, Change, precedence
from hybridsearch.indexing.build import building, source_of
from hybridsearch.indexing.catch_up import CatchUp, updated
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.tally import Tally
from hybridsearch.roles import Fields
from hybridsearch.runtime.progress import silent
from hybridsearch.values import Product, Reject
from tests.indexing.builders import rows
from tests.killable import product


@pytest.fixture
def catch_up(versioned: HybridSearch, tmp_path: Path) -> Iterator[CatchUp]:
    """What follows the changes from now on; its generation is empty yet."""
    schema, settings = versioned.engine.schema(), versioned.settings
    with building(settings, schema, versioned.encoders, ThreadPoolExecutor) as builder:
        yield CatchUp(
            source=source_of(settings),
            engine=versioned.engine,
            generation=versioned.engine.create(schema),
            builder=builder,
            tally=Tally(schema, RejectsFile(tmp_path / "rejects.jsonl")),
            progress=silent,
            since=versioned.engine.changes.position(),
            mark=versioned.engine.changes.position(),
            resumed=False,
        )


def test_what_is_told_during_a_run_is_brought_into_its_generation_once(
    versioned: HybridSearch, catch_up: CatchUp
) -> None:
    """Fault 38."""
    versioned.upsert([product(1, 20), product(99, 20)])
    versioned.delete({"p2": 20})
    catch_up.catch_up()
    assert catch_up.replay(catch_up.generation) == 0
    versioned.engine.refresh(catch_up.generation)
    stored = versioned.engine.stored(catch_up.generation, ["p1", "p2", "p99"])
    assert {key: built.row for key, built in stored.items()} == {"p1": product(1, 20), "p99": product(99, 20)}
    assert (catch_up.tally.counts.changes, catch_up.tally.uncertain) == (3, {"p1", "p2", "p99"})


def test_what_is_told_during_the_swap_is_brought_into_the_live_index(
    versioned: HybridSearch, catch_up: CatchUp
) -> None:
    """Fault 38: it was written to the generation before."""
    versioned.engine.changes.record([Change("p1", product(1, 20), 20), Change("p2", None, 20)])
    catch_up.finish()
    assert rows(versioned, "p1", "p2") == {"p1": product(1, 20)}


def test_a_change_that_cannot_be_built_is_a_reject(versioned: HybridSearch, catch_up: CatchUp) -> None:
    """Fault 21."""
    versioned.engine.changes.record([Change("p1", {"id": "p1", "v": "?"}, 20)])
    catch_up.catch_up()
    assert [(reject.id, reject.stage) for reject in catch_up.tally.rejects.read()] == [("p1", "document")]


@pytest.mark.parametrize(
    ("row", "overtaken"),
    [
        (Product("p1", {"v": 19}, "own"), True),
        (Product("p1", {"v": 20}, "own"), True),
        (Product("p1", {"v": 21}, "own"), False),
        (Product("p1", {"v": "?"}, "own"), False),  # it becomes a reject
        (Product("p2", {"v": 19}, "own"), False),
        (Reject("own", "p1", "read", "why"), True),
        (Reject("own", None, "read", "why"), False),
    ],
)
def test_of_a_product_that_was_told_of_only_a_newer_row_of_the_catalogue_counts(
    catch_up: CatchUp, row: Product | Reject, overtaken: bool
) -> None:
    """Fault 38."""
    catch_up.told["p1"] = precedence(20)
    assert catch_up.overtaken(row) is overtaken


def test_a_catalogue_that_is_a_file_is_not_followed(catch_up: CatchUp) -> None:
    said: list[str] = []
    catch_up.begin(said.append)
    assert (catch_up.follow(catch_up.generation), catch_up.sweep(catch_up.generation)) == (0, 0)
    assert (said, catch_up.tally.position.seen) == ([], None)


def test_a_row_that_the_catalogue_tells_of_later_keeps_the_fields_that_were_changed_unless_it_is_newer() -> None:
    fields = Fields(title="title", version="at")
    row = Product("1", {"title": "new hat", "price": 9, "at": 5}, "shop")
    price = Change("1", {"price": 5, "at": 7}, 7, partial=True)
    assert updated(row, None, fields, START) == row
    assert updated(row, price, fields, START) == Product("1", {"title": "new hat", "price": 5, "at": 7}, "shop")
    newer = Product("1", {"title": "new hat", "price": 9, "at": 8}, "shop")
    assert updated(newer, price, fields, START) == newer
    reject = Reject("shop", "1", "read", "no product")
    assert updated(reject, price, fields, START) == reject
