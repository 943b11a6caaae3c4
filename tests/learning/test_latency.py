"""`latency`: each query is asked once, after a few that do not count."""

from pathlib import Path
from typing import Any

import pytest

from hybridsearch.learning.latency import MOST, WARM, latencies
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import prior
from tests.shops import shop

pytestmark = pytest.mark.beside_one_server


def test_every_query_takes_some_milliseconds(tmp_path: Path, engine: dict[str, Any]) -> None:
    asked = [PreparedQuery(JudgedQuery(text, {"1": 1.0}), Query(text), "words", {}) for text in ("coat", "dress")]
    told: list[tuple[object, ...]] = []
    with shop(tmp_path, engine=engine) as opened:
        plans: list[object] = []
        search = opened.engine.search
        opened.engine.search = lambda plan: plans.append(plan) or search(plan)  # type: ignore
        found = latencies(opened.engine, asked, prior(), lambda *state: told.append(state))
        assert len(plans) == 2 + min(WARM, 2)
        assert len(latencies(opened.engine, asked * MOST, prior(), lambda *_: None)) == MOST
    assert len(found) == 2
    assert all(0 < each < 10_000 for each in found)
    assert told == [("measuring", 1, 2), ("measuring", 2, 2)]
