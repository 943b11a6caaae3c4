"""A vector leg weighs what it knows of the catalogue: on both engines, from the rebuild to the page and to doctor."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridsearch import HybridSearch, doctor, sample
from hybridsearch.encoders.goods import kinds
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.engines.base import Check, live_of
from hybridsearch.indexing.elsewhere import by_name_alone, nearest_in
from hybridsearch.learning.result_lists import bare, probe
from hybridsearch.search.clauses import Cosine
from hybridsearch.search.weights import Weights, prior
from hybridsearch.values import Page, Vector
from tests.knowing import ROWS, Guessing, Knowing, known_shop
from tests.shops import quietly, settings, write_products

SAMPLE = Path(sample.__file__).parent
ELSEWHERE = "gift5"
"""A word that no product has; who knows the catalogue knows that it belongs to product 5."""


def knowledge(shop: HybridSearch) -> Check:
    """Return doctor's line on what the only leg knows."""
    (line,) = doctor.knowledge(shop, shop.engine.schema())
    return line


def cosines(shop: HybridSearch, query: str, weights: Weights | None = None) -> list[float]:
    """Return the weights of the cosines in the plan of a query."""
    return [signal.weight for signal in shop.plan(query, weights=weights).signals if isinstance(signal, Cosine)]


@pytest.fixture
def knowing(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    with known_shop(tmp_path, Knowing(), engine=engine) as shop:
        yield shop


@pytest.fixture
def guessing(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    with known_shop(tmp_path, Guessing(), engine=engine) as shop:
        yield shop


def found(page: Page) -> list[str]:
    return [hit.id for hit in page]


def test_a_leg_that_knows_the_catalogue_has_its_whole_weight(knowing: HybridSearch) -> None:
    assert cosines(knowing, ELSEWHERE) == [prior().weight("words.words")]
    assert found(knowing.search(ELSEWHERE))[0] == "5"
    line = knowledge(knowing)
    assert (line.name, line.state) == ("words words", "ok")
    assert line.found == (
        "words of a product tell it from another one in 100% of cases, chance is 50 %: for words the leg weighs 0.50"
    )


def test_a_leg_that_guesses_finds_nothing_by_words_and_is_not_asked(guessing: HybridSearch) -> None:
    encoder = guessing.encoders["words"]
    assert isinstance(encoder, Guessing)
    encoder.asked.clear()
    plan = guessing.plan("coat5 zip5")
    assert (plan.neighbours, cosines(guessing, "coat5 zip5"), encoder.asked) == ((), [], [])
    page = guessing.search("coat5 zip5")
    assert (found(page)[0], page.degraded) == ("5", ())
    line = knowledge(guessing)
    assert line.state == "warning"
    assert "for words the leg weighs nothing" in line.found
    assert "hybridsearch tune" in line.next_step


def test_learning_sees_what_a_leg_that_guesses_says(guessing: HybridSearch) -> None:
    start, _ = guessing.weights_for(guessing.engine.schema())
    assert start.weight("words.words") == 0
    plan = probe(guessing.plan(ROWS[5]["title"], weights=bare(start)))
    assert len(plan.neighbours) == 1
    assert guessing.engine.search(plan)[0].signals["words.words"] == pytest.approx(1, abs=0.01)


def test_a_weight_that_was_learned_for_a_leg_is_taken_as_it_is(
    guessing: HybridSearch, tmp_path: Path, engine: dict[str, Any]
) -> None:
    learned = {"signals": {"text": 1.0, "words.words": 0.3}, "encoders": {"words": "guessing"}}
    (tmp_path / "weights.json").write_text(json.dumps(learned), encoding="utf-8")
    changes = {"engine": engine, "weights": {"path": "weights.json"}}
    with known_shop(tmp_path, Guessing(), built=False, **changes) as shop:
        assert cosines(shop, "coat5") == [0.3]
        assert (knowledge(shop).state, "weighs 0.30" in knowledge(shop).found) == ("ok", True)


def test_the_second_rebuild_encodes_nothing(knowing: HybridSearch) -> None:
    encoder = knowing.encoders["words"]
    assert isinstance(encoder, Knowing)
    before = knowing.engine.schema().legs
    encoder.asked.clear()
    knowing.reindex(options=quietly())
    assert (encoder.asked, knowing.engine.schema().legs) == ([], before)


def test_words_find_pictures_that_have_no_text(tmp_path: Path, engine: dict[str, Any]) -> None:
    shutil.copytree(SAMPLE / "images", tmp_path / "images")
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = {row["id"]: row for row in rows if row.get("image")}
    write_products(
        tmp_path / "products.jsonl", [{"id": name, "image": row["image"]} for name, row in seen.items()][:99]
    )
    leg = {"name": "image", "encoder": "starter", "reads": "image"}
    fields = {"title": None, "image": "image", "languages": ["en"]}
    with HybridSearch.open(settings(tmp_path, fields=fields, engine=engine, vectors=[leg])) as shop:
        shop.reindex(options=quietly())
        page = shop.search("red umbrella", size=5)
        line = knowledge(shop)
    assert "red" in [seen[name]["color"] for name in found(page)]
    assert (line.state, line.next_step) == ("warning", "name a title or texts in [fields], or judge: hybridsearch eval")
    assert "titles of other goods were tried" in line.found


def test_a_rebuild_asks_for_the_product_that_is_nearest_of_all(knowing: HybridSearch) -> None:
    """Cosines are worked out here from what was encoded."""
    live = live_of(knowing.engine.generations())
    assert live is not None
    encoder, leg = knowing.encoders["words"], knowing.engine.schema().legs[0]
    queries = encoder.encode_texts([ELSEWHERE, "qwertz"])
    cosines = (queries @ encoder.encode_texts([row["title"] for row in ROWS]).T).max(axis=1)
    found = [nearest_in(knowing.engine, live.name, leg, Vector(query)) for query in queries]
    assert found == pytest.approx(cosines.tolist(), abs=0.02)


def test_a_kind_of_goods_that_titles_name_and_no_product_is_near_to_is_not_sold(
    knowing: HybridSearch, tmp_path: Path
) -> None:
    """The encoder knows nothing of goods: how near they lie is what chance gives."""
    live = live_of(knowing.engine.generations())
    assert live is not None
    schema = replace(knowing.engine.schema(), elsewhere=tuple(list(kinds())[:-2]))
    (leg,) = schema.legs
    with EncodeCache(tmp_path / "vectors.db") as cache:
        builder: Any = SimpleNamespace(encoders=knowing.encoders, cache=cache)
        for noise, lacking in ((-0.9, ()), (1.5, tuple(list(kinds())[-2:]))):
            scale = replace(leg.calibration("words"), noise=noise, tells=1.0)
            measured = replace(schema, legs=(replace(leg, calibrations={**leg.calibrations, "words": scale}),))
            assert by_name_alone(knowing.engine, live.name, measured, builder) == lacking
        assert by_name_alone(knowing.engine, live.name, replace(measured, elsewhere=()), builder) == ()
