"""Encoders that tell queries and texts of products apart by what stands before them: `prompts`, from file to vector."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from sentence_transformers import SentenceTransformer

from hybridsearch.encoders import PRESETS, Preset, load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.kept.cache import EncodeCache, QueryVectors
from hybridsearch.encoders.prompts import Prompts, stated, to_json
from hybridsearch.errors import EncoderError
from hybridsearch.settings import Settings
from tests import tiny_models

TEXTS = ["red dress", "a", ""]
E5 = {"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": None}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.sentences(tmp_path_factory.mktemp("models") / "plain")


@pytest.fixture
def model(plain: Path, tmp_path: Path) -> Callable[[Any], Path]:
    """Copies the model, with what it states of its prompts."""

    def copy(said: Any) -> Path:
        folder = Path(shutil.copytree(plain, tmp_path / "model", dirs_exist_ok=True))
        tiny_models.write_json(folder / "config_sentence_transformers.json", said)
        return folder

    return copy


def opened(folder: Path, **more: Any) -> Encoder:
    return load_encoder(str(folder), folder=folder, **more)


@pytest.mark.parametrize(
    ("said", "query", "passage"),
    [
        (E5, "query: ", "passage: "),
        ({"prompts": {"query": "Q ", "document": "D ", "passage": "P "}}, "Q ", "D "),
        ({"prompts": {"query": "Q ", "document": "", "passage": "P "}}, "Q ", "P "),
        ({"prompts": {"query": "Q ", "corpus": "C "}}, "Q ", "C "),
        ({"prompts": {"query": "Q "}}, "Q ", None),
        ({"prompts": {"query": "Q ", "document": "D "}, "default_prompt_name": "document"}, "Q ", "D "),
        ({"prompts": {"query": "Q "}, "default_prompt_name": "query"}, "Q ", None),
        ({"prompts": {"all": "A "}, "default_prompt_name": "all"}, "A ", "A "),
        ({"prompts": {"all": "A ", "query": "Q "}, "default_prompt_name": "all"}, "Q ", "A "),
        ({"prompts": {"all": "A "}, "default_prompt_name": None}, None, None),
        ({"prompts": {"query": "", "document": ""}, "default_prompt_name": None}, None, None),
        ({"prompts": {"query": None}}, None, None),
        ({"prompts": None}, None, None),
        ({}, None, None),
    ],
)
def test_prompts_are_read_from_the_file_of_the_model(
    tmp_path: Path, said: Any, query: str | None, passage: str | None
) -> None:
    tiny_models.write_json(tmp_path / "config_sentence_transformers.json", said)
    assert stated(tmp_path) == Prompts(query, passage)


def test_what_is_written_of_prompts_is_what_is_read(tmp_path: Path) -> None:
    tiny_models.write_json(tmp_path / "config_sentence_transformers.json", to_json(Prompts("q ", "p ")))
    assert stated(tmp_path) == Prompts("q ", "p ")


@pytest.mark.parametrize("prompts", [5, [], "query: ", {"query": 5}, {"query": ["a"]}])
def test_damaged_prompts_are_an_error_that_names_the_folder(model: Callable[[Any], Path], prompts: Any) -> None:
    folder = model({"prompts": prompts or 5})
    with pytest.raises(EncoderError, match=rf"^The model folder '{folder}' is damaged: "):
        opened(folder)


def test_vectors_are_those_of_sentence_transformers_for_queries_and_documents(model: Callable[[Any], Path]) -> None:
    folder = model({"prompts": {"query": "query: ", "document": "passage: "}})
    encoder, theirs = opened(folder), SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert np.allclose(encoder.encode_queries(TEXTS), theirs.encode_query(TEXTS), atol=1e-6)
    assert np.allclose(encoder.encode_texts(TEXTS), theirs.encode_document(TEXTS), atol=1e-6)


def test_an_encoder_without_prompts_gives_queries_and_texts_the_same_vectors(plain: Path) -> None:
    encoder = opened(plain)
    assert np.array_equal(encoder.encode_queries(TEXTS), encoder.encode_texts(TEXTS))
    assert opened(plain, prompts=Prompts("", "")).fingerprint == encoder.fingerprint


def test_a_default_prompt_is_before_no_text_that_has_another(model: Callable[[Any], Path], plain: Path) -> None:
    """Left to itself, sentence-transformers puts the default prompt before whatever has none."""
    encoder = opened(model({"prompts": {"query": "q "}, "default_prompt_name": "query"}))
    assert np.allclose(encoder.encode_texts(TEXTS), opened(plain).encode_texts(TEXTS), atol=1e-6)


def test_prompts_of_the_configuration_are_those_of_the_model_in_other_words(
    model: Callable[[Any], Path], plain: Path
) -> None:
    by_model, by_hand = opened(model(E5)), opened(plain, prompts=Prompts("query: ", "passage: "))
    assert np.array_equal(by_model.encode_queries(TEXTS), by_hand.encode_queries(TEXTS))
    assert np.array_equal(by_model.encode_texts(TEXTS), by_hand.encode_texts(TEXTS))
    assert not np.allclose(by_hand.encode_texts(TEXTS), by_hand.encode_queries(TEXTS), atol=1e-3)


def test_the_configuration_has_priority_and_may_say_that_there_is_none(model: Callable[[Any], Path]) -> None:
    folder = model(E5)
    data = {"name": "words", "encoder": str(folder), "reads": ["title"], "query_prompt": "", "passage_prompt": "p "}
    settings = Settings.parse({"catalog": {"path": "x.jsonl"}, "vectors": [data]}, folder=folder)
    encoder = Encoders(settings)["words"]
    bare = opened(folder, prompts=Prompts("", ""))
    assert np.array_equal(encoder.encode_queries(["red"]), bare.encode_queries(["red"]))
    assert np.allclose(encoder.encode_texts(["red"]), bare.encode_texts(["p red"]), atol=1e-6)


def test_other_prompts_are_another_encoder(model: Callable[[Any], Path], plain: Path) -> None:
    pairs = [Prompts(), Prompts("q "), Prompts(None, "q "), Prompts("q ", "p "), Prompts("q", " p ")]
    fingerprints = {opened(plain, prompts=prompts).fingerprint for prompts in pairs}
    assert len(fingerprints) == len(pairs)
    assert opened(model(E5)).fingerprint not in fingerprints


@pytest.mark.parametrize(
    "name", ["intfloat/multilingual-e5-small", "intfloat/multilingual-e5-base", "intfloat/e5-large-v2"]
)
def test_the_models_of_e5_which_state_none_have_prompts_by_their_name(plain: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(plain, tmp_path / name)
    expected = opened(plain, prompts=Prompts("query: ", "passage: "))
    assert load_encoder(name, folder=tmp_path).fingerprint == expected.fingerprint
    assert opened(tmp_path / name).fingerprint != expected.fingerprint  # a folder is known by its files alone


def test_a_preset_has_the_prompts_of_its_model() -> None:
    assert PRESETS["e5-base"].prompts == Prompts("query: ", "passage: ")
    assert PRESETS["minilm"].prompts == Preset("intfloat/multilingual-e5-large-instruct").prompts == Prompts()


def test_a_cache_tells_a_query_from_a_text_of_the_same_words(model: Callable[[Any], Path], tmp_path: Path) -> None:
    encoder = opened(model(E5))
    with EncodeCache(tmp_path / "vectors.db") as cache:
        texts, queries = cache.texts(encoder, TEXTS), cache.queries(encoder, TEXTS)
        assert (texts.hits, queries.hits) == (0, 0)
        assert (cache.texts(encoder, TEXTS).hits, cache.queries(encoder, TEXTS).hits) == (3, 3)
    assert np.allclose(texts.vectors, encoder.encode_texts(TEXTS), atol=1e-6)
    assert np.allclose(queries.vectors, encoder.encode_queries(TEXTS), atol=1e-6)


def test_what_somebody_types_is_a_query(model: Callable[[Any], Path]) -> None:
    encoder = opened(model(E5))
    assert np.allclose(
        QueryVectors().vector(encoder, "words", "red dress").array, encoder.encode_queries(["red dress"])[0], atol=1e-6
    )


def test_a_clip_reads_words_behind_the_prompt_of_the_configuration(tmp_path: Path) -> None:
    folder = tiny_models.clip(tmp_path / "clip")
    plain, prompted = opened(folder), opened(folder, prompts=Prompts("a photo of a "))
    assert np.allclose(prompted.encode_queries(["dress"]), plain.encode_texts(["a photo of a dress"]), atol=1e-6)


def test_a_missing_pooler_is_not_missed(plain: Path, tmp_path: Path) -> None:
    whole = opened(plain).encode_texts(TEXTS)
    folder = tiny_models.without(Path(shutil.copytree(plain, tmp_path / "model")), "pooler.")
    assert np.allclose(opened(folder).encode_texts(TEXTS), whole, atol=1e-6)


def test_a_layer_that_is_used_is_missed(plain: Path, tmp_path: Path) -> None:
    name = "encoder.layer.0.output.dense.weight"
    folder = tiny_models.without(Path(shutil.copytree(plain, tmp_path / "model")), name)
    with pytest.raises(EncoderError, match=rf"^The weights in '{folder}' lack '{name}'. Download the model again.$"):
        opened(folder).encode_texts(TEXTS)


def test_weights_under_the_name_of_a_larger_model_are_found(plain: Path, tmp_path: Path) -> None:
    """So a BERT lies in the files of one that fills in words."""
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(plain, tmp_path / "model"))
    layers = {f"bert.{name}": layer for name, layer in load_file(folder / "model.safetensors").items()}
    save_file(layers, folder / "model.safetensors", {"format": "pt"})
    assert np.allclose(opened(folder).encode_texts(TEXTS), opened(plain).encode_texts(TEXTS), atol=1e-6)


def test_a_prompt_is_a_short_text() -> None:
    leg = {"name": "words", "encoder": "minilm", "reads": ["title"], "query_prompt": "x" * 1_001}
    with pytest.raises(Exception, match="query_prompt"):
        Settings.parse({"catalog": {"path": "x"}, "vectors": [leg]}, folder=Path())
