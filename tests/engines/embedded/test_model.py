"""The engine against a plain dictionary and the definitions, worked out product by product."""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.compiled.bm25 import LENGTHS
from hybridsearch.errors import IndexMissing
from hybridsearch.search.clauses import (
    CODE_LIFT,
    NEIGHBOUR_LIFT,
    Codes,
    Condition,
    Cosine,
    Match,
    Neighbours,
    Number,
    Saturated,
    Signal,
    Words,
)
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import (
    AnyOf,
    Exists,
    Filter,
    Ids,
    Not,
    OneVariant,
    Range,
    Sampled,
    Simple,
    Terms,
)
from hybridsearch.search.plan import FIRST_PASS_SHARE, Plan, Sort
from hybridsearch.values import Document, FieldValues, Page, Vector
from tests.engines.embedded.builders import DIMS, SCHEMA, unit

CLOSE = 1e-5
_RANDOM = np.random.default_rng(7)
VECTORS = [unit(*_RANDOM.standard_normal(DIMS)) for _ in range(7)]
"""A few directions, so that exact ties happen and near ties do not."""


NONE = Codes(())


def carries(document: Document, codes: Codes) -> bool:
    """Tell whether a document has one of the codes, or one that begins so."""
    return any(code in codes.values or code.startswith(codes.prefixes) for code in document.codes)


