"""Files that are small on a disk and large in memory: every reader holds no more than the longest row allows."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import Any

import pytest

MEGABYTE = 1_000_000
BOMB = 100
"""Megabytes that each file has when it is unpacked."""
ALLOWED = 120
"""Megabytes that reading may take: what a row of 5 million characters costs, several times over."""

CHILD = """
import json, resource, sys
from pathlib import Path
from hybridsearch.catalog import open_source, sample
from hybridsearch.errors import HybridSearchError
from hybridsearch.learning.sources import judgments
from hybridsearch.learning import shadow
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Reject

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000

def read(reader, path):
    source = open_source(Catalog(path=path), Fields(title="title"))
    if reader == "read":
        rows = list(source.read())
        return [sum(isinstance(row, Reject) for row in rows), [row.id for row in rows if not isinstance(row, Reject)]]
    if reader == "count":
        return source.count()
    if reader == "sample":
        return len(sample(source))
    return judgments.read(path).refused if reader == "judgments" else shadow.read_log(path)


found = []
for reader, path in json.loads(sys.argv[1]):
    before = peak()
    try:
        answer = read(reader, Path(path))
    except HybridSearchError as error:
        answer = str(error)
    found.append([peak() - before, answer])
print(json.dumps(found))
"""


def packed(*parts: tuple[bytes, int]) -> bytes:
    """Return parts, each repeated, as one gzip file: what is repeated is packed once."""
    return b"".join(gzip.compress(part, 1) * times for part, times in parts)


def bomb(kind: str) -> tuple[str, bytes]:
    """Return the name and the content of a file that is small only as long as it is packed."""
    million = b"x" * MEGABYTE
    line, quoted = (million, BOMB), (b'x","' * (MEGABYTE // 4), BOMB)
    values, deep = (b"[]," * 300_000, BOMB), (b"[" * MEGABYTE, BOMB)
    good = b'{"id": "1", "title": "red"}'
    return {
        "a line": ("b.jsonl", packed((good + b"\n", 1), line, (b"\n" + good, 1))),
        "a line of judgments": ("b.jsonl", packed((b'{"query": "a", "product_id": 1, "grade": 1}\n', 1), line)),
        "an element": ("b.json", packed((b"[" + good + b', {"a": "', 1), line, (b'"},\n' + good + b"]", 1))),
        "an element of values": (
            "b.json",
            packed((b"[" + good + b",\n" + good + b",\n{", 1), values, (b"1},\n" + good + b"]", 1)),
        ),
        "an element of brackets": ("b.json", packed((b"[" + good + b",\n" + good + b",\n", 1), deep)),
        "blanks": ("b.json", packed((b"[", 1), (b" " * MEGABYTE, BOMB), (good + b"]", 1))),
        "a cell": ("b.csv", packed((b'id,title\n1,red\n2,"', 1), line, (b'"\n3,blue', 1))),
        "a record": ("b.csv", packed((b'id,title\n1,red\n2,"', 1), (million + b"\n", BOMB), (b'"\n3,blue', 1))),
        "columns": ("b.csv", packed((b"id,title\n1,red\n", 1), quoted, (b"\n3,blue", 1))),
        "names": ("b.csv", packed((b"id,a" * (MEGABYTE // 4), BOMB), (b"\n3,blue", 1))),
    }[kind]  # fmt: skip


CASES = [
    *(("read", kind) for kind in ("a line", "an element", "an element of values", "a cell", "a record", "columns")),
    *(("read", kind) for kind in ("an element of brackets", "blanks", "names")),
    *(("count", kind) for kind in ("a line", "an element", "a record", "names")),
    *(("sample", "a line"), ("judgments", "a line of judgments"), ("log", "a line")),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[int, Any]]:
    """By reader and kind of bomb: megabytes that the process grew by, and what was read."""
    asked = []
    for reader, kind in CASES:
        name, content = bomb(kind)
        path = tmp_path_factory.mktemp("bomb") / name
        path.write_bytes(content)
        asked.append((reader, str(path)))
    command = [sys.executable, "-c", CHILD, json.dumps(asked)]
    answers = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return dict(zip(CASES, map(tuple, answers), strict=True))


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_is_small_only_as_long_as_it_is_packed_does_not_fill_memory(
    found: dict[tuple[str, str], tuple[int, Any]], case: tuple[str, str]
) -> None:
    assert found[case][0] < ALLOWED


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        ("a line", ["1", "1"]),
        ("an element", ["1", "1"]),
        ("an element of values", ["1", "1", "1"]),
        ("a cell", ["1", "3"]),
        ("a record", ["1", "3"]),
        ("columns", ["1", "3"]),
        ("blanks", ["1"]),
    ],
)
def test_a_row_that_is_too_long_is_a_reject_and_all_others_are_read(
    found: dict[tuple[str, str], tuple[int, Any]], kind: str, good: list[str]
) -> None:
    """Fault 64."""
    rejects, ids = found["read", kind][1]
    assert ids == good
    assert bool(rejects) == (kind != "blanks")
