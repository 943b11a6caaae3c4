"""The log of changes in a file: what it holds; tests/stories/test_power_cut.py cuts the power while it is written."""

from pathlib import Path

import pytest

from hybridsearch.changes import START, Change
from hybridsearch.engines.embedded.stored import changes
from hybridsearch.engines.embedded.stored.changes import FileChanges


def test_the_log_holds_the_last_change_of_each_product_in_the_order_of_recording(tmp_path: Path) -> None:
    log = FileChanges(tmp_path / "products")
    log.record([Change("a", {"price": 1}), Change("b", {"price": 2})])
    between = log.position()
    log.record([Change("a", None)])
    assert log.since(START) == ([Change("b", {"price": 2}), Change("a", None)], log.position())
    assert log.since(between) == ([Change("a", None)], log.position())
    assert log.since(log.position()) == ([], log.position())


def test_a_log_that_nothing_was_recorded_in_is_empty_and_makes_no_file(tmp_path: Path) -> None:
    log = FileChanges(tmp_path / "products")
    log.forget(0.0)
    assert log.since(START) == ([], START)
    assert log.position() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_change_that_is_older_than_the_logged_one_is_not_recorded(tmp_path: Path) -> None:
    log = FileChanges(tmp_path)
    log.record([Change("a", None, 7)])
    log.record([Change("a", {"price": 1}, 7), Change("b", {"price": 2}, 1)])
    assert log.since(START)[0] == [Change("a", None, 7), Change("b", {"price": 2}, 1)]


def test_a_long_log_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PAGE", 2)
    log = FileChanges(tmp_path)
    log.record([Change(name, None) for name in "abc"])
    page, position = log.since(START)
    assert [change.id for change in page] == ["a", "b"]
    assert [change.id for change in log.since(position)[0]] == ["c"]


def test_old_changes_are_removed_and_positions_are_never_used_twice(tmp_path: Path) -> None:
    log = FileChanges(tmp_path)
    log.record([Change("a", None)])
    log.forget(1.0)
    assert len(log.since(START)[0]) == 1
    last = log.position()
    log.forget(0.0)
    assert log.since(START)[0] == []
    log.record([Change("b", None)])
    assert log.position() > last
