"""The client for coroutines: the same methods and answers as the other one, in any number of event loops."""

import asyncio
import gc
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch, Page, Settings
from hybridsearch.disk.lock import FileLock
from hybridsearch.engines.embedded.engine import EmbeddedEngine
from hybridsearch.engines.embedded.stored.generations import Generations
from hybridsearch.errors import EngineError, ShopClosed
from hybridsearch.indexing.fill import Options
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.plan import Plan
from hybridsearch.shop.shop import Shop
from hybridsearch.texts import cutting
from hybridsearch.values import Vectors
from tests.killable import LEG, Cheap, Hashed
from tests.servers.fake import HANG, INFO, Received, Reply, error, serving
from tests.servers.model import Model
from tests.shops import PRODUCTS, quietly, settings, shop, write_products

pytestmark = pytest.mark.beside_one_server

HATS = [{"id": str(number), "title": f"hat {number}"} for number in range(1_500)]


@pytest.fixture(autouse=True)
def nothing_left_open(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Sessions and connections that are dropped without being closed say so in the log, or by a warning."""
    yield
    gc.collect()
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert not [record.getMessage() for record in records if record.name == "asyncio"]


@pytest.fixture
def acme(tmp_path: Path, engine: dict[str, Any]) -> Settings:
    """The five products on either engine."""
    with shop(tmp_path, engine=engine) as built:
        return built.settings


def methods(client: type) -> dict[str, Callable[..., Any]]:
    """Return the public methods that a client has beyond those of every shop."""
    own = [kind for kind in client.__mro__ if issubclass(kind, Shop) and kind is not Shop]
    public = {name: value for kind in own for name, value in vars(kind).items() if not name.startswith("_")}
    return {name: value for name, value in public.items() if inspect.isfunction(value)}


def test_a_search_with_a_time_of_its_own_ends_by_then(tmp_path: Path) -> None:
    async def search(url: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": url})) as my_shop:
            await my_shop.search("red", timeout=0.2)

    with serving(lambda _: HANG) as fake:
        started = time.monotonic()
        with pytest.raises(EngineError, match="did not answer in time"):
            asyncio.run(search(fake.url))
        assert time.monotonic() - started < 2


def test_both_clients_have_the_same_methods_with_the_same_signatures() -> None:
    plain, awaited = methods(HybridSearch), methods(AsyncHybridSearch)
    assert {name: inspect.signature(method) for name, method in plain.items()} == {
        name: inspect.signature(method) for name, method in awaited.items()
    }
    assert all(map(inspect.iscoroutinefunction, awaited.values()))
    assert not any(map(inspect.iscoroutinefunction, plain.values()))
    assert not {*methods(Shop)} & {*awaited}  # what both inherit asks no engine, and need not be awaited


def test_coroutines_get_the_same_page(acme: Settings) -> None:
    wanted: dict[str, Any] = {"filters": {"price": {"gte": 50}}, "facets": ["brand"], "sort": "price:desc", "size": 2}

    async def ask() -> tuple[Page, list[Page]]:
        async with AsyncHybridSearch.open(acme) as awaited:
            await awaited.warm_up()
            return await awaited.search("winter", **wanted), await asyncio.gather(*[awaited.search("red coats")] * 2)

    with HybridSearch.open(acme) as plain:
        page, pages = asyncio.run(ask())
        expected = plain.search("winter", **wanted)
        assert (page.hits, page.total, page.facets) == (expected.hits, expected.total, expected.facets)
        assert [page.hits for page in pages] == [plain.search("red coats").hits] * 2


def test_coroutines_get_the_same_plan_and_the_same_products(acme: Settings) -> None:
    async def ask() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            plan = await awaited.plan("red coats", filters={"brand": "Acme"}, page=2)
            assert plan == plain.plan("red coats", filters={"brand": "Acme"}, page=2)
            assert await asyncio.to_thread(awaited.engine.request, plan) == plain.engine.request(plan)
            assert await awaited.get(["5", "1", "none"]) == {"5": PRODUCTS[4], "1": PRODUCTS[0]}
            assert await awaited.get([]) == {}

    with HybridSearch.open(acme) as plain:
        asyncio.run(ask())


def test_coroutines_change_single_products(acme: Settings) -> None:
    async def change() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            assert (await awaited.upsert([{"id": "9", "title": "Yellow scarf"}])).written == 1
            assert (await awaited.update("9", {"price": 5})).written == 1
            assert (await awaited.get("9"))["9"] == {"id": "9", "title": "Yellow scarf", "price": 5}
            assert (await awaited.delete(["1"])).written == 1
            assert set(await awaited.get(["1", "9"])) == {"9"}

    asyncio.run(change())


def test_coroutines_rebuild_go_back_and_clean(acme: Settings) -> None:
    write_products(acme.folder / "products.jsonl", [*HATS[:600], {"id": "x", "title": "free", "price": "free"}])
    told: list[str] = []

    async def rebuild() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            report = await awaited.reindex(lambda stage, *_: told.append(stage), quietly())
            assert (report.indexed, report.rejected) == (600, 1)
            write_products(acme.folder / "products.jsonl", [{"id": "x", "title": "free", "price": 0}])
            updated, file = await awaited.retry_rejects()
            assert (updated.written, file) == (1, "")
            assert (await awaited.rollback()).before == report.generation
            assert (await awaited.search("coat")).total == 2
            (left,) = await awaited.leftovers(kept=True)
            assert left.name == report.generation
            assert await awaited.leftovers() == []
            await awaited.clean([left])
            assert await awaited.leftovers(kept=True) == []

    asyncio.run(rebuild())
    assert told == ["indexing", "indexing", "indexing", "checking", "promoting"]


def in_new_loops(asked: Callable[[], Awaitable[Any]], count: int) -> list[Any]:
    """Return what is answered in one event loop after another, each ended as `asyncio.run` does."""

    async def ask() -> Any:
        return await asked()

    return [asyncio.run(ask()) for _ in range(count)]


def test_one_client_answers_in_one_loop_after_another(acme: Settings) -> None:
    awaited = AsyncHybridSearch.open(acme)
    pages = in_new_loops(lambda: awaited.search("red coats"), 3)
    assert [[hit.id for hit in page] for page in pages] == [["3"]] * 3
    assert in_new_loops(lambda: awaited.get(["1"]), 2) == [{"1": PRODUCTS[0]}] * 2
    in_new_loops(awaited.close, 1)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # such a loop leaves its sockets to Python
def test_loops_that_are_closed_without_ending_what_runs_in_them_do_no_harm(acme: Settings) -> None:
    awaited = AsyncHybridSearch.open(acme)
    for _ in range(3):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(awaited.search("red coats")).total == 1
        loop.close()
    in_new_loops(awaited.close, 1)


def test_one_client_answers_in_several_loops_at_once(acme: Settings) -> None:
    awaited = AsyncHybridSearch.open(acme)
    together = threading.Barrier(4)

    async def ask() -> list[Page]:
        together.wait(10)
        return [page for _ in range(5) for page in await asyncio.gather(*[awaited.search("red coats")] * 3)]

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(asyncio.run, ask()) for _ in range(4)]
        assert {page.total for answer in answers for page in answer.result()} == {1}
    in_new_loops(awaited.close, 1)


def test_a_client_that_is_closed_in_one_loop_lets_another_one_end_well(acme: Settings) -> None:
    awaited = AsyncHybridSearch.open(acme)
    asked, closed = threading.Event(), threading.Event()

    async def stay() -> None:
        await awaited.search("red coats")
        asked.set()
        await asyncio.to_thread(closed.wait, 10)

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(asyncio.run, stay())
        assert asked.wait(10)
        in_new_loops(awaited.close, 1)
        closed.set()
        staying.result()


def test_a_closed_client_says_so(acme: Settings) -> None:
    async def ask() -> list[str]:
        awaited = AsyncHybridSearch.open(acme)
        await awaited.search("red coats")
        await awaited.close()
        await awaited.close()
        failed = await asyncio.gather(
            awaited.search("red"), awaited.get(["1"]), awaited.upsert([]), return_exceptions=True
        )
        assert {type(failure) for failure in failed} == {ShopClosed}
        return [str(failure) for failure in failed]

    assert set(asyncio.run(ask())) == {"This shop was closed. Open another one with: AsyncHybridSearch.open(...)"}


def test_a_client_that_was_never_used_is_closed_in_any_loop(acme: Settings) -> None:
    in_new_loops(AsyncHybridSearch.open(acme).close, 1)


def test_cancelled_searches_leave_nothing_broken(acme: Settings) -> None:
    async def ask() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            expected = (await awaited.search("red coats")).hits
            for turn in range(40):
                cancelled = asyncio.create_task(awaited.search("winter", facets=["brand"]))
                await asyncio.sleep(turn * 0.0002)
                cancelled.cancel()
                (page,) = await asyncio.gather(cancelled, return_exceptions=True)
                assert isinstance(page, Page | asyncio.CancelledError)
                assert (await awaited.search("red coats")).hits == expected

    asyncio.run(ask())


def test_a_rebuild_that_is_cancelled_is_continued_by_the_next_one(acme: Settings) -> None:
    write_products(acme.folder / "products.jsonl", HATS)
    said: list[str] = []

    async def rebuild() -> None:
        loop = asyncio.get_running_loop()
        halfway, cancelled = asyncio.Event(), threading.Event()

        def tell(_: str, done: int, *more: object) -> None:
            if done == 512:
                loop.call_soon_threadsafe(halfway.set)
                assert cancelled.wait(10)

        async with AsyncHybridSearch.open(acme) as awaited:
            run = asyncio.create_task(awaited.reindex(tell, Options(say=said.append)))
            await halfway.wait()
            run.cancel()
            loop.call_later(0.1, cancelled.set)
            with pytest.raises(asyncio.CancelledError):
                await run
            assert (await awaited.search("coat")).total == 2
            report = await awaited.reindex(options=Options(say=said.append))
            assert (report.resumed, report.indexed) == (512, 1_500)
            assert (await awaited.search("hat 7")).hits[0].id == "7"

    asyncio.run(rebuild())
    assert [sentence for sentence in said if "version" not in sentence] == [
        "The run stopped: 512 products are done. Continue with: hybridsearch reindex",
        "Continuing a run that was interrupted after 512 products.",
    ]


def test_a_rebuild_is_cancelled_while_it_waits_for_a_busy_server(tmp_path: Path) -> None:
    model, busy = Model(), threading.Event()
    write_products(tmp_path / "products.jsonl", HATS)

    def script(asked: Received) -> Reply:
        if "_bulk" in asked.path and not busy.is_set():
            busy.set()
            reply = error(429, "es_rejected_execution_exception")
            reply.headers["Retry-After"] = "30"
            return reply
        return model.reply(asked)

    async def rebuild(url: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": url})) as awaited:
            run = asyncio.create_task(awaited.reindex(options=quietly()))
            assert await asyncio.to_thread(busy.wait, 10)
            await asyncio.sleep(0.1)
            run.cancel()
            since = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert time.monotonic() - since < 10
            assert (await awaited.reindex(options=quietly())).indexed == 1_500

    with serving(script) as fake:
        asyncio.run(rebuild(fake.url))


def test_a_change_that_is_cancelled_is_made_nevertheless(acme: Settings) -> None:
    rows = [{"id": "9", "title": "Yellow scarf"}]
    begun = threading.Event()

    def slowly() -> Iterator[dict[str, str]]:
        begun.set()
        yield from rows

    async def change() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            upsert = asyncio.create_task(awaited.upsert(slowly()))
            await asyncio.to_thread(begun.wait, 10)
            upsert.cancel()
            upsert.cancel()
            with pytest.raises(asyncio.CancelledError):
                await upsert
            assert set(await awaited.get(["9"])) == {"9"}

    asyncio.run(change())


class Waits(Hashed):
    """Encodes when it is allowed to."""

    def __init__(self, allowed: Callable[[], None]) -> None:
        self.allowed = allowed

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.allowed()
        return super().encode_texts(texts)


def test_the_loop_goes_on_while_a_schema_is_read_and_a_query_is_encoded(tmp_path: Path) -> None:
    """Either goes on when this very loop says so."""
    waits = threading.Semaphore(0)
    waited: list[bool] = []
    schema = Schema(Fields(title="title"), (Leg("words", 8, "hashed", ("title",)),)).to_json()
    index = {"mappings": {"_meta": {"hybridsearch": schema}}, "settings": {"index": {"number_of_shards": "1"}}}

    def allowed() -> None:
        waited.append(waits.acquire(timeout=10))

    def script(asked: Received) -> Reply:
        allowed()
        return INFO if asked.path == "/" else Reply({"products-1": index})

    async def ask(url: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": url}, vectors=[LEG])) as awaited:
            awaited.encoders = Cheap(words=Waits(allowed))  # type: ignore[assignment]
            plan = asyncio.create_task(awaited.plan("red"))
            while not plan.done():
                await asyncio.sleep(0.05)
                waits.release()
            assert plan.result().neighbours

    with serving(script) as fake:
        asyncio.run(ask(fake.url))
    assert waited == [True, True, True, True]  # version, index, words of the index, those of the query


def test_no_search_waits_behind_changes_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: more changes than there are threads, all of which wait for a process that writes for long."""
    waiting, waits = threading.Event(), FileLock._wait

    def wait(self: FileLock, file: Any) -> None:
        if self.activity == "writing to" and self.timeout:
            waiting.set()
        waits(self, file)

    async def ask(generations: Generations, live: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path)) as awaited:
            await awaited.search("red coats")
            with FileLock(generations.folder / f"{live}.lock", "writing"):
                changes = [asyncio.create_task(awaited.upsert({"id": f"x{n}", "title": "scarf"})) for n in range(40)]
                while not waiting.is_set():
                    await asyncio.sleep(0.01)
                assert (await asyncio.wait_for(awaited.search("red coats"), 10)).total == 1
                generations.point(live)  # as the other process does when it has written
                assert (await asyncio.wait_for(awaited.search("red coats"), 10)).total == 1
                assert await asyncio.wait_for(awaited.get(["1"]), 10) == {"1": PRODUCTS[0]}
                assert not any(change.done() for change in changes)
            assert sum([(await change).written for change in changes]) == 40
            assert (await awaited.search("scarf")).total == 40

    with shop(tmp_path) as built:
        (generation,) = built.engine.generations()
        folder = cast(EmbeddedEngine, built.engine).folder
    monkeypatch.setattr(FileLock, "_wait", wait)
    asyncio.run(ask(Generations(folder), generation.name))


