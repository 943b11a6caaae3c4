"""The file of judgments: durable before it is answered, never two writers at once, nothing in it is lost."""

import gzip
import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hybridsearch.errors import ConfigError, EngineError
from hybridsearch.learning.judging import judgment_file
from hybridsearch.learning.judging.judgment_file import JudgmentFile
from hybridsearch.learning.judging.ledger import Ledger, Mark
from hybridsearch.learning.sources.grades import Judgment
from hybridsearch.learning.sources.judgments import read
from hybridsearch.learning.sources.queries import JudgedQuery

RED = JudgedQuery("red")


def says(rater: str, product: str, grade: float) -> Callable[[Ledger], Sequence[Judgment]]:
    return lambda ledger: ledger.new(rater, RED, [product], Mark(grade))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_judgment_is_on_the_disk_when_it_is_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def sync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", sync)
    path = tmp_path / "own" / "judgments.jsonl"
    file = JudgmentFile.open(path)
    assert not path.exists()
    file.add(says("Ann", "1", 3))
    assert path.stat().st_size in synced
    assert len(synced) >= 3  # the file, the folder that it is new in, and that in which this folder is new
    synced.clear()
    file.add(says("Ann", "1", 3))  # once more, as the first answer may not have come
    assert synced == [path.stat().st_size]
    assert [(line["product_id"], line["grade"]) for line in lines(path)] == [("1", 3)]


def test_two_servers_and_many_raters_lose_nothing_and_count_a_double_click_once(tmp_path: Path) -> None:
    path = tmp_path / "judgments.jsonl"
    servers = [JudgmentFile.open(path), JudgmentFile.open(path)]

    def judge(server: JudgmentFile, rater: str) -> None:
        for number in range(20):
            server.add(says(rater, str(number), number % 4))

    threads = [threading.Thread(target=judge, args=(server, "Ann")) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(str(line["product_id"])) for line in lines(path)) == list(range(20))
    assert servers[0].read().marks("Ann") == servers[1].read().marks("Ann")
    judge(servers[0], "Bea")
    assert len(servers[1].read().marks("Bea")) == 20
    assert read(path).refused == 0


def test_what_others_add_and_edit_meanwhile_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "judgments.jsonl"
    file = JudgmentFile.open(path)
    file.add(says("Ann", "1", 3))
    with path.open("a") as other:
        other.write('{"query": "red", "product_id": "2", "grade": 1, "rater": "Ann"}\n')
    assert len(file.read().marks("Ann")) == 2
    path.write_text(path.read_text().replace('"grade":3', '"grade":0'))  # by hand, in an editor
    assert {str(mark) for mark in file.read().marks("Ann").values()} == {"0", "1"}
    path.unlink()
    assert file.read().marks("Ann") == {}
    file.add(says("Ann", "1", 2))
    assert [line["grade"] for line in lines(path)] == [2]


@pytest.mark.parametrize(
    "left", ['{"query": "red", "prod', '{"query": "red", "product_id": "1", "grade": 1}', "\x00\xff"]
)
def test_what_a_killed_writer_or_an_editor_left_without_an_end_costs_no_other_line(tmp_path: Path, left: str) -> None:
    path = tmp_path / "judgments.jsonl"
    first = '{"query": "red", "product_id": "1", "grade": 3, "rater": "Ann"}\n'
    path.write_bytes(first.encode() + left.encode("latin-1"))
    file = JudgmentFile.open(path)
    file.add(says("Bea", "1", 2))
    assert path.read_bytes().startswith(first.encode() + left.encode("latin-1") + b"\n")
    assert [len(file.read().marks(name)) for name in ("Ann", "Bea")] == [1, 1]
    found = read(path)
    assert (found.rows, found.refused) == (3, 0 if left.endswith("}") else 1)
    assert file.known.refused == found.refused


def test_a_write_that_fails_is_an_error_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "judgments.jsonl"
    file = JudgmentFile.open(path)

    def torn(opened: object, content: bytes) -> None:
        opened.write(content[: len(content) // 2])  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(judgment_file, "write_through", torn)
        with pytest.raises(EngineError, match="No space left on device"):
            file.add(says("Ann", "1", 3))
    assert file.read().marks("Ann") == {}
    file.add(says("Ann", "1", 2))
    assert [str(mark) for mark in JudgmentFile.open(path).read().marks("Ann").values()] == ["2"]
    assert read(path).refused == 1


def test_a_file_that_cannot_be_added_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    table, packed, folder = tmp_path / "a.csv", tmp_path / "b.jsonl.gz", tmp_path / "c"
    table.write_text("query,product_id,grade\nred,1,3\n")
    packed.write_bytes(gzip.compress(b'{"query": "red", "product_id": "1", "grade": 3}\n'))
    folder.mkdir()
    for path, why in ((table, "is a file of table"), (packed, "is packed"), (folder, "is no file")):
        with pytest.raises(ConfigError, match=f"{why}.*Name a file of JSON lines"):
            JudgmentFile.open(path)


def test_the_file_and_its_lock_follow_the_folder_that_they_lie_in(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    path = tmp_path / "judgments.jsonl"
    JudgmentFile.open(path).add(says("Ann", "1", 3))
    assert {entry.name: entry.stat().st_mode & 0o777 for entry in tmp_path.iterdir()} == {
        "judgments.jsonl": 0o640,
        ".judgments.jsonl.lock": 0o640,
    }
