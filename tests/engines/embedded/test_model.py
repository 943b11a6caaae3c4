"""The engine against a plain dictionary and the definitions, worked out product by product."""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.bm25 import LENGTHS
from hybridsearch.errors import IndexMissing
from hybridsearch.search.plan import (
    CODE_LIFT,
    FIRST_PASS_SHARE,
    NEIGHBOUR_LIFT,
    Codes,
    Condition,
    Cosine,
    Filter,
    Match,
    Neighbours,
    Number,
    Plan,
    Range,
    Saturated,
    Signal,
    Sort,
    Terms,
)
from hybridsearch.values import Document, Page, Vector
from tests.engines.embedded.builders import DIMS, SCHEMA, unit

CLOSE = 1e-5
_RANDOM = np.random.default_rng(7)
VECTORS = [unit(*_RANDOM.standard_normal(DIMS)) for _ in range(7)]
"""A few directions, so that exact ties happen and near ties do not."""


@dataclass
class Model:
    """What the engine is to do, without any data structure. Documents are in the order of their last writing."""

    documents: dict[str, Document]

    def tokens(self, document: Document, field: str, language: str) -> list[str]:
        return document.text.get(field, {}).get(language, "").split()

    def bm25(self, document: Document, match: Match) -> float:
        """Return the score in the best language, 0 when the document does not match in any."""
        best = 0.0
        for language, wanted in match.tokens:
            texts = [found for each in self.documents.values() if (found := self.tokens(each, match.field, language))]
            mine = Counter(self.tokens(document, match.field, language))
            if sum(token in mine for token in wanted) < match.needed(wanted):
                continue
            average = sum(map(len, texts)) / len(texts)
            length = max(int(each) for each in LENGTHS if each <= mine.total())
            score = 0.0
            for token in wanted:
                having = sum(token in text for text in texts)
                idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
                score += 2.2 * idf * mine[token] / (mine[token] + 1.2 * (1 - 0.75 + 0.75 * length / average))
            best = max(best, score)
        return best

    def passes(self, document: Document, filters: Sequence[Filter]) -> bool:
        for clause in filters:
            if isinstance(clause, Terms):
                if not set(clause.values) & set(document.facets.get(clause.field, ())):
                    return False
            else:
                number = document.numbers.get(clause.field, math.nan)
                low = -math.inf if clause.gte is None else clause.gte
                high = math.inf if clause.lte is None else clause.lte
                if not low <= number <= high:
                    return False
        return True

    def nearest(self, clause: Neighbours, allowed: Sequence[Document]) -> dict[str, float]:
        found = [(cosine(each, clause.leg, clause.vector), each.id) for each in allowed if clause.leg in each.vectors]
        found.sort(key=lambda pair: -pair[0])
        return {key: value for value, key in found[: clause.k] if value >= clause.floor}

    def first_pass(self, plan: Plan) -> dict[str, float]:
        """Return the candidates with their score in the first pass."""
        allowed = [each for each in self.documents.values() if self.passes(each, plan.filters)]
        if plan.kind == "browse":
            return {each.id: 1.0 for each in allowed}
        near = [self.nearest(clause, allowed) for clause in plan.neighbours]
        found = {}
        for each in allowed:
            score = self.bm25(each, plan.keyword) if plan.keyword else 0.0
            score += CODE_LIFT if plan.codes and set(plan.codes.values) & set(each.codes) else 0.0
            score += sum(NEIGHBOUR_LIFT * (1 + some[each.id]) / 2 for some in near if each.id in some)
            if score:
                # Elasticsearch's scores are float32: products that only differ beyond that are level.
                found[each.id] = float(np.float32(score))
        return found

    def signal(self, document: Document, signal: Signal) -> float:
        match signal:
            case Saturated():
                score = self.bm25(document, signal.match)
                value = score / (score + signal.half)
            case Condition(clause=Codes(codes)):
                value = float(bool(set(codes) & set(document.codes)))
            case Condition(clause=Match() as clause):
                value = float(self.bm25(document, clause) > 0)
            case Cosine():
                if signal.leg not in document.vectors:
                    return 0.0
                found = cosine(document, signal.leg, signal.vector)
                value = max(0.0, (found - signal.low) / (signal.high - signal.low))
            case Number():
                number = max(0.0, document.numbers.get(signal.field, 0.0))
                value = number / (number + signal.half)
        return signal.weight * value

    def scores(self, plan: Plan) -> dict[str, float]:
        first = self.first_pass(plan)
        if not plan.signals:
            return first
        window = sorted(first, key=lambda key: -first[key])[: plan.window]
        return {
            key: FIRST_PASS_SHARE * score
            + sum(self.signal(self.documents[key], signal) for signal in plan.signals if key in window)
            for key, score in first.items()
        }

    def facet(self, field: str, found: Mapping[str, float]) -> dict[str, int]:
        counts = Counter(value for key in found for value in set(self.documents[key].facets.get(field, ())))
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:100])

    def sorted_ids(self, plan: Plan, sort: Sort) -> list[str]:
        def key(name: str) -> tuple[float, str]:
            number = self.documents[name].numbers.get(sort.field)
            return (math.inf if number is None else -number if sort.descending else number), name

        return sorted(self.first_pass(plan), key=key)

    def require(self, plan: Plan, page: Page) -> None:
        """Check a page: everything but the order of products whose scores differ by rounding alone."""
        scores = self.scores(plan)
        assert page.total == len(scores)
        assert page.facets == {name: self.facet(name, scores) for name in plan.facets}
        assert [list(counts) for counts in page.facets.values()] == [
            list(self.facet(name, scores)) for name in plan.facets
        ]
        found = [hit.id for hit in page]
        assert len(set(found)) == len(found)
        if plan.sort:
            assert found == self.sorted_ids(plan, plan.sort)[plan.offset : plan.offset + plan.size]
            return
        expected = sorted(scores.values(), reverse=True)[plan.offset : plan.offset + plan.size]
        scale = CODE_LIFT if not plan.signals else 1.0
        assert [hit.score for hit in page] == pytest.approx(expected, abs=CLOSE * scale)
        assert [scores[key] for key in found] == pytest.approx(expected, abs=CLOSE * scale)
        places = {key: place for place, key in enumerate(self.documents)}
        for hit, following in itertools.pairwise(page):
            assert hit.score >= following.score
            if alike(self.documents[hit.id], self.documents[following.id]):
                assert places[hit.id] < places[following.id]
        for hit in page:
            parts = {signal.name: self.signal(self.documents[hit.id], signal) for signal in plan.signals}
            if hit.signals:
                assert hit.signals == pytest.approx({k: v for k, v in parts.items() if k in hit.signals}, abs=CLOSE)
            assert list(hit.signals.values()) == sorted(hit.signals.values(), reverse=True)
            assert hit.product == self.documents[hit.id].row


