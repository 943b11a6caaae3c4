"""Kinds of encoders: how a configuration names one, who opens it, and that none but the pretrained one needs torch."""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch.encoders import ENCODERS, EncoderOptions, TextEncoder, kind_of, load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.errors import EncoderError
from hybridsearch.values import Vectors
from tests.installed import install
from tests.shops import write_config


class Letters(TextEncoder):
    """Counts letters; its name holds those that count."""

    def __init__(self, letters: str, options: EncoderOptions) -> None:
        self.letters, self.options = letters, options
        self.dims = len(letters)
        self.fingerprint = f"letters {letters}"

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([[1 + text.count(letter) for letter in self.letters] for text in texts], np.float32)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[Letters]:
    """The encoders of the kind `letters` that were opened."""
    opened: list[Letters] = []

    def factory(rest: str, options: EncoderOptions) -> Encoder:
        opened.append(Letters(rest, options))
        return opened[-1]

    monkeypatch.setitem(ENCODERS, "letters", factory)
    return opened


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("starter", ("pretrained", "starter")),
        ("pretrained:starter", ("pretrained", "starter")),
        ("owner/model", ("pretrained", "owner/model")),
        ("models/v2:large", ("pretrained", "models/v2:large")),
        ("./models:v2", ("pretrained", "./models:v2")),
        ("/srv/models:v2", ("pretrained", "/srv/models:v2")),
        (r"C:\models\clip", ("pretrained", r"C:\models\clip")),
        ("c:/models/clip", ("pretrained", "c:/models/clip")),
        ("C:models", ("pretrained", "C:models")),
        ("there:model", ("pretrained", "there:model")),
        ("myapi:model-name", ("myapi", "model-name")),
        ("MyApi:owner/model:v2", ("myapi", "owner/model:v2")),
        ("my-api_2:", ("my-api_2", "")),
        ("https://host:8080/v1/embeddings#a/b:c", ("https", "//host:8080/v1/embeddings#a/b:c")),
        ("x" * 300 + ":y", ("x" * 300, "y")),
    ],
)
def test_a_kind_stands_before_a_colon_and_is_no_preset_folder_or_hub_name(
    tmp_path: Path, name: str, expected: tuple[str, str]
) -> None:
    (tmp_path / "there:model").mkdir()
    assert kind_of(name, tmp_path) == expected


def test_a_registered_kind_is_given_the_rest_of_the_name_and_the_options(
    tmp_path: Path, letters: list[Letters]
) -> None:
    encoder = load_encoder("letters:abc", image_encoder="eye", folder=tmp_path)
    (opened,) = letters
    assert (opened.letters, opened.options) == ("abc", EncoderOptions("letters:abc", tmp_path, "eye"))
    assert (encoder.name, encoder.dims, set(encoder.reads), encoder.enough) == ("letters:abc", 3, {"words"}, 0)
    assert encoder.encode_texts(["a bad cab"]).tolist() == pytest.approx(np.array([[4, 3, 2]]) / np.sqrt(29))


def test_an_unknown_kind_is_refused_with_the_nearest_and_all_others(tmp_path: Path, letters: list[Letters]) -> None:
    with pytest.raises(EncoderError) as refused:
        load_encoder("leters:abc", folder=tmp_path)
    assert str(refused.value) == (
        "Encoder 'leters:abc': its kind 'leters' is unknown. Did you mean 'letters'? "
        "Expected one of: http, https, letters, pretrained."
    )


def test_a_pinned_fingerprint_is_checked_for_every_kind(tmp_path: Path, letters: list[Letters]) -> None:
    meant = load_encoder("letters:abc", folder=tmp_path).fingerprint
    assert load_encoder("letters:abc", fingerprint=meant, folder=tmp_path).fingerprint == meant
    with pytest.raises(EncoderError, match=rf"'letters:abd' has the fingerprint \w{{16}}, .* expects {meant}: it is"):
        load_encoder("letters:abd", fingerprint=meant, folder=tmp_path)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (KeyError("MY_TOKEN"), "Encoder 'broken:x' of kind 'broken' cannot be opened: KeyError: 'MY_TOKEN'."),
        (
            ImportError("no onnxruntime"),
            "Encoder 'broken:x' of kind 'broken' cannot be opened: ImportError: no onnxruntime.",
        ),
        (EncoderError("Set MY_TOKEN."), "Set MY_TOKEN."),
    ],
)
def test_what_a_factory_raises_is_an_error_of_the_encoder_that_names_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def broken(rest: str, options: EncoderOptions) -> Encoder:
        raise error

    monkeypatch.setitem(ENCODERS, "broken", broken)
    with pytest.raises(EncoderError) as refused:
        load_encoder("broken:x", folder=tmp_path)
    assert str(refused.value) == sentence


def test_what_is_no_encoder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Any = object()
    monkeypatch.setitem(ENCODERS, "broken", lambda rest, options: nothing)
    with pytest.raises(EncoderError, match=r"'broken:x' of kind 'broken' cannot be opened: AttributeError: .* 'dims'"):
        load_encoder("broken:x", folder=tmp_path)


def test_installed_packages_are_looked_through_for_an_unknown_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters: list[Letters]
) -> None:
    def refuse(**_: Any) -> Any:
        raise AssertionError("looked")

    monkeypatch.setattr(importlib.metadata, "entry_points", refuse)
    load_encoder("letters:abc", folder=tmp_path)
    with pytest.raises(EncoderError, match="expected a preset"):
        load_encoder("startr", folder=tmp_path)
    with pytest.raises(AssertionError, match="looked"):
        load_encoder("other:abc", folder=tmp_path)


PACKAGE = """
import numpy as np
from hybridsearch.encoders import TextEncoder

class Letters(TextEncoder):
    def __init__(self, letters, options):
        self.letters, self.dims, self.fingerprint = letters, len(letters), letters

    def encode_texts(self, texts):
        return [[text.lower().count(letter) + 0.01 for letter in self.letters] for text in texts]
"""
WITHOUT_TORCH = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "sentence_transformers", "huggingface_hub"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from hybridsearch import cli
sys.exit(cli.run(sys.argv[1:]))
"""


def test_an_encoder_of_an_installed_package_rebuilds_and_searches_without_torch(tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site, "letters_package", PACKAGE, {"hybridsearch.encoders": {"letters": "letters_package:Letters"}})
    leg = {"name": "words", "encoder": "letters:abcdefghijklmnopqrstuvwxyz", "reads": ["title"]}
    write_config(tmp_path, vectors=[leg])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}

    def run(*command: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_TORCH, *command, "--json"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("reindex")["encoded"] == 5
    page = run("search", "blue coat winter")
    assert page["degraded"] == []
    assert page["hits"][0]["id"] == "2"
    assert "words.words" in page["hits"][0]["signals"]
