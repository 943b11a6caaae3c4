"""Which field a question means, by vectors."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsearch.asking.answers import LEAST, answered
from hybridsearch.asking.near import LEAST as LOWEST
from hybridsearch.asking.near import MEANT, SHARE, margins, weighed
from hybridsearch.roles import Fields
from hybridsearch.values import Row

FIELDS = Fields(title="title")
ROW: Row = {"title": "lamp", "zorkness": "sine", "note_x": "made for the desk"}


def test_a_margin_is_how_much_nearer_a_name_is_than_the_nearest_property_in_deviations_of_these() -> None:
    question = np.array([1, 0], np.float32)
    properties = np.array([[0.4, 0], [0.6, 0]], np.float32)  # mean .5, deviation .1
    names = np.array([[0.7, 0], [0.55, 0], [0.0, 1.0]], np.float32)
    assert margins(question, ["a", "b", "c"], names, properties) == pytest.approx({"a": 1.0, "b": -0.5, "c": LOWEST})


def test_properties_that_are_all_as_near_tell_nothing_apart() -> None:
    question, same = np.array([1, 0], np.float32), np.array([[0.5, 0], [0.5, 0]], np.float32)
    assert margins(question, ["a"], same[:1], same) == {"a": 0.0}


def test_a_place_answers_from_a_sum_of_words_and_margin_on() -> None:
    assert weighed(MEANT, 0.0, LEAST) == pytest.approx(LEAST)
    assert weighed(0.0, MEANT / SHARE, LEAST) == pytest.approx(LEAST)
    assert weighed(0.0, LOWEST, LEAST) == 0.0
    assert weighed(1.0, 4.0, LEAST) > weighed(1.0, 3.0, LEAST) > 1.0


def test_what_words_do_not_find_vectors_may() -> None:
    question = "Which shape does the voltage have?"
    assert not answered(question, [("1", ROW)], FIELDS).stated
    found = answered(question, [("1", ROW)], FIELDS, lambda names: dict.fromkeys(names, -1.0) | {"zorkness": 2.0})
    assert [(each.field, each.quote) for each in found.answers] == [("zorkness", "sine")]
    assert found.answers[0].confidence == pytest.approx(SHARE * 2.0 + LEAST - MEANT)
    assert answered("zorkness?", [("1", ROW)], FIELDS).stated


def test_what_words_are_not_sure_of_is_not_answered_where_it_is_far() -> None:
    far = weighed(LEAST, LOWEST, LEAST)
    assert pytest.approx(far) == LEAST - SHARE + LEAST - MEANT
    assert far < LEAST


def test_a_question_of_which_no_word_says_anything_is_answered_by_vectors_alone() -> None:
    near = {"zorkness": 3.0}
    assert not answered("是吗？", [("1", ROW)], FIELDS).stated
    assert answered("是吗？", [("1", ROW)], FIELDS, lambda names: dict.fromkeys(names, -1.0) | near).stated


def test_a_product_without_fields_that_have_names_answers_nothing() -> None:
    assert not answered(
        "how heavy?", [("1", {"title": "lamp"})], FIELDS, lambda names: dict.fromkeys(names, 4.0)
    ).stated


def test_of_several_places_that_are_sure_the_nearest_comes_first() -> None:
    row = {"title": "lamp", "weight": 1, "net_weight": 2}
    near = {"weight": 3.6, "net weight": 4.0}
    found = answered("net weight", [("1", row)], FIELDS, lambda names: near).answers
    assert [(each.field, each.confidence) for each in found] == [("net_weight", 1.0), ("weight", 1.0)]
