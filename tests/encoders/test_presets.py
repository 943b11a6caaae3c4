"""Each preset, on a tiny model of its format, against the way that transformers itself documents for it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from safetensors.torch import load_file
from transformers import (
    AutoImageProcessor,
    AutoModel,
    AutoTokenizer,
    CLIPModel,
    SiglipModel,
    VisionTextDualEncoderModel,
)

from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.encoders.models.presets import MEGABYTES
from hybridsearch.encoders.models.towers import resized
from hybridsearch.images import decode
from tests import tiny_models

DOCS = Path(__file__).parents[2] / "docs" / "encoders.md"
WORDS = ["red dress", "a", "Blue SHOES 42", "x " * 90]
PICTURES = [Image.effect_noise((40 + 7 * step, 30 + 3 * step), 60).convert("RGB") for step in range(4)]


def unit(rows: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return rows of unit length."""
    return torch.nn.functional.normalize(rows.double()).numpy()


def pixels(folder: Path) -> Any:
    """Return the pictures as the model's own processor prepares them."""
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")  # type: ignore[no-untyped-call]
    return processor(PICTURES, return_tensors="pt")


def test_the_starter_is_what_its_card_says() -> None:
    folder = Path(PRESETS["starter"].texts)
    model = VisionTextDualEncoderModel.from_pretrained(folder, dtype=torch.float32)
    tokens = AutoTokenizer.from_pretrained(folder)(WORDS, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        words = unit(model.get_text_features(**tokens).pooler_output)
        pooled = model.vision_model(**pixels(folder)).pooler_output
        pictures = unit(model.visual_projection(pooled.flatten(1)))
    encoder = load_encoder("starter", folder=Path())
    assert np.allclose(encoder.encode_texts(WORDS), words, atol=1e-5)
    assert np.allclose(encoder.encode_images(PICTURES), pictures, atol=1e-5)


def test_clip_multilingual_is_a_distilbert_with_a_dense_layer_beside_a_clip(tmp_path: Path) -> None:
    texts, images = tiny_models.multilingual(tmp_path / "texts"), tiny_models.sentence_clip(tmp_path / "images")
    encoder = load_encoder(str(texts), image_encoder=str(images), folder=tmp_path)
    model, tokenizer = AutoModel.from_pretrained(texts), AutoTokenizer.from_pretrained(texts)
    tokens = tokenizer(WORDS, padding=True, truncation=True, max_length=32, return_tensors="pt")
    mask = tokens["attention_mask"][..., None]
    with torch.inference_mode():
        states = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state
        pooled = (states * mask).sum(1) / mask.sum(1)
        words = unit(pooled @ load_file(texts / "2_Dense" / "model.safetensors")["linear.weight"].T)
        clip = CLIPModel.from_pretrained(images / "0_CLIPModel")
        pictures = unit(clip.get_image_features(**pixels(images / "0_CLIPModel")).pooler_output)
    assert np.allclose(encoder.encode_texts(WORDS), words, atol=1e-5)
    assert np.allclose(encoder.encode_images(PICTURES), pictures, atol=1e-5)


def test_fashion_clip_is_a_clip_whose_special_tokens_are_numbered_as_of_old(tmp_path: Path) -> None:
    folder = tiny_models.fashion_clip(tmp_path / "fashion")
    model = CLIPModel.from_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["text_config"]["eos_token_id"] == 2
    tokens = AutoTokenizer.from_pretrained(folder)(
        WORDS, padding=True, truncation=True, max_length=20, return_tensors="pt"
    )
    with torch.inference_mode():
        words = unit(model.get_text_features(**tokens).pooler_output)
        pictures = unit(model.get_image_features(**pixels(folder)).pooler_output)
    encoder = load_encoder(str(folder), folder=tmp_path)
    assert np.allclose(encoder.encode_texts(WORDS), words, atol=1e-5)
    assert np.allclose(encoder.encode_images(PICTURES), pictures, atol=1e-5)


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.siglip(tmp_path_factory.mktemp("models") / "siglip")


def test_siglip_2_reads_lower_case_filled_up_to_64_tokens_without_a_mask(siglip: Path) -> None:
    model = SiglipModel.from_pretrained(siglip)
    numbers = json.loads((siglip / "tokenizer.json").read_text())["model"]["vocab"]
    # By hand: one token a letter, spaces as they are written, the end, then filling.
    letters = [[numbers["▁" if letter == " " else letter] for letter in text.lower()][:63] for text in WORDS]
    ids = [[*row, 1] for row in letters]
    filled = torch.tensor([row + [0] * (64 - len(row)) for row in ids])
    with torch.inference_mode():
        words = unit(model.get_text_features(input_ids=filled).pooler_output)
        pictures = unit(model.get_image_features(**pixels(siglip)).pooler_output)
    encoder = load_encoder(str(siglip), folder=siglip)
    assert np.allclose(encoder.encode_texts(WORDS), words, atol=1e-5)
    assert np.allclose(encoder.encode_images(PICTURES), pictures, atol=1e-5)


def test_the_tokenizer_of_siglip_2_does_not_lower_by_itself(siglip: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(siglip)
    assert tokenizer("Red").input_ids != tokenizer("red").input_ids
    encoder = load_encoder(str(siglip), folder=siglip)
    assert np.array_equal(*encoder.encode_texts(["Red dress", "red DRESS"])[:, None])


def test_a_text_of_siglip_2_does_not_depend_on_its_neighbours(siglip: Path) -> None:
    encoder = load_encoder(str(siglip), folder=siglip)
    assert np.allclose(encoder.encode_texts(["a", "b " * 40])[0], encoder.encode_texts(["a"])[0], atol=1e-6)


@pytest.mark.parametrize("text", [{}, {"hidden_size": 768}, {"hidden_size": 640, "projection_size": 768}])
def test_a_siglip_that_leaves_out_what_is_as_in_the_base_model_has_768_dims(
    siglip: Path, tmp_path: Path, text: dict[str, int]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "siglip", "text_config": text}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert load_encoder(str(tmp_path), folder=tmp_path).dims == 768


PROCESSORS = {
    "clip": {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 24}, "crop_size": 24},
    "starter": {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"height": 24, "width": 24},
        "do_center_crop": False,
    },
    "siglip": {"image_processor_type": "SiglipImageProcessor", "size": {"height": 24, "width": 24}, "resample": 2},
    "unresized": {"image_processor_type": "CLIPImageProcessor", "do_resize": False, "crop_size": 24},
    "two edges": {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": 24, "longest_edge": 40},
        "crop_size": 24,
    },
}


