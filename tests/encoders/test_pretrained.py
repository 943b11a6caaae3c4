"""Pretrained encoders and their `folder`, `hub`, `towers` and `by_leg`, on tiny models of the same formats."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from transformers import AutoTokenizer, CLIPModel

from hybridsearch.encoders import PRESETS, Preset, load_encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.models import pretrained, towers
from hybridsearch.encoders.models.folder import open_model
from hybridsearch.errors import EncoderError
from hybridsearch.settings import Settings
from tests import tiny_models

WORDS = ["red dress", "a", "x " * 500, "蓝色 Schuhe", ""]
PICTURES = [Image.effect_noise((40 + step, 30), 20 + 10 * step).convert("RGB") for step in range(5)]

BUILDERS: dict[str, Callable[[Path], Path]] = {
    "clip": tiny_models.clip,
    "sentence-clip": tiny_models.sentence_clip,
    "dual": tiny_models.dual_encoder,
    "plain": tiny_models.sentences,
    "multilingual": tiny_models.multilingual,
    "fashion": tiny_models.fashion_clip,
    "siglip": tiny_models.siglip,
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny model of each format."""
    root = tmp_path_factory.mktemp("models")
    for name, build in BUILDERS.items():
        build(root / f"tiny-{name}")
    return root


@pytest.fixture
def copied(models: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies a model, for a test to damage."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(models / f"tiny-{name}", tmp_path / name))

    return copy


def units(rows: Any) -> bool:
    return rows.dtype == np.float32 and np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "dims"),
    [
        ("clip", 12),
        ("sentence-clip", 12),
        ("fashion", 12),
        ("dual", 12),
        ("siglip", 8),
        ("plain", 8),
        ("multilingual", 12),
    ],
)
def test_each_format_encodes_texts_to_unit_rows(models: Path, name: str, dims: int) -> None:
    encoder = load_encoder(f"tiny-{name}", folder=models)
    rows = encoder.encode_texts(WORDS)
    assert rows.shape == (len(WORDS), dims) == (len(WORDS), encoder.dims)
    assert units(rows)


@pytest.mark.parametrize("name", ["clip", "sentence-clip", "fashion", "dual", "siglip"])
def test_each_clip_encodes_pictures_to_unit_rows_of_the_same_space(models: Path, name: str) -> None:
    encoder = load_encoder(f"tiny-{name}", folder=models)
    rows = encoder.encode_images(PICTURES)
    assert encoder.reads == {"words", "photo"}
    assert rows.shape == (len(PICTURES), encoder.dims)
    assert units(rows)


def test_vectors_are_what_the_model_itself_gives(models: Path) -> None:
    folder = models / "tiny-clip"
    model, tokenizer = CLIPModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        words = model.get_text_features(**tokenizer(["red dress"], return_tensors="pt")).pooler_output.numpy()
        pixels = tiny_models.image_processor()(PICTURES[0], return_tensors="pt")
        picture = model.get_image_features(**pixels).pooler_output.numpy()
    encoder = load_encoder("tiny-clip", folder=models)
    assert np.allclose(encoder.encode_texts(["red dress"]), words / np.linalg.norm(words), atol=1e-6)
    assert np.allclose(encoder.encode_images(PICTURES[:1]), picture / np.linalg.norm(picture), atol=1e-6)


def test_both_layouts_of_a_clip_give_the_same_vectors(models: Path) -> None:
    clip, sentences = (load_encoder(f"tiny-{name}", folder=models) for name in ("clip", "sentence-clip"))
    assert np.allclose(clip.encode_texts(WORDS[:3]), sentences.encode_texts(WORDS[:3]), atol=1e-6)
    assert np.allclose(clip.encode_images(PICTURES), sentences.encode_images(PICTURES), atol=1e-6)


def test_a_text_tower_is_paired_with_an_image_tower(models: Path) -> None:
    pair = load_encoder("tiny-multilingual", image_encoder="tiny-sentence-clip", folder=models)
    words, pictures = (load_encoder(f"tiny-{name}", folder=models) for name in ("multilingual", "sentence-clip"))
    assert pair.reads == {"words", "photo"}
    assert np.array_equal(pair.encode_texts(WORDS), words.encode_texts(WORDS))
    assert np.array_equal(pair.encode_images(PICTURES), pictures.encode_images(PICTURES))
    assert len({encoder.fingerprint for encoder in (pair, words, pictures)}) == 3


def test_a_pair_of_different_dims_is_refused(models: Path) -> None:
    with pytest.raises(EncoderError, match=r"'tiny-plain' has 8 dims, its image encoder 'tiny-clip' has 12"):
        load_encoder("tiny-plain", image_encoder="tiny-clip", folder=models)


