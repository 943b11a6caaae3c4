"""Going back to an earlier generation, and removing what interrupted runs left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.errors import EngineError, GateError
from tests.indexing.builders import rows
from tests.killable import product
from tests.shops import shop, write_products


def test_one_goes_back_and_forth_and_no_change_is_lost(versioned: HybridSearch, tmp_path: Path) -> None:
    """Fault 39."""
    write_products(tmp_path / "products.jsonl", [product(number, 20) for number in range(10)])
    new = versioned.reindex().generation
    versioned.upsert([product(3, 25)])
    done = versioned.rollback()
    assert (done.before, done.changes, done.missing) == (new, 1, "")
    assert rows(versioned, "p2", "p3") == {"p2": product(2, 10), "p3": product(3, 25)}
    with pytest.raises(GateError, match=f"none to go back to. Others, for --to: {new}"):
        versioned.rollback()
    versioned.rollback(new)
    assert rows(versioned, "p2", "p3") == {"p2": product(2, 20), "p3": product(3, 25)}


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_as_many_generations_are_kept_as_configured(tmp_path: Path, engine: dict[str, Any], keep: int) -> None:
    with shop(tmp_path, engine={**engine, "keep": keep}) as found:
        for _ in range(3):
            found.reindex()
        assert [each.state for each in found.engine.generations()] == ["kept"] * keep + ["live"]


def test_clean_removes_what_a_dead_run_left_and_nothing_else(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 35."""
    with shop(tmp_path, engine=engine) as found:
        found.reindex()
        schema = found.engine.schema()
        dead = found.engine.create(schema)
        assert [each.name for each in found.leftovers()] == [dead]
        found.clean(found.leftovers())
        assert sorted(each.state for each in found.engine.generations()) == ["kept", "live"]


def test_while_a_run_is_under_way_clean_and_rollback_refuse(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Faults 29 and 41."""
    with shop(tmp_path, engine=engine) as found, HybridSearch.open(found.settings) as other:
        dead = found.engine.create(found.engine.schema())
        with found.engine.lease("somebody"):
            with pytest.raises(EngineError, match="Wait until it has ended, then try again"):
                other.clean(other.leftovers())
            with pytest.raises(EngineError, match="Wait until it has ended, then try again"):
                other.rollback()
        assert dead in {each.name for each in other.engine.generations()}
