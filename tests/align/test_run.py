"""Alignment as a whole: real models and `towers`, real training by a short `recipe`, a real process that is killed.

With it the line of a leg that reads `pictures`, and `align` of the command line.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from hybridsearch import HybridSearch
from hybridsearch.align.pairs import gather
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.run import align, chosen_leg
from hybridsearch.align.towers import Towers
from hybridsearch.cli import run
from hybridsearch.disk.home import Home
from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.errors import ConfigError, EncoderError, GateError
from hybridsearch.settings import Settings
from tests import shops, tiny_models
from tests.stories.test_benchmarks import run as benchmark

SHADES = {"zorp": "crimson", "blim": "navy", "quax": "gold", "frot": "black", "drun": "lightgreen", "wesk": "plum"}
"""Words that no encoder knows, for colours that it sees."""
SHORT = Recipe(heads=4, full=4, batch=16, replayed=8, translated=4, every=2)


def name_of(number: int) -> str:
    """Return a name of letters only: digits do not distinguish titles."""
    return "".join(chr(97 + number // 26**power % 26) for power in range(3))


def shop(folder: Path, encoder: Path | str, *, count: int = 240, language: str = "en", **leg: Any) -> Settings:
    """Write a catalogue of made-up colour words and noisy pictures of the colours, and return its settings."""
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        word, colour = list(SHADES.items())[number % len(SHADES)]
        plain = np.asarray(Image.new("RGB", (24, 24), colour), dtype=np.int16)
        noisy = (plain + rng.integers(-30, 30, plain.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / "pictures" / f"{number}.png")
        title, picture = f"{word} thing {name_of(number)}", f"pictures/{number}.png"
        rows.append({"id": str(number), "title": title, "shade": word, "image": picture})
    shops.write_products(folder / "products.jsonl", rows)
    fields = {"title": "title", "facets": ["shade"], "image": "image", "languages": [language]}
    vectors = [{"name": "image", "encoder": str(encoder), **leg}]
    shops.write_config(folder, fields=fields, vectors=vectors)
    return Settings.load(folder / "hybridsearch.toml")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {"clip": tiny_models.clip(root / "clip"), "dual": tiny_models.dual_encoder(root / "dual")}


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Any]:
    """A shop whose starter has learned the shop's own words; a group may read its folder."""
    settings = shop(tmp_path_factory.mktemp("adopted"), "starter")
    settings.folder.chmod(0o750)
    recipe = Recipe(heads=40, full=40, batch=64, replayed=16, translated=8, every=20)
    before = os.umask(0)
    report = align(settings, recipe=recipe)
    os.umask(before)
    return settings, report


def test_words_that_only_the_shop_uses_are_learned(adopted: tuple[Settings, Any]) -> None:
    settings, report = adopted
    assert report.adopted
    encoder = load_encoder(report.encoder, folder=settings.folder)
    assert encoder.fingerprint == report.fingerprint != report.base_fingerprint
    files = [settings.folder / "pictures" / f"{name}.png" for name in report.held_out]
    shown = [list(SHADES)[int(name) % len(SHADES)] for name in report.held_out]
    cosines = encoder.encode_texts(list(SHADES)) @ encoder.encode_images([Image.open(file) for file in files]).T
    assert [shown[row] for row in cosines.argmax(axis=1)] == list(SHADES)


def test_the_new_encoder_lies_beside_its_report_and_card(adopted: tuple[Settings, Any]) -> None:
    _, report = adopted
    folder = Path(report.encoder)
    assert json.loads((folder / "alignment" / "report.json").read_text())["fingerprint"] == report.fingerprint
    assert "48 products" in (folder / "README.md").read_text()
    sizes = [(path / "model.safetensors").stat().st_size for path in (folder, Path(PRESETS["starter"].texts))]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)  # 16-bit numbers, as the base has them


def test_the_new_encoder_may_be_read_by_whoever_may_read_its_folder_and_the_run_by_its_owner(
    adopted: tuple[Settings, Any],
) -> None:
    settings, report = adopted
    for folder, expected in ((Path(report.encoder), {0o750, 0o640}), (settings.home, {0o700, 0o600})):
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))} == expected


def test_an_index_is_built_with_the_new_encoder(adopted: tuple[Settings, Any]) -> None:
    settings, report = adopted
    leg = settings.vectors[0].model_copy(update={"encoder": report.encoder})
    with HybridSearch.open(settings.model_copy(update={"vectors": (leg,)})) as aligned_shop:
        aligned_shop.reindex()
        page = aligned_shop.search("", image=Image.new("RGB", (64, 64), "navy"), size=5)
        assert {hit.product["shade"] for hit in page} == {"blim"}


