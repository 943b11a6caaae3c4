"""ResultList: signals mean the same in learning and in serving, what was answered is not asked again; and `lifted`."""

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridSearch, sample
from hybridsearch.errors import EngineError
from hybridsearch.learning import result_lists
from hybridsearch.learning.cross_validation import Fitted, Recipe
from hybridsearch.learning.features import build
from hybridsearch.learning.learned_weights import to_weights
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.result_lists import ResultCache, ResultList, bare, cache_key, collect, probe
from hybridsearch.learning.runs import vector_of
from hybridsearch.learning.sources.judgments import read
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Cosine, Neighbours
from hybridsearch.search.codes import codes_first
from hybridsearch.search.plan import Plan
from hybridsearch.search.signals import LEADS, signal_names
from hybridsearch.search.weights import Weights, prior
from tests.engines.embedded.builders import unit
from tests.servers.fake import INFO, Received, Reply, error, serving
from tests.shops import PRODUCTS, settings, shop, write_products

SAMPLE = Path(sample.__file__).parent
SIGHT = {"name": "image", "encoder": "starter", "reads": "image", "exact": True}
WORDS = {"name": "words", "encoder": "starter", "reads": ["title"], "exact": True}
SEEING = {
    "title": "title",
    "text": ["description", "brand"],
    "codes": ["sku"],
    "facets": ["brand", "color"],
    "numbers": ["price", "rating"],
    "image": "image",
    "languages": ["en", "de"],
}


def seeing(folder: Path, **changes: Any) -> HybridSearch:
    """Return a shop of a hundred products with pictures and two legs, and write judgments of every kind of query."""
    lines = (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines][::5]
    write_products(folder / "products.jsonl", rows)
    photo = Path(shutil.copy(SAMPLE / "photo.jpg", folder)).name
    some = {"product_id": rows[0]["id"], "grade": 2}
    queries: list[dict[str, Any]] = [
        *({"query": query} for query in ("red dress", "rotes Kleid", "blue bag", "mug", "green bottle")),
        {"query": rows[3]["sku"]},
        {"query": "red", "filters": {"price": {"lte": 60}}},
        {"image": photo},
        {"query": "blue", "image": photo},
    ]
    lines = [json.dumps({**query, **some}) + "\n" for query in queries]
    (folder / "judgments.jsonl").write_text("".join(lines), encoding="utf-8")
    catalog = {"path": "products.jsonl", "images": str(SAMPLE)}
    return shop(folder, catalog=catalog, fields=SEEING, vectors=[SIGHT, WORDS], **changes)