@dataclass
class Model:
    """What the engine must do, without any data structure. Documents are in the order of their last writing."""

    documents: dict[str, Document]

    def tokens(self, document: Document, field: str, language: str) -> list[str]:
        return document.text.get(field, {}).get(language, "").split()

    def bm25(self, document: Document, match: Match) -> float:
        """Return the score in the best language, 0 when the document does not match in any."""
        best = 0.0
        for words in match.words:
            language = words.language
            texts = [self.tokens(any_document, match.field, language) for any_document in self.documents.values()]
            texts = [tokens for tokens in texts if tokens]
            counts = Counter(self.tokens(document, match.field, language))
            present = [any(all(token in counts for token in form.split()) for form in forms) for forms in words.tokens]
            if sum(tells for tells, is_there in zip(words.tells, present, strict=True) if is_there) < words.needed:
                continue
            average = sum(map(len, texts)) / len(texts)
            length = max(int(length) for length in LENGTHS if length <= counts.total())
            score = 0.0
            for tokens in words.tokens:
                scores = [0.0]
                for form in tokens:
                    parts = []
                    for token in form.split():
                        having = sum(token in text for text in texts)
                        idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
                        frequency = counts[token]
                        parts.append(2.2 * idf * frequency / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / average)))
                    scores.append(sum(parts) if all(parts) else 0.0)
                score += max(scores)
            best = max(best, score)
        return best

    def passes(self, document: Document, filters: Sequence[Filter], around: Sequence[Filter] = ()) -> bool:
        """Tell whether one variant passes the filters on variants, with those around, and the product all others."""
        inside = [*around, *(clause for clause in filters if fields(clause) and all(map(of_variants, fields(clause))))]
        if inside and not any(all(self.holds(variant, each) for each in inside) for variant in document.variants):
            return False
        outside = [clause for clause in filters if not any(map(of_variants, fields(clause)))]
        mixed = [clause for clause in filters if clause not in inside and clause not in outside]
        return all(self.holds(document.fields, clause) for clause in outside) and all(
            isinstance(clause, AnyOf) and any(self.passes(document, group, inside) for group in clause.groups)
            for clause in mixed
        )

    def holds(self, values: FieldValues, clause: Filter) -> bool:
        """Tell whether a filter holds for what is kept of a product or a variant."""
        match clause:
            case Not():
                return not self.holds(values, clause.clause)
            case AnyOf():
                return any(all(self.holds(values, each) for each in group) for group in clause.groups)
            case Terms():
                return bool(set(clause.values) & set(held(values, clause)))
            case Exists():
                return bool(held(values, clause))
            case Range():
                low = max(-math.inf if bound is None else bound for bound in (clause.gte, clause.gt))
                high = min(math.inf if bound is None else bound for bound in (clause.lte, clause.lt))
                return any(
                    low <= number <= high and number not in (clause.gt, clause.lt) for number in held(values, clause)
                )
            case OneVariant() | Ids() | Sampled():
                raise AssertionError("a plan does not say so itself")

    def matching(self, document: Document, filters: Sequence[Filter]) -> list[FieldValues]:
        """Return the variants that pass all filters that are on variants alone."""
        inside = [clause for clause in filters if fields(clause) and all(map(of_variants, fields(clause)))]
        return [variant for variant in document.variants if all(self.holds(variant, each) for each in inside)]

    def nearest(self, clause: Neighbours, allowed: Sequence[Document]) -> dict[str, float]:
        holders = [document for document in allowed if clause.leg in document.vectors]
        cosines = [(cosine(document, clause.leg, clause.vector), document.id) for document in holders]
        cosines.sort(key=lambda pair: -pair[0])
        return {key: value for value, key in cosines[: clause.k] if value >= clause.floor}

    def first_pass(self, plan: Plan) -> dict[str, float]:
        """Return the candidates with their score in the first pass; where a score is needed, those that reach it."""
        allowed = [document for document in self.documents.values() if self.passes(document, plan.filters)]
        near = [self.nearest(clause, allowed) for clause in plan.neighbours]
        scores = {}
        for document in allowed:
            score = self.bm25(document, plan.keyword) if plan.keyword else 0.0
            score += sum(lift for part, lift in (plan.codes or NONE).by_lift() if carries(document, part))
            score += sum(NEIGHBOUR_LIFT * (1 + cosines[document.id]) / 2 for cosines in near if document.id in cosines)
            score = 1.0 if plan.kind == "browse" else score
            if score:
                # Elasticsearch's scores are float32: products that differ only beyond that are tied.
                scores[document.id] = float(np.float32(score))
        if not plan.least:
            return scores
        reached = {key: sum(self.signal(self.documents[key], signal) for signal in plan.signals) for key in scores}
        return {key: score for key, score in scores.items() if reached[key] >= plan.least}

    def signal(self, document: Document, signal: Signal) -> float:
        match signal:
            case Saturated():
                score = self.bm25(document, signal.match)
                value = score / (score + signal.half)
            case Condition(clause=Codes() as codes):
                value = float(carries(document, codes))
            case Condition(clause=Match() as clause):
                value = float(self.bm25(document, clause) > 0)
            case Cosine():
                if signal.leg not in document.vectors:
                    return 0.0
                raw = cosine(document, signal.leg, signal.vector)
                value = max(0.0, (raw - signal.low) / (signal.high - signal.low))
            case Number():
                number = max(0.0, *held(document.fields, Range(signal.field)), 0.0)
                value = number / (number + signal.half)
        return signal.weight * value

    def scores(self, plan: Plan) -> dict[str, float]:
        first = self.first_pass(plan)
        if plan.kind == "browse":
            return {key: sum(self.signal(self.documents[key], signal) for signal in plan.signals) for key in first}
        if not plan.signals:
            return first
        window = sorted(first, key=lambda key: -first[key])[: plan.window]
        return {
            key: FIRST_PASS_SHARE * score
            + sum(self.signal(self.documents[key], signal) for signal in plan.signals if key in window)
            for key, score in first.items()
        }

    def facet(self, facet: Facet, plan: Plan) -> tuple[dict[str, int], int]:
        """Return the counts that a facet shows, in their order, and the sum of the others."""
        wider = replace(plan, filters=tuple(each for each in plan.filters if fields(each) != {facet.field}))
        counted = {**self.first_pass(plan), **self.first_pass(wider)}
        documents = [self.documents[key] for key in counted]
        if of_variants(facet.field):
            rows = [self.matching(document, wider.filters) for document in documents]
        else:
            rows = [[document.fields] for document in documents]
        if facet.role == "numbers":
            ends = [-math.inf, *facet.cuts, math.inf] if facet.cuts else []
            inside = [
                sum(any(low <= value < high for each in own for value in held(each, facet)) for own in rows)
                for low, high in itertools.pairwise(ends)
            ]
            return dict(zip(facet.ranges, inside, strict=True)), 0
        values = [
            value for own in rows for value in {named(value, facet) for each in own for value in held(each, facet)}
        ]
        counts = Counter(values)
        ordered = sorted(counts.items(), key=lambda pair: pair[0], reverse=facet.order == "desc")
        if facet.order == "count":
            ordered.sort(key=lambda pair: -pair[1])
        return dict(ordered[: facet.size]), sum(count for _, count in ordered[facet.size :])

    def sorted_ids(self, plan: Plan) -> list[str]:
        ids = sorted(self.first_pass(plan))
        for sort in reversed(plan.sort):
            keys = {key: values for key in ids if (values := self.sorted_by(self.documents[key], sort, plan))}
            pick = max if sort.descending else min
            have = sorted(keys, key=lambda key: pick(keys[key]), reverse=sort.descending)
            ids = [*have, *(key for key in ids if key not in keys)]
        return ids

    def sorted_by(self, document: Document, sort: Sort, plan: Plan) -> list[Any]:
        """Return what a document has in a field of an order, of its variants those that pass the filters."""
        rows = self.matching(document, plan.filters) if of_variants(sort.field) else [document.fields]
        return [value for values in rows for value in held(values, sort)]

    def require(self, plan: Plan, page: Page) -> None:
        """Check a page: everything but the order of products whose scores differ by rounding alone."""
        scores = self.scores(plan)
        assert page.total == len(scores)
        facets = {facet.field: self.facet(facet, plan) for facet in plan.facets}
        assert {name: list(values.items()) for name, values in page.facets.items()} == {
            name: list(values.items()) for name, (values, _) in facets.items()
        }
        assert {name: details.other for name, details in page.details.items()} == {
            name: other for name, (_, other) in facets.items()
        }
        ids = [hit.id for hit in page]
        assert len(set(ids)) == len(ids)
        if plan.sort:
            assert ids == self.sorted_ids(plan)[plan.offset : plan.offset + plan.size]
            return
        expected = sorted(scores.values(), reverse=True)[plan.offset : plan.offset + plan.size]
        scale = CODE_LIFT if not plan.signals else 1.0
        assert [hit.score for hit in page] == pytest.approx(expected, abs=CLOSE * scale)
        assert [scores[key] for key in ids] == pytest.approx(expected, abs=CLOSE * scale)
        positions = {key: position for position, key in enumerate(self.documents)}
        for hit, following in itertools.pairwise(page):
            assert hit.score >= following.score
            if alike(self.documents[hit.id], self.documents[following.id]):
                if plan.kind == "browse":
                    assert hit.id < following.id
                else:
                    assert positions[hit.id] < positions[following.id]
        for hit in page:
            parts = {signal.name: self.signal(self.documents[hit.id], signal) for signal in plan.signals}
            if hit.signals:
                assert hit.signals == pytest.approx({k: v for k, v in parts.items() if k in hit.signals}, abs=CLOSE)
            assert list(hit.signals.values()) == sorted(hit.signals.values(), reverse=True)
            assert hit.product == self.documents[hit.id].row


