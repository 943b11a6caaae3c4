"""What was read a moment ago is not read again, and is forgotten in time."""

from __future__ import annotations

import pytest

from hybridsearch.shop import recent
from hybridsearch.shop.recent import Recent
from hybridsearch.values import Indexed


def product(key: str) -> Indexed:
    return Indexed(key, {"title": key}, {})


def test_products_are_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("hybridsearch.shop.recent.time.monotonic", lambda: now)
    found = Recent()
    assert found.joined({}, {"1": product("1")}) == {"1": product("1")}
    assert found.known(["2", "1"]) == {"1": product("1")}
    now += recent.FRESH
    assert found.known(["1"]) == {}


def test_they_never_become_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST", 10)
    found = Recent()
    for number in range(100):
        found.joined({}, {str(number): product(str(number))})
        assert len(found.known(map(str, range(100)))) <= 10
    assert found.known(["99"])
