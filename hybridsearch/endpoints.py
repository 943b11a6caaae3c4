"""One address of a server that serves a model: asked within a time, again where it is busy, never with a redirect."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from typing import NamedTuple

import httpx2
from pydantic import SecretStr

from hybridsearch import credentials
from hybridsearch.errors import ConfigError, HybridSearchError
from hybridsearch.redaction import redacted
from hybridsearch.runtime import deadline
from hybridsearch.runtime.timed import timed

BUSY = (429, 502, 503, 504)
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


class Endpoint:
    """An address that is posted to; any thread may do so.

    Args:
        called: What is there, for sentences: `Encoder 'https://…'`.
        address: Of it.
        key: Sent with each request; empty for none.
        unavailable: What is raised where there is no answer.
    """

    def __init__(self, called: str, address: str, key: str, unavailable: type[HybridSearchError]) -> None:
        self._called, self._address, self._key, self._unavailable = called, address, key, unavailable
        self._process = 0

    def ask(self, body: bytes, kind: str, patience: Patience) -> Answer:
        """Return the server's answer, once it is not too busy to give one, in the time of patience and search.

        Args:
            body: What is posted.
            kind: Its `Content-Type`.
            patience: How often and for how long.

        Raises:
            HybridSearchError: It cannot be reached, is busy for too long, or there is no end to its answer.
        """
        with deadline.within(patience.seconds):
            for attempt in range(patience.attempts):
                pause = PAUSE * 2**attempt
                try:
                    answer = self._post(body, kind)
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
        raise self._unavailable(f"{self._called} {failure}. Check that it runs, and repeat the command.")

    def refusal(self, answer: Answer, variable: str) -> str:
        """Return the sentence about an answer that refuses; the variable of the environment has the key."""
        reason = " ".join(redacted(answer.body.decode("utf-8", "replace")).split())
        return (
            f"{self._called} refused ({answer.status}): {reason[:200]}. "
            f"Check its address, its model, and the key in {variable}."
        )

    def misunderstanding(self, expected: str, served: str, path: str) -> str:
        """Return the sentence about an answer that is none of the API.

        Args:
            expected: What it should have been: `a text`.
            served: What there is at the right address: `transcriptions`,
            path: and what that ends in behind the version.
        """
        return (
            f"{self._called} answers, but not with {expected}: a proxy's page, or another service. "
            f"Name the address of its {served}, such as 'https://HOST/v1/{path}#MODEL'."
        )

    def _post(self, body: bytes, kind: str) -> Answer:
        headers = {"Content-Type": kind}
        with self._client().stream(
            "POST", self._address, content=body, headers=headers, timeout=deadline.left()
        ) as answer:
            received = bytearray()
            for part in answer.iter_raw():  # it is not unpacked: it could expand to any size
                received += part
                if len(received) > MOST_BYTES:
                    raise self._unavailable(
                        f"{self._called} sent an answer of more than {MOST_BYTES >> 20} MiB. Check its address."
                    )
            return Answer(answer.status_code, bytes(received), answer.headers.get("Retry-After", ""))

    def _client(self) -> httpx2.Client:
        """Return the connections of this process: two processes on one socket would read each other's answers."""
        if self._process != os.getpid():
            key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            self._connections = timed(httpx2.Client(headers={"Accept-Encoding": "identity", **key}))
            self._process = os.getpid()
            # Not at exit: a fork would wait for a lock that another thread of its parent held.
            weakref.finalize(self, self._connections.close).atexit = False
        return self._connections


def address_and_model(
    name: str, called: str, path: str, checked: Callable[[str], str], error: type[HybridSearchError]
) -> tuple[str, str]:
    """Return the two parts of a name such as `https://HOST/v1/embeddings#MODEL`.

    Args:
        name: As the configuration has it.
        called: What is there, for sentences: `Encoder`.
        path: What its address ends in behind the version, for sentences.
        checked: Returns the name, or raises `ConfigError` for a secret in it.
        error: What is raised.

    Raises:
        HybridSearchError: It is not an address with a model, or holds a secret.
    """
    try:
        address, _, model = checked(name).partition("#")
    except ConfigError as refused:
        raise error(str(refused)) from None
    if not address.partition("://")[2].partition("/")[0] or not model:
        raise error(f"{called} '{name}': expected 'https://HOST/v1/{path}#MODEL'.")
    return address, model


def key_of_environment(secret: SecretStr | None, variable: str, error: type[HybridSearchError]) -> str:
    """Return the key that a variable of the environment holds, empty where there is none.

    Raises:
        HybridSearchError: It can be no key.
    """
    try:
        return credentials.key(secret.get_secret_value(), variable) if secret else ""
    except ConfigError as refused:
        raise error(str(refused)) from None