def every(names: tuple[str, ...], seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a weight for every signal."""
    return np.random.default_rng(seed).uniform(0.05, 1.0, len(names))


def predicted_scores_are_served(found: HybridSearch, folder: Path) -> None:
    """Check offline scores against those of pages, under the current weights and under learned ones."""
    schema = found.engine.schema()
    names = signal_names(schema)
    start = prior().model_copy(update={"signals": dict(zip(names, every(names, 0), strict=True))})
    asked = prepare(found, read(folder / "judgments.jsonl"), folder).asked
    assert {each.kind for each in asked} == {"words", "code", "photo", "photo and words"}
    with ResultCache(folder / "cache.db") as cache:
        plans = [probe(each.searched(found.engine, schema, bare(start))) for each in asked]
        alike = start.alike
        windows = [each for each in collect(found.engine, plans, names, cache, lambda *_: None, alike) if each]
        again = [each for each in collect(found.engine, plans, names, cache, lambda *_: None, alike) if each]
    assert [each.whole.tolist() for each in again] == [each.whole.tolist() for each in windows]
    assert [each.kind for each, window in zip(asked, windows, strict=True) if window.lifts is not None] == [
        "photo and words"
    ]
    table = build(names, windows, [each.judged for each in asked], [each.kind for each in asked])
    assert {names[place] for place in np.flatnonzero(~table.varying())} <= {"pairs", "code", "code_prefix"}
    fitted = Fitted(
        Recipe(saturation=0.5, numbers=True), every(names, 1), {"words": every(names, 2), "photo": every(names, 3)}
    )
    numbers = {name: table.middle(name) for name in names if name.startswith("number.")}
    halves = {name: start.half(name) * change for name, change in numbers.items()}
    learned = to_weights(fitted, table, start, schema, halves)
    assert len({learned.half(name) for name in names}) > 2
    changed = table.saturated(numbers).saturated(fitted.recipe.changes)
    for row, (each, window) in enumerate(zip(asked, windows, strict=True)):
        kind = fitted.by_kind.get(each.kind, fitted.shared)
        under = {
            "current": (start, window.whole @ every(names, 0)),
            "learned": (learned, changed.values[row, : len(window.ids)] @ kind),
        }
        for what, (weights, scores) in under.items():
            plan = probe(each.searched(found.engine, schema, weights))
            page = found.engine.search(plan)
            served = {hit.id: hit.score for hit in page}
            plain, lifted = weights.of(each.kind), codes_first(weights.of(each.kind), schema)
            leads = window.values @ (vector_of(lifted, names) - vector_of(plain, names))
            if window.lifts is not None:  # a value that words name outweighs a typed code too
                of_codes = sum(signal.weight for signal in plan.signals if signal.name in LEADS)
                leads += window.lifts[:, names.index("title")] * of_codes
            expected = dict(zip(window.ids, (scores + leads).tolist(), strict=True))
            assert served == pytest.approx(expected, abs=1e-4), (what, each.judged)
            assert len(served) > 0


def test_the_offline_score_is_the_served_score_on_the_embedded_engine(tmp_path: Path) -> None:
    with seeing(tmp_path) as found:
        predicted_scores_are_served(found, tmp_path)


def test_the_offline_score_is_the_served_score_on_elasticsearch(tmp_path: Path, es_url: str, index: str) -> None:
    with seeing(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}) as found:
        predicted_scores_are_served(found, tmp_path)


def test_a_product_with_a_typed_code_leads_offline_as_it_does_in_a_search() -> None:
    """Whatever the weights; and those with equal evidence stay tied, in the order of the engine."""
    names = ("title", "code", "code_prefix")
    rows = [[0.9, 0, 0], [0.1, 0, 1], [0.2, 0, 0], [0.0, 1, 0], [0.1, 0, 1]]
    results = ResultList(tuple("abcde"), np.array(rows, np.float32))
    for weights in ([1.0, 1.0, 0.5], [1e9, 0.0, 0.0], [0.0, 0.0, 0.0]):
        ids = results.ranked(np.array(weights), names)
        assert ids[:3] == ["d", "b", "e"]
    table = build(names, [results], [JudgedQuery("x", {"d": 1.0})], ["words"])
    assert table.ndcg(np.array([1.0, 0.0, 0.0])).tolist() == [1.0]


# What was answered.

NAMES = ("title", "text")


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[HybridSearch]:
    """The five products on the embedded engine, found by words alone."""
    with shop(tmp_path) as found:
        yield found


def plans(found: HybridSearch, *queries: str) -> list[Plan]:
    """Return the plans that ask for candidates."""
    return [probe(found.plan(query, weights=bare(prior()))) for query in queries]


def gather(found: HybridSearch, folder: Path, *queries: str, names: tuple[str, ...] = NAMES) -> tuple[int, list[Any]]:
    """Return how many queries the engine was asked, and the candidates."""
    asked = 0
    search = found.engine.search

    class Counting:
        content_version = found.engine.content_version

        def search(self, plan: Plan) -> Any:
            nonlocal asked
            asked += 1
            return search(plan)

    with ResultCache(folder / "cache.db") as cache:
        windows = list(collect(Counting(), plans(found, *queries), names, cache, lambda *_: None))  # type: ignore[arg-type]
    return asked, windows


def test_what_was_answered_is_not_asked_again(acme: HybridSearch, tmp_path: Path) -> None:
    first, windows = gather(acme, tmp_path, "red coat", "boots")
    again, known = gather(acme, tmp_path, "red coat", "boots", "dress")
    assert (first, again) == (2, 1)
    assert [each.ids for each in windows] == [each.ids for each in known[:2]] == [("3",), ("4",)]
    assert all(np.array_equal(one.values, other.values) for one, other in zip(windows, known, strict=False))


def test_other_signals_are_another_question(acme: HybridSearch, tmp_path: Path) -> None:
    gather(acme, tmp_path, "red coat")
    asked, windows = gather(acme, tmp_path, "red coat", names=("text", "title", "pairs"))
    assert asked == 1
    assert windows[0].values.shape == (1, 3)


def test_a_changed_index_is_asked_again(acme: HybridSearch, tmp_path: Path) -> None:
    gather(acme, tmp_path, "red coat")
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, {"id": "6", "title": "Red rain coat"}])
    acme.reindex()
    asked, windows = gather(acme, tmp_path, "red coat")
    assert asked == 1
    assert sorted(windows[0].ids) == ["3", "6"]


def test_an_index_that_grew_on_elasticsearch_is_asked_again(tmp_path: Path, es_url: str, index: str) -> None:
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}) as found:
        before = found.engine.content_version()
        assert gather(found, tmp_path, "red coat")[0] == 1
        assert gather(found, tmp_path, "red coat")[0] == 0
        found.reindex()
        rebuilt = found.engine.content_version()
        assert rebuilt != before
        found.upsert([{"id": "9", "title": "Red coat for dogs"}])
        assert found.engine.content_version() != rebuilt
        assert gather(found, tmp_path, "red coat")[0] == 1


def test_an_embedded_store_that_goes_away_half_way_leaves_what_was_asked(tmp_path: Path) -> None:
    kept = settings(tmp_path)
    with shop(tmp_path) as found:
        asking = plans(found, "red coat", "boots", "dress")
    done: list[int] = []
    store = kept.resolve(kept.engine.folder) / "products"

    def progress(_: str, number: int, *__: object) -> None:
        done.append(number)
        if number == 2:
            shutil.move(store, tmp_path / "away")

    with ResultCache(tmp_path / "cache.db") as cache:
        with HybridSearch.open(kept) as found, pytest.raises(EngineError):
            for _ in collect(Fresh(found), asking, NAMES, cache, progress):  # type: ignore[arg-type]
                pass
        assert done == [1, 2]
        shutil.move(tmp_path / "away", store)
        with HybridSearch.open(kept) as found:
            assert gather(found, tmp_path, "red coat", "boots", "dress")[0] == 1


class Fresh:
    """An engine that opens its files anew for every search, as one of another process does."""

    def __init__(self, found: HybridSearch) -> None:
        self._settings = found.settings
        self.content_version = found.engine.content_version

    def search(self, plan: Plan) -> Any:
        with HybridSearch.open(self._settings) as found:
            return found.engine.search(plan)


def test_a_server_that_goes_down_half_way_leaves_what_was_asked(tmp_path: Path) -> None:
    up = True
    answered = 0

    def script(request: Received) -> Reply:
        nonlocal answered
        if "_search" not in request.path:
            return healthy(request)
        if not up and answered == 2:
            return error(503, "no_shard_available_action_exception")
        answered += 1
        return PAGE

    with shop(tmp_path) as found:
        asking = plans(found, "red coat", "boots", "dress", "green", "blue")
    with serving(script) as server, ResultCache(tmp_path / "cache.db") as cache:
        there = settings(tmp_path, engine={"url": server.url})
        with HybridSearch.open(there) as found:
            up = False
            with pytest.raises(EngineError):
                list(collect(found.engine, asking, NAMES, cache, lambda *_: None))
            assert answered == 2
            up = True
            windows = list(collect(found.engine, asking, NAMES, cache, lambda *_: None))
            assert answered == len(asking) == len(windows)


LIVE = Schema(Fields(title="title", text=("note",))).to_json()
INDEX = {"mappings": {"_meta": {"hybridsearch": LIVE}}, "settings": {"index": {"number_of_shards": "1"}}}
STATS = Reply(
    {"indices": {"products-1": {"uuid": "u", "shards": {"0": [{"seq_no": {"max_seq_no": 5, "local_checkpoint": 5}}]}}}}
)
HITS = {
    "total": {"value": 1, "relation": "eq"},
    "hits": [{"_id": "3", "_score": 0.5, "matched_queries": {"title": 0.5}}],
}
PAGE = Reply({"took": 1, "timed_out": False, "_shards": {"total": 1, "successful": 1, "failed": 0}, "hits": HITS})
HALF = Reply({"took": 1, "timed_out": True, "_shards": {"total": 1, "successful": 1, "failed": 0}, "hits": HITS})


def healthy(request: Received) -> Reply:
    """Answer all but a search."""
    if "_stats" in request.path:
        return STATS
    return INFO if request.path == "/" else Reply({"products-1": INDEX})


def test_an_answer_that_is_not_whole_is_passed_over_and_asked_again(tmp_path: Path) -> None:
    slow = True

    def script(request: Received) -> Reply:
        return (HALF if slow else PAGE) if "_search" in request.path else healthy(request)

    with shop(tmp_path) as found:
        asking = plans(found, "red coat")
    with ExitStack() as stack:
        cache = stack.enter_context(ResultCache(tmp_path / "cache.db"))
        engine = {"url": stack.enter_context(serving(script)).url}
        found = stack.enter_context(HybridSearch.open(settings(tmp_path, engine=engine)))
        assert list(collect(found.engine, asking, NAMES, cache, lambda *_: None)) == [None]
        slow = False
        (window,) = collect(found.engine, asking, NAMES, cache, lambda *_: None)
    assert window is not None
    assert window.values.tolist() == [[0.5, 0.0]]


def test_plans_that_differ_only_in_a_vector_have_other_keys() -> None:
    keys = set()
    for vector in (unit(1, 2, 3, 4.0), unit(1, 2, 3, 4.00001), unit(1, 2, 3, 5)):
        near = Neighbours("image", vector, 10, 10, -1.0)
        keys.add(cache_key("index", Plan("words", "", neighbours=(near,)), NAMES))
        keys.add(
            cache_key("index", Plan("words", "", signals=(Cosine("words.image", 1.0, "image", vector, 0, 1),)), NAMES)
        )
    assert len(keys) == 6


def test_a_damaged_cache_says_that_it_may_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(b"not a database, but long enough to look like a file of some kind" * 100)
    with pytest.raises(EngineError, match="It only saves time: remove it"):
        ResultCache(path)


def test_a_flipped_bit_in_the_cache_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    """Attack: a flipped bit in candidates.db."""
    luck, path = random.Random(1), tmp_path / "cache.db"
    stored = {
        bytes([n]) * 20: ResultList((f"p{n}", "é"), np.array([[n, 0.5], [1, n / 7]], np.float32)) for n in range(60)
    }
    with ResultCache(path) as cache:
        for key, results in stored.items():
            cache.put(key, results)
    intact, asked_again = path.read_bytes(), 0
    for _ in range(60):
        data = bytearray(intact)
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
        path.write_bytes(data)
        try:
            with ResultCache(path) as cache:
                for key, results in stored.items():
                    kept = cache.get(key, 2)
                    asked_again += kept is None
                    assert kept is None or (kept.ids == results.ids and np.array_equal(kept.values, results.values))
        except EngineError:
            asked_again += 1
    assert asked_again > 20


def test_the_cache_keeps_the_latest_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_lists, "MAX_ENTRIES", 3)
    nothing = ResultList((), np.zeros((0, 2), np.float32))
    with ResultCache(tmp_path / "cache.db") as cache:
        for number in range(5):
            cache.put(bytes([number]) * 20, nothing)
    with ResultCache(tmp_path / "cache.db") as cache:
        known = [cache.get(bytes([number]) * 20, 2) is not None for number in range(5)]
    assert known == [False, False, True, True, True]
    with sqlite3.connect(tmp_path / "cache.db") as db:
        assert db.execute("SELECT count(*) FROM candidates").fetchone() == (3,)


def test_bare_weights_find_the_same_candidates_and_name_every_signal(acme: HybridSearch) -> None:
    own = Weights(signals={"title": 0.3}, floors={"words": 0.2}, coverage=0.9, kinds={"words": {"title": 0.0}})
    ours, theirs = (acme.engine.search(probe(acme.plan("red coat", weights=each))) for each in (own, bare(own)))
    assert {hit.id for hit in ours} == {hit.id for hit in theirs}
    assert {"title", "text", "grams", "all_words", "number.price"} <= set(theirs.hits[0].signals)
