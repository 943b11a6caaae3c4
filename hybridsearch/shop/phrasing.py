"""Phrasing: a model writes what quotations say in a sentence, which is shown only where it keeps to them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import orjson

from hybridsearch import credentials
from hybridsearch.asking.answers import Answers
from hybridsearch.asking.phrased import is_held, request
from hybridsearch.endpoints import Endpoint, Patience, address_and_model, key_of_environment
from hybridsearch.errors import ConfigError, HybridSearchError
from hybridsearch.runtime import deadline
from hybridsearch.sections import Secrets

if TYPE_CHECKING:
    from hybridsearch.settings import Settings

ATTEMPTS = 2
PATH, VARIABLE = "chat/completions", "HYBRIDSEARCH_PHRASER_KEY"
NOT_HELD = "the model's answer says what no quotation does, and is not shown"


class Phrasing:
    """What phrases answers, where the configuration names a model that does. Nothing of a question is kept.

    Args:
        settings: The configuration.
    """

    def __init__(self, settings: Settings) -> None:
        self._questions = settings.questions

    def of(self, answers: Answers) -> Answers:
        """Return answers with a sentence that says what they quote; with a note where there can be none."""
        if self._questions.phraser is None or not answers.stated:
            return answers
        try:
            phrased = self._asked(answers)
        except HybridSearchError as error:
            return replace(answers, notes=(*answers.notes, str(error)))
        if not is_held(phrased, answers):
            return replace(answers, notes=(*answers.notes, NOT_HELD))
        return replace(answers, phrased=phrased)

    def _asked(self, answers: Answers) -> str:
        server, model = self._server
        seconds = min(self._questions.timeout, deadline.left())
        answer = server.ask(orjson.dumps(request(model, answers)), "application/json", Patience(ATTEMPTS, seconds))
        if answer.status != 200:
            raise ConfigError(server.refusal(answer, VARIABLE))
        try:
            return " ".join(str(orjson.loads(answer.body)["choices"][0]["message"]["content"]).split())
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ConfigError(server.misunderstanding("a text", "chat API", PATH)) from error

    @cached_property
    def _server(self) -> tuple[Endpoint, str]:
        name = self._questions.phraser or ""
        address, model = address_and_model(name, "Phraser", PATH, credentials.phraser_name, ConfigError)
        key = key_of_environment(Secrets().phraser_key, VARIABLE, ConfigError)
        return Endpoint(f"Phraser '{name}'", address, key, ConfigError), model