def test_an_encoder_that_does_not_get_better_is_not_written(
    tmp_path: Path, models: dict[str, Path], capfd: Any
) -> None:
    settings = shop(tmp_path, models["dual"])
    before = sorted(tmp_path.iterdir())
    report = align(settings, recipe=SHORT)
    assert not report.adopted
    assert report.encoder is None
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / ".hybridsearch"])
    left = Home(settings.home).align("image")
    assert list(left.folder.iterdir()) == [left.report]


@pytest.mark.parametrize("kind", ["clip", "dual"])
def test_the_towers_give_the_vectors_of_the_encoder(kind: str, models: dict[str, Path], tmp_path: Path) -> None:
    encoder, towers = load_encoder(str(models[kind]), folder=tmp_path), Towers(models[kind])
    texts, images = ["red dress", "a", "x " * 500], [Image.effect_noise((40, 30), 60).convert("RGB")] * 2
    pixels = towers.resize(images)
    assert pixels.dtype == np.uint8
    ours = [towers.encode_texts(texts), towers.encode_pictures(pixels, [0, 1])]
    for rows, expected in zip(ours, [encoder.encode_texts(texts), encoder.encode_images(images)], strict=True):
        assert ((rows * expected).sum(axis=1) > 0.999).all()  # 16 bits where the processor is fast at them


@pytest.mark.parametrize("kind", ["clip", "dual"])
def test_what_is_saved_untrained_is_the_same_encoder(kind: str, models: dict[str, Path], tmp_path: Path) -> None:
    Towers(models[kind]).save(tmp_path / "saved")
    base, saved = (load_encoder(str(folder), folder=tmp_path) for folder in (models[kind], tmp_path / "saved"))
    assert np.array_equal(base.encode_texts(["red dress"]), saved.encode_texts(["red dress"]))
    picture = [Image.effect_noise((40, 30), 60).convert("RGB")]
    assert np.array_equal(base.encode_images(picture), saved.encode_images(picture))


@pytest.mark.parametrize("language", ["de", "ja"])
def test_a_hub_style_clip_is_trained_on_a_catalogue_of_one_language(
    language: str, models: dict[str, Path], tmp_path: Path
) -> None:
    report = align(shop(tmp_path, models["clip"], language=language), recipe=SHORT)
    assert report.counts == {
        "products": 240,
        "rejected": 0,
        "without_picture": 0,
        "without_words": 0,
        "train": 168,
        "validation": 24,
        "held_out": 48,
    }
    assert [validation["stage"] for validation in report.training["looks"]] == [
        "none",
        "heads",
        "heads",
        "full",
        "full",
    ]


def test_a_damaged_picture_costs_one_product(models: dict[str, Path], tmp_path: Path) -> None:
    settings = shop(tmp_path, models["clip"], count=5)
    (tmp_path / "pictures" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    (tmp_path / "pictures" / "3.png").write_bytes((tmp_path / "pictures" / "2.png").read_bytes())
    dataset = gather(settings, Towers(models["clip"]).resize, tmp_path / "u8", lambda *_: None)
    assert (dataset.products, dataset.without_picture) == (5, 1)
    assert [pair.id for pair in dataset.pairs] == ["0", "2", "3", "4"]
    assert [pair.picture for pair in dataset.pairs] == [0, 1, 1, 2]  # one picture, kept once
    assert dataset.pixels.shape == (3, 3, tiny_models.SIDE, tiny_models.SIDE)


def test_too_few_products_are_refused(models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"Found 30 products with a title .* at least 200 are needed"):
        align(shop(tmp_path, models["clip"], count=30))
    assert not Home(tmp_path / ".hybridsearch").align("image").folder.exists()


def test_a_catalogue_of_one_picture_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    settings = shop(tmp_path, models["clip"])
    for file in (tmp_path / "pictures").iterdir():
        file.write_bytes((tmp_path / "pictures" / "0.png").read_bytes())
    with pytest.raises(GateError, match=r"their 1 different pictures .* leave only 1 .* Check the field"):
        align(settings)


def test_a_pair_of_models_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"is a pair of two models; only a CLIP with both towers in one folder"):
        align(shop(tmp_path, models["dual"], image_encoder=str(models["clip"])))


