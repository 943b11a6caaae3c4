"""What raters are given to judge, and what becomes of their grades: the worklist, the pools, the file of judgments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from hybridsearch import redaction
from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import QueryError
from hybridsearch.learning.judging import pool, raters, worklist
from hybridsearch.learning.judging.judgment_file import JudgmentFile
from hybridsearch.learning.judging.ledger import Ledger, Mark
from hybridsearch.learning.sources.grades import Judgment
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.query_sources import WORDS
from hybridsearch.runtime.threads import Threads
from hybridsearch.values import Row
from hybridsearch.web.judging.judge_options import JudgeOptions
from hybridsearch.web.judging.judge_view import Pool, Standing, is_complete, standing

T = TypeVar("T")
log = redaction.logger(__name__)


class Judging:
    """The judging of a shop; one event loop uses it.

    Args:
        shop: Where the queries are searched for.
        options: What is judged.

    Attributes:
        queries: Of the worklist, by what they are called in addresses.
        lacking: By query, why its products are fewer than they would be, if so.

    Raises:
        ConfigError: There are no queries, or the file cannot be added to.
        CatalogError: A file cannot be read.
        EngineError: The log is in an index that cannot be read.
    """

    def __init__(self, shop: AsyncHybridSearch, options: JudgeOptions) -> None:
        self.shop, self.options = shop, options
        self.path = Path(options.path)
        self._file = JudgmentFile.open(self.path)
        named = None if options.queries is None else Path(options.queries)
        found, left_out = worklist.load(shop.settings, named, self._file.known.ledger.judged())
        self.queries = {worklist.name_of(query): query for query in found}
        for note in filter(None, (left_out, self._file.known.first_refused)):
            log.warning("not all of what is to be judged can be used: %s", note)
        self._threads = Threads(1, "hybridsearch-judging")
        self.lacking: dict[str, tuple[str, ...]] = {}
        self._pools: dict[str, tuple[str, ...]] = {}

    def close(self) -> None:
        """Let the thread that writes end, when what it writes is written."""
        self._threads.close()

    def query(self, name: str) -> JudgedQuery:
        """Return the query that is called so.

        Raises:
            QueryError: None of the list is.
        """
        if name not in self.queries:
            raise QueryError(f"No query of the list is called '{name[:40]}'. Go on from the first page: /judge")
        return self.queries[name]

    async def pool(self, name: str) -> tuple[str, ...]:
        """Return the products to judge for a query: what each system finds first, and what other raters have judged.

        Raises:
            HybridSearchError: As of a search.
        """
        if name not in self._pools:
            query = self.query(name)
            try:
                found, lacking = await self._found(query)
            except QueryError as error:  # a filter that this index does not have: the other queries can be judged
                found, lacking = [], (str(error),)
            others = await self.shop.get(await self.of_file(lambda ledger: judged_by_raters(ledger, query)))
            self._pools[name] = pool.united(found, sorted(others))
            self.lacking[name] = lacking
        return self._pools[name]

    async def _found(self, query: JudgedQuery) -> tuple[list[list[str]], tuple[str, ...]]:
        """Return what each system finds first, and why that is less than it would be, if so."""
        found, lacking = [], dict[str, None]()
        schema = await self.shop.engine.schema_async()
        for system in pool.systems(leg.name for leg in schema.legs_for(WORDS)):
            filters = query.filters or None
            plan = await self.shop.plan(query.text, filters=filters, weights=system.weights, size=pool.TOP)
            page = await self.shop.engine.search_async(pool.first_hits(plan, system))
            found.append([hit.id for hit in page])
            lacking |= dict.fromkeys((*plan.degraded, *page.degraded))
        return found, tuple(lacking)

    async def first_open(self, rater: str, after: str = "") -> str | None:
        """Return the first query behind another one, then from the start, that a rater has not judged in full."""
        names = list(self.queries)
        start = names.index(after) + 1 if after in self.queries else 0
        for name in (*names[start:], *names[:start]):
            products = await self.pool(name)
            if not is_complete(await self.marks(rater, name), products):
                return name
        return None

    async def standing(self, rater: str) -> Standing:
        """Return how far a rater is with each query that has been begun."""
        begun = await self.of_file(lambda ledger: {key for key, _ in ledger.marks(rater)})
        for name, query in self.queries.items():
            if query.key in begun:
                await self.pool(name)
        pools = [Pool(name, query, self._pools.get(name)) for name, query in self.queries.items()]
        return await self.of_file(lambda ledger: standing(pools, ledger.marks(rater)))

    async def marks(self, rater: str, name: str) -> dict[str, Mark]:
        """Return what a rater has said for a query, by product."""
        return await self.of_file(lambda ledger: self.own(ledger, rater, name))

    def own(self, ledger: Ledger, rater: str, name: str) -> dict[str, Mark]:
        """Return the marks of a rater for a query."""
        key = self.query(name).key
        return {product: mark for (of, product), mark in ledger.marks(rater).items() if of == key}

    async def rows(self, name: str) -> Mapping[str, Row]:
        """Return the products of a pool; one that the index has lost meanwhile is none of it any more."""
        products = await self.pool(name)
        rows = await self.shop.get(products) if products else {}
        self._pools[name] = tuple(product for product in products if product in rows)
        return rows

    async def mark(self, rater: str, name: str, products: Collection[str] | None, mark: Mark) -> Sequence[str]:
        """Write what a rater says of products, and return these; it is on the disk by then.

        Args:
            rater: Who says it.
            name: What the query is called.
            products: Left out: all of the pool that the rater has said nothing of.
            mark: What is said.

        Raises:
            QueryError: The query is none of the list, or a product none of its pool.
            EngineError: The file cannot be written.
        """
        known, query = await self.pool(name), self.query(name)
        for product in products or ():
            if product not in known:
                raise QueryError(
                    f"The product '{product[:40]}' is not to be judged for this query. Load the page again."
                )

        def decide(ledger: Ledger) -> Sequence[Judgment]:
            own = self.own(ledger, rater, name)
            left = [product for product in known if product not in own]
            return ledger.new(rater, query, left if products is None else products, mark)

        said = await self._write(decide)
        return [each.product for each in said] if products is None else list(products)

    async def undo(self, rater: str) -> tuple[str, str] | None:
        """Take back the last judgment of a rater, and return its query and product; None where there is none here."""
        names = {query.key: name for name, query in self.queries.items()}
        said = await self._write(lambda ledger: [each for each in ledger.undoing(rater) if each.query.key in names])
        return (names[said[0].query.key], said[0].product) if said else None

    async def summary(self) -> raters.Summary:
        """Return what the file holds, who gave it, and whether they agree."""
        return await self.of_file(lambda ledger: raters.summary(ledger.grades))

    async def of_file(self, ask: Callable[[Ledger], T]) -> T:
        """Return what a function says of the file as it is now; in the thread that reads and writes it."""
        return await self._threads.run(lambda: ask(self._file.read()))

    async def _write(self, decide: Callable[[Ledger], Sequence[Judgment]]) -> Sequence[Judgment]:
        return await self._threads.run(partial(self._file.add, decide))


def judged_by_raters(ledger: Ledger, query: JudgedQuery) -> list[str]:
    """Return the products that raters graded for a query."""
    given = ledger.grades.given.get(query.key, {})
    return [product for product, by in given.items() if any(isinstance(who, str) for who in by)]
