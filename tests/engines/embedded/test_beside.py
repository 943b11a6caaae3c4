"""Beside: what is counted of the whole index, whatever a plan finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.search import beside
from hybridsearch.search.clauses import Counted, Match, Words
from hybridsearch.search.filters.conditions import Not, Terms
from hybridsearch.search.plan import Plan
from tests.engines.embedded.builders import document, fill, words

ACME = Terms("brand", ("Acme",))


def having(*tokens: tuple[str, ...], language: str = "en") -> Words:
    return Words.alike(language, tokens, 1.0)


@pytest.fixture
def engine(tmp_path: Path) -> EmbeddedEngine:
    titles = ("red hat", "red red straw hat", "blue hat", "red coat")
    opened = EmbeddedEngine(tmp_path, "products")
    fill(
        opened,
        *(
            document(f"p{turn}", title, fields={"facets": {"brand": (("Acme", "Zeta")[turn % 2],)}})
            for turn, title in enumerate(titles)
        ),
    )
    return opened


@pytest.mark.parametrize(
    ("counted", "number"),
    [
        (Counted(Match("title", (having(("red",)),))), 3),
        (Counted(Match("title", (having(("red",), ("hat",)),))), 2),
        (Counted(Match("title", (having(("red",), ("hat",)),)), (ACME,)), 1),
        (Counted(Match("title", (having(("blue", "straw"), ("hat",)),))), 2),
        (Counted(Match("title", (having(("straw hat", "coat")),))), 2),
        (Counted(Match("title", (having(("red",)), having(("rot",), language="de")))), 3),
        (Counted(Match("title", (having(("red",)), having(("rot",), language="de"))), (ACME,)), 1),
        (Counted(Match("title", (having(("zebra",)),))), 0),
        (Counted(None), 4),
        (Counted(None, (Not(ACME),)), 2),
    ],
)
def test_documents_are_counted_that_have_all_words_and_pass_all_filters(
    engine: EmbeddedEngine, counted: Counted, number: int
) -> None:
    plan = Plan("words", "", keyword=words("coat"), filters=(Terms("brand", ("Zeta",)),), counted=(counted, counted))
    assert engine.search(plan).counted == (number, number)
    assert engine.search(plan).counted == (number, number)


def test_counts_are_forgotten_when_there_are_too_many(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "KEPT", 1)
    red, hat = (Counted(Match("title", (having((word,)),))) for word in ("red", "hat"))
    for _ in range(3):
        assert engine.search(Plan("words", "", counted=(red, hat, red))).counted == (3, 3, 3)


def test_a_write_is_counted_at_once(engine: EmbeddedEngine) -> None:
    plan = Plan("words", "", counted=(Counted(Match("title", (having(("hat",)),))),))
    assert engine.search(plan).counted == (3,)
    engine.write(None, [document("new", "green hat")])
    assert engine.search(plan).counted == (4,)
