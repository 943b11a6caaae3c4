"""What the pages for operating show of dates, runs, weights and proposals."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.base import Generation, new_name
from hybridsearch.events.proposals import Proposal, pinning
from hybridsearch.running import Run
from hybridsearch.web.operating import shown


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("20261130-032525-adccb5", "2026-11-30 03:25:25"),
        ("shop-2-20260102-235959-000000", "2026-01-02 23:59:59"),
        ("20261399-999999-adccb5", ""),
        ("products", ""),
    ],
)
def test_the_name_of_a_generation_says_when_it_was_made(name: str, made: str) -> None:
    assert shown.build(Generation(name, "live", 1_000, 2_500_000)) == shown.Build(name, made, "live", 1_000, 2.5)


def test_the_names_that_are_given_now_are_read() -> None:
    assert shown.build(Generation(new_name(), "kept", 0, 0)).made


def test_paths_begin_in_the_folder_of_the_shop() -> None:
    folder = Path("/srv/shop")
    assert (
        shown.local("'/srv/shop/a/b.json' in '/srv/shop', not /srv/shop2", folder)
        == "'a/b.json' in '.', not /srv/shop2"
    )
    assert shown.local("'/a.json' of http://x", Path("/")) == "'/a.json' of http://x"


def run(**more: Any) -> Run:
    return Run(**{"process": 7, "begun": 100.0, "changed": 110.0, "stage": "indexing", "staged": 100.0, **more})


def test_a_run_says_how_far_it_is() -> None:
    found = shown.run("reindex", run(done=200, total=800, counts={"rejected": 2, "encoded": 0}), under_way=True)
    assert found is not None
    # 200 in 10 s are 20 a second, and 600 of them take 30 s more
    assert found.state == "Indexing: 200 of 800, 20 a second, about 30 s left. Process 7."
    assert (found.part, found.facts) == (0.25, ["2 rejected"])


def test_a_run_says_what_became_of_it() -> None:
    report = {
        "indexed": 5,
        "rejected": 1,
        "rejects": [{"where": "a:1", "stage": "read", "reason": "no id", "id": None}, 3],
        "rejects_file": "/srv/rejects.jsonl",
    }
    done = shown.run("reindex", run(ended="done", report=report), under_way=False)
    assert done is not None
    assert (done.label, done.state) == ("done", "1970-01-01 00:01:50 UTC, after 10 s.")
    assert (done.facts, done.rejects) == (["5 products indexed", "1 rejected"], ["a:1: read: no id"])
    failed = shown.run("reindex", run(ended="failed", said="The disk is full."), under_way=False)
    killed = shown.run("reindex", run(done=3), under_way=False)
    assert failed is not None
    assert killed is not None
    assert failed.state.endswith("UTC, after 10 s: The disk is full.")
    assert (failed.label, killed.label) == ("stopped", "stopped")
    assert killed.state == "Its process was ended in 'indexing', with 3 done. Start it again to go on."


def test_learning_says_whether_something_is_better_and_why() -> None:
    found = shown.run("tune", run(ended="done", report={"activated": False, "reason": "no gain."}), under_way=False)
    assert found is not None
    assert found.facts == ["Not better: no gain."]


def test_before_a_run_has_said_anything_it_is_starting() -> None:
    assert shown.run("reindex", None, under_way=False) is None
    for earlier in (None, run(ended="done")):
        found = shown.run("reindex", earlier, under_way=True)
        assert found is not None
        assert found.state == "It is starting."


@given(st.floats(allow_nan=False), st.integers(), st.integers() | st.none(), st.booleans())
def test_whatever_the_file_of_a_run_says_something_is_shown(
    when: float, done: int, total: int | None, under_way: bool
) -> None:
    for ended in ("", "done", "failed"):
        found = shown.run("reindex", run(changed=when, done=done, total=total, ended=ended), under_way=under_way)
        assert found is not None
        assert found.part is None or 0 <= found.part <= 1


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("parka => parka, coat", "parka"),
        ("tee, t shirt", "tee"),
        (pinning('red "coat"', ["1"]), 'red "coat"'),
        ("[[rule]]\nname = 'x'\nwhen.contains = 'coat'\n", ""),
        ("[[rule]]\nwhen.query = ['a', 'b']\n", ""),
        ("[[rule", ""),
    ],
)
def test_a_proposal_is_tried_with_the_query_that_it_is_for(text: str, query: str) -> None:
    assert shown.typed(Proposal(text, "")) == query