def test_an_encoder_of_a_kind_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"is of the kind 'myapi', whose weights cannot be trained. Choose a CLIP"):
        align(shop(tmp_path, Path("myapi:model")))


def test_an_encoder_of_text_alone_is_refused(tmp_path: Path) -> None:
    words = tiny_models.sentences(tmp_path / "words")
    with pytest.raises(EncoderError, match=r"does not read pictures. Choose a CLIP"):
        align(shop(tmp_path / "shop", words))


@pytest.mark.parametrize(
    ("legs", "asked", "message"),
    [
        ([], None, r"There is no vector leg. Add \[\[vectors\]\]"),
        ([{"name": "a", "encoder": "x"}, {"name": "b", "encoder": "y"}], None, "several vector legs: 'a', 'b'. Choose"),
        ([{"name": "a", "encoder": "x"}], "b", "There is no vector leg 'b'; there are: 'a'"),
    ],
)
def test_the_leg_must_be_clear(tmp_path: Path, legs: list[Any], asked: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        align(shops.settings(tmp_path, vectors=legs), leg=asked)


def test_the_only_leg_that_reads_pictures_is_chosen_before_others(tmp_path: Path) -> None:
    legs = [{"name": "words", "encoder": "x", "reads": ["title"]}, {"name": "image", "encoder": "y"}]
    assert chosen_leg(shops.settings(tmp_path, vectors=legs), None).name == "image"
    assert chosen_leg(shops.settings(tmp_path, vectors=legs[:1]), None).name == "words"


def test_an_existing_folder_is_not_overwritten(models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"exists. Choose another folder with -o, or remove it"):
        align(shop(tmp_path, models["clip"]), output=tmp_path)


def test_the_command_says_what_is_missing(models: dict[str, Path], tmp_path: Path, capsys: Any) -> None:
    shop(tmp_path, models["clip"], count=30)
    assert run(["align", "-c", str(tmp_path / "hybridsearch.toml")]) == 1
    assert "at least 200 are needed" in capsys.readouterr().err


LONG = Recipe(heads=4, full=12, batch=16, replayed=8, translated=4, every=2)
"""Long enough to be killed in it."""
PROGRAM = f"""
import sys
import torch
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.run import align
from hybridsearch.settings import Settings
torch.set_num_threads(1)
align(Settings.load(sys.argv[1]), recipe={LONG})
"""


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums of the same numbers are the same."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_killed_run_continues_and_ends_as_if_nothing_had_happened(models: dict[str, Path], tmp_path: Path) -> None:
    whole, killed = (shop(tmp_path / name, models["clip"]) for name in ("whole", "killed"))
    checkpoint = Home(killed.home).align("image").checkpoint
    command = [sys.executable, "-c", PROGRAM, str(killed.folder / "hybridsearch.toml")]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
        while not checkpoint.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.exists()
    as_if, continued = (align(each, recipe=LONG) for each in (whole, killed))
    assert as_if.training["resumed"] is None
    assert continued.training["resumed"] is not None
    assert continued.fingerprint == as_if.fingerprint


@pytest.fixture
def interrupted(models: dict[str, Path], tmp_path: Path) -> Settings:
    """A shop whose run was interrupted after its third validation."""
    settings = shop(tmp_path, models["clip"])

    def tell(stage: str, done: int, *_: Any) -> None:
        if (stage, done) == ("full", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align(settings, recipe=SHORT, progress=tell)
    return settings


def test_an_interrupted_run_continues_from_its_last_validation(interrupted: Settings) -> None:
    assert align(interrupted, recipe=SHORT).training["resumed"] == {"stage": "full", "step": 2}


@pytest.mark.parametrize("change", [{"seed": 1}, {"restart": True}, {"recipe": replace(SHORT, full=6)}])
def test_another_run_does_not_continue_it(interrupted: Settings, change: dict[str, Any]) -> None:
    assert align(interrupted, **{"recipe": SHORT, **change}).training["resumed"] is None


def test_a_run_on_another_catalogue_does_not_continue_it(interrupted: Settings) -> None:
    catalogue = interrupted.folder / "products.jsonl"
    catalogue.write_text(catalogue.read_text().replace("zorp thing aaa", "zorp thing zzz"))
    assert align(interrupted, recipe=SHORT).training["resumed"] is None


def test_the_benchmark_runs() -> None:
    assert "before colours" in benchmark("benchmarks.align")
