"""Closing a shop that is at work: `close` waits for the calls under way, and whoever comes later is told. Each attack
runs in a child process, because a connection that is closed under a search ends the process.

HYBRIDSEARCH_TEST_SWAPS sets how often the index is swapped under the searches; 50 are made by hand.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import ShopClosed
from hybridsearch.indexing.fill import Options
from hybridsearch.settings import Settings
from tests.killable import product, settings_of, shop_of
from tests.shops import quietly, write_products

pytestmark = pytest.mark.beside_one_server

ROOT = Path(__file__).parents[2]
SWAPS = int(os.environ.get("HYBRIDSEARCH_TEST_SWAPS", "2"))
PRODUCTS = 150
ARGUMENTS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "get": lambda: (["p1"],),
    "upsert": lambda: ([product(1, 2)],),
    "delete": lambda: (["p1"],),
    "clean": lambda: ([],),
}
"""Of those methods that need some."""
THINKING = ("arm_of", "asked_queries", "close", "plan_query", "plan_suggestions", "weights_for")
"""Methods that ask no engine, and the one that closes."""


def run(folder: Path, engine: dict[str, Any], *attacks: Callable[[Settings], None]) -> None:
    """Run attacks in a child process, and fail as it does."""
    write_products(folder / "products.jsonl", [product(number, 1) for number in range(PRODUCTS)])
    with shop_of(settings_of(folder, **engine)) as shop:
        shop.reindex(options=quietly())
    program = (
        "import json, sys; from pathlib import Path; from tests.stories import test_closing as attacks;"
        "settings = attacks.settings_of(Path(sys.argv[2]), **json.loads(sys.argv[3]));"
        "[(print(name, flush=True), getattr(attacks, name)(settings)) for name in sys.argv[1].split()]"
    )
    names = " ".join(attack.__name__ for attack in attacks)
    command = [sys.executable, "-c", program, names, str(folder), json.dumps(engine)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, f"{child.stdout.split()[-1:]}: {child.returncode}\n{child.stderr[-3000:]}"


class Searcher(threading.Thread):
    """Searches until the shop is closed; `failure` is what else it met, `answered` how many pages it got."""

    def __init__(self, shop: HybridSearch) -> None:
        super().__init__(daemon=True)
        self.shop, self.answered = shop, 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while True:
                assert self.shop.search(f"red dress {'x' * (self.answered % 40)}").total == PRODUCTS
                self.answered += 1
        except ShopClosed:
            pass
        except BaseException as error:
            self.failure = error


def at_once(*work: Callable[[], object]) -> None:
    """Do several things in threads at once; raise what one of them raises."""
    failures: list[BaseException] = []

    def do(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=do, args=(one,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def close_while_searching(settings: Settings) -> None:
    for closers in (1, 2, 1):
        shop = shop_of(settings)
        searchers = [Searcher(shop) for _ in range(4)]
        for searcher in searchers:
            searcher.start()
        while not all(searcher.answered or searcher.failure for searcher in searchers):
            time.sleep(0.005)
        at_once(*[shop.close] * closers)
        shop.close()
        for searcher in searchers:
            searcher.join()
            assert searcher.failure is None, searcher.failure
        assert_closed(shop)


def assert_closed(shop: HybridSearch | AsyncHybridSearch) -> None:
    """Every method says that the shop is closed."""
    said = set()
    for name, method in inspect.getmembers(type(shop), inspect.isfunction):
        if name.startswith("_") or name in THINKING:
            continue
        try:
            outcome = method(shop, *ARGUMENTS.get(name, tuple)())
            if inspect.iscoroutine(outcome):
                asyncio.run(outcome)
        except ShopClosed as error:
            said.add(str(error))
        else:
            raise AssertionError(f"{name} of a closed shop did something")
    assert said == {f"This shop was closed. Open another one with: {type(shop).__name__}.open(...)"}


def close_after_cancelled_searches(settings: Settings) -> None:
    async def serve(delay: float) -> AsyncHybridSearch:
        shop = AsyncHybridSearch.open(settings)
        shop.encoders = shop_of(settings).encoders
        assert (await shop.search("red dress")).total == PRODUCTS
        searches = [
            asyncio.create_task(shop.search(f"red dress {'x' * number}", size=PRODUCTS)) for number in range(20)
        ]
        await asyncio.sleep(delay)
        for search in searches[:18]:
            search.cancel()
        await shop.close()
        for outcome in await asyncio.gather(*searches, return_exceptions=True):
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, ShopClosed | asyncio.CancelledError), outcome
            else:
                assert outcome.total == PRODUCTS
        await shop.close()
        return shop

    for turn in range(10):
        closed = asyncio.run(serve(turn * 0.002))
    assert_closed(closed)


def close_while_changing(settings: Settings) -> None:
    shop, begun = shop_of(settings), threading.Event()
    written: list[int] = []

    def upsert() -> None:
        with suppress(ShopClosed):
            for number in range(1_000):
                assert shop.upsert([product(number % 7, 1_000 + number)]).written == 1
                written.append(number)
                begun.set()

    def close() -> None:
        begun.wait(60)
        shop.close()

    at_once(upsert, close)
    assert_closed(shop)
    with shop_of(settings) as again:
        last = written[-1]
        assert again.get([f"p{last % 7}"])[f"p{last % 7}"]["v"] == 1_000 + last


def close_while_rebuilding(settings: Settings) -> None:
    shop, begun = shop_of(settings), threading.Event()
    reports = []

    def tell(*_: object) -> None:
        begun.set()

    def rebuild() -> None:
        reports.append(shop.reindex(tell, Options(say=lambda _: None)))

    def close() -> None:
        begun.wait(60)
        shop.close()

    at_once(rebuild, close)
    assert [report.indexed for report in reports] == [PRODUCTS]
    assert_closed(shop)


def search_while_swapping(settings: Settings) -> None:
    stop = threading.Event()

    def search(shop: HybridSearch) -> None:
        while not stop.is_set():
            page = shop.search("red dress")
            assert page.total == PRODUCTS, page
            assert len(page) == 10
            assert page.degraded == ()

    def swap() -> None:
        try:
            with shop_of(settings) as rebuilding:
                for _ in range(SWAPS):
                    rebuilding.reindex(options=quietly())
        finally:
            stop.set()

    with shop_of(settings) as searched:
        at_once(swap, *[lambda: search(searched)] * 6)


def test_close_waits_for_what_is_under_way_and_a_closed_shop_says_so(tmp_path: Path, engine: dict[str, Any]) -> None:
    attacks = close_while_searching, close_after_cancelled_searches, close_while_changing, close_while_rebuilding
    run(tmp_path, engine, *attacks)


def test_no_search_fails_or_is_empty_while_another_object_rebuilds_and_swaps(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    run(tmp_path, engine, search_while_swapping)
