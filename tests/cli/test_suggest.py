"""`hybridsearch suggest`: what is typed so far, on the command line."""

import json
from pathlib import Path

import pytest

from tests.shops import runner, write_config


def test_suggestions_are_printed_for_people_and_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_config(tmp_path)
    run = runner(tmp_path, monkeypatch, capfdbinary)
    assert run("reindex")[0] == 0
    code, out, _ = run("suggest", "red win", "-k", "3", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == ["query", "suggestions", "products", "degraded", "took_ms"]
    assert found["query"] == "red win"
    assert found["suggestions"][0] == {
        "text": "red winter", "kind": "word", "count": 1, "query": "red winter", "filters": {}
    }  # fmt: skip
    assert [hit["id"] for hit in found["products"]] == ["3"]
    code, out, _ = run("suggest", "bor")
    assert code == 0
    assert "Borealis    brand" in out
    assert "Red winter coat" in out
    assert json.loads(run("suggest", "coat", "--filter", "price<100", "--json")[1])["suggestions"][0]["count"] == 1
    code, _, err = run("suggest", "coat", "--filter", "colour=red")
    assert code == 2
    assert "Unknown filter field 'colour'" in err