def cosine(document: Document, leg: str, vector: Vector) -> float:
    return float(document.vectors[leg].array.astype(float) @ vector.array.astype(float))


def alike(one: Document, other: Document) -> bool:
    return replace(one, id="", row={}) == replace(other, id="", row={})


WORDS = st.sampled_from(["red", "blue", "dress", "shoe", "hat"])
TEXT = st.lists(WORDS, max_size=5).map(" ".join)
TOKENS = st.lists(WORDS, min_size=1, max_size=3, unique=True).map(tuple)
MATCH = st.builds(
    Match,
    st.sampled_from(["title", "text", "pairs"]),
    st.lists(st.tuples(st.sampled_from(["en", "de", "fr"]), TOKENS), min_size=1, max_size=2).map(tuple),
    st.sampled_from([0.0, 0.6, 1.0]),
)
CODES = st.lists(st.sampled_from(["c1", "c2", "c3"]), min_size=1, max_size=2).map(tuple)
BRAND = st.sampled_from(["acme", "Zeta", "été", "跑步"])
BRANDS = st.lists(BRAND, max_size=2).map(tuple)
VALUES = st.lists(BRAND, min_size=1, max_size=2).map(tuple)
VECTOR = st.sampled_from(VECTORS)
PRICE = st.sampled_from([-1.0, 0.0, 5.0, 5.5, 100.0])
DOCUMENT = st.builds(
    Document,
    st.sampled_from([f"p{number}" for number in range(25)]),
    st.fixed_dictionaries({"stock": st.integers(0, 3)}),
    st.fixed_dictionaries({name: st.fixed_dictionaries({"en": TEXT, "de": TEXT}) for name in ("title", "text")}),
    CODES | st.just(()),
    st.fixed_dictionaries({}, optional={"brand": BRANDS}),
    st.fixed_dictionaries({}, optional={"price": PRICE}),
    st.fixed_dictionaries({}, optional={"image": VECTOR}),
)
SIGNALS = st.tuples(
    st.builds(Saturated, st.just("words"), st.just(0.5), MATCH, st.sampled_from([1.0, 8.0])),
    st.builds(Condition, st.just("all"), st.just(0.25), MATCH),
    st.builds(Condition, st.just("code"), st.just(2.0), st.builds(Codes, CODES)),
    st.builds(Cosine, st.just("image"), st.just(0.75), st.just("image"), VECTOR, st.just(-0.2), st.just(0.8)),
    st.builds(Number, st.just("price"), st.just(0.125), st.just("price"), st.just(5.0)),
)
BOUND = st.none() | PRICE
FILTERS = st.lists(
    st.builds(Terms, st.sampled_from(["brand", "none"]), VALUES)
    | st.builds(Range, st.sampled_from(["price", "price", "none"]), BOUND, BOUND),
    max_size=2,
).map(tuple)
NEIGHBOURS = st.builds(
    Neighbours, st.just("image"), VECTOR, st.integers(1, 30), st.just(30), st.sampled_from([-1.0, 0.1])
)
PLAN = st.builds(
    Plan,
    st.sampled_from(["words", "words", "words", "browse"]),
    st.just("generated"),
    keyword=st.none() | MATCH,
    codes=st.none() | st.builds(Codes, CODES),
    neighbours=st.lists(NEIGHBOURS, max_size=2).map(tuple),
    filters=FILTERS,
    signals=SIGNALS | st.just(()),
    facets=st.sampled_from([(), ("brand",), ("brand", "none")]),
    sort=st.none() | st.none() | st.builds(Sort, st.sampled_from(["price", "none"]), st.booleans()),
    window=st.sampled_from([1, 5, 400]),
    offset=st.sampled_from([0, 0, 2, 10]),
    size=st.sampled_from([0, 3, 10, 1000]),
)


