"""The second of a video that is the most like a query."""

from __future__ import annotations

import numpy as np

from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Cosine
from hybridsearch.search.filmed import filmed_legs, with_moments
from hybridsearch.search.plan import Plan
from hybridsearch.values import Hit, Page, Vector
from hybridsearch.video.moments import Moments

RED, ROUND = (1.0, 0.0), (0.0, 1.0)
LEGS = (Leg("one", 2, "f", frames=True), Leg("two", 2, "g", frames=True), Leg("three", 2, "h"))
SCHEMA = Schema(Fields(title="title", video="video"), LEGS)


def cosine(name: str, weight: float, way: tuple[float, float], high: float = 1.0) -> Cosine:
    """Return a signal of a leg that its name says."""
    return Cosine(name, weight, name.partition(".")[2], Vector(way), 0.0, high)


def found(signals: tuple[Cosine, ...], hit: Hit) -> Hit:
    """Return what a plan of these signals makes of a hit."""
    plan = Plan("photo", "", signals=signals, filmed=filmed_legs(signals, SCHEMA))
    return with_moments(plan, Page("", (hit,), 1))[0]


def test_frames_are_wanted_of_legs_that_keep_them_where_a_photo_is_given_the_weightiest_first() -> None:
    words, one, two = cosine("words.one", 1.0, RED), cosine("photo.one", 0.2, RED), cosine("photo.two", 0.5, RED)
    assert filmed_legs((one, two, words), SCHEMA) == ("one", "two")
    assert filmed_legs((one, two), SCHEMA) == ("two", "one")
    assert filmed_legs((words,), SCHEMA) == ()
    assert filmed_legs((cosine("photo.three", 1.0, RED),), SCHEMA) == ()


def test_the_frame_is_the_one_that_adds_most_to_the_score_of_photo_and_words_together() -> None:
    moments = {"one": str(Moments(1, (2.0, 7.0), np.array([RED, ROUND], np.float32)))}
    hit = Hit("1", 1.0, {"photo.one": 0.4}, {}, moments=moments)
    photo = cosine("photo.one", 1.0, RED)
    assert (found((photo,), hit).frame, found((photo,), hit).video) == (2.0, 1)
    assert found((photo, cosine("words.one", 2.0, ROUND)), hit).frame == 7.0
    assert found((photo, cosine("words.one", 2.0, ROUND, high=4.0)), hit).frame == 2.0
    assert found((photo,), hit).moments == {}


def test_a_hit_that_is_not_like_the_photo_or_has_no_frames_names_no_second() -> None:
    stored = str(Moments(0, (2.0,), np.array([RED], np.float32)))
    photo = (cosine("photo.one", 1.0, RED),)
    assert found(photo, Hit("1", 1.0, {"text": 0.4}, {}, moments={"one": stored})).frame is None
    assert found(photo, Hit("1", 1.0, {"photo.one": 0.4}, {})).frame is None
    damaged = Hit("1", 1.0, {"photo.one": 0.4}, {}, moments={"one": "AAAA"})
    assert found(photo, damaged).frame is None
