"""The signals are defined in one place: from there they reach plans, pages, weights files and learning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybridsearch.errors import WeightsError
from hybridsearch.learning.cross_validation import Recipe
from hybridsearch.learning.result_lists import bare
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search import planner, signals, weights
from hybridsearch.search.clauses import Match
from hybridsearch.search.planner import Query
from hybridsearch.search.signals import Evidence, condition, is_cosine, keys, saturated_names, signal_names, text_signal
from hybridsearch.search.weights import Weights
from hybridsearch.values import Vector
from tests.shops import PRODUCTS, shop, write_products

FIELDS = Fields(title="title", codes=("sku",), numbers=("price", "rating"), languages=("en",))
SCHEMA = Schema(FIELDS, (Leg("image", 2, "f"), Leg("texts", 2, "f", ("title",))))


def first_word(evidence: Evidence) -> Match | None:
    """Return the clause that a title has the first word of a query."""
    if not evidence.keyword:
        return None
    return Match.alike("title", [(words.language, words.flat[:1]) for words in evidence.keyword.words])


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition and BM25 of something else, as two lines of the package would define them."""
    title_words = condition("title_words", lambda evidence: evidence.words_in("title", 1.0))
    defined = (*signals.SIGNALS, title_words, text_signal("first_word", first_word))
    monkeypatch.setattr(signals, "SIGNALS", defined)


def test_the_signals_of_an_index_have_a_fixed_order() -> None:
    """What was answered and learned is kept in this order."""
    assert signal_names(SCHEMA) == (
        "title", "text", "pairs", "grams", "all_words", "most_words", "code", "code_prefix",
        "words.image", "words.texts", "photo.image", "number.price", "number.rating",
    )  # fmt: skip


def test_an_index_without_codes_has_no_signal_for_them() -> None:
    without = Schema(FIELDS.model_copy(update={"codes": ()}), SCHEMA.legs)
    assert set(signal_names(SCHEMA)) - set(signal_names(without)) == {"code", "code_prefix"}


def test_a_plan_gives_its_signals_in_the_same_order() -> None:
    vectors = {source: {"image": Vector([1, 0]), "texts": Vector([0, 1])} for source in ("words", "photo")}
    query = Query("red dress AC-1001", ("photo",))
    plan = planner.plan(query, SCHEMA, bare(weights.prior()), vectors=vectors)
    given = [signal.name for signal in plan.signals]
    assert [name for name in given if name != "photo.texts"] == list(signal_names(SCHEMA))


def test_training_weighs_every_signal_alike() -> None:
    weights = bare(Weights(signals={"title": 0.3}, kinds={"words": {"title": 0.1}}))
    assert {weights.of("words").weight(name) for name in signal_names(SCHEMA)} == {1.0}


def test_a_cosine_is_told_from_other_signals() -> None:
    assert [name for name in signal_names(SCHEMA) if is_cosine(name)] == ["words.image", "words.texts", "photo.image"]


@pytest.mark.usefixtures("more")
def test_a_new_signal_is_in_plans_and_pages(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, {"id": "6", "title": "Coat hanger", "note": "red"}])
    (tmp_path / "weights.json").write_text('{"signals": {"title_words": 0.5, "first_word": 0.25}}')
    with shop(tmp_path, weights={"path": "weights.json"}) as opened:
        plan, page = opened.plan("red coat"), opened.search("red coat")
    assert page.degraded == ()
    given = {signal.name: signal.weight for signal in plan.signals}
    assert (given.pop("code") > 0.75, given) == (True, {"title_words": 0.5, "first_word": 0.25})
    by_id = {hit.id: hit.signals for hit in page}
    assert (set(by_id["3"]), set(by_id["6"])) == ({"title_words", "first_word"}, set())
    assert by_id["3"]["title_words"] == 0.5
    assert 0 < by_id["3"]["first_word"] < 0.25


def test_a_weights_file_may_name_a_new_signal_only_where_it_is_defined(request: pytest.FixtureRequest) -> None:
    content = json.dumps({"signals": {"title_words": 0.5, "first_word": 0.2}})
    with pytest.raises(WeightsError, match="unknown signal 'title_words'"):
        weights.parse(content, "weights.json")
    request.getfixturevalue("more")
    assert weights.parse(content, "weights.json").weight("title_words") == 0.5
    with pytest.raises(WeightsError, match=r"unknown signal 'title_word'. Did you mean 'title_words'\?"):
        weights.parse('{"signals": {"title_word": 1}}', "weights.json")


@pytest.mark.usefixtures("more")
def test_a_new_signal_is_a_column_to_learn_from() -> None:
    names = signal_names(SCHEMA)
    assert names[7:11] == ("code_prefix", "title_words", "first_word", "words.image")
    assert {bare(weights.prior()).weight(name) for name in names} == {1.0}
    assert {"title_words", "first_word"} <= set(keys())


@pytest.mark.usefixtures("more")
def test_the_constant_of_a_new_text_signal_is_learned_with_the_others() -> None:
    assert saturated_names() == ("title", "text", "pairs", "grams", "reviews", "first_word")
    assert Recipe(saturation=2.0).changes["first_word"] == 2.0
