"""The encoder behind an HTTP address that speaks OpenAI's embeddings API, as most model servers do. Words only."""

from __future__ import annotations

import json
import os
import time
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx2
import numpy as np
import orjson

from hybridsearch import credentials, deadline
from hybridsearch.batches import batches
from hybridsearch.encoders.base import EncoderOptions, TextEncoder
from hybridsearch.errors import ConfigError, EncoderError, EncoderUnavailable
from hybridsearch.redaction import redacted
from hybridsearch.sections import Secrets
from hybridsearch.timed import timed
from hybridsearch.values import Vectors

TEXTS_AT_ONCE = 32
"""The most that the strictest of the usual servers accepts in one request."""
BUSY = (429, 502, 503, 504)
PICKY = (400, 413, 422)
"""Answers that one text among others may cause, for instance by its length."""
MOST_BYTES = 64 << 20
"""Of one answer: twenty times what 32 of the longest vectors take."""
PAUSE = 0.25
"""Seconds before the second attempt, where the server names none; twice as many before each further one."""


class Patience(NamedTuple):
    """How often a server is asked, and the seconds in all for answers and pauses."""

    attempts: int
    seconds: float


class Answer(NamedTuple):
    """A server's answer."""

    status: int
    body: bytes
    pause: str
    """What it asks for in `Retry-After`."""


QUERY = Patience(2, 5.0)  # for a single text, nearly always a query: a person waits, and keywords can answer
BATCH = Patience(8, 60.0)


class EndpointEncoder(TextEncoder):
    """Asks a server for vectors, named as `https://HOST/v1/embeddings#MODEL`; the key comes from the environment alone.

    Weights on another server cannot be hashed: the fingerprint is made of the address and the model's name.

    Raises:
        EncoderUnavailable: The server gives no vector for a probe, which tells the dims.
        EncoderError: The name is not an address with a model, or has a password in it.
    """

    def __init__(self, options: EncoderOptions) -> None:
        self.name = self.fingerprint = options.name
        self._address, self._model = parts_of(options)
        self._key = key_of_environment()
        self._process = 0
        self.dims = self._rows(["red"]).shape[1]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, shape (len(texts), dims), of whatever length the server gives it.

        Raises:
            EncoderUnavailable: The server cannot be reached, is busy for too long, or answers with something else.
            EncoderError: It refuses these texts.
        """
        return np.concatenate([self._rows(batch) for batch in batches(texts, TEXTS_AT_ONCE)])

    def _rows(self, texts: Sequence[str]) -> Vectors:
        answer = self._answer(texts, QUERY if len(texts) == 1 else BATCH)
        if answer.status != 200:
            kind = EncoderError if answer.status in PICKY else EncoderUnavailable
            reason = " ".join(redacted(answer.body.decode("utf-8", "replace")).split())
            raise kind(
                f"Encoder '{self.name}' refused ({answer.status}): {reason[:200]}. "
                "Check its address, its model, and the key in HYBRIDSEARCH_ENCODER_KEY."
            )
        try:
            return rows_of(orjson.loads(answer.body), len(texts))
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderUnavailable(
                f"Encoder '{self.name}' answers, but not with a vector for each text: a proxy's page, or another "
                "service. Name the address of its embeddings, such as 'https://HOST/v1/embeddings#MODEL'."
            ) from error

    def _answer(self, texts: Sequence[str], patience: Patience) -> Answer:
        """Return the server's answer, once it is not too busy to give one, in the time of patience and search."""
        valid = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is refused in JSON
        body = json.dumps({"model": self._model, "input": valid}).encode()
        with deadline.within(patience.seconds):
            for attempt in range(patience.attempts):
                pause = PAUSE * 2**attempt
                try:
                    answer = self._post(body)
                except httpx2.RequestError as error:
                    failure = f"cannot be reached ({str(error) or type(error).__name__})"
                else:
                    if answer.status not in BUSY:
                        return answer
                    failure = f"is too busy ({answer.status})"
                    pause = float(answer.pause) if answer.pause.isdecimal() else pause
                if attempt + 1 == patience.attempts or pause > deadline.left():
                    break
                time.sleep(pause)
        raise EncoderUnavailable(f"Encoder '{self.name}' {failure}. Check that it runs, and repeat the command.")

    def _post(self, body: bytes) -> Answer:
        """Send a request.

        Raises:
            EncoderUnavailable: There is no end to the answer.
        """
        with self._client().stream("POST", self._address, content=body, timeout=deadline.left()) as answer:
            received = bytearray()
            for part in answer.iter_raw():  # it is not unpacked: it could expand to any size
                received += part
                if len(received) > MOST_BYTES:
                    raise EncoderUnavailable(
                        f"Encoder '{self.name}' sent an answer of more than {MOST_BYTES >> 20} MiB. Check its address."
                    )
            return Answer(answer.status_code, bytes(received), answer.headers.get("Retry-After", ""))

    def _client(self) -> httpx2.Client:
        """Return the connections of this process: two processes on one socket would read each other's answers."""
        if self._process != os.getpid():
            key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **key}
            self._connections, self._process = timed(httpx2.Client(headers=headers)), os.getpid()
            # Not at exit: a fork would wait for a lock that another thread of its parent held.
            weakref.finalize(self, self._connections.close).atexit = False
        return self._connections


def parts_of(options: EncoderOptions) -> tuple[str, str]:
    """Return the address and the model."""
    try:
        address, _, model = credentials.encoder_name(options.name).partition("#")
    except ConfigError as error:
        raise EncoderError(str(error)) from None
    host = address.partition("://")[2].partition("/")[0]
    if not host or not model:
        raise EncoderError(f"Encoder '{options.name}': expected 'https://HOST/v1/embeddings#MODEL'.")
    if options.image_encoder:
        raise EncoderError(f"Encoder '{options.name}' reads words alone. Leave its 'image_encoder' out.")
    return address, model


def key_of_environment() -> str:
    """Return the key, empty where there is none."""
    secret = Secrets().encoder_key
    try:
        return credentials.key(secret.get_secret_value(), "HYBRIDSEARCH_ENCODER_KEY") if secret else ""
    except ConfigError as error:
        raise EncoderError(str(error)) from None


def rows_of(answer: Any, count: int) -> Vectors:
    """Return the vectors of an answer in the order of the texts.

    Raises:
        KeyError, TypeError, ValueError: It is not one vector for each text.
    """
    rows = {item["index"]: item["embedding"] for item in answer["data"]}
    vectors = np.array([rows[place] for place in range(count)], dtype=np.float32)
    if len(rows) != count or vectors.ndim != 2:
        raise ValueError("too many vectors, or numbers in their place")
    return vectors
