"""`tune --html`: what the report says of what was learned, in which no text is markup."""

from dataclasses import replace

import numpy as np
import pytest

from hybridsearch.learning.curve import Gain
from hybridsearch.learning.gate import decide
from hybridsearch.learning.prepared import LeftOut
from hybridsearch.learning.reports import tune_report
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.learning.tune import Tuned
from hybridsearch.search.weights import Weights
from tests.learning.test_report import HOSTILE, Page

BEFORE = Weights(signals={"title": 0.5, "text": 0.25, "words.*": 0.5})
AFTER = Weights(signals={"title": 0.125, "text": 0.0, "words.leg": 0.75}, kinds={"code": {"title": 1.0}})


@pytest.fixture
def tuned() -> Tuned:
    """What 30 queries taught that gain a tenth each."""
    low, high = np.full(30, 0.5), np.full(30, 0.6)
    decision = decide(high, low, low, np.full(30, "words"))
    return Tuned(
        decision=decision,
        weights=AFTER,
        before=0.5,
        after=0.6,
        keyword=0.5,
        queries=30,
        skipped={"no relevant product": 1},
        notes=("A note.",),
        runs=None,  # type: ignore[arg-type]  # the report does not look at them
        held_out=high,
        curve=(Gain(12, 0.05, -0.01, 0.1), Gain(24, 0.1, 0.1, 0.1)),
        left_out=(LeftOut(JudgedQuery("sofa", {}), "no relevant product"),),
        start=BEFORE,
    )


def test_it_shows_the_decision_the_curve_and_the_weights(tuned: Tuned) -> None:
    page = tune_report.html(tuned, heading="shop, judgments.jsonl", activated=True)
    shown = Page(page).text
    for said in ("Activated: nDCG@10 0.6000 on held-out queries", "12+0.0500[-0.0100, +0.1000]", "A note."):
        assert said in shown
    assert "12 queries: +0.050 [-0.010, +0.100]; 24 queries: +0.100 [+0.100, +0.100]" in page
    assert "words.leg0.0000.750title0.5000.125text0.2500.000title, for code0.5001.000" in shown
    assert "Queries left out: 1, no relevant product." in shown
    assert "“sofa”: no relevant product" in shown


def test_without_a_curve_it_says_why(tuned: Tuned) -> None:
    page = tune_report.html(replace(tuned, curve=()), heading="shop", activated=False)
    assert "There are too few queries, or all of them are alike." in page
    assert "Not activated: " in page


def test_no_text_is_markup_and_nothing_is_loaded(tuned: Tuned) -> None:
    hostile = replace(
        tuned,
        notes=(HOSTILE,),
        weights=Weights(signals={"title": 1.0}, kinds={HOSTILE: {"title": 0.5}}),
        left_out=(LeftOut(JudgedQuery(HOSTILE, {}), HOSTILE),),
    )
    page = Page(tune_report.html(hostile, heading=HOSTILE, activated=True))
    assert not {"script", "img", "link"} & set(page.elements)
    assert not {"src", "href"} & {name for name, _ in page.attributes}
