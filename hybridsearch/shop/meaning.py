"""Which field a question means by its vector, where `[questions]` names an encoder; else words alone tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from hybridsearch.asking.concepts import properties
from hybridsearch.asking.near import Near, margins
from hybridsearch.encoders import load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.errors import EncoderError
from hybridsearch.runtime import forks
from hybridsearch.settings import Settings
from hybridsearch.texts import text
from hybridsearch.values import Vectors

KEPT = 10_000
"""Names of fields whose vectors are remembered: 15 MB with 384 dims."""


class Meaning:
    """The encoder of questions, loaded when it is first needed; any thread may ask."""

    def __init__(self, settings: Settings) -> None:
        self._name, self._folder = settings.questions.encoder, settings.folder
        self._lock = forks.Lock()
        self._names: dict[str, Vectors] = {}

    def of(self, question: str) -> tuple[Near | None, tuple[str, ...]]:
        """Return what tells how near names of fields are to a question, and why nothing does though it should."""
        if self._name is None:
            return None, ()
        try:
            with self._lock.held:
                (vector,) = self._encoder.encode_queries([text.clean(question, text.QUERY_LIMIT)])
                others = self._properties
        except EncoderError as error:
            return None, (f"answered by the table of words alone: {error}",)
        return lambda names: self._margins(vector, names, others), ()

    def _margins(self, question: Vectors, names: Sequence[str], others: Vectors) -> Mapping[str, float]:
        """Return the margin of each name; names are encoded once."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        with self._lock.held:
            if missing := [name for name in wanted if name not in self._names]:
                if len(self._names) + len(missing) > KEPT:
                    self._names.clear()
                    missing = wanted
                self._names |= dict(zip(missing, self._encoder.encode_texts(missing), strict=True))
            rows = np.array([self._names[name] for name in wanted], np.float32)
        return margins(question, wanted, rows, others)

    @cached_property
    def _encoder(self) -> Encoder:
        assert self._name is not None
        return load_encoder(self._name, folder=self._folder)

    @cached_property
    def _properties(self) -> Vectors:
        return self._encoder.encode_texts(properties())
