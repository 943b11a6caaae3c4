"""What a shop's backend calls: one object that answers queries and rebuilds its index."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hybridsearch.clients.answering import Answering
from hybridsearch.clients.maintained import Maintained
from hybridsearch.clients.presenting import presented, seed_of, suggested, tell
from hybridsearch.clients.related import Related
from hybridsearch.clients.scenes import SHOWN, found_in, seen
from hybridsearch.confined.workers import stop_workers
from hybridsearch.inputs.given import flag
from hybridsearch.runtime.calls import while_open
from hybridsearch.runtime.deadline import allowed, aside, within
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
from hybridsearch.shop.shop import lexicon_of
from hybridsearch.suggestion import Suggestions
from hybridsearch.values import Hit, Page, Row

if TYPE_CHECKING:
    from hybridsearch.images import Photo, Upload
    from hybridsearch.indexing.arguments import Id
    from hybridsearch.shop.listening import Audio
    from hybridsearch.transcript import Transcript
    from hybridsearch.video.upload import Video


class HybridSearch(Maintained, Related, Answering):
    """The client for plain Python, Django and threads; one per process serves all threads."""

    @while_open
    def search(
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
        """Return a page of products; the other arguments and errors are those of `plan`.

        A page that comes from less than was planned says so in `degraded`; a `strict` search is an error instead. With
        `highlight` hits say where words of the query are in title and texts, see `Hit.highlights`. The `timeout` is for
        all that this search asks of a server, in seconds; left out: `engine.timeout`. Of a test of two weightings
        `variant` names the arm: `a`, the weights in use; `b`, those of `[weights] b`; or `interleaved`, hits of both in
        turn, which are dealt alike on each page for one `session`. See `Page.arm`. With `regions` the first page of a
        photo that shows several things says what was found for each, see `Page.regions`.

        Raises:
            DegradedAnswer: That error.
        """
        wanted_whole, marked, parts = flag("strict", strict), flag("highlight", highlight), flag("regions", regions)
        arm = arms.chosen(variant, weights=weights, ordered=bool(sort or cursor))
        with within(self._seconds(timeout)), span("search") as opened:
            said = None if audio is None else self.listen(audio)
            film = self._film(video)

            photo = seen(image, region, allowed(self.settings.engine.timeout))

            def ask(
                image: Any, page: int, size: int, variant: Chosen, facets: FacetNames = facets
            ) -> tuple[Plan, Page]:
                plan = self.plan(
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
                    return plan, self.engine.search(plan)

            if arm == arms.INTERLEAVED:
                number, hits = arms.paged(page, size)
                (plan, ours), (_, theirs) = (ask(photo, 1, number * hits, each) for each in arms.ARMS)
                answer = arms.dealt((ours, theirs), number, hits, seed_of(plan, session))
            else:
                plan, answer = ask(photo, page, size, arm)
            if parts and photo and region is None and plan.offset == 0:

                def within_photo(part: Upload) -> Sequence[Hit]:
                    return with_variants(*ask(part, 1, SHOWN, arms.alone(arm), ()), self.settings.fields).hits

                schema = self.engine.schema()
                answer = found_in(self, schema, photo, answer, within_photo)
            tell(plan, answer, opened)
        return presented(plan, answer, self.settings.fields, marked=marked, whole=wanted_whole, arm=arm, heard=said)

    @while_open
    def listen(self, audio: Audio) -> Transcript:
        """Return what was said in a recording, to show it, and to pass it to a search in place of the recording.

        Args:
            audio: As of `plan`.

        Raises:
            AudioError: The recording cannot be read or decoded.
            RecogniserError: Nothing recognises speech here, or it fails.
            EngineError: The engine cannot be reached.
        """
        schema, (lexicon, _) = self.engine.schema(), lexicon_of(self.engine)
        with span("listen"):
            return self.listening.heard(audio, lexicon, schema.fields.languages)

    @while_open
    def suggest(
        self,
        text: str = "",
        *,
        size: int = 8,
        filters: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> Suggestions:
        """Return what a shopper may be about to type, and a few products; none of it finds nothing.

        It takes one request. The first one, and one every ten minutes, is preceded by another that reads titles and
        the values of facets.

        Args:
            text: What is typed so far; the last word is taken for a beginning unless a space follows. Nothing: what is
                popular.
            size: Suggestions, 50 at most.
            filters: As of `plan`; counts are of what passes them.
            timeout: As of `search`.

        Raises:
            QueryError: A field is unknown, or an argument is nothing of its kind.
            EngineError: The engine cannot be reached.
        """
        query = begun(text, filters, size)
        schema, (lexicon, unknown) = self.engine.schema(), lexicon_of(self.engine)
        known = self.suggesting.fresh(lexicon)
        if known is None:
            titles = self.engine.search(self.suggesting.reading(schema, lexicon))
            known = self.suggesting.learned(titles, schema, lexicon, self.asked_queries())
        with within(self._seconds(timeout)), span("suggest"):
            started = time.perf_counter()
            plan = self.plan_suggestions(query, schema, known, unknown)
            return suggested(plan, self.engine.search(plan.plan), self.settings.fields, started)

    @while_open
    def warm_up(self, *, suggestions: bool = True, media: bool = True) -> None:
        """Load encoders and text analysis, connect, and search once: no shopper waits for that, and it surely works.

        Call it when a process starts, before it takes requests; after a fork in each worker.

        Args:
            suggestions: Whether to read what they are made from too: a second or two.
            media: Whether to load what photos and speech need too, mostly torch, or else the first of them waits for
                that; and to encode kinds of goods, on a machine where no rebuild has.

        Raises:
            HybridSearchError: A search would fail, or give less than was planned.
        """
        also_read = flag("suggestions", suggestions)
        self.search(**self._loaded(self.engine.schema(), media=flag("media", media)))
        if also_read:
            self.suggest()

    @while_open
    def plan(
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
        """Return what a search would do; nothing is run.

        Args:
            text: Words or a product code, in any of the index's languages. Never read as query syntax. Without words
                and photo all that passes the filters is browsed, in the order of ids unless numbers have a weight.
            image: A photo: a path, the bytes of a file, an open file, or a Pillow image; from a stranger never a path.
            region: The part of the photo that is meant: its left, top, right and bottom, as parts of 1, as the `box` of
                one of `Page.regions` says them; left out: all of it.
            audio: A spoken query, whose words come behind the text: a path, the bytes of a file, an open file, or what
                `listen` returned; from a stranger never a path.
            video: In place of a photo: a path, the bytes of a file, or an open file; from a stranger never a path.
            filters: By field: a value, any of a list of values, or an object of operators, all of which must hold:
                {"gt": 10, "lte": 50}, {"none": ["Acme"]}, {"exists": True}. Under "any" instead of a field a list of
                such filters, of which one must hold. An empty value matches nothing.
            facets: Fields whose values are counted, each as if no filter on it were set. With options by name:
                {"brand": {"size": 200, "order": "asc"}, "price": {"ranges": [20, 50]}, "released": {"by": "month"}}.
            sort: `price:asc` or `price:desc`, or several, such as ["brand", "price:desc"]; left out: the best first.
            page: From 1.
            size: Hits on a page.
            cursor: That of a page of the same search, instead of `page`: what comes behind that page, however
                deep. Empty or None is the first page. A search with words or a photo needs a `sort` for it.
            history: What the person looked at: ids, or events such as {"id": "17", "action": "cart"}, the newest last,
                see `read_history`. It lifts what is like that, by `Weights.taste` at most, and finds nothing more. Each
                page of a query takes the same one.
            weights: Weights of the signals; left out: the weights in use.
            diverse: Whether each hit is to add something to those before it, in place of many that are alike.
            variant: The arm of a test, `a` or `b`, whose weights are used.

        Raises:
            QueryError: A field is unknown, a photo was given and no leg reads pictures, or a video besides, the region
                is none, or the cursor is damaged or that of another search.
            EncoderError: The index was built with another encoder, or a photo cannot be encoded.
            ImageError: The photo or the video cannot be read.
            AudioError, RecogniserError: As of `listen`.
            EngineError: The engine cannot be reached.
        """
        said = None if audio is None else self.listen(audio)
        query = asked(text, filters, facets, sort, page, size, cursor, diverse, said)
        arm = arms.one_arm(variant, weights)
        looked_at = read_history(history)
        seconds = allowed(self.settings.engine.timeout)
        with span("plan"):
            schema, own = self.engine.schema(), own_weights(weights)
            lexicon = lexicon_of(self.engine) if query.text else (None, ())
            taste = self._taste(looked_at, schema, lexicon)
            with aside(seconds / 2):
                given = self._given(seen(image, region, seconds), seconds, video)
                plan = self.plan_query(schema, query, given, lexicon=lexicon, weights=own, arm=arm, taste=taste)
            looked = look(plan, schema)
            found = self.engine.search(looked.plan) if looked else None
            return self._granted(plan, looked, found, schema, lexicon=lexicon, weights=own, arm=arm)

    @while_open
    def log(
        self,
        page: Page,
        clicked: Id | Iterable[Id] | None = None,
        *,
        session: Id | None = None,
        action: str = "click_through",
    ) -> bool:
        """Write to the log that a page was shown, and what was clicked on it; return whether it was written.

        A log that cannot be written is told of by False and a warning: it stops no shopper.

        Args:
            page: As a search returned it. To log it again with a click counts it once.
            clicked: The id of a product, or several.
            session: Whose; it is hashed before it is written. Left out: each page is a session of its own.
            action: What was done with what was clicked: `click_through`, `click`, `add_to_cart` or `purchase`.

        Raises:
            ConfigError: There is no `[log]` in the configuration.
            QueryError: An argument is nothing of its kind.
        """
        return self.events.page(page, clicked, session, action)

    @while_open
    def log_event(self, event: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, session: Id | None = None) -> bool:
        """Write to the log what a browser posted, see docs/log.md; return whether it was written, as `log` does.

        Args:
            event: `{"query_id": …, "action_name": "click_through", "object_id": "17"}`, or UBI's form; or several.
            session: Whose; left out: what the event says of it.

        Raises:
            ConfigError: There is no `[log]` in the configuration.
            QueryError: The event, or one of them, says nothing of the kind; none was written.
        """
        return self.events.posted(event, session)

    @while_open
    def get(self, ids: Iterable[Id] | Id) -> Mapping[str, Row]:
        """Return the rows of products by id; unknown ids are absent.

        Args:
            ids: One, or several: text, or numbers and UUIDs, which stand for their text.

        Raises:
            QueryError: One of them is neither.
        """
        from hybridsearch.indexing import arguments

        return self.engine.get(arguments.possible_ids(ids))

    def close(self) -> None:
        """Wait for the calls under way, a rebuild included, then close connections and files.

        A call that comes later, of any method but this one, raises ShopClosed.
        """
        self._calls.close(self._close)

    def _close(self) -> None:
        self._closed = True
        self._engine.close()
        self.events.close()
        stop_workers()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
