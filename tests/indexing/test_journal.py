"""The journal of a run: what another process, and another version of the program, reads of it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.errors import EngineError
from hybridsearch.indexing.journal import Journal, Position, Run
from hybridsearch.indexing.report import Counts
from tests.shops import quietly, settings, write_products


def test_a_journal_on_a_full_disk_is_an_error_and_the_run_can_be_continued(tmp_path: Path) -> None:
    """Fault 44, as far as the journal goes."""
    with HybridSearch.open(settings(tmp_path)) as found:
        journal = Home(found.settings.home).journal("products")
        blocked = journal.with_name(f"{journal.name}.tmp")
        blocked.mkdir(parents=True)
        with pytest.raises(EngineError, match="Cannot write the journal"):
            found.reindex()
        shutil.rmtree(blocked)
        assert found.reindex().indexed == 5


def test_half_a_line_at_the_end_of_the_journal_is_as_good_as_absent(tmp_path: Path) -> None:
    """Fault 28."""

    def stop(stage: str, done: int, *_: object) -> None:
        if done == 512:
            raise KeyboardInterrupt

    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(900)])
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stop, quietly())
        journal = Home(found.settings.home).journal("products")
        os.truncate(journal, journal.stat().st_size - 5)
        report = found.reindex(options=quietly())
    assert (report.resumed, report.indexed, report.duplicates) == (256, 900, 0)


LINES = (
    '{"format":2,"id":"20261121-080000-abcd","generation":"20261121-080000-00001","mark":-1,"identity":{"program":"0"}}',
    '{"stage":"filling","cursor":256,"letters":120,"counts":{"read":256,"written":255,"rejected":1,"encoded":200,'
    '"cached":55,"without_picture":3,"older":0,"changes":0},"seen":{"own":{"0":17}}}',
    '{"stage":"filled","cursor":300,"letters":120,"counts":{"read":300,"written":299,"rejected":1,"encoded":244,'
    '"cached":55,"without_picture":3,"older":0,"changes":2},"seen":null}',
)
"""What the first release wrote."""
RUN = Run("20261121-080000-abcd", "20261121-080000-00001", -1, {"program": "0"})
FILLING = Position("filling", 256, 120, Counts(256, 255, 1, 200, 55, 3, 0, 0), {"own": {"0": 17}})
FILLED = Position("filled", 300, 120, Counts(300, 299, 1, 244, 55, 3, 0, 2))


def counted(line: str) -> str:
    """Return a line with the counts that later versions have added."""
    later = [
        "pictured",
        "unseen",
        "reviews",
        "unused_reviews",
        "odd_reviews",
        "videos",
        "unread_videos",
        "stray_reviews",
    ]
    return re.sub(r'("changes":\d)', r"\1" + "".join(f',"{name}":0' for name in later), line)


def test_a_journal_is_written_as_the_first_release_wrote_it_and_read_back(tmp_path: Path) -> None:
    """Fault 28: a run that an earlier version began is continued."""
    path = tmp_path / "folder" / "run.jsonl"
    journal = Journal(path)
    journal.begin(RUN)
    journal.advance(FILLING)
    assert journal.load() == (RUN, FILLING)
    journal.advance(FILLED)
    journal.close()
    assert path.read_text().splitlines() == [LINES[0], counted(LINES[1]), counted(LINES[2])]
    assert Journal(path).load() == (RUN, FILLED)
    path.write_text("\n".join([*LINES, ""]))
    assert Journal(path).load() == (RUN, FILLED)
    journal.remove()
    assert Journal(path).load() is None


@pytest.mark.parametrize("garbage", ["", "\x00" * 40 + "\n", '{"stage":"filled"}\n', "[]\n"])
def test_what_is_behind_garbage_counts_for_nothing_and_is_cut_off(tmp_path: Path, garbage: str) -> None:
    """Fault 28."""
    path = tmp_path / "run.jsonl"
    path.write_text(f"{LINES[0]}\n{LINES[1]}\n{garbage}{LINES[2]}")
    assert Journal(path).load() == (RUN, FILLING)
    journal = Journal(path)
    journal.advance(FILLED)
    journal.close()
    assert path.read_text().splitlines() == [*LINES[:2], counted(LINES[2])]


@pytest.mark.parametrize("content", ["", "{}\n", LINES[0].replace('"format":2', '"format":3') + "\n", "\x00\n"])
def test_a_journal_of_another_format_is_no_run_to_continue(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.jsonl").write_text(content)
    assert Journal(tmp_path / "run.jsonl").load() is None
