"""The pipeline from a catalogue to a generation: batches, rejects in a row, and what a dead process did."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.errors import GateError
from hybridsearch.indexing import fill, tally
from hybridsearch.indexing.fill import chunks
from hybridsearch.values import Product
from tests.knowing import WORDS, Knowing, known_shop
from tests.shops import quietly, settings, write_products


def test_rejects_in_a_row_stop_a_run_in_the_middle_and_it_reads_on_when_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 22."""
    good = [{"id": str(number), "title": "hat"} for number in range(512)]
    bad = [{"title": "no id"}] * 1_500
    write_products(tmp_path / "products.jsonl", [*good, *bad, {"id": "last", "title": "hat"}])
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(GateError, match=r"1,024 products in a row were all refused, such as products\.jsonl:"):
            found.reindex(options=quietly())
        report = found.reindex(options=quietly(force=True))
    assert (report.indexed, report.rejected) == (513, 1_500)


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 9))
def test_a_batch_is_full_and_parts_no_products_of_one_place(steps: list[int], size: int) -> None:
    """Fault 28: shards of an index may share a place, and a run goes on behind one."""
    places = [sum(steps[: number + 1]) for number in range(len(steps))]
    rows = [Product(str(number), {}, "here", place=place) for number, place in enumerate(places)]
    batches = list(chunks(rows, size))
    assert [row for batch in batches for row in batch] == rows
    for batch, following in pairwise(batches):
        assert len(batch) >= size
        assert batch[-1].place < following[0].place
        assert len(batch) == size or batch[size - 1].place == batch[-1].place


def test_a_product_that_was_refused_before_a_kill_is_not_taken_for_written(tmp_path: Path) -> None:
    """Fault 28: in the batches that are only remembered, the numbers of products must still be right."""

    def stop(stage: str, done: int, *_: object) -> None:
        if done == 512:
            raise KeyboardInterrupt

    good = [{"id": str(number), "title": "hat"} for number in range(900)]
    bad = [{"id": "b1", "title": "hat", "price": "free"}, {"title": "no id"}]
    write_products(tmp_path / "products.jsonl", [*good[:7], *bad, *good[7:]])
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stop, quietly())
        report = found.reindex(options=quietly())
    assert (report.resumed, report.indexed, report.rejected, report.duplicates) == (512, 900, 2, 0)


def test_a_run_in_two_processes_measures_the_same_products_as_one_in_a_single_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 80 products 70 are drawn, a batch at a time."""
    monkeypatch.setattr(fill, "BATCH", 16)
    monkeypatch.setattr(tally, "SAMPLE", 70)

    def stop(stage: str, done: int, *_: object) -> None:
        if done == 48:
            raise KeyboardInterrupt

    measured = []
    for name, interrupted in (("whole", False), ("parts", True)):
        encoder = Knowing()
        with known_shop(tmp_path / name, encoder, built=False) as found:
            if interrupted:
                with pytest.raises(KeyboardInterrupt):
                    found.reindex(stop, quietly())
            report = found.reindex(options=quietly())
            assert (report.resumed, report.indexed) == (48 if interrupted else 0, 80)
            measured.append((found.engine.schema().legs, set(encoder.asked)))
    assert measured[0] == measured[1]
    titles = {text for text in measured[0][1] if len(text.split()) == len(WORDS)}
    halved = {text for text in measured[0][1] if len(text.split()) == len(WORDS) // 2}
    assert (len(titles), len(halved)) == (80, 2 * 70)
