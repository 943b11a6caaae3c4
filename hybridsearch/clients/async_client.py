"""What an asyncio backend calls: the methods of `HybridSearch` as coroutines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hybridsearch.clients.answering import AsyncAnswering
from hybridsearch.clients.async_related import AsyncRelated
from hybridsearch.clients.client import HybridSearch
from hybridsearch.clients.presenting import presented, seed_of, suggested, tell
from hybridsearch.clients.scenes import SHOWN, found_in_async, seen_async
from hybridsearch.confined.workers import stop_workers
from hybridsearch.inputs.given import flag
from hybridsearch.runtime.calls import while_open_async
from hybridsearch.runtime.deadline import allowed, aside, within
from hybridsearch.runtime.progress import stoppable
from hybridsearch.runtime.threads import Threads
from hybridsearch.runtime.tracing import span
from hybridsearch.search import arms
from hybridsearch.search.alike.wishes import look
from hybridsearch.search.arms import Chosen
from hybridsearch.search.asked import asked, begun, own_weights
from hybridsearch.search.facets.facets import FacetNames
from hybridsearch.search.person.history import read_history
from hybridsearch.search.plan import Plan
from hybridsearch.search.variants import with_variants
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings
from hybridsearch.suggestion import Suggestions
from hybridsearch.texts.cutting import must_load
from hybridsearch.values import Hit, Page, Row

if TYPE_CHECKING:
    from hybridsearch.cluster.report import Encoding
    from hybridsearch.engines.base import Engine, Generation
    from hybridsearch.images import Photo, Upload
    from hybridsearch.indexing.arguments import Id, RowLike
    from hybridsearch.indexing.fill import Options
    from hybridsearch.indexing.report import Report
    from hybridsearch.indexing.rollback import Rollback
    from hybridsearch.indexing.updated import Updated
    from hybridsearch.runtime.progress import Progress
    from hybridsearch.shop.listening import Audio
    from hybridsearch.transcript import Transcript
    from hybridsearch.video.upload import Video

CHANGES_AT_ONCE = 8
"""Changes and rebuilds of one client that are under way in threads; further ones wait for their turn."""
RECORDINGS_AT_ONCE = 4
"""Recordings that are heard at once: no search waits behind them."""
LINES_AT_ONCE = 4
"""Lines of the log that are written at once: no search and no change waits behind a slow disk."""


class AsyncHybridSearch(AsyncRelated, AsyncAnswering):
    """The client for asyncio: FastAPI, Starlette, aiohttp; one per process serves all its event loops.

    Arguments and errors are those of `HybridSearch`. What a search asks Elasticsearch is asked without a thread; each
    event loop has connections of its own, and closes them when it ends, as `asyncio.run` ends it. Changes and rebuilds
    run in worker threads of their own, behind which no search waits, and a call that is cancelled ends when that work
    has ended. `engine` is the same as there: its methods block, `request` included, but for those called `_async`.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        super().__init__(settings, engine)
        self._changing = Threads(CHANGES_AT_ONCE, "hybridsearch-changes")
        self._hearing = Threads(RECORDINGS_AT_ONCE, "hybridsearch-voice")
        self._logging = Threads(LINES_AT_ONCE, "hybridsearch-log")

    @while_open_async
    async def search(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        region: object = None,
        audio: Audio | None = None,
        video: Video | None = None,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        sort: str | Sequence[str] | None = None,
        page: int = 1,
        size: int = 10,
        cursor: str | None = None,
        history: object = None,
        weights: Weights | None = None,
        diverse: bool = False,
        highlight: bool = False,
        strict: bool = False,
        timeout: float | None = None,
        variant: str | None = None,
        session: Id | None = None,
        regions: bool = True,
    ) -> Page:
        """Return a page of products, see `HybridSearch.search`; it is encoded as in `plan`."""
        wanted_whole, marked, parts = flag("strict", strict), flag("highlight", highlight), flag("regions", regions)
        arm = arms.chosen(variant, weights=weights, ordered=bool(sort or cursor))
        with within(self._seconds(timeout)), span("search") as opened:
            said = None if audio is None else await self.listen(audio)
            film = self._film(video)

            photo = await seen_async(image, region, allowed(self.settings.engine.timeout))

            async def ask(
                image: Any, page: int, size: int, variant: Chosen, facets: FacetNames = facets
            ) -> tuple[Plan, Page]:
                plan = await self.plan(
                    text,
                    image=image,
                    audio=said,
                    video=film,
                    filters=filters,
                    facets=facets,
                    sort=sort,
                    page=page,
                    size=size,
                    cursor=cursor,
                    history=history,
                    weights=weights,
                    diverse=diverse,
                    variant=variant or None,
                )
                with span("engine"):
                    return plan, await self.engine.search_async(plan)

            if arm == arms.INTERLEAVED:
                number, hits = arms.paged(page, size)
                (plan, ours), (_, theirs) = [await ask(photo, 1, number * hits, each) for each in arms.ARMS]
                answer = arms.dealt((ours, theirs), number, hits, seed_of(plan, session))
            else:
                plan, answer = await ask(photo, page, size, arm)
            if parts and photo and region is None and plan.offset == 0:

                async def within_photo(part: Upload) -> Sequence[Hit]:
                    return with_variants(*await ask(part, 1, SHOWN, arms.alone(arm), ()), self.settings.fields).hits

                schema = await self.engine.schema_async()
                answer = await found_in_async(self, schema, photo, answer, within_photo)
            tell(plan, answer, opened)
        return presented(plan, answer, self.settings.fields, marked=marked, whole=wanted_whole, arm=arm, heard=said)

    @while_open_async
    async def listen(self, audio: Audio) -> Transcript:
        """Return what was said in a recording, see `HybridSearch.listen`; in a worker thread."""
        schema = await self.engine.schema_async()
        lexicon, _ = await self._lexicon(schema)
        with span("listen"):
            return await self._hearing.run(partial(self.listening.heard, audio, lexicon, schema.fields.languages))

    @while_open_async
    async def suggest(
        self,
        text: str = "",
        *,
        size: int = 8,
        filters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Suggestions:
        """Return what a shopper may be about to type, and a few products, see `HybridSearch.suggest`."""
        query = begun(text, filters, size)
        schema = await self.engine.schema_async()
        lexicon, unknown = await self._lexicon(schema)
        known = self.suggesting.fresh(lexicon)
        if known is None:
            titles = await self.engine.search_async(self.suggesting.reading(schema, lexicon))
            asked_before = await asyncio.to_thread(self.asked_queries)
            known = await asyncio.to_thread(self.suggesting.learned, titles, schema, lexicon, asked_before)
        with within(self._seconds(timeout)), span("suggest"):
            started = time.perf_counter()
            plan = self.plan_suggestions(query, schema, known, unknown)
            return suggested(plan, await self.engine.search_async(plan.plan), self.settings.fields, started)

    @while_open_async
    async def warm_up(self, *, suggestions: bool = True, media: bool = True) -> None:
        """Load what the first search would wait for, see `HybridSearch.warm_up`; in a worker thread."""
        also_read = flag("suggestions", suggestions)
        schema, all_kinds = await self.engine.schema_async(), flag("media", media)
        await self.search(**await asyncio.to_thread(self._loaded, schema, media=all_kinds))
        if also_read:
            await self.suggest()

    @while_open_async
    async def plan(
        self,
        text: str = "",
        *,
        image: Photo | None = None,
        region: object = None,
        audio: Audio | None = None,
        video: Video | None = None,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        sort: str | Sequence[str] | None = None,
        page: int = 1,
        size: int = 10,
        cursor: str | None = None,
        history: object = None,
        weights: Weights | None = None,
        diverse: bool = False,
        variant: str | None = None,
    ) -> Plan:
        """Return what a search would do, see `HybridSearch.plan`; words and photo are encoded in a worker thread."""
        said = None if audio is None else await self.listen(audio)
        query = asked(text, filters, facets, sort, page, size, cursor, diverse, said)
        arm = arms.one_arm(variant, weights)
        looked_at = read_history(history)
        seconds = allowed(self.settings.engine.timeout)
        with span("plan"):
            schema = await self.engine.schema_async()
            own = own_weights(weights)
            lexicon = await self._lexicon(schema) if query.text else (None, ())
            taste = await self._taste(looked_at, schema, lexicon)
            given = self._given(await seen_async(image, region, seconds), seconds, video)
            planned = partial(self.plan_query, schema, query, given, lexicon=lexicon, weights=own, arm=arm, taste=taste)
            if not schema.legs and not must_load(schema.fields.languages):
                return planned()
            with aside(seconds / 2):
                plan = await asyncio.to_thread(planned)
            looked = look(plan, schema)
            found = await self.engine.search_async(looked.plan) if looked else None
            return self._granted(plan, looked, found, schema, lexicon=lexicon, weights=own, arm=arm)

    @while_open_async
    async def log(
        self,
        page: Page,
        clicked: Id | Iterable[Id] | None = None,
        *,
        session: Id | None = None,
        action: str = "click_through",
    ) -> bool:
        """Write to the log that a page was shown, see `HybridSearch.log`; in a worker thread."""
        return await self._logging.run(partial(self.events.page, page, clicked, session, action))

    @while_open_async
    async def log_event(
        self, event: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, session: Id | None = None
    ) -> bool:
        """Write to the log what a browser posted, see `HybridSearch.log_event`; in a worker thread."""
        return await self._logging.run(partial(self.events.posted, event, session))

    @while_open_async
    async def get(self, ids: Iterable[Id] | Id) -> Mapping[str, Row]:
        """Return the rows of products by id, see `HybridSearch.get`."""
        from hybridsearch.indexing import arguments

        return await self.engine.get_async(arguments.possible_ids(ids))

    @while_open_async
    async def reindex(self, progress: Progress | None = None, options: Options | None = None) -> Report:
        """Build the index and make it the live one, see `HybridSearch.reindex`; runs in a worker thread.

        That thread also calls `progress` and `options.say`. A call that is cancelled stops the run after its current
        batch; the next one continues it. A run that has made its index the live one already is finished.
        """
        from hybridsearch.indexing import run_arguments

        tell, stop = stoppable(run_arguments.progress(progress), self._engine.abandon)
        return await self._changing.run(partial(self._blocking.reindex, tell, options), stop)

    @while_open_async
    async def encode(
        self,
        progress: Progress | None = None,
        *,
        on: str = "local",
        address: str | None = None,
        workers: int | None = None,
    ) -> Encoding:
        """Encode what the next `reindex` needs, see `HybridSearch.encode`; runs in a worker thread.

        That thread also calls `progress`. A call that is cancelled stops after its current block.
        """
        from hybridsearch.indexing import run_arguments

        tell, stop = stoppable(run_arguments.progress(progress), self._engine.abandon)
        work = partial(self._blocking.encode, tell, on=on, address=address, workers=workers)
        return await self._changing.run(work, stop)

    @while_open_async
    async def upsert(self, products: Iterable[RowLike] | RowLike) -> Updated:
        """Write single products to the live index, see `HybridSearch.upsert`; runs in a worker thread."""
        return await self._changing.run(partial(self._blocking.upsert, products))

    @while_open_async
    async def update(
        self, products: Iterable[RowLike] | RowLike | Id, fields: Mapping[str, Any] | None = None
    ) -> Updated:
        """Change single fields of products, see `HybridSearch.update`; runs in a worker thread."""
        return await self._changing.run(partial(self._blocking.update, products, fields))

    @while_open_async
    async def delete(self, ids: Iterable[Id] | Id | Mapping[Id, Any]) -> Updated:
        """Remove products from the live index, see `HybridSearch.delete`; runs in a worker thread."""
        return await self._changing.run(partial(self._blocking.delete, ids))

    @while_open_async
    async def retry_rejects(self) -> tuple[Updated, str]:
        """Try what the last run rejected again, see `HybridSearch.retry_rejects`; runs in a worker thread."""
        return await self._changing.run(self._blocking.retry_rejects)

    @while_open_async
    async def rollback(self, generation: str | None = None) -> Rollback:
        """Make an earlier generation the live one, see `HybridSearch.rollback`; runs in a worker thread."""
        return await self._changing.run(partial(self._blocking.rollback, generation))

    @while_open_async
    async def leftovers(self, *, kept: bool = False) -> list[Generation]:
        """Return what may be removed, see `HybridSearch.leftovers`; runs in a worker thread."""
        return await self._changing.run(partial(self._blocking.leftovers, kept=kept))

    @while_open_async
    async def clean(self, generations: Sequence[Generation]) -> None:
        """Remove generations that are not live, see `HybridSearch.clean`; runs in a worker thread."""
        await self._changing.run(partial(self._blocking.clean, generations))

    async def close(self) -> None:
        """Wait for the calls under way, then close connections and files, see `HybridSearch.close`.

        Connections of other event loops are closed by these loops, once their open requests are answered.
        """
        await self._calls.refuse()
        self._closed = True
        self._changing.close()
        self._hearing.close()
        self._logging.close()
        self.events.close()
        await self._engine.close_async()
        stop_workers()

    @property
    def _blocking(self) -> HybridSearch:
        """The client for threads, with the same engine and encoders."""
        shop = HybridSearch(self.settings, self.engine)
        shop.encoders = self.encoders
        return shop

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