@pytest.fixture
def planners(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The thread of each plan that is made."""
    threads: list[threading.Thread] = []
    plan_query = Shop.plan_query

    def plan(self: Shop, *arguments: Any, **more: Any) -> Plan:
        threads.append(threading.current_thread())
        return plan_query(self, *arguments, **more)

    monkeypatch.setattr(Shop, "plan_query", plan)
    return threads


def test_a_search_without_vectors_is_planned_without_a_thread(acme: Settings, planners: list[threading.Thread]) -> None:
    async def ask() -> None:
        async with AsyncHybridSearch.open(acme) as awaited:
            await awaited.search("red coats")

    asyncio.run(ask())
    assert planners == [threading.main_thread()]


def test_the_dictionary_of_chinese_is_not_read_in_the_event_loop(
    acme: Settings, planners: list[threading.Thread]
) -> None:
    """It takes a second or two, for which no other request would be answered."""
    chinese = acme.model_copy(update={"fields": acme.fields.model_copy(update={"languages": ("zh",)})})

    async def ask() -> None:
        async with AsyncHybridSearch.open(chinese) as awaited:
            await awaited.reindex(options=quietly())
            cutting.jieba_cut.cache_clear()
            cutting.segment.cache_clear()
            for query in ("红色雨伞", "跑步鞋"):
                await awaited.search(query)

    asyncio.run(ask())
    assert [planner is threading.main_thread() for planner in planners] == [False, True]
