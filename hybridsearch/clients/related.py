"""What is shown beside products, of which nobody typed a word: the similar ones, and those for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from hybridsearch.clients.presenting import presented, tell
from hybridsearch.errors import QueryError
from hybridsearch.inputs.given import flag
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.runtime.calls import while_open
from hybridsearch.runtime.deadline import within
from hybridsearch.runtime.tracing import span
from hybridsearch.schema import Schema
from hybridsearch.search.alike.recommended import plan_recommended
from hybridsearch.search.alike.similar import plan_similar
from hybridsearch.search.asked import asked, own_weights
from hybridsearch.search.facets.facets import FacetNames
from hybridsearch.search.person.history import History, read_history
from hybridsearch.search.person.taste import Taste, taste_of
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import KnownWords, Shop, lexicon_of
from hybridsearch.values import TASTE, Indexed, Page

if TYPE_CHECKING:
    from hybridsearch.indexing.arguments import Id


class Related(Shop):
    """The part of the client for threads that finds products by other products, and by what a person looked at."""

    @while_open
    def similar(
        self,
        id: Id,  # noqa: A002 - as in Hit
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> Page:
        """Return a page of products like one of the index, for the page of that one; arguments are those of `search`.

        The one itself, with its variants, is left out. See `plan_similar` for what is done, and its errors.

        Raises:
            DegradedAnswer: As in `search`.
        """
        asked_for: dict[str, Any] = {"filters": filters, "facets": facets, "page": page, "size": size}
        planned = partial(self.plan_similar, id, **asked_for, weights=weights)
        return self._page("similar", planned, strict=strict, timeout=timeout)

    @while_open
    def plan_similar(
        self,
        id: Id,  # noqa: A002 - as in Hit
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
    ) -> Plan:
        """Return what finds products like one: neighbours of its stored vectors, and what shares its telling words.

        The product is read from the index, by its id; no encoder is asked and nothing is searched.

        Raises:
            QueryError: The index has no such product, or a field is unknown.
            EngineError: The engine cannot be reached.
        """
        from hybridsearch.indexing import arguments

        query, key, own = asked("", filters, facets, None, page, size, None), arguments.one_id(id), own_weights(weights)
        with span("plan"):
            schema, lexicon = self.engine.schema(), lexicon_of(self.engine)
            product = single(self.engine.indexed([key]), key, self.settings.fields)
            return plan_for_product(self, schema, product, query, lexicon=lexicon, weights=own)

    @while_open
    def recommend(
        self,
        history: object = None,
        *,
        again: bool = False,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> Page:
        """Return a page for a person who did not search, by what they looked at; arguments are those of `search`.

        See `plan_recommended` for what is done, and its errors.

        Raises:
            DegradedAnswer: As in `search`.
        """
        asked_for: dict[str, Any] = {"filters": filters, "facets": facets, "page": page, "size": size}
        planned = partial(self.plan_recommended, history, again=again, **asked_for, weights=weights)
        instead = partial(self.plan_recommended, **asked_for, weights=weights)
        return self._page("recommend", planned, instead=instead, strict=strict, timeout=timeout)

    @while_open
    def plan_recommended(
        self,
        history: object = None,
        *,
        again: bool = False,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
    ) -> Plan:
        """Return what finds products for a person; where nothing is known of them, the shop is browsed.

        The `history` and the other arguments are those of `plan`. What they looked at is not shown `again`, unless that
        is wanted.

        Raises:
            QueryError: The history is none, or a field is unknown.
            EngineError: The engine cannot be reached.
        """
        query, own = asked("", filters, facets, None, page, size, None), own_weights(weights)
        looked_at, shown_again = read_history(history), flag("again", again)
        with span("plan"):
            schema, lexicon = self.engine.schema(), lexicon_of(self.engine)
            taste = self._taste(looked_at, schema, lexicon)
            return plan_for_taste(self, schema, taste, query, again=shown_again, lexicon=lexicon, weights=own)

    @while_open
    def also_bought(
        self,
        product: Id,
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        timeout: float | None = None,
    ) -> Page:
        """Return what was bought together with a product, as `hybridsearch learn-baskets` learned it from orders.

        Args:
            product: Its id.
            filters: What it must be, as in `HybridSearch.plan`.
            facets: What is counted, as in `HybridSearch.plan`.
            page: From 1.
            size: Hits on a page.
            timeout: As that of `HybridSearch.search`.

        Raises:
            ConfigError: Nothing was learned yet, or the file is damaged.
            QueryError: This is no id, or the other arguments are not those of a search.
        """
        from hybridsearch.indexing import arguments
        from hybridsearch.learning.sources import baskets

        def planned() -> Plan:
            query, key = asked("", filters, facets, None, page, size, None), arguments.one_id(product)
            with span("plan"):
                return baskets.planned(self.settings, self.plan_query(self.engine.schema(), query), key)

        return self._page("also_bought", planned, timeout=timeout)

    def _page(
        self,
        name: str,
        planned: Callable[[], Plan],
        *,
        instead: Callable[[], Plan] | None = None,
        strict: object = False,
        timeout: object = None,
    ) -> Page:
        """Return the page of a plan that is made first, or of another one where that of a person's taste is empty.

        Args:
            name: Of the span.
            planned: Makes the plan.
            instead: Makes the other one.
            strict: As in `search`.
            timeout: As in `search`.
        """
        wanted_whole = flag("strict", strict)
        with within(self._seconds(timeout)), span(name) as opened:
            plan = planned()
            with span("engine"):
                answer = self.engine.search(plan)
            if instead and plan.kind == TASTE and not answer.total:
                plan = unlike(instead(), plan)
                answer = self.engine.search(plan)
            tell(plan, answer, opened)
        return presented(plan, answer, self.settings.fields, marked=False, whole=wanted_whole)

    def _taste(self, history: History, schema: Schema, lexicon: KnownWords) -> Taste:
        """Return the taste of a history, whose products are read from the index."""
        if not history.weights:
            return Taste(notes=history.notes)
        found: Mapping[str, Indexed] = self.recent.known(ids := possible(history))
        if unknown := [key for key in ids if key not in found]:
            found = self.recent.joined(found, self.engine.indexed(unknown))
        return taste_of(history, found, schema, lexicon[0])


def possible(history: History) -> list[str]:
    """Return the ids of a history that a product can have."""
    from hybridsearch.indexing import arguments

    return list(filter(arguments.is_possible, history.weights))  # they are texts


def plan_for_product(
    shop: Shop,
    schema: Schema,
    product: Indexed,
    query: Query,
    *,
    lexicon: KnownWords = (None, ()),
    weights: Weights | None = None,
) -> Plan:
    """Return what finds products like one, see `HybridSearch.plan_similar`; no engine is asked.

    Args:
        shop: Whose rules and weights count.
        schema: What the index holds.
        product: As the index has it.
        query: Filters, facets, page and size.
        lexicon: The words of the index, and why they are not known, if so.
        weights: Weights of the signals; left out: the weights in use.
    """
    return plan_similar(product, query, schema, **around(shop, schema, query, lexicon, weights))


def unlike(everything: Plan, plan: Plan) -> Plan:
    """Return the plan of the shop as it is browsed, for a person whose history nothing is like."""
    return replace(everything, notes=(*plan.notes, "nothing is like what was looked at", *everything.notes))


def plan_for_taste(
    shop: Shop,
    schema: Schema,
    taste: Taste,
    query: Query,
    *,
    again: bool,
    lexicon: KnownWords = (None, ()),
    weights: Weights | None = None,
) -> Plan:
    """Return what finds products for a person, see `HybridSearch.plan_recommended`; no engine is asked."""
    if not taste.seen:
        return shop.plan_query(schema, query, weights=weights, taste=taste)
    return plan_recommended(taste, query, schema, again=again, **around(shop, schema, query, lexicon, weights))


def around(shop: Shop, schema: Schema, query: Query, lexicon: KnownWords, weights: Weights | None) -> dict[str, Any]:
    """Return what both planners take besides; the arguments are those of `plan_for_product`."""
    ruled, unread_rules = shop.guidance.ruled(query, schema)
    used, degraded = (weights, ()) if weights is not None else shop.weights_for(schema)
    words, unknown = lexicon
    return {
        "weights": used,
        "lexicon": words,
        "configured": shop.settings.fields,
        "ruled": ruled,
        "today": datetime.now(UTC).date(),
        "degraded": (*degraded, *unknown, *unread_rules),
    }


def single(found: Mapping[str, Indexed], key: str, fields: Fields) -> Indexed:
    """Return the product that was asked for by its id.

    Raises:
        QueryError: The index does not have it.
    """
    if key not in found:
        raise QueryError(
            f"The index has no product {brief(key)}, expected an id as '{fields.key}' of the catalogue has it. "
            "See the ids with: hybridsearch search"
        )
    return found[key]
