"""What is left out signal by signal is what a full score of every document leaves out, to the last bit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.search import near
from hybridsearch.engines.embedded.search.window import Window, contributions, total
from hybridsearch.search.clauses import Condition, Cosine, Number, Saturated, Signal
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document
from tests.engines.embedded.builders import fill, unit, words

WORDS = ("red", "dress", "coat", "summer", "wool")
SIGNALS: tuple[Signal, ...] = (
    Saturated("title", 0.3, words("red coat wool"), 16.0),
    Saturated("text", 0.4, words("red dress", field="text"), 2.0),
    Condition("all_words", 0.1, words("red dress", field="text", share=1.0)),
    Cosine("words.image", 0.5, "image", unit(1, 0, 0, 0), 0.1, 0.9),
    Number("number.price", 0.05, "price", 10.0),
)


def documents() -> list[Document]:
    drawn = random.Random(7)
    return [
        Document(
            str(number),
            {},
            {name: {"en": " ".join(drawn.choices(WORDS, k=drawn.randint(1, 9)))} for name in ("title", "text")},
            fields={"numbers": {"price": drawn.random() * 50}} if number % 3 else {},
            vectors={"image": unit(*(drawn.random() for _ in range(4)))} if number % 4 else {},
        )
        for number in range(400)
    ]


@pytest.mark.parametrize("signals", [SIGNALS, SIGNALS[:1], SIGNALS[1:3], SIGNALS[3:], ()])
def test_as_many_reach_a_score_as_by_adding_everything_up(tmp_path: Path, signals: tuple[Signal, ...]) -> None:
    engine = EmbeddedEngine(tmp_path, "products")
    fill(engine, *documents())
    view = engine._view()
    docs = view.ordinals[::2]
    scores = total(contributions(Plan("words", "test", signals=signals), Window(view, docs)))
    for least in (*np.unique(scores)[::10].tolist(), float(scores.max()), 0.5 * float(scores.max()), 9.0):
        plan = Plan("words", "test", signals=signals, least=least)
        assert near.reaching(plan, view, docs).tolist() == docs[scores >= least].tolist()
    engine.close()
