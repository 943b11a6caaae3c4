"""Coroutines use connections of their own event loop, and these are closed with it."""

import asyncio
import gc
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Match
from hybridsearch.search.plan import Plan
from hybridsearch.sections import EngineSection
from tests.servers import certificates
from tests.servers.fake import HANG, INFO, Received, Reply, Script, serving
from tests.shops import shop

RED = Plan("words", "", query="red", keyword=Match.alike("text", (("en", ("red",)),)))
INDEX = {
    "mappings": {"_meta": {"hybridsearch": Schema(Fields(title="title")).to_json()}},
    "settings": {"index": {"number_of_shards": "1"}},
}
FOUND = Reply({"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"total": {"value": 7}, "hits": []}})


def at_search(*replies: Reply) -> Script:
    """Answer searches in turn, and with the last reply from then on."""
    left = list(replies)

    def script(asked: Received) -> Reply:
        if "_search" in asked.path:
            return left.pop(0) if len(left) > 1 else left[0]
        return INFO if asked.path == "/" else Reply({"products-1": INDEX})

    return script


class NoThreads(ThreadPoolExecutor):
    """Refuses to make a thread."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        raise AssertionError("a thread was asked for")


def test_no_thread_is_used(tmp_path: Path, es_url: str, index: str) -> None:
    async def ask() -> None:
        asyncio.get_running_loop().set_default_executor(NoThreads())
        try:
            assert (await engine.schema_async()).fields.title == "title"
            assert (await engine.search_async(RED)).total == 2
            assert set(await engine.get_async(["1", "none"])) == {"1"}
        finally:
            await engine.close_async()

    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}) as built:
        engine = ElasticsearchEngine(built.settings.engine, tmp_path)
        asyncio.run(ask())


@pytest.mark.skipif(certificates.OPENSSL is None, reason="needs openssl")
def test_encrypted_connections_are_closed_with_their_loop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = certificates.make(tmp_path)
    with serving(at_search(FOUND), made) as fake:
        section = EngineSection(url=fake.url, ca_file=made.authority)
        with closing(ElasticsearchEngine(section, tmp_path)) as engine:
            for _ in range(3):
                assert asyncio.run(engine.search_async(RED)).total == 7
    gc.collect()
    assert not [record.getMessage() for record in caplog.records if record.name == "asyncio"]


def test_a_search_that_is_cancelled_while_the_server_hangs_hinders_no_other(tmp_path: Path) -> None:
    async def ask() -> int:
        hanging = asyncio.create_task(engine.search_async(RED))
        while not any("_search" in asked.path for asked in fake.asked):
            await asyncio.sleep(0.01)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        return (await engine.search_async(RED)).total

    with (
        serving(at_search(HANG, FOUND)) as fake,
        closing(ElasticsearchEngine(EngineSection(url=fake.url), tmp_path)) as engine,
    ):
        assert asyncio.run(ask()) == 7


def test_an_engine_that_is_dropped_leaves_its_connections_to_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(url: str) -> None:
        engine = ElasticsearchEngine(EngineSection(url=url), Path())
        assert (await engine.search_async(RED)).total == 7
        engine.close()
        del engine
        gc.collect()
        await asyncio.sleep(0.05)

    with serving(at_search(FOUND)) as fake:
        asyncio.run(ask(fake.url))
    gc.collect()
    assert not [record.getMessage() for record in caplog.records if record.name == "asyncio"]
