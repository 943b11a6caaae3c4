"""Which run is continued, and which one is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.base import Generation
from hybridsearch.errors import EngineError
from hybridsearch.indexing import reindex
from hybridsearch.indexing.begin import obstacle
from hybridsearch.indexing.fill import Options
from hybridsearch.indexing.journal import Run
from tests.shops import PRODUCTS, quietly, settings, shop, write_products


def test_a_generation_that_is_removed_while_it_is_filled_is_not_made_anew(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Fault 18."""
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(2_000)])
    with Elasticsearch(es_url) as client:

        def remove(*_: Any) -> None:
            for name in client.indices.get(index=f"{index}-2*"):
                client.indices.delete(index=name)

        found = HybridSearch.open(settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}))
        with found, pytest.raises(EngineError, match="It was removed while it was written"):
            found.reindex(remove, quietly())
        assert not client.indices.get(index=f"{index}-2*")
        said: list[str] = []
        with HybridSearch.open(found.settings) as again:
            assert again.reindex(options=Options(say=said.append)).indexed == 2_000
    assert "is gone. Starting a new one." in said[0]


def of_state(name: str, state: str, *, lost: bool = False) -> Generation:
    return Generation(name, state, 5, 1_000, lost)  # type: ignore[arg-type]


IDENTITY = {"catalogue": 1, "program": "1.0"}
UNFINISHED, LIVE = of_state("new", "unfinished"), of_state("new", "live")


@pytest.mark.parametrize(
    ("identity", "generations", "why"),
    [
        (IDENTITY, [UNFINISHED], None),
        ({**IDENTITY, "catalogue": 2}, [UNFINISHED], "the catalogue changed since"),
        ({**IDENTITY, "program": "1.1"}, [UNFINISHED], "the program changed since"),
        ({**IDENTITY, "encoder": "x"}, [UNFINISHED], "the encoder changed since"),
        (
            IDENTITY,
            [of_state("new", "unfinished", lost=True)],
            "a part of its generation 'new' is lost with a node of the cluster",
        ),
        (IDENTITY, [of_state("other", "live", lost=True), UNFINISHED], None),
        (IDENTITY, [of_state("other", "live")], "its generation 'new' is gone"),
        (IDENTITY, [of_state("new", "kept")], "its generation 'new' was live, and another one has been since"),
        ({**IDENTITY, "catalogue": 2}, [LIVE], None),  # after the swap nothing is read of it any more
        ({**IDENTITY, "program": "1.1"}, [LIVE], "the program changed since"),
    ],
)
def test_a_run_is_continued_only_where_that_leads_to_the_same_end(
    identity: dict[str, Any], generations: list[Generation], why: str | None
) -> None:
    assert obstacle(Run("key", "new", 0, IDENTITY), identity, generations) == why


def test_a_run_is_started_again_when_that_is_wanted(tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    said: list[str] = []
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stop, quietly())
        left = [generation.name for generation in found.engine.generations()]
        report = found.reindex(options=Options(restart=True, say=said.append))
        assert [generation.name for generation in found.engine.generations()] == [report.generation] != left
    assert said == ["An interrupted run is not continued: --restart was given. Starting a new one."]
    assert (report.resumed, report.indexed) == (0, 5)


def test_a_run_that_was_killed_behind_its_swap_and_rolled_back_is_not_continued(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Attack: every later run failed, and told to run it again."""

    def kill(point: str) -> None:
        if point == "run.swapped":
            raise KeyboardInterrupt

    with shop(tmp_path, engine=engine) as found:
        with mock.patch.object(reindex, "reach", kill), pytest.raises(KeyboardInterrupt):
            found.reindex(options=quietly())
        swapped = found.engine.generations()[-1].name
        found.rollback()
        assert found.upsert([{**PRODUCTS[0], "price": 7}]).written == 1
        assert found.reindex(options=quietly()).resumed == 0
        states = {generation.name: generation.state for generation in found.engine.generations()}
        assert "live" in states.values()
        assert states.get(swapped) != "live"


def test_what_a_killed_run_made_live_is_searched_until_the_next_one_has_ended(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Attack: on a server, the run that was started anew removed the index that was searched."""

    def kill(point: str) -> None:
        if point == "run.swapped":
            raise KeyboardInterrupt

    with HybridSearch.open(settings(tmp_path, engine=engine)) as found:
        with mock.patch.object(reindex, "reach", kill), pytest.raises(KeyboardInterrupt):
            found.reindex(options=quietly())
        totals: list[int] = []
        found.reindex(lambda *_: totals.append(found.search("red").total), quietly(restart=True))
        assert set(totals) == {2}
        assert [generation.state for generation in found.engine.generations()] == ["kept", "live"]
