"""Where a shop's files lie: what an earlier version wrote must be found again."""

from __future__ import annotations

from pathlib import Path

from hybridsearch.disk.home import Home


def test_every_file_of_a_shop_lies_where_earlier_versions_wrote_it() -> None:
    home = Home(Path("home"))
    aligned = home.align("image")
    assert [str(path) for path in (home.vectors, home.candidates, home.tune_lock)] == [
        "home/vectors.db",
        "home/candidates.db",
        "home/tune/lock",
    ]
    assert str(home.journal("products")) == "home/products/run.jsonl"
    assert str(home.quality("products")) == "home/products/quality.json"
    assert str(home.rejects("20261121-080000-abcd")) == "home/rejects-20261121-080000-abcd.jsonl"
    assert [str(path) for path in (aligned.pictures, aligned.checkpoint, aligned.encoder, aligned.report)] == [
        "home/align/image/pictures",
        "home/align/image/checkpoint.pt",
        "home/align/image/encoder",
        "home/align/image/report.json",
    ]
