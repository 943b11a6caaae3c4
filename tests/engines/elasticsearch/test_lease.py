"""The lease of a run on a server: who has it, and when it is taken from a dead owner."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch.lease import SILENCE, ServerLease, is_dead
from hybridsearch.errors import EngineError
from tests.servers.fake import RESET, Received, Reply, serving
from tests.servers.model import Model
from tests.shops import settings

ELSEWHERE = {"owner": "night job", "host": "elsewhere", "process": 1, "token": "x", "beats": 0}


ROOT = Path(__file__).parents[3]

OWNER = """
import sys, time
from pathlib import Path
from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import lease
from tests.shops import settings
lease.HEARTBEAT = 0.5
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
        with HybridSearch.open(settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0})) as shop:
            with pytest.raises(EngineError) as refused:
                shop.reindex()
            assert str(refused.value).startswith(f"A rebuild is under way: night job, process {process.pid} on ")
            process.kill()
            process.wait()
            assert shop.reindex().indexed == 5


def test_a_lease_of_another_machine_is_watched_and_taken_when_it_is_silent() -> None:
    """Fault 29."""
    model, slept = Model(), []
    with serving(model.reply) as fake, Elasticsearch(fake.url) as client:
        client.indices.create(index="shop-lock")
        client.create(index="shop-lock", id="run", document=ELSEWHERE)

        def update(seconds: float) -> None:
            slept.append(seconds)
            client.index(index="shop-lock", id="run", document=ELSEWHERE)

        with pytest.raises(EngineError, match="night job, process 1 on elsewhere"):
            ServerLease(client, "shop", "me", sleep=update, heartbeat=False).__enter__()
        assert len(slept) == 1
        slept.clear()
        with ServerLease(client, "shop", "me", sleep=slept.append, heartbeat=False) as lease:
            lease.require()
            client.index(index="shop-lock", id="run", document=ELSEWHERE)
            with pytest.raises(EngineError, match="Another run has taken over"):
                lease.require()
    assert sum(slept) == SILENCE


def test_a_released_lease_is_free_at_once() -> None:
    model, slept = Model(), list[float]()
    with serving(model.reply) as fake, Elasticsearch(fake.url) as client:
        for owner in ("first", "second"):
            with ServerLease(client, "shop", owner, sleep=slept.append, heartbeat=False) as lease:
                lease.require()
    assert slept == []


def test_an_update_whose_answer_was_lost_does_not_lose_the_lease() -> None:
    model, lost = Model(), list[str]()

    def script(asked: Received) -> Reply:
        reply = model.reply(asked)
        if asked.body and json.loads(asked.body).get("beats") == 1 and not lost:
            lost.append(asked.path)
            return RESET
        return reply

    with (
        serving(script) as fake,
        Elasticsearch(fake.url, max_retries=0) as client,
        ServerLease(client, "shop", "me", heartbeat=False) as lease,
    ):
        lease.require()
        lease.require()
        lease.require()
    assert len(lost) == 1


@pytest.mark.skipif(os.name != "posix", reason="Windows does not tell whether a process has ended")
def test_only_an_ended_process_of_this_machine_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    def owner(**changes: Any) -> dict[str, Any]:
        return {"host": socket.gethostname(), "process": os.getppid(), **changes}

    assert is_dead(owner(process=process.pid))
    assert is_dead(owner(process=os.getpid()))  # as in a container: an earlier process had our number
    assert not is_dead(owner())
    assert not is_dead(owner(process=process.pid, host="elsewhere"))
