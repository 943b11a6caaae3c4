"""The weights file: small, readable, and refused when it is damaged or foreign."""

import json
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.errors import WeightsError
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search import signals, weights
from hybridsearch.search.weights import Weights
from hybridsearch.sections import WeightsSection
from tests.shops import shop


def complaint(content: str) -> str:
    with pytest.raises(WeightsError) as refused:
        weights.parse(content, "weights.json")
    return str(refused.value)


def test_the_prior_knows_every_signal_but_letters_and_trusts_words_most() -> None:
    prior = weights.prior()
    assert set(signals.keys()) - set(prior.signals) == {
        "grams", "number.*", "rating.*", "recency.*", "boolean.*", "product.*", "same.*",
    }  # fmt: skip
    assert set(prior.kinds["product"]) >= {"product.*", "same.*"}
    assert min(prior.signals.values()) > 0
    assert sum(prior.weight(name) for name in ("title", "text", "pairs", "all_words", "most_words")) == pytest.approx(1)
    assert prior.encoders == {}


def test_a_star_speaks_for_every_leg_that_is_not_named() -> None:
    given = Weights(signals={"words.*": 0.5, "words.image": 0.25, "title": 0.1})
    assert [given.weight(name) for name in ("words.image", "words.other", "title", "text", "photo.image")] == [
        0.25, 0.5, 0.1, 0.0, 0.0,
    ]  # fmt: skip


def test_constants_have_a_general_value_and_a_default() -> None:
    given = Weights(signals={}, saturation={"title": 3, "*": 5}, floors={"words": 0.2})
    assert (given.half("title"), given.half("text"), Weights(signals={}).half("text")) == (3, 5, 8)
    assert (given.floor("words"), given.floor("photo")) == (0.2, 0.0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "weights.json:1: not valid JSON: Expecting value. Restore it or leave it out."),
        (
            '{"signals": {\n"title": 1',
            "weights.json:2: not valid JSON: Expecting ',' delimiter. Restore it or leave it out.",
        ),
        ("{}", "weights.json: 'signals': Field required. Restore it or leave it out."),
        (
            '{"signals": {"titel": 1}}',
            "weights.json: unknown signal 'titel'. Did you mean 'title'?",
        ),
        (
            '{"signals": {"zzz": 1}}',
            "weights.json: unknown signal 'zzz'. Signals: title, text, pairs, grams, reviews, all_words, most_words, "
            "code, code_prefix.",
        ),
        (
            '{"signals": {"title": -0.1}}',
            "weights.json: 'signals.title': Input should be greater than or equal to 0. Restore it or leave it out.",
        ),
        (
            '{"signals": {"title": NaN}}',
            "weights.json: it holds nan, expected finite numbers. Restore it or leave it out.",
        ),
        (
            '{"signals": {"title": Infinity}}',
            "weights.json: it holds inf, expected finite numbers. Restore it or leave it out.",
        ),
        (
            '{"signals": {"title": 1, "title": 2}}',
            "weights.json: 'title' stands twice in one object. Restore it or leave it out.",
        ),
        (
            '{"signals": {}, "saturation": {"title": 0}}',
            "weights.json: 'saturation.title': Input should be greater than 0. Restore it or leave it out.",
        ),
        (
            '{"signals": {}, "coverage": 2}',
            "weights.json: 'coverage': Input should be less than or equal to 1. Restore it or leave it out.",
        ),
        (
            '{"signals": {}, "pickle": "x"}',
            "weights.json: 'pickle': Extra inputs are not permitted. Restore it or leave it out.",
        ),
    ],
)
def test_each_damage_has_its_sentence(content: str, sentence: str) -> None:
    """Fault 81."""
    assert complaint(content) == sentence


@pytest.mark.parametrize(
    "content",
    ["[]", "null", "3", '{"signals": {}, "floors": {"words": NaN}}', '{"signals": {}, "version": 2}'],
)
def test_what_is_not_a_weights_file_of_this_version_is_refused(content: str) -> None:
    assert complaint(content).startswith("weights.json")


