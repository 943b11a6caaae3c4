"""An encoder is adopted when it is significantly better from text to photo, and the report says so in figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch.align.measure import Quality
from hybridsearch.align.report import Report


def quality(value: float, spread: float = 0.0) -> Quality:
    values = np.clip(value + spread * np.resize([1.0, -1.0], 100), 0, 1)
    return Quality(values, values, values)


def report(text_to_photo: Quality, photo_to_text: Quality) -> Report:
    return Report(
        leg="image",
        base="clip",
        base_fingerprint="old",
        encoder=None,
        fingerprint="new",
        counts={"train": 700, "validation": 100, "held_out": 200},
        training={"stage": "full", "step": 75, "seed": 0},
        before={"text_to_photo": quality(0.5), "photo_to_text": quality(0.5)},
        after={"text_to_photo": text_to_photo, "photo_to_text": photo_to_text},
        held_out=("1", "2"),
    )


@pytest.mark.parametrize(
    ("after", "adopted"),
    [(quality(0.6), True), (quality(0.5), False), (quality(0.4), False), (quality(0.51, spread=0.4), False)],
    ids=["better", "the same", "worse", "better by chance"],
)
def test_an_encoder_is_adopted_only_when_it_is_significantly_better(after: Quality, adopted: bool) -> None:
    assert report(after, quality(0.1)).adopted is adopted


def test_the_reason_and_the_card_name_the_figures() -> None:
    better = report(quality(0.6), quality(0.4))
    assert better.reason.startswith("on 200 held-out products, text to photo: MAP 0.500 → 0.600 (+0.100 to +0.100), ")
    assert "| text to photo | MAP | 0.500 | 0.600 | +0.100 (+0.100 to +0.100) |" in better.card()
    assert "| photo to text | recall@10 | 0.500 | 0.400 | -0.100 (-0.100 to -0.100) |" in better.card()


def test_the_report_for_programs_compares_every_measure_in_both_directions() -> None:
    data: dict[str, Any] = report(quality(0.6), quality(0.4)).to_json()
    assert data["adopted"] is True
    assert data["before"]["text_to_photo"] == {"MAP": 0.5, "MRR@10": 0.5, "recall@10": 0.5}
    assert [(line["direction"], line["difference"]) for line in data["comparisons"]] == [
        *[("text_to_photo", 0.1)] * 3,
        *[("photo_to_text", -0.1)] * 3,
    ]
