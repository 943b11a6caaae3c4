"""Ranges of cosines: which products count, and where 90 % of them lie."""

import numpy as np

from hybridsearch.learning.features import build
from hybridsearch.learning.ranges import Range, calibrated, ranges
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema

NAMES = ("title", "words.leg", "photo.leg")


def test_products_are_told_apart_by_their_grades_and_those_without_a_vector_are_left_out() -> None:
    values = np.array([[1, 0.5, 0], [1, 0.25, 0], [1, 0.125, 0], [1, 0, 0]], np.float32)
    judged = JudgedQuery("q", {"good": 2.0, "bad": 0.0, "blind": 1.0})
    features = build(NAMES, [ResultList(("good", "bad", "new", "blind"), values)], [judged], ["words"])
    assert list(ranges(features)) == [
        Range("words.leg", "relevant", 1, 0.5, 0.5, 0.5),
        Range("words.leg", "irrelevant", 1, 0.25, 0.25, 0.25),
        Range("words.leg", "not judged", 1, 0.125, 0.125, 0.125),
    ]


def test_a_range_is_that_of_nine_in_ten_around_the_median() -> None:
    column = np.linspace(0.01, 1.01, 101, dtype=np.float32)
    values = np.stack([np.ones_like(column), column, np.zeros_like(column)], axis=1)
    ids = tuple(map(str, range(101)))
    features = build(NAMES, [ResultList(ids, values)], [JudgedQuery("q", {"0": 1.0})], ["words"])
    relevant, unjudged = ranges(features)
    assert (relevant.count, unjudged.count) == (1, 100)
    # Of 0.02, 0.03 ... 1.01: a twentieth, the middle and nineteen twentieths of the way.
    assert [round(each, 4) for each in (unjudged.low, unjudged.middle, unjudged.high)] == [0.0695, 0.515, 0.9605]


def test_each_scale_is_said_once() -> None:
    leg = Leg("leg", 4, "f", calibrations={"words": Calibration(0.21, 0.83)})
    schema = Schema(fields=Fields(title="title"), legs=(leg,))
    said = list(calibrated(schema, ["words.leg", "words.leg", "words.gone"]))
    assert said == ["words.leg: a cosine of 0.210 reads as 0, one of 0.830 as 1."]
