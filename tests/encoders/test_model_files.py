"""Every file that loading a model opens is in its `fingerprint`, and none of them lies outside of its folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from safetensors.torch import load_file, save_file
from transformers import BertModel, CLIPModel

from hybridsearch.encoders import load_encoder
from hybridsearch.errors import EncoderError
from tests.encoders.test_pretrained import BUILDERS, PICTURES
from tests.opened import opened_files
from tests.tiny_models import write_json

UNREAD = {"README.md"}
"""sentence-transformers keeps its text as the model's card, and nothing else."""

traced = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which files are opened")

Change = Callable[[Path], object]


def changed(file: Path, **entries: Any) -> None:
    """Add entries to a file of JSON."""
    before = json.loads(file.read_text()) if file.exists() else {}
    write_json(file, {**before, **entries})


def sharded(folder: Path) -> None:
    """Cut the weights of a model into shards, as large models have them."""
    kind = CLIPModel if (folder / "preprocessor_config.json").exists() else BertModel
    model = kind.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="4KB")


def shard_moved(folder: Path, place: str) -> Path:
    """Cut the weights into shards, and move one of them to where the index then says it is."""
    sharded(folder)
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    first = sorted(set(content["weight_map"].values()))[0]
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / first, target)
    content["weight_map"] = {key: place if file == first else file for key, file in content["weight_map"].items()}
    write_json(index, content)
    return target


def weights_named(folder: Path, place: str) -> None:
    """Move the weights to where the configuration then says they are."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "model.safetensors", folder / place)
    shutil.copy(folder / place, folder / "unused.safetensors")
    changed(folder / "config.json", transformers_weights=place)


def tokenizer_named(folder: Path, place: str) -> None:
    """Move the tokenizer to where its configuration then says it is."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "tokenizer.json", folder / place)
    changed(folder / "tokenizer_config.json", fast_tokenizer_files=[place])


def templates(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "rag.jinja").write_text("{{ messages }}")


def linked(folder: Path) -> None:
    """Move every file to another folder and leave a link, as the hub's cache does."""
    blobs = folder.with_name("blobs")
    blobs.mkdir()
    for number, file in enumerate(sorted(folder.rglob("*.*"))):
        if file.is_file():
            shutil.move(file, blobs / str(number))
            file.symlink_to(os.path.relpath(blobs / str(number), file.parent))


UNUSUAL: dict[str, tuple[str, Change]] = {
    "shards": ("clip", sharded),
    "shards of sentences": ("plain", sharded),
    "shards in a folder": ("clip", lambda folder: shard_moved(folder, "parts/one.safetensors")),
    "shards of sentences in a folder": ("plain", lambda folder: shard_moved(folder, "parts/one.weights")),
    "weights in a folder": ("plain", lambda folder: weights_named(folder, "deep/er/x.safetensors")),
    "a tokenizer in a folder": ("dual", lambda folder: tokenizer_named(folder, "old/tokenizer.4.0.0.json")),
    "chat templates": ("plain", templates),
    "links": ("multilingual", linked),
    "a card": ("plain", lambda folder: (folder / "README.md").write_text("# A model")),
}


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str], Path]:
    """Builds a tiny model of one of the formats."""
    return lambda name: BUILDERS[name](tmp_path / f"tiny-{name}")


def opened_by_a_load(folder: Path, *more: Path) -> set[Path]:
    """Return the files that are opened between the check of a model and its first vectors."""
    encoder = load_encoder(str(folder), folder=folder)
    _ = encoder.fingerprint
    with opened_files(folder, *filter(Path.is_dir, more)) as opened:
        encoder.encode_texts(["red dress"])
        if "photo" in encoder.reads:
            encoder.encode_images(PICTURES[:1])
    return {file for file in opened if file.name not in UNREAD and not file.is_symlink()}


def flipped(file: Path) -> None:
    """Flip one bit of the last byte of a file."""
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@traced
@pytest.mark.parametrize("case", [*BUILDERS, *UNUSUAL])
def test_a_flipped_bit_in_any_file_that_a_load_opens_is_another_encoder(
    model: Callable[[str], Path], case: str
) -> None:
    """A shard, or any other file, that was altered behind a pinned fingerprint."""
    name, change = UNUSUAL.get(case, (case, lambda _: None))
    folder = model(name)
    change(folder)
    opened = opened_by_a_load(folder, folder.with_name("blobs"))
    assert len(opened) >= 5
    meant = load_encoder(str(folder), folder=folder).fingerprint
    for file in sorted(opened):
        before = file.read_bytes()
        flipped(file)
        with pytest.raises(EncoderError):
            load_encoder(str(folder), fingerprint=meant, folder=folder)
        file.write_bytes(before)
    assert load_encoder(str(folder), fingerprint=meant, folder=folder).fingerprint == meant