@pytest.fixture(scope="module")
def processors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    processors = {}
    for name, config in PROCESSORS.items():
        folder = tmp_path_factory.mktemp("processor")
        (folder / "preprocessor_config.json").write_text(json.dumps(config))
        processors[name] = AutoImageProcessor.from_pretrained(folder, backend="pil")  # type: ignore[no-untyped-call]
    return processors


@pytest.mark.parametrize("name", PROCESSORS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(width=st.integers(25, 400), height=st.integers(25, 400), seed=st.integers(0, 9))
def test_pillows_resize_gives_the_very_pixels_of_the_processor(
    processors: dict[str, Any], name: str, width: int, height: int, seed: int
) -> None:
    processor = processors[name]
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    size = resized(processor, width, height)
    assert (size is None) == (name in ("unresized", "two edges"))
    if size:
        assert resized(processor, *size) == size  # what is prepared stays as it is
        prepared = processor(image.resize(size, processor.resample), do_resize=False, return_tensors="np")
        assert np.array_equal(prepared.pixel_values, processor(image, return_tensors="np").pixel_values)


@pytest.mark.parametrize("size", [{"shortest_edge": 16}, {"shortest_edge": 16, "longest_edge": 30}])
def test_pictures_are_the_same_prepared_by_threads_or_not(tmp_path: Path, size: dict[str, int]) -> None:
    folder = tiny_models.clip(tmp_path / "clip")
    config = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**config, "size": size}))
    model = CLIPModel.from_pretrained(folder)
    with torch.inference_mode():
        expected = unit(model.get_image_features(**pixels(folder)).pooler_output)
    encoder = load_encoder(str(folder), folder=tmp_path)
    assert np.allclose(encoder.encode_images(PICTURES), expected, atol=1e-6)
    assert np.allclose(np.concatenate([encoder.encode_images([picture]) for picture in PICTURES]), expected, atol=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_the_documentation_has_the_row_of_each_preset(name: str) -> None:
    preset = PRESETS[name]
    models = "ships with the package" if name == "starter" else "<br>".join(f"`{model}`" for model in preset.models)
    size = f"{preset.megabytes:,} MB" if preset.megabytes else "none"
    row = f"| `{name}` | {models} | {preset.dims} | {preset.languages} | {size} | {preset.licence} | {preset.choose} |"
    assert row in DOCS.read_text(encoding="utf-8").splitlines()


def test_the_size_of_every_download_is_known() -> None:
    models = {model for preset in PRESETS.values() for model in preset.models}
    assert models - {PRESETS["starter"].texts} == MEGABYTES.keys()


def test_the_dims_of_the_starter_are_those_of_the_table() -> None:
    assert load_encoder("starter", folder=Path()).dims == PRESETS["starter"].dims


@pytest.mark.parametrize(
    ("size", "side"), [(48, 48), ({"shortest_edge": 32}, 32), ({"height": 24, "width": 40}, 24), (None, 224)]
)
def test_a_picture_needs_twice_what_the_model_looks_at(tmp_path: Path, size: Any, side: int) -> None:
    folder = tiny_models.clip(tmp_path / "clip")
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": size} if size else {}))
    assert load_encoder(str(folder), folder=tmp_path).enough == 2 * side


def test_a_photo_decoded_no_larger_than_needed_has_the_vector_of_the_whole_one() -> None:
    rough = Image.effect_noise((20, 20), 90).resize((1280, 1280), Image.Resampling.BICUBIC).convert("RGB")
    buffer = BytesIO()
    rough.save(buffer, "JPEG", quality=90)
    encoder = load_encoder("starter", folder=Path())
    assert encoder.enough == 128
    small, large = (encoder.encode_images([decode(buffer.getvalue(), side)])[0] for side in (encoder.enough, 1280))
    assert float(small @ large) > 0.999
