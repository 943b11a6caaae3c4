"""The judged queries that a new index is asked before it becomes the live one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.errors import ConfigError, GateError
from tests.killable import Hashed
from tests.shops import quietly, settings, write_products

pytestmark = pytest.mark.beside_one_server

WORDS = ("anvil", "bellows", "chisel", "drill", "easel", "funnel", "gimlet", "hammer", "inkwell", "jigsaw")


@pytest.fixture
def tools(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """A shop of ten tools whose names are its judged queries, not indexed yet."""
    catalogue(tmp_path, WORDS)
    lines = [{"query": word, "product_id": str(number), "grade": 1} for number, word in enumerate(WORDS)]
    (tmp_path / "judgments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with HybridSearch.open(configured(tmp_path, engine)) as found:
        yield found


def configured(folder: Path, engine: dict[str, Any], **changes: Any) -> Any:
    return settings(folder, fields={"title": "title"}, engine=engine, judgments={"path": "judgments.jsonl"}, **changes)


def catalogue(folder: Path, titles: Sequence[str]) -> None:
    """Write a product with each title, numbered from 0."""
    write_products(folder / "products.jsonl", [{"id": str(n), "title": title} for n, title in enumerate(titles)])


def test_a_first_index_is_measured_and_compared_with_nothing(tools: HybridSearch) -> None:
    found = tools.reindex().quality
    assert found is not None
    assert (found.queries, found.new, found.live, found.against_live) == (10, 1.0, None, None)
    assert str(found) == "10 judged queries: nDCG@10 1.0000, nothing to compare it with"


def test_an_index_that_answers_as_well_as_the_live_one_takes_its_place(tools: HybridSearch, tmp_path: Path) -> None:
    tools.reindex()
    catalogue(tmp_path, [f"{word} of steel" for word in WORDS])
    found = tools.reindex().quality
    assert found is not None
    assert found.against_live is not None
    assert (found.new, found.live, found.against_live.difference) == (1.0, 1.0, 0.0)


def test_an_index_that_answers_worse_is_not_made_live_unless_forced(tools: HybridSearch, tmp_path: Path) -> None:
    """Fault 37: every title moved to the next product, as a column that slipped does; counts and samples are right."""
    tools.reindex()
    catalogue(tmp_path, [*WORDS[1:], WORDS[0]])
    with pytest.raises(GateError) as refused:
        tools.reindex(options=quietly())
    assert "10 judged queries: nDCG@10 0.0000, 1.0000 of the live index; -1.0000" in str(refused.value)
    assert [hit.id for hit in tools.search("anvil")] == ["0"]
    report = tools.reindex(options=quietly(force=True))
    assert report.quality is not None
    assert report.quality.worse
    assert [hit.id for hit in tools.search("anvil")] == ["9"]


def test_a_loss_that_may_be_chance_does_not_stop_a_run(tools: HybridSearch, tmp_path: Path) -> None:
    tools.reindex()
    catalogue(tmp_path, ["nameless", *WORDS[1:]])
    found = tools.reindex().quality
    assert found is not None
    assert not found.worse
    assert (found.queries, found.new, found.live) == (10, 0.9, 1.0)


def test_products_that_left_the_catalogue_do_not_count(tools: HybridSearch, tmp_path: Path) -> None:
    tools.reindex()
    catalogue(tmp_path, WORDS[:7])
    found = tools.reindex().quality
    assert found is not None
    assert (found.queries, found.new, found.live) == (7, 1.0, 1.0)


def test_an_index_of_another_encoder_is_compared_with_what_was_written_down(
    tmp_path: Path, engine: dict[str, Any], tools: HybridSearch
) -> None:
    legs = [{"name": "words", "encoder": "hashed", "reads": ["title"]}]
    with HybridSearch.open(configured(tmp_path, engine, vectors=legs)) as shop:
        shop.encoders = {"words": Hashed()}  # type: ignore[assignment]
        first = shop.reindex().quality

        class Other(Hashed):
            fingerprint = "another"

        shop.encoders = {"words": Other()}  # type: ignore[assignment]
        catalogue(tmp_path, [*WORDS[1:], WORDS[0]])
        with pytest.raises(GateError, match="of the live index"):
            shop.reindex(options=quietly())
        Home(shop.settings.home).quality(shop.settings.engine.index).write_text("{")
        report = shop.reindex(options=quietly())
    assert first is not None
    assert report.quality is not None
    assert report.quality.live is None


def test_an_index_of_another_format_is_compared_with_what_was_written_down(
    tools: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 46: it can be rebuilt, though no longer read."""
    tools.reindex()
    monkeypatch.setattr("hybridsearch.schema.FORMAT", 99)
    with HybridSearch.open(tools.settings) as newer:
        found = newer.reindex(options=quietly()).quality
    assert found is not None
    assert (found.new, found.live) == (1.0, 1.0)


def test_judgments_of_another_shop_stop_the_swap(tools: HybridSearch, tmp_path: Path) -> None:
    (tmp_path / "judgments.jsonl").write_text('{"query": "anvil", "product_id": "x", "grade": 1}\n')
    with pytest.raises(GateError, match=r"the judged queries cannot be asked: .* has none of the 1 judged products"):
        tools.reindex(options=quietly())


def test_judgments_that_cannot_be_read_stop_a_run_before_it_begins(tools: HybridSearch, tmp_path: Path) -> None:
    (tmp_path / "judgments.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError):
        tools.reindex()
    assert tools.engine.generations() == []
