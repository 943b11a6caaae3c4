"""A pair of towers that were trained apart, on a tiny one in the format that `training.train_pair` writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from safetensors.numpy import load_file, save_file
from torch.nn import functional
from transformers import BertModel, EfficientNetModel

from hybridsearch.encoders import load_encoder
from hybridsearch.encoders.models.blocks import NIBBLES, SCALES, shorten
from hybridsearch.encoders.models.pair_model import Colours
from hybridsearch.encoders.models.towers import open_clip
from hybridsearch.errors import EncoderError
from tests import tiny_models

TABLE = "text_model.bert.embeddings.word_embeddings.weight"
WORDS = ["red dress", "a", "Blue SHOES 42", "x " * 90]
PICTURES = [Image.effect_noise((40 + 7 * step, 30 + 3 * step), 60).convert("RGB") for step in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.pair(tmp_path_factory.mktemp("models") / "pair")


def test_words_and_pictures_become_unit_vectors_of_one_space(folder: Path) -> None:
    encoder = load_encoder(str(folder), folder=folder)
    words, pictures = encoder.encode_texts(WORDS), encoder.encode_images(PICTURES)
    assert words.shape == (4, tiny_models.DIMS)
    assert pictures.shape == (3, tiny_models.DIMS)
    assert np.allclose(np.linalg.norm(np.concatenate([words, pictures]), axis=1), 1, atol=1e-5)
    assert encoder.dims == tiny_models.DIMS
    assert encoder.enough == 2 * tiny_models.PAIR_SIDE


def test_a_text_does_not_depend_on_its_neighbours(folder: Path) -> None:
    encoder = load_encoder(str(folder), folder=folder)
    assert np.allclose(encoder.encode_texts(WORDS)[1], encoder.encode_texts(WORDS[1:2])[0], atol=1e-5)


def test_texts_are_the_mean_of_the_tokens_of_the_bert(folder: Path) -> None:
    model = open_clip(folder)._model
    bert: BertModel = model.text_model.bert
    ids, mask = torch.tensor([[2, 10, 11, 3, 0]]), torch.tensor([[1, 1, 1, 1, 0]])
    with torch.inference_mode():
        states = bert(input_ids=ids[:, :4]).last_hidden_state
        expected = functional.normalize(states.mean(dim=1))
        assert torch.allclose(model.text_model(ids, mask).pooler_output, expected, atol=1e-5)


def test_pictures_are_the_pooled_features_of_the_efficientnet_and_their_colours(folder: Path) -> None:
    model = open_clip(folder)._model
    backbone: EfficientNetModel = model.vision_model.backbone
    pixels = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        pooled = backbone(pixels).pooler_output.flatten(1)
        rows = model.vision_model(pixels).pooler_output
    assert torch.allclose(rows[:, : pooled.shape[1]], pooled, atol=1e-5)
    assert rows.shape[1] == pooled.shape[1] + model.config.places * model.config.colours


def test_colours_count_where_the_features_say() -> None:
    """By hand: all attention on the left, a palette that hands colours through, a picture red left and blue right."""
    colours = Colours(1, 3, 1)
    with torch.no_grad():
        colours.attention.weight.fill_(1)
        colours.attention.bias.zero_()
    colours.palette = torch.nn.Sequential(torch.nn.Identity())
    fractions = torch.zeros(1, 3, 4, 4)
    fractions[0, 0, :, :2], fractions[0, 2, :, 2:] = 1, 1
    left = torch.tensor([[[[50.0, -50.0], [50.0, -50.0]]]])
    seen = colours(fractions, left)
    # The palette sees -1..1: red is (1, -1, -1). A quarter of the weight's edge is blurred by the interpolation.
    assert torch.allclose(seen, torch.tensor([[1.0, -1.0, -1.0]]), atol=1e-3)
    even = colours(fractions, torch.zeros(1, 1, 2, 2))
    assert torch.allclose(even, torch.tensor([[0.0, -1.0, 0.0]]), atol=1e-6)


def test_weights_in_blocks_of_four_bits_give_nearly_the_same_vectors(folder: Path, tmp_path: Path) -> None:
    short = tiny_models.copied(folder, tmp_path / "short")
    tensors = load_file(short / "model.safetensors")
    tensors[TABLE + NIBBLES], tensors[TABLE + SCALES] = shorten(tensors.pop(TABLE))
    save_file(tensors, short / "model.safetensors")
    whole = load_encoder(str(folder), folder=folder)
    less = load_encoder(str(short), folder=short)
    assert ((whole.encode_texts(WORDS) * less.encode_texts(WORDS)).sum(axis=1) > 0.9).all()
    assert np.array_equal(whole.encode_images(PICTURES), less.encode_images(PICTURES))
    assert whole.fingerprint != less.fingerprint


@pytest.mark.parametrize("lost", ["visual_projection.straight.weight", TABLE])
def test_a_pair_that_lacks_a_layer_is_refused(folder: Path, tmp_path: Path, lost: str) -> None:
    damaged = tiny_models.copied(folder, tmp_path / "damaged")
    tensors = load_file(damaged / "model.safetensors")
    del tensors[lost]
    save_file(tensors, damaged / "model.safetensors")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(str(damaged), folder=damaged).encode_texts(["red", "blue"])


def test_half_of_a_block_is_refused(folder: Path, tmp_path: Path) -> None:
    damaged = tiny_models.copied(folder, tmp_path / "damaged")
    tensors = load_file(damaged / "model.safetensors")
    tensors[TABLE + NIBBLES] = shorten(tensors.pop(TABLE))[0]
    save_file(tensors, damaged / "model.safetensors")
    with pytest.raises(EncoderError, match="scales"):
        load_encoder(str(damaged), folder=damaged).encode_texts(["red"])


def test_a_pair_of_impossible_size_is_refused(folder: Path, tmp_path: Path) -> None:
    damaged = tiny_models.copied(folder, tmp_path / "damaged")
    config = json.loads((damaged / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["num_hidden_layers"] = 10**9
    (damaged / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(EncoderError, match="num_hidden_layers"):
        load_encoder(str(damaged), folder=damaged)
