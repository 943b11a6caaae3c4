"""Whatever JSON a server answers a request with, each request of the library: a result, or an error of ours.

What is read of an answer is written down in `shapes.py`.
"""

import copy
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders
from elastic_transport._node import NodeApiResponse
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import HybridSearch, doctor
from hybridsearch.catalog.elasticsearch import ElasticsearchIndex
from hybridsearch.engines.elasticsearch import ElasticsearchEngine, changes
from hybridsearch.engines.elasticsearch.lease import ServerLease
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read
from hybridsearch.engines.elasticsearch.transport.node import OwnNode
from hybridsearch.engines.elasticsearch.transport.shapes import SEARCH
from hybridsearch.errors import EngineError, HybridSearchError
from tests.engines.elasticsearch.test_connection import at_search, open_at
from tests.engines.elasticsearch.test_fallback import PAGE
from tests.servers.fake import Reply, serving
from tests.servers.model import Index, Model
from tests.shops import FIELDS, PRODUCTS, quietly, settings

LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8)
NAMES = st.sampled_from(
    ["hits", "error", "_id", "_source", "items", "indices", "docs", "version", "hybrid", "type", "0"]
)
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4)
)
STATUSES = st.sampled_from([200] * 12 + [201, 400, 403, 404, 409, 413, 429, 500, 503])
TRIED = int(os.environ.get("HYBRIDSEARCH_TEST_ANSWERS", "30"))


@dataclass(slots=True)
class Double:
    """Stands in for the transport: a model answers, but for one request."""

    model: Model
    spoilt: int = -1
    spoil: Callable[[int, Any], tuple[int, Any]] = lambda status, body: (status, body)
    asked: list[str] = field(default_factory=list)

    def perform(
        self, node: OwnNode, method: str, target: str, body: bytes | None = None, *_: Any, **__: Any
    ) -> NodeApiResponse:
        status, answer = self.answer(method, target, body or b"")
        if len(self.asked) == self.spoilt:
            status, answer = self.spoil(status, answer)
        self.asked.append(f"{method} {target.partition('?')[0]}")
        headers = HttpHeaders({"x-elastic-product": "Elasticsearch", "content-type": "application/json"})
        return NodeApiResponse(ApiResponseMeta(status, "1.1", headers, 0.0, node.config), orjson.dumps(answer))

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Answer as a healthy server does."""
        path = target.partition("?")[0]
        if path == "/_license":
            return 200, {"license": {"type": "basic", "status": "active"}}
        if path.startswith("/_cluster/health"):
            return 200, {"status": "green", "timed_out": False}
        if path.endswith("/_pit"):
            return 200, {"id": "point"}
        if path == "/_pit":
            return 200, {"succeeded": True}
        if path == "/_search":
            return 200, {"pit_id": "point", "hits": {"hits": [self.hit(number) for number in range(3)]}}
        if path.endswith("/_mapping") and method == "GET":
            return 200, {"shop": {"mappings": {"properties": {"title": {"type": "text"}}}}}
        status, answer = self.model.handle(method, target, body)
        if "_search" in path and status == 200:
            values = [{"key": "Acme", "doc_count": 2}]
            answer["aggregations"]["facet0"] = {"buckets": values}
            for hit in answer["hits"]["hits"]:
                hit["matched_queries"] = {"title": 0.5}
        if path.endswith("/_stats"):
            for entry in answer.get("indices", {}).values():
                for copies in entry["shards"].values():
                    copies[0]["routing"] = {"primary": True}
        return status, answer

    def hit(self, number: int) -> dict[str, Any]:
        return {"_index": "shop", "_id": str(number), "_source": PRODUCTS[number], "sort": [number, 7], "_score": None}


@contextmanager
def answering(double: Double) -> Iterator[None]:
    """Let the double answer, and nothing wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OwnNode, "perform_request", lambda node, *asked, **more: double.perform(node, *asked, **more))
        patch.setattr(changes, "INTERVAL", 0.0)
        patch.setitem(ServerLease.__init__.__kwdefaults__ or {}, "sleep", lambda _: None)
        yield


@contextmanager
def opened(double: Double, folder: Path) -> Iterator[HybridSearch]:
    with answering(double), HybridSearch.open(configured(folder)) as shop:
        assert isinstance(shop.engine, ElasticsearchEngine)
        shop.engine.waiting.sleep = lambda _: None
        shop.engine.sleep = lambda _: None
        yield shop


def configured(folder: Path) -> Any:
    fields = {**FIELDS, "version": "price", "dates": ["released"], "booleans": ["in_stock"]}
    return settings(folder, fields=fields, engine={"url": "http://model:9200", "replicas": 0})


def everything_of(catalogue: ElasticsearchIndex) -> None:
    catalogue.count(), catalogue.types(), catalogue.snapshot_id()
    mark = catalogue.mark()
    list(catalogue.read()), list(catalogue.ids())
    if mark:
        list(catalogue.since(mark))


