"""The encoder behind an HTTP address that speaks OpenAI's embeddings API, as most model servers do. Words only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from hybridsearch import credentials
from hybridsearch.encoders.base import EncoderOptions, TextEncoder
from hybridsearch.endpoints import Answer, Endpoint, Patience, address_and_model, key_of_environment
from hybridsearch.errors import EncoderError, EncoderUnavailable
from hybridsearch.runtime.batches import batches
from hybridsearch.sections import Secrets
from hybridsearch.values import Vectors

PATH, VARIABLE = "embeddings", "HYBRIDSEARCH_ENCODER_KEY"
TEXTS_AT_ONCE = 32
"""The most that the strictest of the usual servers accepts in one request."""
PICKY = (400, 413, 422)
"""Answers that one text among others may cause, for instance by its length."""
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
        address, self._model = address_and_model(self.name, "Encoder", PATH, credentials.encoder_name, EncoderError)
        if options.image_encoder:
            raise EncoderError(f"Encoder '{self.name}' reads words alone. Leave its 'image_encoder' out.")
        key = key_of_environment(Secrets().encoder_key, VARIABLE, EncoderError)
        self._server = Endpoint(f"Encoder '{self.name}'", address, key, EncoderUnavailable)
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
            raise kind(self._server.refusal(answer, VARIABLE))
        try:
            return rows_of(orjson.loads(answer.body), len(texts))
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderUnavailable(
                self._server.misunderstanding("a vector for each text", "embeddings", PATH)
            ) from error

    def _answer(self, texts: Sequence[str], patience: Patience) -> Answer:
        """Return the server's answer, once it is not too busy to give one."""
        valid = [text.encode("utf-8", "replace").decode() for text in texts]  # a lone surrogate is refused in JSON
        body = json.dumps({"model": self._model, "input": valid}).encode()
        return self._server.ask(body, "application/json", patience)


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
