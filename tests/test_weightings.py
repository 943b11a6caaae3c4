"""Weightings: which weights are used on an index, and what is said where they are others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.weights import prior
from hybridsearch.shop.weightings import NO_ARM, Weightings
from tests.shops import settings

SCHEMA = Schema(fields=Fields(title="title"), legs=(), analysis="")


def weightings(folder: Path, **files: str) -> Weightings:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content)
    return Weightings(settings(folder, weights={name: f"{name}.json" for name in files}))


def test_without_a_file_the_prior_is_in_use_and_there_is_no_arm_b(tmp_path: Path) -> None:
    found = weightings(tmp_path)
    assert found.in_use == (prior(), ())
    assert found.on(SCHEMA, "a") == found.on(SCHEMA)
    with pytest.raises(QueryError, match="There is no arm 'b'"):
        found.on(SCHEMA, "b")


def test_each_arm_has_its_file(tmp_path: Path) -> None:
    files = {name: json.dumps({"signals": {"title": worth}}) for name, worth in (("path", 0.25), ("b", 0.75))}
    found = weightings(tmp_path, **files)
    assert [found.on(SCHEMA, arm)[0].signals["title"] for arm in ("", "a", "b")] == [0.25, 0.25, 0.75]
    assert [found.on(SCHEMA, arm)[1] for arm in ("", "a", "b")] == [(), (), ()]


def test_a_file_that_cannot_be_used_is_told_of_and_others_stand_in(tmp_path: Path) -> None:
    found = weightings(tmp_path, path='{"signals": {"title": 0.25}}', b="[")
    weights, (why,) = found.on(SCHEMA, "b")
    assert weights.signals["title"] == 0.25
    assert why.startswith(NO_ARM)
    broken = weightings(tmp_path, path="[", b='{"signals": {"title": 0.75}}')
    assert broken.on(SCHEMA)[1][0].startswith("the prior weights are used: ")
    assert broken.on(SCHEMA, "b")[1] == ()


def test_weights_that_were_learned_with_another_encoder_are_not_used(tmp_path: Path) -> None:
    other = json.dumps({"signals": {"title": 0.75}, "encoders": {"image": "0123456789abcdef"}})
    found = weightings(tmp_path, b=other)
    weights, (why,) = found.on(SCHEMA, "b")
    assert weights == prior().on(SCHEMA)
    assert why.startswith(NO_ARM)


def test_weights_that_are_changed_while_a_shop_is_open_are_in_use_at_once(tmp_path: Path) -> None:
    found = weightings(tmp_path, path='{"signals": {"title": 0.25}}')
    assert found.in_use[0].signals["title"] == 0.25
    weighting = tmp_path / "path.json"
    weighting.with_suffix(".tmp").write_text('{"signals": {"title": 0.5}}')
    weighting.with_suffix(".tmp").replace(weighting)
    assert found.in_use[0].signals["title"] == 0.5