def inside(shop: HybridSearch) -> None:
    """Ask for what only a rebuild, `eval` and `tune` do."""
    engine = shop.engine
    live = engine.generations()[-1].name
    engine.content_version(), engine.outlook(), engine.warnings(), engine.routing(live, ["1"])
    engine.stored(live, ["1", "2"]), list(engine.ids(live)), engine.changes.since(-1)


DO: dict[str, Callable[[HybridSearch], object]] = {
    "search": lambda shop: shop.search("red dress", facets=["brand"]),
    "get": lambda shop: shop.get(["1", "2"]),
    "upsert": lambda shop: shop.upsert([{**PRODUCTS[0], "price": 500}, {"id": "new", "title": "hat", "price": 1}]),
    "delete": lambda shop: shop.delete({"1": 900}),
    "reindex": lambda shop: shop.reindex(options=quietly()),
    "rollback": lambda shop: shop.rollback(),
    "clean": lambda shop: shop.clean(shop.leftovers(kept=True)),
    "doctor": doctor.checks,
    "engine": inside,
    "catalogue": lambda shop: everything_of(ElasticsearchIndex(shop.engine.client, "shop")),  # type: ignore[attr-defined]
}
SLOW = ("reindex", "rollback", "upsert", "clean")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Index]:
    """The indices of a shop that was built twice."""
    model = Model()
    with opened(Double(model), tmp_path_factory.mktemp("built")) as shop:
        shop.reindex(options=quietly())
        shop.upsert({**PRODUCTS[0], "price": 400})
        shop.reindex(options=quietly())
        model.indices["shop"] = Index({}, {}, {})
    return model.indices


@st.composite
def spoilings(draw: st.DrawFn) -> Callable[[int, Any], tuple[int, Any]]:
    """Return what spoils an answer: any JSON takes its place, or that of a part of it, or a part is left out."""
    status, value = draw(STATUSES), draw(ANY_JSON)
    turns = draw(st.lists(st.integers(0, 2**16), max_size=7))
    removes = draw(st.booleans())

    def spoil(_: int, body: Any) -> tuple[int, Any]:
        return status, replaced(copy.deepcopy(body), turns, value, removes)

    return spoil


def replaced(body: Any, turns: list[int], value: Any, removes: bool) -> Any:
    """Return a body in which the part that the turns lead to is another one."""
    if not turns or not isinstance(body, dict | list) or not body:
        return value
    keys = list(body) if isinstance(body, dict) else list(range(len(body)))
    key = keys[turns[0] % len(keys)]
    if removes and len(turns) == 1:
        del body[key]
    else:
        body[key] = replaced(body[key], turns[1:], value, removes)
    return body


@pytest.mark.parametrize("name", DO)
def test_any_json_as_the_answer_to_any_request_is_a_result_or_an_error_of_ours(
    name: str, built: dict[str, Index]
) -> None:
    """Attack: an answer of other JSON than was asked for."""

    def run(double: Double) -> int:
        with tempfile.TemporaryDirectory() as folder, opened(double, Path(folder)) as shop, suppress(HybridSearchError):
            DO[name](shop)
        return len(double.asked)

    def fresh() -> Model:
        return Model(copy.deepcopy(built))

    requests = run(Double(fresh()))

    @given(st.integers(0, requests - 1), spoilings())
    @examples(deadline=None, max_examples=TRIED // (2 if name in SLOW else 1), suppress_health_check=list(HealthCheck))
    def any_answer(number: int, spoil: Callable[[int, Any], tuple[int, Any]]) -> None:
        run(Double(fresh(), number, spoil))

    any_answer()


NOT_PAGES: list[Any] = [
    {},
    {"hits": None},
    {"hits": {"total": {"value": 1}, "hits": [{}]}},
    {"error": {"type": "x", "reason": "y"}, "status": 500},
    [],
    [PAGE.body],
    5,
    "red",
    None,
    {"hits": {"total": {"value": -1}, "hits": []}},
]


@pytest.mark.parametrize("body", NOT_PAGES, ids=str)
def test_an_answer_of_200_that_is_no_page_is_one_sentence(tmp_path: Path, body: Any) -> None:
    """Attack: an answer of other JSON than was asked for."""
    with (
        serving(at_search(Reply(body))) as fake,
        open_at(tmp_path, fake.url) as shop,
        pytest.raises(EngineError) as failed,
    ):
        shop.search("red")
    assert str(failed.value).startswith(f"{fake.url} sent an answer that is not ")
    assert str(failed.value).endswith("Check 'engine.url'.")


def test_an_unexpected_answer_says_where() -> None:
    with pytest.raises(UnexpectedAnswer) as unexpected:
        read(SEARCH, {"hits": {"hits": [{"_id": 7}], "total": {"value": 1}}})
    assert unexpected.value.message == "'hits.hits.0._id': Input should be a valid string"
