"""The recogniser behind an address, on a server of the API and on what else may answer there; how, `endpoints` says."""

from __future__ import annotations

import email
import email.policy
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import endpoints
from hybridsearch.errors import RecogniserError
from hybridsearch.runtime import deadline
from hybridsearch.shop.listening import sound_of
from hybridsearch.transcript import Transcript
from hybridsearch.voice import Recogniser, load_recogniser
from hybridsearch.voice.sound import Sound
from tests.servers.fake import HANG, HTML, Fake, Received, Reply, serving
from tests.shops import shop
from tests.voice.recordings import tone, wav

KEY = "sk-s3cret-0123456789"
SOUND = Sound(tone(1.0).tobytes())
ANSWER: dict[str, Any] = {
    "text": " Red coat. ",
    "language": "english",
    "segments": [{"avg_logprob": -0.2, "tokens": [1, 2, 3]}, {"avg_logprob": -0.6, "tokens": [1]}],
}


class Server:
    """A server of the API."""

    def __init__(self) -> None:
        self.reply: Callable[[], Reply] = lambda: Reply(ANSWER, headers={})
        self.fake: Fake

    def __call__(self, _: Received) -> Reply:
        return self.reply()

    @property
    def name(self) -> str:
        return f"{self.fake.url}/v1/audio/transcriptions#whisper-1"

    @property
    def form(self) -> dict[str, bytes]:
        """The fields of the last request, as any server reads them."""
        asked = self.fake.asked[-1]
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
        return {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)  # type: ignore[misc]
            for part in message.iter_parts()
        }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("HYBRIDSEARCH_VOICE_KEY", raising=False)
    server = Server()
    with serving(server) as server.fake:
        yield server


def opened(name: str) -> Recogniser:
    return load_recogniser(name, Path())


def test_the_request_is_that_of_the_api_and_has_the_sound_alone(server: Server) -> None:
    found = opened(server.name).transcribe(SOUND, ["en"], ["toner", "umbrella"])
    mean = math.exp((3 * -0.2 - 0.6) / 4)
    assert (found.text, found.language) == ("Red coat.", "en")
    assert found.confidence == pytest.approx(mean)
    assert server.form == {
        "model": b"whisper-1",
        "response_format": b"verbose_json",
        "temperature": b"0",
        "language": b"en",
        "prompt": b"toner, umbrella",
        "file": SOUND.wav(),
    }
    assert (server.fake.asked[-1].method, server.fake.asked[-1].path) == ("POST", "/v1/audio/transcriptions")


def test_of_several_languages_the_server_chooses(server: Server) -> None:
    opened(server.name).transcribe(SOUND, ["en", "de"], [])
    assert not {"language", "prompt"} & server.form.keys()


def test_the_key_comes_from_the_environment_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(server.name).transcribe(SOUND, ["en"], [])
    assert "authorization" not in server.fake.asked[-1].headers
    monkeypatch.setenv("HYBRIDSEARCH_VOICE_KEY", KEY)
    opened(server.name).transcribe(SOUND, ["en"], [])
    assert server.fake.asked[-1].headers["authorization"] == f"Bearer {KEY}"


def test_a_server_that_says_no_more_than_a_text_is_understood(server: Server) -> None:
    server.reply = lambda: Reply({"text": "red coat"}, headers={})
    assert opened(server.name).transcribe(SOUND, ["en"], []) == Transcript("red coat")


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (HTML, "answers, but not with a text"),
        (Reply({"text": 7}, headers={}), "answers, but not with a text"),
        (Reply([1], headers={}), "answers, but not with a text"),
        (Reply({"text": "a", "segments": [7]}, headers={}), "answers, but not with a text"),
        (Reply({"error": f"bad key {KEY}"}, 401, headers={}), r"refused \(401\)"),
        (Reply({}, 503, headers={}), r"is too busy \(503\)"),
    ],
)
def test_what_goes_wrong_is_an_error_without_the_key(
    server: Server, monkeypatch: pytest.MonkeyPatch, reply: Reply, sentence: str
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_VOICE_KEY", KEY)
    monkeypatch.setattr(endpoints, "PAUSE", 0.01)
    server.reply = lambda: reply
    with pytest.raises(RecogniserError, match=sentence) as caught:
        opened(server.name).transcribe(SOUND, ["en"], [])
    assert KEY not in str(caught.value)


def test_a_server_that_hangs_costs_a_search_its_time_and_no_more(server: Server, tmp_path: Path) -> None:
    server.reply = lambda: HANG
    sound_of(wav(tone(1.0)), 1.0, 60.0)  # the process that decodes runs
    with shop(tmp_path, voice={"recogniser": server.name, "timeout": 0.5}) as found:
        started = time.monotonic()
        with pytest.raises(RecogniserError, match="cannot be reached"):
            found.search(audio=wav(tone(1.0)))
        assert time.monotonic() - started < 3


def test_the_deadline_of_a_search_holds(server: Server) -> None:
    server.reply = lambda: HANG
    started = time.monotonic()
    with deadline.within(0.3), pytest.raises(RecogniserError):
        opened(server.name).transcribe(SOUND, ["en"], [])
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "name", ["https://host/v1", "https://#m", "https://me:pw@host/v1#m", "https://h/v1?key=s3cret#m"]
)
def test_an_address_without_a_model_or_with_a_secret_is_refused(name: str) -> None:
    with pytest.raises(RecogniserError) as caught:
        opened(name)
    assert "pw" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
