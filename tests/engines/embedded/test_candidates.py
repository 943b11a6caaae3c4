"""Candidates under several filters: the same as if each were asked for alone, with the common work done once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays import cells, vectors
from hybridsearch.engines.embedded.search import candidates
from hybridsearch.engines.embedded.search.candidates import Candidates
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Terms
from hybridsearch.search.plan import Plan
from tests.engines.embedded.builders import document, fill, near, unit, words

RED = Plan("words", "", keyword=words("red"), neighbours=(near(unit(1, 0, 0, 0), k=2),))


@pytest.fixture
def engine(tmp_path: Path) -> EmbeddedEngine:
    """Two brands; the second and third product are near, the last one has no word of the query."""
    places = (unit(0, 1, 0, 0), unit(1, 0, 0, 0), unit(1, 0.1, 0, 0), unit(1, 0.5, 0, 0))
    brands, titles = ("Acme", "Zeta", "Acme", "Zeta"), ("red hat", "red hat", "red hat", "hat")
    opened = EmbeddedEngine(tmp_path, "products")
    fill(
        opened,
        *(
            document(f"p{turn}", title, fields={"facets": {"brand": (brand,)}}, vectors={"image": place})
            for turn, (brand, title, place) in enumerate(zip(brands, titles, places, strict=True))
        ),
    )
    return opened


def test_each_filter_has_its_own_neighbours(engine: EmbeddedEngine) -> None:
    view = engine._view()
    plan = replace(RED, filters=(Terms("brand", ("Zeta",)),), facets=(Facet("brand"),))
    found = Candidates(plan, view)
    assert found.of(RED).chosen.docs.tolist() == [0, 1, 2]
    window, first = found.of(plan).leaders(9)
    assert window.docs.tolist() == found.of(plan).chosen.docs.tolist() == [1, 3]
    again, alone = found.of(RED).leaders(9), Candidates(RED, view).of(RED).leaders(9)
    assert (again[0].docs.tolist(), again[1].tolist()) == (alone[0].docs.tolist(), alone[1].tolist())
    assert first[0] == again[1][1]


def test_what_is_lifted_leads_whatever_its_words_say(engine: EmbeddedEngine) -> None:
    """The first by words alone is p0, the nearest p1 and p2; p3 has none of the words."""
    found = Candidates(RED, engine._view()).of(RED)
    window, first = found.leaders(1)
    assert window.docs[first.argmax()] == 1
    assert set(window.docs.tolist()) >= {1, 2}


def test_words_and_vectors_are_looked_up_once_for_all_facets(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = mock.Mock(wraps=cells.products)
    matched = mock.Mock(wraps=candidates.matched)
    monkeypatch.setattr(vectors, "products", compared)
    monkeypatch.setattr(candidates, "matched", matched)
    filters = (Terms("brand", ("Acme",)),)
    assert engine.search(replace(RED, filters=filters, facets=(Facet("brand"),))).facets == {
        "brand": {"Acme": 2, "Zeta": 1}
    }
    assert (matched.call_count, compared.call_count) == (1, 1)