def test_a_missing_file_says_how_to_learn_one(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="Learn it with: hybridsearch tune"):
        weights.load(tmp_path / "none.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(WeightsError, match="Cannot read"):
        weights.load(tmp_path / "weights.json")


def on_legs(given: Weights, **tells: float) -> Weights:
    """Return weights on an index whose legs tell so many products apart by words."""
    legs = (Leg(name, 2, "f", calibrations={"words": Calibration(tells=share)}) for name, share in tells.items())
    return given.on(Schema(Fields(title="title"), tuple(legs)))


def test_of_a_weight_for_all_legs_each_gets_what_it_knows() -> None:
    found = on_legs(Weights(signals={"text": 1, "words.*": 0.5, "photo.*": 0.2}), all=1.0, half=0.8, none=0.6)
    assert [found.weight(f"words.{leg}") for leg in ("all", "half", "none", "new")] == pytest.approx(
        [0.5, 0.25, 0, 0.5]
    )
    assert [found.weight(f"photo.{leg}") for leg in ("all", "half", "none", "new")] == [0.2] * 4
    assert found.weight("text") == 1


def test_a_leg_that_is_named_keeps_its_weight_in_every_kind() -> None:
    kinds = {"words": {"words.*": 0.9}, "photo and words": {"words.own": 0.1}, "photo": {"words.b": 0.7}}
    found = on_legs(Weights(signals={"words.*": 0.5, "words.own": 0.4}, kinds=kinds), own=0.5, b=0.8)
    by_kind = {kind: [found.of(kind).weight(f"words.{leg}") for leg in ("own", "b")] for kind in ("", *kinds)}
    assert by_kind == {
        "": [0.4, pytest.approx(0.25)],
        "words": [0.4, pytest.approx(0.45)],
        "photo and words": [0.1, pytest.approx(0.25)],
        "photo": [0.4, 0.7],
    }


def test_learned_weights_are_the_same_on_every_index() -> None:
    learned = Weights(signals={"title": 0.5, "words.a": 0.3}, kinds={"photo": {"words.a": 0.0}})
    assert on_legs(learned, a=0.5, b=0.9) == learned


def test_a_leg_that_knows_nothing_is_asked_only_where_it_has_a_weight() -> None:
    nothing, much = (Leg("a", 2, "f", calibrations={"words": Calibration(tells=share)}) for share in (0.5, 0.9))
    for weighs in (0.0, 0.2):
        given = Weights(signals={"words.a": weighs})
        assert (given.hears(nothing, "words"), given.hears(much, "words")) == (weighs > 0, True)
        assert given.hears(nothing, "photo")


def test_weights_read_back_as_they_were_written() -> None:
    given = Weights(signals={"title": 0.5, "number.price": 0.1}, learned={"gain": 0.02})
    assert weights.parse(given.model_dump_json(), "weights.json") == given


@pytest.mark.parametrize("content", [None, "{", '{"signals": {"title": NaN}}'])
def test_a_shop_with_bad_weights_answers_with_the_prior_and_says_so(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "weights.json").write_text(content)
    with shop(tmp_path, weights={"path": "weights.json"}) as opened:
        page = opened.search("red dress")
    assert page.hits[0].id == "1"
    assert len(page.degraded) == 1
    assert page.degraded[0].startswith("the prior weights are used: ")


def test_weights_learned_with_another_encoder_are_foreign(tmp_path: Path) -> None:
    """Fault 81."""
    content: dict[str, Any] = {"signals": {"title": 1}, "encoders": {"image": "another"}}
    (tmp_path / "weights.json").write_text(json.dumps(content))
    with shop(tmp_path, weights={"path": "weights.json"}) as opened:
        (said,) = opened.search("red dress").degraded
    assert said == (
        "the prior weights are used: The weights were learned with encoder another for leg 'image', "
        "the index has no such leg. Learn them again with: hybridsearch tune"
    )


def test_good_weights_are_used_and_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text('{"signals": {"all_words": 0.5}}')
    with shop(tmp_path, weights={"path": "weights.json"}) as opened:
        page = opened.search("red dress")
    assert (page.degraded, dict(page.hits[0].signals)) == ((), {"all_words": 0.5})


def test_what_a_person_writes_has_a_fifth_of_what_the_query_gives_at_most() -> None:
    """Words give 1, a photo .35 of one leg: .2, .07 and .27 of it; two weights of .3 and .1 are cut by one factor."""
    section = WeightsSection(signals={"number.sold": 0.3, "boolean.stock": 0.1})
    found = weights.prior().written(section)
    for kind, most in (("words", 0.2), ("code", 0.2), ("photo", 0.07), ("photo and words", 0.27)):
        assert found.of(kind).weight("number.sold") == pytest.approx(0.75 * most), kind
        assert found.of(kind).weight("boolean.stock") == pytest.approx(0.25 * most), kind
    small = weights.prior().written(WeightsSection(signals={"number.sold": 0.05}))
    assert [small.of(kind).weight("number.sold") for kind in ("words", "photo")] == [0.05, 0.05]
    assert weights.prior().written(WeightsSection()) == weights.prior()