OUTSIDE: dict[str, tuple[str, Change]] = {
    "a shard in the folder above": ("clip", lambda folder: shard_moved(folder, "../elsewhere/one.safetensors")),
    "a shard somewhere": (
        "plain",
        lambda folder: shard_moved(folder, str(folder.with_name("elsewhere") / "one.safetensors")),
    ),
    "weights in the folder above": ("plain", lambda folder: weights_named(folder, "../elsewhere/x.safetensors")),
    "a tokenizer in the folder above": (
        "dual",
        lambda folder: tokenizer_named(folder, "../elsewhere/tokenizer.4.0.0.json"),
    ),
    "settings that name a tokenizer": (
        "plain",
        lambda folder: changed(
            folder / "sentence_bert_config.json",
            processor_kwargs={"tokenizer_file": str(copied_elsewhere(folder) / "tokenizer.json")},
        ),
    ),
    "settings that name the folder of a tokenizer": (
        "plain",
        lambda folder: changed(
            folder / "sentence_bert_config.json",
            tokenizer_name_or_path=str(copied_elsewhere(folder)),
        ),
    ),
    "settings that name a tokenizer of the hub": (
        "plain",
        lambda folder: changed(folder / "sentence_bert_config.json", tokenizer_name_or_path="owner/model"),
    ),
    "an adapter": (
        "plain",
        lambda folder: write_json(folder / "adapter_config.json", {"base_model_name_or_path": "owner/model"}),
    ),
    "an adapter of a clip": (
        "clip",
        lambda folder: write_json(folder / "adapter_config.json", {"base_model_name_or_path": "owner/model"}),
    ),
    "a step in the folder above": ("multilingual", lambda folder: step_elsewhere(folder, 2, "../elsewhere")),
    "a step somewhere": (
        "multilingual",
        lambda folder: step_elsewhere(folder, 2, str(folder.with_name("elsewhere"))),
    ),
    "a clip in the folder above": ("sentence-clip", lambda folder: step_elsewhere(folder, 0, "../elsewhere")),
}


def copied_elsewhere(folder: Path) -> Path:
    """Copy a model, and return the copy."""
    return Path(shutil.copytree(folder, folder.with_name("elsewhere")))


def step_elsewhere(folder: Path, number: int, place: str) -> None:
    """Move the folder of a step to where the list of steps then says it is."""
    modules = json.loads((folder / "modules.json").read_text())
    shutil.move(folder / modules[number]["path"], folder.with_name("elsewhere"))
    modules[number]["path"] = place
    write_json(folder / "modules.json", modules)


@pytest.mark.parametrize("case", OUTSIDE)
def test_a_model_that_names_a_file_outside_of_its_folder_is_refused(model: Callable[[str], Path], case: str) -> None:
    """A shard, or any other file, that was altered behind a pinned fingerprint."""
    name, change = OUTSIDE[case]
    folder = model(name)
    change(folder)
    with pytest.raises(EncoderError, match=r"outside of it|is an adapter|names another tokenizer"):
        load_encoder(str(folder), folder=folder)


def test_what_names_files_that_are_nowhere_is_left_alone(model: Callable[[str], Path]) -> None:
    """Models carry the paths of the machine on which they were made."""
    folder = model("plain")
    before = load_encoder(str(folder), folder=folder).encode_texts(["red dress"])
    base = folder.with_name("base")
    shutil.copytree(folder, base)
    changed(folder / "config.json", _name_or_path=str(base), note="/home/somebody/.cache/model", more="../nowhere")
    changed(folder / "tokenizer_config.json", special_tokens_map_file=str(base / "tokenizer.json"), tag="/")
    assert (load_encoder(str(folder), folder=folder).encode_texts(["red dress"]) == before).all()


def test_pickled_weights_beside_others_that_are_not_theirs_are_refused(model: Callable[[str], Path]) -> None:
    """sentence-transformers takes `pytorch_model.bin` wherever `model.safetensors` is missing.

    A shard, or any other file, that was altered behind a pinned fingerprint.
    """
    import torch

    folder = model("multilingual")
    dense = folder / "2_Dense"
    weights = load_file(dense / "model.safetensors")
    torch.save(weights, dense / "pytorch_model.bin")
    assert load_encoder(str(folder), folder=folder).dims == 12
    (dense / "model.safetensors").unlink()
    save_file(weights, dense / "other.safetensors")
    with pytest.raises(EncoderError, match=r"pytorch_model.bin' are pickled and could run code"):
        load_encoder(str(folder), folder=folder)


@pytest.mark.parametrize("kind", ["Router", "Asym"])
def test_a_step_that_reads_further_folders_is_refused(model: Callable[[str], Path], kind: str) -> None:
    folder = model("multilingual")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = f"sentence_transformers.models.{kind}"
    write_json(folder / "modules.json", modules)
    (folder / modules[1]["path"] / "router_config.json").write_text("{}")
    with pytest.raises(EncoderError, match=rf"has the step 'sentence_transformers.models.{kind}'"):
        load_encoder(str(folder), folder=folder)


def test_a_file_that_was_altered_after_the_check_is_not_loaded(model: Callable[[str], Path]) -> None:
    folder = model("clip")
    encoder = load_encoder(str(folder), folder=folder)
    _ = encoder.fingerprint
    flipped(folder / "model.safetensors")
    with pytest.raises(EncoderError, match=r"were altered .* Open the shop again"):
        encoder.encode_texts(["red dress"])


@pytest.mark.parametrize("name", BUILDERS)
def test_ordinary_models_keep_the_fingerprints_that_indices_were_built_with(
    model: Callable[[str], Path], name: str
) -> None:
    """The hash of names and contents, as the first version took it."""
    folder = model(name)
    inner = folder / "0_CLIPModel"
    steps = [folder] if not (folder / "modules.json").exists() else [folder, *folder.glob("[0-9]_*")]
    files = sorted(
        file
        for step in ([inner] if inner.is_dir() else steps)
        for file in step.glob("*")
        if file.suffix in (".json", ".model", ".safetensors", ".txt")
    )
    pictures = any(file.name == "preprocessor_config.json" for file in files)
    digest = hashlib.blake2b(b"recipe 1", digest_size=8)
    for tower in (files, files if pictures else []):
        digest.update(b"\0pixels 2" if pictures else b"\0model")
        for file in tower:
            digest.update(b"\0" + file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    assert load_encoder(str(folder), folder=folder).fingerprint == digest.hexdigest()


def test_the_starter_keeps_its_fingerprint(tmp_path: Path) -> None:
    assert load_encoder("starter", folder=tmp_path).fingerprint == "ae4c83b02787723b"
