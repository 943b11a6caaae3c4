"""The history of a weights file: every change can be taken back, and no file is ever half written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hybridsearch.errors import EngineError, WeightsError
from hybridsearch.learning import history
from hybridsearch.search import weights
from hybridsearch.search.weights import Weights, prior

ONE, TWO, THREE = (Weights(signals={"title": value}, learned={"note": "größer"}) for value in (0.1, 0.2, 0.3))


def test_weights_are_read_back_as_they_were_activated(tmp_path: Path) -> None:
    history.activate(tmp_path / "weights.json", ONE)
    assert weights.load(tmp_path / "weights.json") == ONE


def test_each_change_can_be_taken_back_down_to_the_prior(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    for new in (ONE, TWO, THREE):
        history.activate(path, new)
    for expected in (TWO, ONE, prior()):
        history.revert(path)
        assert weights.load(path) == expected
    with pytest.raises(WeightsError) as refused:
        history.revert(path)
    assert str(refused.value) == (
        f"'{path}' has no history to go back to: hybridsearch tune writes one when it changes it."
    )
    assert weights.load(path) == prior()


def test_what_a_revert_replaces_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    history.activate(path, ONE)
    history.revert(path)
    assert weights.load(tmp_path / "weights.history" / history.REVERTED) == ONE


def test_a_change_after_a_revert_follows_the_reverted_state(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    history.activate(path, ONE)
    history.activate(path, TWO)
    history.revert(path)
    history.activate(path, THREE)
    history.revert(path)
    assert weights.load(path) == ONE


def test_an_entry_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    for new in (ONE, TWO, THREE):
        history.activate(path, new)
    (tmp_path / "weights.history" / "0001.json").unlink()
    history.activate(path, ONE)
    assert [weights.load(entry) for entry in history.entries(path)] == [ONE, TWO, THREE]


def test_a_damaged_file_goes_into_the_history_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(b'{"signals": \x80')
    history.activate(path, ONE)
    assert history.entries(path)[0].read_bytes() == b'{"signals": \x80'
    history.revert(path)
    assert path.read_bytes() == b'{"signals": \x80'


def test_two_files_of_a_folder_have_separate_histories(tmp_path: Path) -> None:
    history.activate(tmp_path / "a.json", ONE)
    with pytest.raises(WeightsError):
        history.revert(tmp_path / "b.json")


def test_a_folder_in_place_of_the_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "weights.json").mkdir()
    with pytest.raises(EngineError, match="Look at the folder"):
        history.activate(tmp_path / "weights.json", ONE)


@pytest.mark.skipif(os.name == "nt", reason="kills as only POSIX can")
def test_a_killed_process_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    endless = f"""
from pathlib import Path
from hybridsearch.learning import history
from hybridsearch.search.weights import Weights
path, turn = Path({str(path)!r}), 0
while True:
    turn += 1
    history.activate(path, Weights(signals={{"title": turn}}, learned={{"long": "x" * 200_000}}))
    if turn == 3:
        print("ready", flush=True)
    for entry in history.entries(path)[:-5]:
        entry.unlink()
"""
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGKILL)
        files = [path, *history.entries(path)]
        assert len(files) > 1
        for file in files:
            loaded = weights.load(file)
            assert loaded == prior() or len(loaded.learned["long"]) == 200_000