class Machine(RuleBasedStateMachine):
    """Any order of writing, refreshing, promoting, opening anew and searching."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.engine = EmbeddedEngine(self.folder, "products")
        self.generation: str | None = None
        self.written: dict[str, Document] = {}
        self.live: Model | None = None

    @rule(documents=st.lists(DOCUMENT, max_size=25))
    def write(self, documents: list[Document]) -> None:
        if self.generation is None:
            self.generation, self.written = self.engine.create(SCHEMA), {}
        assert self.engine.write(self.generation, documents) == Written()
        for document in documents:
            self.written.pop(document.id, None)
            self.written[document.id] = document

    @rule(documents=st.lists(DOCUMENT, max_size=5))
    def remove(self, documents: list[Document]) -> None:
        if self.generation is not None:
            ids = {document.id for document in documents}
            missing = len(ids - set(self.written))
            assert self.engine.remove(self.generation, dict.fromkeys(ids)) == Written(missing=missing)
            for key in ids:
                self.written.pop(key, None)

    @rule()
    def refresh(self) -> None:
        if self.generation is not None:
            assert self.engine.refresh(self.generation) == len(self.written)

    @rule()
    def promote(self) -> None:
        if self.generation is not None:
            self.engine.promote(self.generation, SCHEMA)
            self.generation, self.live = None, Model(self.written)

    @rule()
    def discard(self) -> None:
        if self.generation is not None:
            self.engine.discard(self.generation)
            self.generation = None

    @rule()
    def open_anew(self) -> None:
        self.engine.close()
        self.engine = EmbeddedEngine(self.folder, "products")

    @rule(plan=PLAN)
    def search(self, plan: Plan) -> None:
        if self.live is None:
            with pytest.raises(IndexMissing):
                self.engine.search(plan)
        else:
            self.live.require(plan, self.engine.search(plan))

    def teardown(self) -> None:
        self.engine.close()
        shutil.rmtree(self.folder)


Machine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestEngine = Machine.TestCase


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[EmbeddedEngine, Model]:
    """Eighty products, some of them alike, some written twice."""
    random = np.random.default_rng(3)
    vocabulary = ["red", "blue", "dress", "shoe", "hat"]
    documents = [
        Document(
            f"p{number % 80}",
            {"number": number},
            {
                field: {
                    "en": " ".join(random.choice(vocabulary, random.integers(0, 6))),
                    "de": " ".join(random.choice(vocabulary, random.integers(0, 3))),
                }
                for field in ("title", "text")
            },
            codes=(f"c{random.integers(1, 4)}",),
            facets={"brand": (f"b{random.integers(4)}", f"b{random.integers(4)}")},
            numbers={"price": float(random.integers(1, 50))} if number % 4 else {},
            vectors={"image": VECTORS[random.integers(len(VECTORS))]} if number % 5 else {},
        )
        for number in range(100)
    ]
    engine = EmbeddedEngine(tmp_path_factory.mktemp("shop"), "products")
    generation = engine.create(SCHEMA)
    model = Model({})
    for start in range(0, len(documents), 30):
        engine.write(generation, documents[start : start + 30])
    engine.refresh(generation)
    engine.promote(generation, SCHEMA)
    for document in documents:
        model.documents.pop(document.id, None)
        model.documents[document.id] = document
    return engine, model


@pytest.mark.parametrize("seed", range(60))
def test_pages_of_many_plans_are_those_of_the_model(shop: tuple[EmbeddedEngine, Model], seed: int) -> None:
    engine, model = shop
    plan = any_plan(np.random.default_rng(seed))
    model.require(plan, engine.search(plan))


def any_plan(random: np.random.Generator) -> Plan:
    def match(field: str) -> Match:
        tokens = tuple(random.choice(["red", "blue", "dress", "shoe"], random.integers(1, 4), replace=False).tolist())
        return Match(field, tuple((language, tokens) for language in ("en", "de")), random.choice([0.0, 0.6, 1.0]))

    def maybe(value: Filter) -> tuple[Filter, ...]:
        return (value,) if random.random() < 0.4 else ()

    vector = VECTORS[random.integers(len(VECTORS))]
    return Plan(
        "words",
        "test",
        keyword=match("text"),
        codes=Codes(("c1",)) if random.random() < 0.2 else None,
        neighbours=(Neighbours("image", vector, int(random.integers(1, 60)), 60, 0.0),),
        filters=maybe(Terms("brand", ("b1", "b2"))) + maybe(Range("price", gte=10, lte=40)),
        signals=(
            Saturated("title", 0.3, match("title"), 8),
            Saturated("text", 0.4, match("text"), 8),
            Condition("all", 0.1, match("text")),
            Condition("code", 1.0, Codes(("c1",))),
            Cosine("image", 0.5, "image", vector, 0.2, 0.9),
            Number("price", 0.05, "price", 50),
        ),
        facets=("brand",),
        window=int(random.choice([10, 50, 400])),
        offset=int(random.choice([0, 5])),
        size=int(random.choice([5, 24, 100])),
    )