def test_a_sentence_encoder_cannot_be_the_image_tower(models: Path) -> None:
    with pytest.raises(EncoderError, match=r"Image encoder 'tiny-plain' does not read pictures"):
        load_encoder("tiny-multilingual", image_encoder="tiny-plain", folder=models)


def test_a_sentence_encoder_does_not_see(models: Path) -> None:
    encoder = load_encoder("tiny-plain", folder=models)
    assert encoder.reads == {"words"}
    with pytest.raises(EncoderError, match=r"'tiny-plain' does not read pictures. Name an 'image_encoder'"):
        encoder.encode_images(PICTURES)


def test_a_preset_names_its_pair(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Preset("tiny-multilingual", images="tiny-clip"))
    encoder = load_encoder("tiny", folder=models)
    assert (encoder.name, "photo" in encoder.reads) == ("tiny", True)


def test_texts_come_back_in_their_order_whatever_their_length(models: Path) -> None:
    encoder = load_encoder("tiny-dual", folder=models)
    texts = [f"{'word ' * (number % 7)}{number}" for number in range(150)]
    assert np.allclose(encoder.encode_texts(texts), encoder.encode_texts(texts[::-1])[::-1], atol=1e-5)


def test_nothing_to_encode_gives_no_rows(models: Path) -> None:
    assert load_encoder("tiny-plain", folder=models).encode_texts([]).shape == (0, 8)


