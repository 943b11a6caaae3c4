"""What a pair of locked towers is trained with: classes without a photo, phrases that are true, and its tensors."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from transformers import EfficientNetModel

from hybridsearch.align.lexicon import Claim
from training.backbone import configuration, renamed
from training.classes import Dreams
from training.export_pair import unscale
from training.phrases import Phrase, Sayings
from training.text_tower import LATIN, LETTER

MUG, RED_MUG, RED = (
    Claim(frozenset({"mug"})),
    Claim(frozenset({"mug"}), frozenset({"red"})),
    Claim(colours=frozenset({"red"})),
)


def test_tensors_of_the_classifier_find_their_place_in_transformers() -> None:
    names = EfficientNetModel(configuration()).state_dict()
    assert renamed("_conv_head.weight") in names
    assert renamed("_blocks.15._expand_conv.weight") in names
    assert renamed("_blocks.0._bn1.running_mean") == "encoder.blocks.0.depthwise_conv.depthwise_norm.running_mean"


def test_a_gate_that_is_open_changes_nothing() -> None:
    layer: Any = next(EfficientNetModel(configuration()).encoder.blocks.children()).squeeze_excite
    for name, parameter in layer.named_parameters():
        torch.nn.init.constant_(parameter, 30.0 if name == "expand.bias" else 0.0)
    features = torch.rand(2, 32, 5, 5)
    assert torch.equal(layer(features), features)


def test_a_dream_lies_where_the_classifier_has_its_class() -> None:
    """By hand: features of variance 1 and 4; classes of weights (1, 0) and (0, 1), whose mean is (.5, .5)."""
    photos = torch.tensor([[2.0, 1.0], [4.0, 5.0], [2.0, 5.0], [4.0, 1.0]])  # means 3 and 3, not correlated
    dreams = Dreams(torch.eye(2), torch.zeros(2), photos, ["mug", "cup"], torch.zeros(2, 3))
    assert torch.allclose(dreams._ways, torch.tensor([[0.5, -2.0], [-0.5, 2.0]]))
    features, kinds = dreams.draw(50, np.random.default_rng(1))
    assert features.min() >= 0
    assert features.max() <= 6
    nearer = dreams.probabilities(features).argmax(dim=1)
    assert [("mug", "cup")[number] for number in nearer] == kinds


def test_what_is_said_of_a_picture_is_true_of_it() -> None:
    said = Sayings(
        [Phrase("mug", MUG), Phrase("red mug", RED_MUG), Phrase("red", RED, alone=True), Phrase("xkcd", None)]
    )
    rng = random.Random(1)
    assert {said.draw(RED_MUG, rng) for _ in range(99)} == {0, 1, 2}
    assert {said.draw(MUG, rng) for _ in range(9)} == {0}
    assert said.draw(Claim(frozenset({"sofa"})), rng) is None
    assert said.odd == [3]


def test_of_a_picture_that_may_be_several_kinds_only_what_covers_them_all_is_said() -> None:
    either = frozenset({"mug", "cup"})
    said = Sayings([Phrase("mug", MUG), Phrase("for drinking", Claim(either)), Phrase("red things", RED, alone=True)])
    assert {said.draw(Claim(either), random.Random(seed)) for seed in range(20)} == {1}


def test_a_layer_that_was_trained_on_even_features_takes_them_as_they_come() -> None:
    torch.manual_seed(1)
    mean, spread = torch.rand(3), torch.rand(3) + 0.5
    layer, rows = torch.nn.Linear(5, 2), torch.rand(4, 5)
    even = torch.cat([(rows[:, :3] - mean) / spread, rows[:, 3:]], dim=1)
    expected = layer(even)
    with torch.no_grad():
        unscale(layer, mean, spread)
    assert torch.allclose(layer(rows), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("piece", "latin", "letters"), [("▁Größe", True, True), ("▁2017", True, False), ("犬", False, True)]
)
def test_pieces_are_told_apart_by_their_characters(piece: str, latin: bool, letters: bool) -> None:
    assert bool(LATIN.fullmatch(piece)) is latin
    assert bool(LETTER.search(piece)) is letters
