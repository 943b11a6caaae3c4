"""Versions of weights: what each says of how it was learned, and the way back to any of them, with `cli/weights.py`."""

import json
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.errors import WeightsError
from hybridsearch.learning import history
from hybridsearch.learning.versions import Version, versions
from hybridsearch.search.weights import Weights, load, prior
from tests.shops import runner, write_config

LEARNED: dict[str, Any] = {
    "queries": 40,
    "date": "2026-11-30T03:00:00+00:00",
    "nDCG@10": {"keyword": 0.3, "before": 0.4, "after": 0.5},
    "gain": {"difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.01},
}
ONE, TWO = Weights(signals={"title": 0.1}, learned=LEARNED), Weights(signals={"title": 0.2})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of weights that were changed twice, from the prior on."""
    for each in (ONE, TWO):
        history.activate(tmp_path / "weights.json", each)
    return tmp_path / "weights.json"


def test_the_current_weights_come_first_and_then_the_newest(path: Path) -> None:
    assert [(each.number, each.weights) for each in versions(path)] == [(0, TWO), (2, ONE), (1, prior())]
    assert versions(path.with_name("other.json")) == []


def test_one_goes_back_to_any_of_them_and_nothing_is_lost(path: Path) -> None:
    assert history.restore(path, 1) == path.with_name("weights.history") / "0001.json"
    assert [each.weights for each in versions(path)] == [prior(), TWO, ONE, prior()]
    history.revert(path)
    assert load(path) == TWO
    with pytest.raises(WeightsError, match=r"has no earlier weights 7. There are: 1, 2\."):
        history.restore(path, 7)


def test_weights_that_are_damaged_are_listed_and_never_used(path: Path) -> None:
    path.with_name("weights.history").joinpath("0002.json").write_text('{"signals": {"titel": 1}}')
    damaged = versions(path)[1]
    assert "unknown signal 'titel'" in damaged.problem
    with pytest.raises(WeightsError, match="unknown signal 'titel'"):
        history.restore(path, 2)
    assert load(path) == TWO


@pytest.mark.parametrize("learned", [{}, {"gain": []}, {"gain": {"low": "x"}}, {"gain": {"low": True}}, {"date": 3}])
def test_what_people_wrote_into_the_evidence_is_a_number_or_nothing(learned: dict[str, Any]) -> None:
    found = Version(1, Path(), Weights(signals={}, learned=learned))
    assert (found.number_of("gain", "low"), found.date) == (None, "")


def test_the_command_lists_them_and_goes_back(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_config(tmp_path, weights={"path": "weights.json"})
    run = runner(tmp_path, monkeypatch, capfdbinary, "weights")
    code, out, _ = run()
    assert code == 0
    assert out.splitlines()[1].split(None, 1) == [
        "2",
        "2026-11-30T03:00:00+00:00  40 queries, nDCG@10 0.5000, gain +0.0500 to +0.1500",
    ]
    code, out, _ = run("--revert", "2", "--json")
    said = json.loads(out)
    assert (code, said["reverted"], said["path"]) == (0, 2, str(path))
    assert said["versions"][0] == {
        "number": 0,
        "date": LEARNED["date"],
        "queries": 40,
        "keyword": 0.3,
        "before": 0.4,
        "after": 0.5,
        "difference": 0.1,
        "low": 0.05,
        "high": 0.15,
        "p": 0.01,
        "signals": {"title": 0.1},
        "problem": None,
    }
    assert "has no earlier weights 9" in run("--revert", "9")[2]


def test_without_a_file_the_command_says_that_the_prior_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_config(tmp_path)
    code, out, _ = runner(tmp_path, monkeypatch, capfdbinary, "weights")()
    assert code == 0
    assert "the prior is in use" in out