def test_threads_share_an_encoder(models: Path) -> None:
    encoder = load_encoder("tiny-dual", folder=models)
    rows: list[Any] = []
    threads = [threading.Thread(target=lambda: rows.append(encoder.encode_texts(WORDS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 8
    assert all(np.array_equal(row, rows[0]) for row in rows)


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: no memory")]
)
def test_a_batch_that_does_not_fit_is_halved(models: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    sizes: list[int] = []
    original = towers.Clip.images

    def images(self: towers.Clip, batch: Sequence[Image.Image]) -> towers.Rows:
        sizes.append(len(batch))
        if len(batch) > 10:
            raise error
        return original(self, batch)

    monkeypatch.setattr(towers.Clip, "images", images)
    assert units(load_encoder("tiny-clip", folder=models).encode_images(PICTURES * 7))
    assert sizes == [32, 16, 8, 8, 8, 8, 3]


def test_a_single_picture_that_does_not_fit_is_an_encoder_error(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def images(self: towers.Clip, batch: Sequence[Image.Image]) -> towers.Rows:
        raise MemoryError

    monkeypatch.setattr(towers.Clip, "images", images)
    with pytest.raises(EncoderError, match="too little memory for a single item"):
        load_encoder("tiny-clip", folder=models).encode_images(PICTURES)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_row_without_direction_is_refused(models: Path, monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    rows = np.ones((2, 12), dtype=np.float32)
    rows[1] = value
    monkeypatch.setattr(towers.Clip, "texts", lambda *_: rows)
    with pytest.raises(EncoderError, match=r"a vector without direction for item 1 of 2"):
        load_encoder("tiny-clip", folder=models).encode_texts(["a", "b"])


@pytest.mark.parametrize("name", BUILDERS)
def test_the_fingerprint_follows_every_byte_that_decides_the_vectors(copied: Callable[[str], Path], name: str) -> None:
    folder = copied(name)
    files = open_model(folder).files
    seen = [load_encoder(str(folder), folder=folder).fingerprint]
    for file in files:
        data = file.read_bytes()
        weights = file.suffix == ".safetensors"
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if weights else data + b" ")
        seen.append(load_encoder(str(folder), folder=folder).fingerprint)
    assert len(set(seen)) == len(files) + 1


def test_the_fingerprint_does_not_depend_on_the_place(models: Path, copied: Callable[[str], Path]) -> None:
    first, second = load_encoder("tiny-dual", folder=models), load_encoder(str(copied("dual")), folder=models)
    assert first.fingerprint == second.fingerprint
    assert len(first.fingerprint) == 16


def test_a_readme_beside_the_model_changes_nothing(models: Path, copied: Callable[[str], Path]) -> None:
    folder = copied("plain")
    before = load_encoder(str(folder), folder=folder).fingerprint
    (folder / "README.md").write_text("about")
    assert load_encoder(str(folder), folder=folder).fingerprint == before


@pytest.mark.parametrize("name", ["clip", "dual", "siglip", "plain", "multilingual"])
def test_pickled_weights_are_refused(copied: Callable[[str], Path], name: str) -> None:
    """Fault 80."""
    folder = copied(name)
    file = next(iter(sorted(folder.rglob("*.safetensors"))))
    file.rename(file.with_name("pytorch_model.bin"))
    with pytest.raises(EncoderError, match=r"pytorch_model.bin' are pickled and could run code; expected 'model.safet"):
        load_encoder(str(folder), folder=folder)


def test_missing_weights_are_named(copied: Callable[[str], Path]) -> None:
    folder = copied("clip")
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"has no model.safetensors. Download the model again"):
        load_encoder(str(folder), folder=folder)


def test_weights_cut_short_are_refused(copied: Callable[[str], Path]) -> None:
    """Fault 79."""
    folder = copied("clip")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(EncoderError, match=r"cannot be loaded: .*Download it again"):
        load_encoder(str(folder), folder=folder).encode_texts(["a"])


def test_one_flipped_bit_is_another_encoder_than_the_one_that_is_meant(copied: Callable[[str], Path]) -> None:
    """Fault 79."""
    folder = copied("clip")
    meant = load_encoder(str(folder), folder=folder).fingerprint
    assert load_encoder(str(folder), fingerprint=meant, folder=folder).fingerprint == meant
    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(EncoderError, match=rf"fingerprint \w{{16}}, the configuration expects {meant}: .* again"):
        load_encoder(str(folder), fingerprint=meant, folder=folder)


def test_a_leg_takes_only_the_encoder_with_the_configured_fingerprint(models: Path) -> None:
    """Fault 79."""
    meant = load_encoder("tiny-clip", folder=models).fingerprint
    leg = {"encoder": "tiny-clip", "reads": "image"}
    legs = [{"name": "this", "fingerprint": meant, **leg}, {"name": "other", "fingerprint": "0" * 16, **leg}]
    encoders = Encoders(Settings.parse({"catalog": {"path": "products.jsonl"}, "vectors": legs}, folder=models))
    assert encoders["this"].fingerprint == meant
    with pytest.raises(EncoderError, match=f"has the fingerprint {meant}, the configuration expects {'0' * 16}: "):
        encoders["other"]


def test_weights_that_lack_a_layer_are_refused_rather_than_made_up(copied: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied("clip")
    layers = load_file(folder / "model.safetensors")
    del layers["text_projection.weight"]
    save_file(layers, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncoderError, match=r"lack 'text_projection.weight'"):
        load_encoder(str(folder), folder=folder).encode_texts(["a"])


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '[{"type": 3}]'])
@pytest.mark.parametrize("file", ["modules.json", "1_Pooling/config.json"])
def test_a_damaged_folder_is_an_encoder_error(copied: Callable[[str], Path], file: str, content: str) -> None:
    folder = copied("plain")
    (folder / file).write_text(content)
    with pytest.raises(EncoderError):
        load_encoder(str(folder), folder=folder)


@pytest.mark.parametrize(
    ("name", "file", "key", "value"),
    [
        ("clip", "tokenizer_config.json", "model_max_length", []),
        ("clip", "preprocessor_config.json", "size", None),
        ("clip", "preprocessor_config.json", "size", {"shortest_edge": 0}),
        ("clip", "config.json", "projection_dim", float("inf")),
        ("clip", "config.json", "projection_dim", 7),
        ("clip", "config.json", "projection_dim", 10**18),
        ("plain", "config.json", "vocab_size", "x"),
        ("plain", "1_Pooling/config.json", "embedding_dimension", 5),
        ("plain", "config_sentence_transformers.json", "prompts", 5),
    ],
)
def test_a_setting_that_cannot_be_is_an_encoder_error(
    copied: Callable[[str], Path], name: str, file: str, key: str, value: Any
) -> None:
    """JSON of any kind, where somebody may edit it."""
    folder = copied(name)
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**content, key: value}))
    with pytest.raises(EncoderError):
        encode_all(folder)


def encode_all(folder: Path) -> None:
    """Open an encoder and encode a text, and a picture where it reads them."""
    encoder = load_encoder(str(folder), folder=folder)
    encoder.encode_texts(["red dress"])
    if "photo" in encoder.reads:
        encoder.encode_images(PICTURES[:2])


@pytest.mark.parametrize("content", ["[" * 100_000, "5" * 5_000, '{"a": ' * 2_000, "\xff"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "tokenizer.json", "modules.json"])
def test_json_that_cannot_be_read_is_an_encoder_error(copied: Callable[[str], Path], file: str, content: str) -> None:
    """JSON of any kind, where somebody may edit it."""
    folder = copied("plain")
    (folder / file).write_bytes(content.encode("latin-1"))
    with pytest.raises(EncoderError):
        encode_all(folder)


