"""Listening: from a recording, by way of a worker process and a recogniser, to a transcript; what is wrong is said."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest

from hybridsearch import HybridSearch, Transcript
from hybridsearch.doctor import checks
from hybridsearch.errors import AudioError, ConfigError, QueryError, RecogniserError
from hybridsearch.settings import Settings
from hybridsearch.shop import listening
from hybridsearch.voice import RECOGNISERS, extra
from hybridsearch.voice.workers import WORKERS
from tests.shops import settings, shop
from tests.voice.recordings import Told, recorded, tone, wav

TONE = wav(tone(1.0))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setitem(RECOGNISERS, "told", lambda *_: told)
    return told


def voiced(folder: Path, **voice: Any) -> Settings:
    return settings(folder, voice={"recogniser": "told:", **voice})


@pytest.fixture
def opened(tmp_path: Path, told: Told) -> Iterator[HybridSearch]:
    with shop(tmp_path, voice={"recogniser": "told:"}) as found:
        yield found


def test_a_recording_finds_what_its_words_find(opened: HybridSearch) -> None:
    page, same = opened.search(audio=TONE), opened.search("red coat")
    assert [hit.id for hit in page] == [hit.id for hit in same]
    assert page.query == "red coat"
    assert page.heard == Transcript("red coat", "en", 0.9)
    assert same.heard is None
    assert opened.plan(audio=TONE).kind == "voice"


def test_it_may_be_a_path_bytes_an_open_file_or_what_was_heard_before(opened: HybridSearch, tmp_path: Path) -> None:
    file = tmp_path / "said.wav"
    file.write_bytes(TONE)
    with file.open("rb") as open_file:
        for audio in (file, str(file), TONE, open_file, io.BytesIO(TONE), opened.listen(TONE)):
            assert opened.search(audio=audio).heard == Transcript("red coat", "en", 0.9)


def test_what_is_typed_comes_before_what_is_spoken(opened: HybridSearch) -> None:
    assert opened.search("winter", audio=TONE).query == "winter red coat"


def test_the_recogniser_gets_the_languages_and_words_of_the_index(opened: HybridSearch, told: Told) -> None:
    opened.listen(TONE)
    ((seconds, languages, hints),) = told.given
    assert (seconds, languages) == (1.0, ("en", "zh"))
    assert set(hints) == {"red", "coat", "winter", "warm", "acme", "borealis"}  # two products have them


def test_languages_hints_and_seconds_are_configured(tmp_path: Path, told: Told) -> None:
    with shop(tmp_path, voice={"recogniser": "told:", "languages": ["de"], "hints": 0, "seconds": 1}) as opened:
        page = opened.search(audio=wav(tone(120.0)))
    assert told.given == [(1.0, ("de",), ())]
    assert page.notes == ("only the first 1 s of the recording were heard",)


def test_of_what_it_may_have_been_what_the_index_knows_is_searched_for(opened: HybridSearch, told: Told) -> None:
    told.says = Transcript("rat goat", "en", 0.5, {"red coat": 0.45})
    page = opened.search(audio=TONE)
    assert page.query == "red coat"
    assert page.heard == Transcript("red coat", "en", 0.45, {"rat goat": 0.5})


@pytest.mark.parametrize("said", ["", "…", "\0"])
def test_where_nothing_was_said_nothing_is_found_and_that_is_said(opened: HybridSearch, told: Told, said: str) -> None:
    told.says = Transcript(said, "en", 0.2)
    page = opened.search(audio=TONE)
    assert page.total == 0
    assert page.heard is not None


def test_silence_does_not_even_reach_the_recogniser(opened: HybridSearch, told: Told) -> None:
    page = opened.search(audio=wav(tone(1.0) * 0))
    assert (page.total, told.given) == (0, [])
    assert page.notes == ("nothing was said in the recording",)


def test_a_page_behind_the_first_is_of_the_same_words(opened: HybridSearch, told: Told) -> None:
    told.says = Transcript("winter coat", "en", 0.9)
    first = opened.search(audio=TONE, size=1)
    second = opened.search(audio=first.heard, size=1, page=2)
    assert [*first, *second] == [*opened.search("winter coat", size=2)]
    assert len(told.given) == 1
    cheapest = opened.search(audio=TONE, sort="price:asc", size=1)
    assert opened.search("winter coat", sort="price:asc", size=1, cursor=cheapest.cursor)[0].id == "3"


def test_hits_of_two_arms_are_of_one_recording_that_is_heard_once(opened: HybridSearch, told: Told) -> None:
    with pytest.raises(QueryError, match="There is no arm 'b'"):
        opened.search(audio=TONE, variant="interleaved")
    assert len(told.given) == 1


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        (b"", "The recording is empty"),
        (b"no sound", "The content is no recording"),
        ("/nowhere/said.wav", "Cannot read the recording '/nowhere/said.wav'"),
        (17, "The audio is int 17, expected a path, the bytes of a file, or an open file."),
        (io.StringIO("text"), "Cannot read the open file"),
    ],
)
def test_what_is_no_recording_is_an_error(opened: HybridSearch, audio: Any, sentence: str) -> None:
    with pytest.raises(AudioError) as caught:
        opened.search(audio=audio)
    assert str(caught.value).startswith(sentence)


def test_a_transcript_of_somebody_else_is_read_as_a_stranger_s(opened: HybridSearch) -> None:
    page = opened.search(audio=Transcript("red\n\0coat " * 100))
    assert len(page.query) <= 256
    for wrong in (Transcript(cast(Any, 7)), Transcript("red", "en", 2.0), Transcript("red", "en", 1.0, cast(Any, 3))):
        with pytest.raises(QueryError, match="expected a Transcript"):
            opened.search(audio=wrong)


@pytest.mark.parametrize("answer", [None, "red", Transcript(cast(Any, None)), Transcript("red", "en", float("nan"))])
def test_a_recogniser_that_answers_anything_is_an_error(opened: HybridSearch, told: Told, answer: Any) -> None:
    told.says = answer
    with pytest.raises(RecogniserError, match="did not give a transcript"):
        opened.listen(TONE)


def test_without_a_recogniser_the_error_names_what_to_configure(tmp_path: Path) -> None:
    with shop(tmp_path) as opened, pytest.raises(RecogniserError, match=r'\[voice\] recogniser = "base"'):
        opened.search(audio=TONE)


@pytest.mark.parametrize("missing", ["av", "faster_whisper"])
def test_without_the_extra_the_error_names_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == missing else find_spec(name))
    with shop(tmp_path, voice={"recogniser": "base"}) as opened:
        with pytest.raises(RecogniserError, match=r'Run: pip install "hybridsearch\[voice\]"'):
            opened.search(audio=TONE)
        assert opened.search("red coat").total


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vosk:en", "its kind 'vosk' is unknown"),
        ("no/such/folder", "There is no model 'no/such/folder'"),
        (".", "There is no Whisper model in"),
    ],
)
def test_a_recogniser_that_does_not_exist_is_an_error(tmp_path: Path, name: str, sentence: str) -> None:
    with shop(tmp_path, voice={"recogniser": name}) as opened, pytest.raises(RecogniserError, match=sentence):
        opened.search(audio=TONE)


def test_a_model_of_transformers_is_named_with_the_command_that_converts_it(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").touch()
    with (
        shop(tmp_path, voice={"recogniser": "model"}) as opened,
        pytest.raises(RecogniserError, match="ct2-transformers-converter --model"),
    ):
        opened.search(audio=TONE)


@pytest.mark.parametrize(
    ("voice", "sentence"),
    [
        ({"recogniser": "https://me:pw@host/v1#m"}, "A recogniser's address holds a user name"),
        ({"seconds": 31}, "less than or equal to 30"),
        ({"languages": ["xx"]}, "voice.languages.0"),
        ({"key": "s3cret"}, "unknown key 'voice.key'"),
    ],
)
def test_a_wrong_configuration_is_an_error(tmp_path: Path, voice: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, voice=voice)
    assert sentence in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_the_doctor_says_whether_speech_is_recognised(tmp_path: Path, told: Told) -> None:
    with shop(tmp_path, voice={"recogniser": "told:"}) as opened:
        assert [str(each.state) for each in checks(opened) if each.name == "voice"] == ["ok"]
        assert told.given
    with shop(tmp_path, voice={"recogniser": "gone"}) as opened:
        (line,) = (each for each in checks(opened) if each.name == "voice")
    assert "There is no" in line.found


def test_recordings_are_decoded_in_a_process_of_their_own_which_a_close_ends(opened: HybridSearch) -> None:
    opened.listen(TONE)
    assert WORKERS._alive
    opened.close()
    assert not WORKERS._alive


def test_nothing_of_a_recording_is_written_anywhere(
    opened: HybridSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    opened.search(audio=recorded(tone(1.0, 48_000), "webm", "libopus", 48_000))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_forked_process_hears_too(opened: HybridSearch) -> None:
    opened.listen(TONE)
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
    else:
        try:
            assert opened.listen(TONE).text == "red coat"
            os._exit(0)
        finally:
            os._exit(1)


def test_a_search_by_voice_takes_no_longer_than_the_recogniser(opened: HybridSearch) -> None:
    """But for decoding, a few milliseconds once its process runs."""
    opened.warm_up()
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(15):
        for spoken in took:
            started = time.perf_counter()
            opened.search(audio=TONE) if spoken else opened.search("red coat")
            took[spoken].append(time.perf_counter() - started)
    assert min(took[True]) - min(took[False]) < 0.1


def test_the_sound_is_cut_before_it_is_heard() -> None:
    assert listening.sound_of(wav(tone(3.0)), 2.0, 5.0).seconds == 2.0
