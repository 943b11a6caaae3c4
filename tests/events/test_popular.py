"""Popular queries: from the end of the log to what is suggested to other shoppers, and to synonyms."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.events.index import IndexOfEvents
from hybridsearch.events.popular import popular
from tests.events.builders import action, answer, write
from tests.shops import runner, settings, shop, write_config


def asked(query: str, shoppers: int, clicks: int = 0, *shown: str) -> list[dict[str, Any]]:
    """Return the lines of a query that some shoppers asked, of whom the first ones clicked."""
    products = shown or ("2", "3")
    lines = [answer(f"{query} {n}", query, *products, who=f"s{n}", total=len(products)) for n in range(shoppers)]
    return [*lines, *(action(f"{query} {n}", products[0]) for n in range(clicks))]


LINES = [*asked("winter coat", 5, 2), *asked("winter boots", 4), *asked("winter secret", 2, 2), "{ broken"]
LOG = {"log": {"path": "events.jsonl"}}


def test_queries_of_several_shoppers_weigh_more_where_they_are_clicked(tmp_path: Path) -> None:
    write(tmp_path / "events.jsonl", LINES)
    assert popular(settings(tmp_path, **LOG)) == {"winter coat": 5 + 4 * 2, "winter boots": 4}


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", [*asked("old query", 9), *asked("winter boots", 4)])
    end = sum(len(json.dumps(line)) + 1 for line in asked("winter boots", 4)) + 20
    assert path.stat().st_size > end
    assert popular(settings(tmp_path, **LOG), end) == {"winter boots": 4}


def test_without_a_log_there_are_none(tmp_path: Path) -> None:
    assert popular(settings(tmp_path)) == popular(settings(tmp_path, **LOG)) == {}
    (tmp_path / "events.jsonl").mkdir()
    assert popular(settings(tmp_path, **LOG)) == {}


def test_queries_of_a_log_in_an_index_are_suggested_too(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"engine": {"url": es_url, "index": index, "replicas": 0}, "log": {"index": f"{index}-events"}}
    told = settings(tmp_path, **kept)
    assert popular(told) == {}
    whole = (line for line in LINES if isinstance(line, dict))
    lines = [{**line, "timestamp": 1_700_000_000_000 + number} for number, line in enumerate(whole)]
    with closing(IndexOfEvents(told)) as log, Elasticsearch(es_url) as client:
        log.append(lines)
        client.indices.refresh(index=log.name)
        assert popular(told) == {"winter coat": 5 + 4 * 2, "winter boots": 4}
        monkeypatch.setattr("hybridsearch.events.index.LAST", 8)  # those of boots, and of what two shoppers asked
        assert popular(told) == {"winter boots": 4}


def test_a_log_in_an_index_that_cannot_be_read_suggests_none_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = {"engine": {"url": "http://127.0.0.1:9", "timeout": 1}, "log": {"index": "events"}}
    assert popular(settings(tmp_path, **nowhere)) == {}
    assert "the log 'events' cannot be read, so that no queries are suggested" in caplog.text


@pytest.fixture
def opened(tmp_path: Path) -> HybridSearch:
    write(tmp_path / "events.jsonl", [*LINES, *asked("xyzzy winter", 9, 0, "gone")])
    return shop(tmp_path, **LOG)


def test_queries_of_others_are_suggested_first_where_they_find_something(opened: HybridSearch) -> None:
    found = [(each.text, each.kind, each.count) for each in opened.suggest("wint")]
    assert found[0] == ("winter coat", "query", 2)
    assert not any(text in ("winter boots", "winter secret", "xyzzy winter") for text, _, _ in found)
    assert next(iter(opened.suggest(""))).text == "winter coat"


def test_what_shoppers_typed_instead_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    lines = []
    for n in range(4):
        lines += [answer(f"a{n}", "anorak", who=f"s{n}", total=0), answer(f"b{n}", "winter coat", "2", who=f"s{n}")]
        lines.append(action(f"b{n}", "2"))
    write(tmp_path / "events.jsonl", lines)
    write_config(tmp_path, **LOG)
    run = runner(tmp_path, monkeypatch, capfdbinary)
    assert run("reindex")[0] == 0
    code, out, _ = run("synonyms", "--propose", "--json")
    assert code == 0
    assert [each["text"] for each in json.loads(out)["proposals"]] == ["anorak => anorak, winter coat"]
    assert "# 4 shoppers clicked nothing for 'anorak'" in run("synonyms", "--propose")[1]
