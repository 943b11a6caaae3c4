"""Processes that fork once everything is loaded, as `gunicorn --preload` does: each continues alone, and none hangs.

The connections to a server are kept apart by `engines/elasticsearch/transport/node.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybridsearch import HybridSearch
from hybridsearch.settings import Settings
from tests.servers.fake import Received, Reply, serving
from tests.shops import shop, write_config

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

ROOT = Path(__file__).parents[2]
WORKERS = """
import os, signal, sys

def in_two_workers(work):
    children = []
    for number in range(2):
        child = os.fork()
        if not child:
            signal.alarm(60)  # ends one that hangs
            work(number)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]

"""
ENCODING = """
from tests.stories.test_fork import open_again

import torch
torch.set_num_threads(2)  # whatever this machine has
before = open_again(sys.argv[1])
assert before.search("red dress").degraded == ()
texts = [f"shoe {number} " * 9 for number in range(64)]
expected = before.encoders["words"].encode_texts(texts)

def work(number):
    for shop in (before, open_again(sys.argv[1])):
        page = shop.search(f"blue coat {number}")
        assert page and page.degraded == ()
        assert abs(shop.encoders["words"].encode_texts(texts) - expected).max() < 1e-5

in_two_workers(work)
work(2)
assert torch.get_num_threads() == 2
"""
ON_A_GPU = """
from tests.stories.test_fork import open_again

import torch
shop = open_again(sys.argv[1], backend="torch")
shop.search("red dress")
torch.cuda.is_available = lambda: True

def work(number):
    (said,) = shop.search(f"blue coat {number}").degraded
    assert f"loaded on a GPU by process {os.getppid()}, of which this one, {os.getpid()}, was forked. Let" in said

in_two_workers(work)
"""
ASKING = """
from pathlib import Path
from hybridsearch.engines.elasticsearch.transport.connection import connect
from hybridsearch.sections import EngineSection

client = connect(EngineSection(url=sys.argv[1]), Path())

def work(number):
    for turn in range(40):
        wanted = f"{number}-{turn}"
        assert client.mget(index="products", ids=[wanted])["docs"][0]["_id"] == wanted

work(0)
in_two_workers(work)
work(3)
"""


def run(program: str, argument: str) -> None:
    command = [sys.executable, "-c", WORKERS + program, argument]
    subprocess.run(command, cwd=ROOT, check=True, timeout=240)


def open_again(folder: str, **leg: str) -> HybridSearch:
    """Open a shop, with another setting of its leg."""
    found = Settings.load(Path(folder) / "hybridsearch.toml")
    vectors = tuple(each.model_copy(update=leg) for each in found.vectors)
    return HybridSearch.open(found.model_copy(update={"vectors": vectors}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with the starter."""
    pytest.importorskip("torch", reason="the extra 'clip' is not installed")
    found = tmp_path_factory.mktemp("shop")
    leg = {"name": "words", "encoder": "starter", "reads": ["title"]}
    write_config(found, vectors=[leg])
    with shop(found, vectors=[leg]):
        return found


def test_workers_forked_after_a_search_search_too(folder: Path) -> None:
    """Fault 84: torch's threads do not survive a fork; a worker that waited for them would hang."""
    run(ENCODING, str(folder))


def test_a_worker_forked_after_a_gpu_was_used_says_what_to_do_and_answers_by_words(folder: Path) -> None:
    """Fault 84."""
    run(ON_A_GPU, str(folder))


def test_forked_workers_read_their_own_answers() -> None:
    """Fault 84: the connections to the server."""

    def script(asked: Received) -> Reply:
        if "_mget" not in asked.path:
            return Reply({})
        return Reply({"docs": [{"_id": each, "found": False} for each in json.loads(asked.body)["ids"]]})

    with serving(script) as server:
        run(ASKING, server.url)
