"""The lease of a run on a server: who has it, and when it is taken from a dead owner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import lease as leases
from hybridsearch.errors import EngineError
from tests.servers.fake import serving
from tests.servers.model import Model
from tests.shops import settings

ROOT = Path(__file__).parents[3]

OWNER = """
import sys, time
from pathlib import Path
from hybridsearch import HybridSearch
from tests.shops import settings
with HybridSearch.open(settings(Path(sys.argv[1]), engine={"url": sys.argv[2], "index": sys.argv[3]})) as shop:
    with shop.engine.lease("night job"):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_lease_on_a_server_names_its_owner_and_is_taken_from_a_dead_one(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Faults 29 and 41, across processes."""
    command = [sys.executable, "-c", OWNER, str(tmp_path), es_url, index]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with HybridSearch.open(settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0})) as found:
            with pytest.raises(EngineError) as refused:
                found.reindex()
            assert str(refused.value).startswith(f"A rebuild is under way: night job, process {process.pid} on ")
            process.kill()
            process.wait()
            assert found.reindex().indexed == 5


def test_a_lease_of_another_machine_is_watched_and_taken_when_it_is_silent() -> None:
    """Fault 29."""
    model, slept = Model(), []
    with serving(model.reply) as fake, Elasticsearch(fake.url) as client:
        body = {"owner": "night job", "host": "elsewhere", "process": 1, "token": "x", "beats": 0}
        client.indices.create(index="shop-lock")
        client.create(index="shop-lock", id="run", document=body)

        def beat(seconds: float) -> None:
            slept.append(seconds)
            client.index(index="shop-lock", id="run", document=body)

        with pytest.raises(EngineError, match="night job, process 1 on elsewhere"):
            leases.ServerLease(client, "shop", "me", sleep=beat, beating=False).__enter__()
        assert len(slept) == 1
        slept.clear()
        with leases.ServerLease(client, "shop", "me", sleep=slept.append, beating=False) as mine:
            mine.require()
            client.index(index="shop-lock", id="run", document=body)
            with pytest.raises(EngineError, match="Another run has taken over"):
                mine.require()
    assert sum(slept) == leases.SILENCE
