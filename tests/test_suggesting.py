"""What suggestions are made from is kept for some minutes, and read again when the index has changed.

With it what they are, in `suggestion`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.errors import ConfigError
from hybridsearch.search.plan import Plan
from hybridsearch.shop import suggesting
from hybridsearch.values import Page
from tests.shops import settings, shop


@pytest.fixture
def opened(tmp_path: Path) -> HybridSearch:
    return shop(tmp_path)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


def plans_of(opened: HybridSearch, monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Return the list to which each plan is added that is run."""
    ran: list[Plan] = []
    search = opened.engine.search

    def noted(plan: Plan) -> Page:
        ran.append(plan)
        return search(plan)

    monkeypatch.setattr(opened.engine, "search", noted)
    return ran


def test_a_keystroke_takes_one_request_and_the_first_of_ten_minutes_another(
    opened: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(suggesting, "time", clock)
    ran = plans_of(opened, monkeypatch)
    for typed in ("r", "re", "red"):
        opened.suggest(typed)
    assert [plan.size for plan in ran] == [10_000, 4, 4, 4]
    clock.now += suggesting.FRESH + 1
    opened.suggest("re")
    opened.suggest("red")
    assert [plan.size for plan in ran[4:]] == [10_000, 4, 4]


def test_where_the_index_has_changed_it_is_read_again_soon(
    opened: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.suggest("red")
    opened.upsert({"id": "6", "title": "Purple parasol stand", "brand": "Parasolia"})
    opened.suggesting._read_at -= 100
    assert [each.text for each in opened.suggest("paras")] == ["parasol", "parasol stand", "Parasolia"]
    ran = plans_of(opened, monkeypatch)
    opened.upsert({"id": "7", "title": "Purple pot", "brand": "Parasolia"})
    opened.suggesting._began = opened.suggesting._read_at - 10  # it took ten seconds to read
    opened.suggest("paras")
    assert [plan.size for plan in ran] == [4]


def test_the_configuration_names_categories_and_brands(tmp_path: Path) -> None:
    fields: Any = {"title": "title", "facets": ["brand", "note"]}
    opened = shop(tmp_path, fields=fields, suggest={"categories": ["note"], "brands": []})
    assert [(each.text, each.kind) for each in opened.suggest("warm") if each.filters] == [
        ("warm down", "category"), ("warm wool", "category")
    ]  # fmt: skip
    assert [each.kind for each in opened.suggest("acm")] == ["word"]
    with pytest.raises(ConfigError, match="'suggest' names 'colour' for brand, which is no facet of products"):
        settings(tmp_path, suggest={"brands": ["colour"]})
