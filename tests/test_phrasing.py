"""Answers that a model phrases: what it is asked, what of it is shown, and what goes wrong (`phrased`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hybridsearch import AsyncHybridSearch, HybridSearch, endpoints
from hybridsearch.asking.answers import Answer, Answers
from hybridsearch.asking.phrased import is_held
from hybridsearch.cli import cli
from hybridsearch.errors import ConfigError
from tests.servers.fake import HANG, HTML, Fake, Received, Reply, serving
from tests.shops import write_config, write_products

KEY = "sk-s3cret-0123456789"
QUESTION = "How heavy is the tent?"


class Server:
    """A server of the API."""

    def __init__(self) -> None:
        self.reply: Callable[[], Reply] = lambda: said("The tent weighs 2400 g.")
        self.fake: Fake

    def __call__(self, _: Received) -> Reply:
        return self.reply()


def said(sentence: object) -> Reply:
    return Reply({"choices": [{"message": {"role": "assistant", "content": sentence}}]}, headers={})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("HYBRIDSEARCH_PHRASER_KEY", raising=False)
    monkeypatch.setattr(endpoints, "PAUSE", 0.01)
    server = Server()
    with serving(server) as server.fake:
        yield server


@pytest.fixture
def config(server: Server, tmp_path: Path) -> Path:
    write_products(
        tmp_path / "products.jsonl", [{"id": "1", "title": "Acme tent", "weight_g": 2400, "waterproof": True}]
    )
    questions = {"phraser": f"{server.fake.url}/v1/chat/completions#small", "timeout": 2.0}
    config = write_config(tmp_path, fields={"title": "title"}, questions=questions)
    with HybridSearch.open(config) as shop:
        shop.reindex()
    return config


def test_the_model_gets_the_question_and_the_quotations_alone(server: Server, config: Path) -> None:
    with HybridSearch.open(config) as shop:
        found = shop.ask(QUESTION, product="1")
    assert (found.phrased, found.notes) == ("The tent weighs 2400 g.", ())
    asked = json.loads(server.fake.asked[-1].body)
    assert asked["model"] == "small"
    assert json.loads(asked["messages"][-1]["content"]) == {
        "question": QUESTION,
        "quotations": [{"field": "weight_g", "quote": "2400"}],
    }
    assert "authorization" not in server.fake.asked[-1].headers


def test_coroutines_and_the_command_give_the_sentence_too(server: Server, config: Path) -> None:
    async def ask() -> Answers:
        async with AsyncHybridSearch.open(config) as shop:
            return await shop.ask(QUESTION)

    assert asyncio.run(ask()).phrased == "The tent weighs 2400 g."
    command = ["ask", QUESTION, "--product", "1", "-c", str(config)]
    assert CliRunner().invoke(cli, command).stdout.splitlines()[0] == "The tent weighs 2400 g."
    assert json.loads(CliRunner().invoke(cli, [*command, "--json"]).stdout)["phrased"] == "The tent weighs 2400 g."


def test_a_question_that_nothing_answers_is_not_sent(server: Server, config: Path) -> None:
    with HybridSearch.open(config) as shop:
        assert not shop.ask("Can it fly?", product="1").stated
    assert not server.fake.asked


@pytest.mark.parametrize(
    ("reply", "note"),
    [
        (said("It weighs 1900 g."), "says what no quotation does"),
        (said(7), "says what no quotation does"),
        (said(""), "says what no quotation does"),
        (HTML, "answers, but not with a text"),
        (Reply({"choices": []}, headers={}), "answers, but not with a text"),
        (Reply([1], headers={}), "answers, but not with a text"),
        (Reply({"error": f"bad key {KEY}"}, 401, headers={}), "refused (401)"),
        (Reply({}, 503, headers={}), "is too busy (503)"),
        (HANG, "cannot be reached"),
    ],
)
def test_without_a_sentence_that_holds_the_quotations_are_given_with_a_note(
    server: Server, config: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply, note: str
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_PHRASER_KEY", KEY)
    server.reply = lambda: reply
    with HybridSearch.open(config) as shop:
        found = shop.ask(QUESTION, product="1")
    assert [answer.quote for answer in found.answers] == ["2400"]
    assert found.phrased == ""
    assert note in found.notes[0]
    assert KEY not in found.notes[0]
    assert server.fake.asked[-1].headers["authorization"] == f"Bearer {KEY}"


def answers(*quotes: str, question: str = "does it have hdmi?") -> Answers:
    return Answers(question, tuple(Answer("1", quote, "ports", quote, 1.0) for quote in quotes))


@pytest.mark.parametrize(
    ("sentence", "quotes", "holds"),
    [
        ("It has 2 HDMI ports.", ["2"], True),
        ("Es hat 2 HDMI-Anschlüsse.", ["2"], True),
        ("It has 2 USB ports.", ["2"], False),
        ("Ja, HDMI hat es.", ["yes"], True),
        ("Yes, and 3 of USB.", ["yes"], False),
        ("It is made of oiled oak.", ["oiled oak"], True),
        ("It is made of pine.", ["oiled oak"], False),
        ("Écran de 15,6 pouces.", ["15,6"], True),
        ("See https://shop.example for 2.", ["2"], False),
        ("2 " * 400, ["2"], False),
        ("銀色です。", ["銀色"], True),
    ],
)
def test_a_sentence_holds_where_all_that_can_be_checked_is_quoted(
    sentence: str, quotes: list[str], holds: bool
) -> None:
    assert is_held(sentence, answers(*quotes)) is holds


def test_an_address_with_a_key_in_it_is_refused(tmp_path: Path) -> None:
    for name in ("https://me:pw@host/v1/chat#m", f"https://host/v1?key={KEY}#m"):
        with pytest.raises(ConfigError, match="HYBRIDSEARCH_PHRASER_KEY"):
            write_config(tmp_path, fields={"title": "title"}, questions={"phraser": name})