@pytest.mark.parametrize("foreign", ["os.system", "step.Step", "sentence_transformersx.Step"])
def test_a_modules_file_runs_no_code(copied: Callable[[str], Path], foreign: str) -> None:
    """Fault 80."""
    folder = copied("plain")
    (folder / "step.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    modules = json.loads((folder / "modules.json").read_text())
    modules[2] |= {"type": foreign}
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(
        EncoderError, match=rf"needs the module '{foreign}', which is code .* never run. Choose a model"
    ):
        load_encoder(str(folder), folder=folder)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("name", "inner"), [("clip", "."), ("dual", "."), ("siglip", "."), ("sentence-clip", "0_CLIPModel")]
)
def test_code_beside_a_model_is_not_run(models: Path, copied: Callable[[str], Path], name: str, inner: str) -> None:
    folder = copied(name)
    code = "modeling.Mine"
    classes = {
        "config.json": {"AutoConfig": code, "AutoModel": code},
        "tokenizer_config.json": {"AutoTokenizer": [code, code]},
        "preprocessor_config.json": {"AutoImageProcessor": code},
    }
    for file, auto_map in classes.items():
        path = folder / inner / file
        content = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**content, "auto_map": auto_map}))
    (folder / inner / "modeling.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    changed, plain = load_encoder(str(folder), folder=folder), load_encoder(f"tiny-{name}", folder=models)
    assert np.array_equal(changed.encode_texts(WORDS[:2]), plain.encode_texts(WORDS[:2]))
    assert np.array_equal(changed.encode_images(PICTURES[:2]), plain.encode_images(PICTURES[:2]))
    assert not (folder / "ran").exists()


def test_a_table_of_word_vectors_is_refused(copied: Callable[[str], Path]) -> None:
    folder = copied("plain")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.StaticEmbedding", "path": ""}]')
    with pytest.raises(EncoderError, match=r"ends in a 'StaticEmbedding', expected a Pooling or a Dense"):
        load_encoder(str(folder), folder=folder)


def test_a_language_model_is_not_an_encoder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(EncoderError, match=r"holds a 'gpt2', expected a CLIP"):
        load_encoder(".", folder=tmp_path)


def test_an_empty_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"has neither a modules.json nor a config.json"):
        load_encoder(str(tmp_path), folder=tmp_path)


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no encoder 'startr': expected a preset \(starter, .*hub name such as"):
        load_encoder("startr", folder=tmp_path)


def test_a_model_of_the_hub_that_cannot_be_had_says_what_to_download_and_where_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 78."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError) as caught:
        load_encoder("clip-multilingual", folder=tmp_path)
    words, pictures = PRESETS["clip-multilingual"].models
    assert str(caught.value) == (
        f"There is no model '{words}' (545 MB) and no model '{pictures}' (610 MB) on this machine, and the Hugging "
        f"Face hub gave none (LocalEntryNotFoundError). Download what is missing where the hub can be reached and put "
        f"the files into '{tmp_path / words}' and '{tmp_path / pictures}', or choose 'starter'."
    )


def test_an_error_of_the_hub_does_not_show_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("cannot send 'Bearer hf_s3cret-token'")

    monkeypatch.setenv("HF_TOKEN", "hf_s3cret-token\n")
    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(EncoderError, match="the Hugging Face hub gave none") as refused:
        load_encoder("owner/model", folder=tmp_path)
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


def test_of_a_pair_only_the_model_that_is_missing_is_asked_for(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    words, pictures = PRESETS["clip-multilingual"].models
    shutil.copytree(models / "tiny-multilingual", tmp_path / words)
    with pytest.raises(EncoderError, match=rf"^There is no model '{pictures}' \(610 MB\) on this"):
        load_encoder("clip-multilingual", folder=tmp_path)


def test_a_model_of_the_hub_that_was_put_into_the_folder_is_used(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "tiny-clip", tmp_path / "owner" / "model")
    assert load_encoder("owner/model", folder=tmp_path).dims == 12


def test_a_model_in_the_hubs_cache_is_used_without_asking_the_hub(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / "models--owner--model"
    shutil.copytree(models / "tiny-clip", cached / "snapshots" / "abc")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert load_encoder("owner/model", folder=models).dims == 12


def test_without_the_extra_the_message_says_how_to_install_it(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 92."""
    monkeypatch.setattr(pretrained, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match=r'pip install "hybridsearch\[clip\]"'):
        load_encoder("tiny-clip", folder=models)


def test_loading_an_encoder_and_its_fingerprint_imports_no_torch(models: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hybridsearch.encoders import load_encoder;"
        f"encoder = load_encoder('tiny-dual', folder=Path({str(models)!r}));"
        "print(encoder.dims, len(encoder.fingerprint), *sorted(encoder.reads));"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["12", "16", "photo", "words", "set()"]


def test_nothing_is_printed_while_a_model_loads(models: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("clip", "plain"):
        load_encoder(f"tiny-{name}", folder=models).encode_texts(["a"])
    assert capfd.readouterr() == ("", "")