def cosine(document: Document, leg: str, vector: Vector) -> float:
    return float(document.vectors[leg].array.astype(float) @ vector.array.astype(float))


def fields(clause: Filter) -> set[str]:
    """Return the fields that a filter is about."""
    match clause:
        case Not():
            return fields(clause.clause)
        case AnyOf():
            return {name for group in clause.groups for each in group for name in fields(each)}
        case OneVariant() | Ids() | Sampled():
            raise AssertionError("a plan does not say so itself")
    return {clause.field}


def of_variants(name: str) -> bool:
    """Tell whether a field is one of variants."""
    return name.startswith("variants.")


def held(values: FieldValues, clause: Simple | Facet | Sort) -> tuple[Any, ...]:
    """Return what a product or a variant has in the field of a clause: several values, one, or none."""
    value = values.get(clause.role, {}).get(clause.field, ())
    return value if isinstance(value, tuple) else (value,)


def named(value: Any, facet: Facet) -> Any:
    """Return what a facet calls a value."""
    if facet.by:
        day = (datetime(1970, 1, 1) + timedelta(milliseconds=value)).isoformat()
        return day[: 4 if facet.by == "year" else 7]
    return str(value).lower() if isinstance(value, bool) else value


def alike(first: Document, second: Document) -> bool:
    return replace(first, id="", row={}) == replace(second, id="", row={})


