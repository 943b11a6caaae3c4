"""The recogniser behind an HTTP address that speaks OpenAI's transcription API, as most speech servers do."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from hybridsearch import credentials
from hybridsearch.endpoints import Endpoint, Patience, address_and_model, key_of_environment
from hybridsearch.errors import RecogniserError
from hybridsearch.sections import Secrets
from hybridsearch.transcript import Transcript
from hybridsearch.voice.base import RecogniserOptions
from hybridsearch.voice.sound import Sound

PATH, VARIABLE = "audio/transcriptions", "HYBRIDSEARCH_VOICE_KEY"
PATIENCE = Patience(2, 30.0)
"""The time that a search leaves is shorter."""
LANGUAGES = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "japanese": "ja",
    "chinese": "zh",
}
"""What some servers call languages in their answers."""


class EndpointRecogniser:
    """Asks a server for words, named as `https://HOST/v1/audio/transcriptions#MODEL`; the key is of the environment.

    Raises:
        RecogniserError: The name is not an address with a model, or has a password in it.
    """

    def __init__(self, options: RecogniserOptions) -> None:
        self.name = options.name
        address, self._model = address_and_model(
            self.name, "Recogniser", PATH, credentials.recogniser_name, RecogniserError
        )
        key = key_of_environment(Secrets().voice_key, VARIABLE, RecogniserError)
        self._server = Endpoint(f"Recogniser '{self.name}'", address, key, RecogniserError)

    def transcribe(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        """Return what was said; of several languages the server finds out which one it is.

        Raises:
            RecogniserError: The server cannot be reached, is busy for too long, refuses, or answers something else.
        """
        fields = {"model": self._model, "response_format": "verbose_json", "temperature": "0"}
        fields |= {"language": languages[0]} if len(languages) == 1 else {}
        fields |= {"prompt": ", ".join(hints)} if hints else {}
        body, kind = form(fields, sound.wav())
        answer = self._server.ask(body, kind, PATIENCE)
        if answer.status != 200:
            raise RecogniserError(self._server.refusal(answer, VARIABLE))
        try:
            return transcript_of(orjson.loads(answer.body))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecogniserError(self._server.misunderstanding("a text", "transcriptions", PATH)) from error


def form(fields: dict[str, str], wav: bytes) -> tuple[bytes, str]:
    """Return a form with a recording as it is posted, and its `Content-Type`."""
    border = secrets.token_hex(16)
    parts = [
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "replace")
        for name, value in fields.items()
    ]
    head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="query.wav"\r\n'
    file = f"{head}Content-Type: audio/wav\r\n\r\n".encode() + wav + f"\r\n--{border}--\r\n".encode()
    return b"".join([*parts, file]), f"multipart/form-data; boundary={border}"


def transcript_of(answer: Any) -> Transcript:
    """Return the transcript of an answer; a server that does not say how sure it is counts as sure.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: It is no answer of this API.
    """
    text = answer["text"]
    if not isinstance(text, str):
        raise TypeError
    language = str(answer.get("language") or "").lower()
    return Transcript(text.strip(), LANGUAGES.get(language, language[:2]), confidence_of(answer.get("segments") or ()))


def confidence_of(segments: Iterable[Any]) -> float:
    """Return the mean probability of what was said, weighted by its tokens; 1 where nothing is said of it."""
    told = [(part["avg_logprob"], max(1, len(part.get("tokens") or ()))) for part in segments if "avg_logprob" in part]
    if not told:
        return 1.0
    mean = sum(mean * tokens for mean, tokens in told) / sum(tokens for _, tokens in told)
    return min(1.0, math.exp(mean))
