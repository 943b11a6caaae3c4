"""Single changes: versions, removals, what they cost, and what cannot be written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.changes import Change
from hybridsearch.errors import EncoderError
from hybridsearch.indexing import updates
from hybridsearch.indexing.fill import Options
from tests.indexing.builders import rows
from tests.killable import Hashed, product
from tests.shops import PRODUCTS, shop, write_products


def test_a_single_change_is_live_and_costs_no_encoder_when_no_text_changes(versioned: HybridSearch) -> None:
    done = versioned.upsert([{**product(1, 10), "price": 77, "v": 11}])
    assert (done.written, done.older, done.encoded, done.rejects) == (1, 0, 0, ())
    assert rows(versioned, "p1")["p1"]["price"] == 77
    assert versioned.upsert([{**product(1, 10), "title": "blue hat", "v": 12}]).encoded == 1


def test_an_old_change_after_a_new_one_changes_nothing(versioned: HybridSearch) -> None:
    """Faults 24 and 25."""
    new = product(1, 30)
    assert versioned.upsert([new]).written == 1
    late = versioned.upsert([product(1, 20)])
    assert (late.written, late.older) == (0, 1)
    assert versioned.upsert([new]).written == 1
    assert rows(versioned, "p1") == {"p1": new}


def test_a_late_change_does_not_bring_a_removed_product_back(versioned: HybridSearch) -> None:
    """Fault 26: the removal is a document of the log, which no server forgets after a minute."""
    assert versioned.delete(["p1"]).written == 1
    for late in (5, 10):
        assert versioned.upsert([product(1, late)]).older == 1
    assert rows(versioned, "p1") == {}
    versioned.upsert([product(1, 11)])
    assert rows(versioned, "p1") == {"p1": product(1, 11)}


def test_a_removal_counts_for_what_is_logged_and_not_live_yet(versioned: HybridSearch) -> None:
    """Attack: a product that came in during a rebuild, removed between the swap and the replay after it."""
    new = product(500, 30)
    assert versioned.engine.changes.record([Change("p500", new, 30)]).accepted
    assert versioned.delete(["p500"]).older == 0
    versioned.reindex(options=Options(say=lambda _: None))
    assert rows(versioned, "p500") == {}


def test_without_versions_the_last_write_wins(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 27."""
    with shop(tmp_path, engine=engine) as found:
        found.upsert([{**PRODUCTS[0], "price": 1}, {**PRODUCTS[0], "price": 2}])
        found.upsert([{**PRODUCTS[0], "price": 3}])
        found.delete(["2"])
        assert rows(found, "1", "2") == {"1": {**PRODUCTS[0], "price": 3}}
        found.upsert([PRODUCTS[1]])
        assert rows(found, "2") == {"2": PRODUCTS[1]}


def test_that_products_have_no_version_is_said_once_and_where_it_may_cost_a_change(
    tmp_path: Path, engine: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 27."""
    updates.warn_of_missing_versions.cache_clear()
    said: list[str] = []
    with shop(tmp_path, engine=engine) as found:
        found.reindex(options=Options(say=said.append))
        assert (said, caplog.messages) == ([], [])
        found.upsert([{**PRODUCTS[0], "price": 1}])
        found.delete(["2"])
        found.reindex(options=Options(say=said.append))
    (warning,) = caplog.messages
    assert warning.startswith("Products have no version: of two changes of one product the last to arrive counts")
    (sentence,) = said
    assert sentence.startswith("Products have no version ('fields.version'): of the changes before this run")


def test_products_with_versions_are_not_warned_of(versioned: HybridSearch, caplog: pytest.LogCaptureFixture) -> None:
    """Fault 27."""
    updates.warn_of_missing_versions.cache_clear()
    said: list[str] = []
    versioned.upsert([product(1, 11)])
    versioned.reindex(options=Options(say=said.append))
    assert (said, caplog.messages) == ([], [])


def test_a_change_that_cannot_be_indexed_is_returned_and_costs_no_other(versioned: HybridSearch) -> None:
    """Fault 21."""
    done = versioned.upsert([{"title": "no id"}, {**product(1, 11), "v": "soon"}, product(2, 11)])
    assert done.written == 1
    assert [(each.id, each.stage) for each in done.rejects] == [(None, "read"), ("p1", "document")]
    assert "expected a whole number or a date" in done.rejects[1].reason


def test_a_change_made_with_another_encoder_is_refused(versioned: HybridSearch) -> None:
    """Fault 40."""

    class Other(Hashed):
        fingerprint = "another"

    versioned.encoders = {"words": Other()}  # type: ignore[assignment]
    with pytest.raises(EncoderError) as refused:
        versioned.upsert([product(1, 11)])
    assert str(refused.value) == (
        "Leg 'words' was built with encoder hashed, 'hashed' is another. "
        "Configure the encoder that it was built with, or run: hybridsearch reindex"
    )


def test_rejects_are_tried_again_as_the_catalogue_has_them_now(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 33."""
    bad = [{"id": "6", "title": "Free gift", "price": "free"}, {"id": "7", "title": "Bad gift", "price": "bad"}]
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, *bad])
    with shop(tmp_path, engine=engine) as found:
        write_products(tmp_path / "products.jsonl", [*PRODUCTS, {**bad[0], "price": 0}, bad[1]])
        done, file = found.retry_rejects()
        assert (done.written, [each.id for each in done.rejects]) == (1, ["7"])
        assert rows(found, "6") == {"6": {**bad[0], "price": 0}}
        assert [json.loads(line)["id"] for line in Path(file).read_text().splitlines()] == ["7"]
        write_products(tmp_path / "products.jsonl", [*PRODUCTS, bad[0]])
        assert found.retry_rejects()[1] == ""
        assert not list((tmp_path / ".hybridsearch").glob("rejects-*"))


def test_a_reject_without_an_id_stays_one_when_the_file_has_other_lines(tmp_path: Path) -> None:
    """Attack: the line was that of another product by then, and the reject was forgotten."""
    file = tmp_path / "products.jsonl"
    write_products(file, PRODUCTS)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], '{"id": "broken', *lines[2:]]) + "\n")
    with shop(tmp_path) as found:
        (rejects,) = (tmp_path / ".hybridsearch").glob("rejects-*")
        new = {"id": "7", "title": "New hat", "price": 5}
        file.write_text("\n".join([json.dumps(new), *lines, '{"id": "8", "title": "Mended hat"}']) + "\n")
        os.utime(rejects, (1, 1))  # as if the run were long ago
        done, again = found.retry_rejects()
        assert (done.written, len(done.rejects)) == (0, 1)
        assert Path(again).exists()