WORDS = st.sampled_from(["red", "blue", "dress", "shoe", "hat"])
TEXT = st.lists(WORDS, max_size=5).map(" ".join)
TOKENS = st.lists(WORDS, min_size=1, max_size=3, unique=True).map(tuple)
FORMS = st.lists(WORDS | st.tuples(WORDS, WORDS).map(" ".join), min_size=1, max_size=2, unique=True).map(tuple)
FIELD = st.sampled_from(["title", "text", "pairs"])
LANGUAGE = st.sampled_from(["en", "de", "fr"])
SHARE = st.sampled_from([0.0, 0.6, 1.0])
MATCH = st.builds(
    Match.alike, FIELD, st.lists(st.tuples(LANGUAGE, TOKENS), min_size=1, max_size=2).map(tuple), SHARE
) | st.builds(
    Match,
    FIELD,
    st.lists(
        st.builds(Words.alike, LANGUAGE, st.lists(FORMS, min_size=1, max_size=2), SHARE), min_size=1, max_size=2
    ).map(tuple),
)
CODES = st.lists(st.sampled_from(["c1", "c1é", "c2", "c3", "d\U0010ffff"]), min_size=1, max_size=2).map(tuple)
STARTS = st.sampled_from(["c", "c1", "d", "e"])
PREFIXES = st.lists(STARTS, max_size=2).map(tuple)
TYPED = st.builds(Codes, CODES, PREFIXES) | st.builds(Codes, st.just(()), STARTS.map(lambda start: (start,)))
BRAND = st.sampled_from(["acme", "Zeta", "été", "跑步"])
BRANDS = st.lists(BRAND, max_size=2).map(tuple)
VALUES = st.lists(BRAND, min_size=1, max_size=2).map(tuple)
VECTOR = st.sampled_from(VECTORS)
PRICE = st.sampled_from([-1.0, 0.0, 5.0, 5.5, 100.0])
DATE = st.sampled_from([-86_400_000, 0, 1_735_689_600_000, 253_402_300_799_999])
VARIANT = st.fixed_dictionaries(
    {"facets": st.fixed_dictionaries({}, optional={"variants.color": BRANDS, "variants.size": BRANDS})},
    optional={
        "numbers": st.fixed_dictionaries({}, optional={"variants.price": PRICE}),
        "dates": st.fixed_dictionaries({}, optional={"variants.since": DATE}),
        "booleans": st.fixed_dictionaries({}, optional={"variants.in_stock": st.booleans()}),
    },
)
DOCUMENT = st.builds(
    Document,
    st.sampled_from([f"p{number}" for number in range(25)]),
    st.fixed_dictionaries({"stock": st.integers(0, 3)}),
    st.fixed_dictionaries({name: st.fixed_dictionaries({"en": TEXT, "de": TEXT}) for name in ("title", "text")}),
    CODES | st.just(()),
    st.fixed_dictionaries(
        {
            "facets": st.fixed_dictionaries({}, optional={"brand": BRANDS}),
            "numbers": st.fixed_dictionaries({}, optional={"price": PRICE}),
        },
        optional={
            "dates": st.fixed_dictionaries({}, optional={"released": DATE}),
            "booleans": st.fixed_dictionaries({}, optional={"in_stock": st.booleans()}),
        },
    ),
    st.fixed_dictionaries({}, optional={"image": VECTOR}),
    variants=st.lists(VARIANT, min_size=1, max_size=3).map(tuple),
)
SIGNALS = st.tuples(
    st.builds(Saturated, st.just("words"), st.just(0.5), MATCH, st.sampled_from([1.0, 8.0])),
    st.builds(Condition, st.just("all"), st.just(0.25), MATCH),
    st.builds(Condition, st.just("code"), st.just(2.0), TYPED),
    st.builds(Cosine, st.just("image"), st.just(0.75), st.just("image"), VECTOR, st.just(-0.2), st.just(0.8)),
    st.builds(Number, st.just("price"), st.just(0.125), st.just("price"), st.just(5.0)),
)
BOUND = st.none() | PRICE
TRUTHS = st.lists(st.booleans(), max_size=2).map(tuple)
PRICES = st.lists(PRICE, max_size=2).map(tuple)
SIMPLE: st.SearchStrategy[Filter] = (
    st.builds(Terms, st.sampled_from(["brand", "none"]), VALUES)
    | st.builds(Terms, st.sampled_from(["in_stock", "none"]), TRUTHS, st.just("booleans"))
    | st.builds(Terms, st.sampled_from(["price", "none"]), PRICES, st.just("numbers"))
    | st.builds(Range, st.sampled_from(["price", "price", "none"]), BOUND, BOUND)
    | st.builds(Range, st.sampled_from(["price", "price", "none"]), gt=BOUND, lt=BOUND)
    | st.builds(Range, st.just("released"), st.none() | DATE, st.none() | DATE, st.just("dates"))
    | st.builds(Terms, st.sampled_from(["variants.color", "variants.size"]), VALUES)
    | st.builds(Range, st.just("variants.price"), BOUND, BOUND)
    | st.builds(Range, st.just("variants.since"), st.none() | DATE, st.none() | DATE, st.just("dates"))
    | st.builds(Exists, st.just("variants.color"))
    | st.builds(Terms, st.just("variants.in_stock"), TRUTHS, st.just("booleans"))
    | st.sampled_from([Exists("brand"), Exists("price", "numbers"), Exists("in_stock", "booleans"), Exists("none")])
)
GROUPS = st.lists(st.lists(SIMPLE, max_size=2).map(tuple), max_size=2).map(tuple)
FILTERS = st.lists(SIMPLE | SIMPLE.map(Not) | st.builds(AnyOf, GROUPS), max_size=2).map(tuple)
ORDERS = st.sampled_from(["count", "asc", "desc"])
SIZES = st.sampled_from([1, 2, 100])
CUTS = st.sampled_from([(), (5.0,), (-1.0, 0.5, 5.5)])
FACETS = st.tuples(
    st.builds(Facet, st.sampled_from(["brand", "none"]), st.just("facets"), SIZES, ORDERS),
    st.builds(Facet, st.sampled_from(["in_stock", "no"]), st.just("booleans"), SIZES, ORDERS),
    st.builds(Facet, st.just("released"), st.just("dates"), SIZES, ORDERS, by=st.sampled_from(["year", "month"])),
    st.builds(Facet, st.just("price"), st.just("numbers"), cuts=CUTS),
    st.builds(Facet, st.sampled_from(["variants.color", "variants.size"]), st.just("facets"), SIZES, ORDERS),
    st.builds(Facet, st.just("variants.in_stock"), st.just("booleans"), SIZES, ORDERS),
    st.builds(Facet, st.just("variants.since"), st.just("dates"), SIZES, ORDERS, by=st.sampled_from(["year", "month"])),
    st.builds(Facet, st.just("variants.price"), st.just("numbers"), cuts=CUTS),
)
SORT = st.builds(Sort, st.sampled_from(["price", "none"]), st.booleans()) | st.sampled_from(
    [
        Sort(name, descending, role)
        for name, role in (
            ("released", "dates"),
            ("in_stock", "booleans"),
            ("brand", "facets"),
            ("no", "facets"),
            ("variants.price", "numbers"),
            ("variants.color", "facets"),
            ("variants.since", "dates"),
        )
        for descending in (True, False)
    ]
)
NEIGHBOURS = st.builds(
    Neighbours, st.just("image"), VECTOR, st.integers(1, 30), st.just(30), st.sampled_from([-1.0, 0.1])
)
PLAN = st.builds(
    Plan,
    st.sampled_from(["words", "words", "words", "browse"]),
    st.just("generated"),
    keyword=st.none() | MATCH,
    codes=st.none() | TYPED,
    neighbours=st.lists(NEIGHBOURS, max_size=2).map(tuple),
    filters=FILTERS,
    signals=SIGNALS | st.just(()),
    facets=FACETS | FACETS.map(lambda facets: facets[:1]) | st.just(()),
    sort=st.just(()) | st.lists(SORT, min_size=1, max_size=2).map(tuple),
    least=st.sampled_from([0.0, 0.0, 0.4001, 0.7001]),
    window=st.sampled_from([1, 5, 400]),
    offset=st.sampled_from([0, 0, 2, 10]),
    size=st.sampled_from([0, 3, 10, 1000]),
    variants=st.just("variants."),
)


class Machine(RuleBasedStateMachine):
    """Any order of writing, refreshing, promoting, reopening and searching."""

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
    def reopen(self) -> None:
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
            fields={
                "facets": {"brand": (f"b{random.integers(4)}", f"b{random.integers(4)}")},
                "numbers": {"price": float(random.integers(1, 50))} if number % 4 else {},
            },
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
        if random.random() < 0.5:
            return Match.alike(field, [(language, tokens) for language in ("en", "de")], random.choice([0.0, 0.6, 1.0]))
        either = tuple((token, *random.choice(["shoe", "coat"], random.integers(0, 2)).tolist()) for token in tokens)
        tells = tuple(random.integers(1, 1_000, len(tokens)).tolist())
        needed = int(random.integers(1, sum(tells) + 1))
        return Match(field, tuple(Words(language, either, tells, needed) for language in ("en", "de")))

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
        facets=(Facet("brand"),),
        window=int(random.choice([10, 50, 400])),
        offset=int(random.choice([0, 5])),
        size=int(random.choice([5, 24, 100])),
    )
