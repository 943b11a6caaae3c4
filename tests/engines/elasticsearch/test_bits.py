"""Legs that keep 8, 4 or 1 bits of each number: what a server makes of it, and what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch.engines.elasticsearch.mapping import require_rounding, vector_type
from hybridsearch.errors import ConfigError, EngineError
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from tests.shops import settings, shop

LEG = {"name": "words", "encoder": "starter", "reads": ["title"]}


@pytest.mark.parametrize(("bits", "kind"), [(8, "int8_hnsw"), (4, "int4_hnsw"), (1, "bbq_hnsw")])
def test_a_leg_is_rounded_as_it_says(bits: int, kind: str) -> None:
    assert vector_type(Leg("words", 64, "f", bits=bits), knn_has_k=True)["index_options"] == {"type": kind}


def test_a_server_that_cannot_compare_whole_vectors_afterwards_is_refused() -> None:
    schema = Schema(Fields(title="title"), (Leg("words", 64, "f", bits=4),))
    require_rounding(schema, (8, 18))
    with pytest.raises(EngineError) as refused:
        require_rounding(schema, (8, 16, 6))
    assert str(refused.value) == (
        "Leg 'words' has 'bits = 4', which needs Elasticsearch 8.18 or later; the server is 8.16.6. "
        "Upgrade it, or leave out 'bits'."
    )


def test_a_leg_is_whole_or_rounded(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave out 'exact' or 'bits'"):
        settings(tmp_path, vectors=[{**LEG, "exact": True, "bits": 4}])


@pytest.mark.parametrize("bits", [4, 1])
def test_a_rounded_leg_finds_what_is_near_by_whole_vectors(tmp_path: Path, es_url: str, index: str, bits: int) -> None:
    section: dict[str, Any] = {"url": es_url, "index": index, "replicas": 0}
    with Elasticsearch(es_url) as client:
        if client.info()["version"]["number"].startswith("8.16"):
            pytest.skip("an older server refuses it")
    with shop(tmp_path, engine=section, vectors=[{**LEG, "bits": bits}]) as found:
        assert {hit.id for hit in found.search("winter coat").hits[:2]} == {"2", "3"}
        assert "rescore_vector" in str(found.engine.request(found.plan("winter coat")).body)
        assert found.engine.schema().legs[0].bits == bits
