"""Files that a person may edit: whatever stands in them, reading them ends in a value or in a HybridSearchError."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import HybridSearchError, Settings
from hybridsearch.encoders.models.folder import open_model
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.errors import EngineError, WeightsError
from hybridsearch.indexing.journal import Journal, Position, Run
from hybridsearch.indexing.quality import QualityCheck
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.learning import keyword_query, shadow
from hybridsearch.learning.judging import raters, worklist
from hybridsearch.learning.judging.judgment_file import JudgmentFile
from hybridsearch.learning.sources import judgments
from hybridsearch.search import weights
from tests.stories.test_any_value import many
from tests.strategies import any_json, made

PACKAGE = Path(__file__).parents[2] / "hybridsearch"


def quality(file: Path) -> Any:
    """Read what is written down about generations, as it is compared later."""
    check = QualityCheck(SimpleNamespace(), SimpleNamespace(), file.parent, file, "same")  # type: ignore[arg-type]
    return [sum(values.values()) for values in check.written_down().values()]


def journal(file: Path) -> Any:
    """Read a journal, and write the next line of what it is about."""
    log = Journal(file)
    stored = log.load()
    if stored:
        log.advance(stored[1])
        log.close()
    return stored


def answered(file: Path) -> Any:
    """Read a configuration, and where its files are."""
    settings = Settings.load(file)
    return settings.home, [settings.resolve(path) for path in (settings.catalog.path, settings.weights.path) if path]


def rated(file: Path) -> Any:
    """Read what raters said, go on from there, and read what is to be judged from the same file."""
    opened = JudgmentFile.open(file)
    opened.add(lambda ledger: [line for name in ledger.raters for line in ledger.undoing(name)])
    return raters.read(file).to_json(), [worklist.name_of(query) for query in worklist.read(file)[0]]


RUN = {"format": 2, "id": "1", "generation": "g", "mark": 0, "identity": {}}
POSITION = {"stage": "filled", "cursor": 3, "letters": 0, "counts": {"read": 3}, "seen": None}
REJECT: dict[str, Any] = {"where": "a:1", "id": None, "stage": "read", "reason": "no id", "product": {}}
JUDGMENT = {"query": "red", "product_id": "1", "grade": 1, "filters": {"brand": "x"}}
RATED = {**JUDGMENT, "rater": "Ann", "undone": False, "time": "2026-11-30T12:00:05Z"}
SKIPPED = {**RATED, "grade": None, "skipped": True}
SESSION = {"session": "s", "query": "red", "shown": ["1"], "clicked": ["1"]}
WEIGHTS = {"version": 1, "signals": {"title": 1}, "saturation": {"title": 8}, "kinds": {"code": {"title": 1}}}
MODEL = {"model_type": "clip", "projection_dim": 4, "_name_or_path": "x"}

Reader = tuple[Callable[[Path], Any], list[dict[str, Any]]]
READERS: dict[str, Reader] = {
    "weights.json": (weights.load, [WEIGHTS]),
    "query.json": (keyword_query.load, [{"query": {"match": {"title": "{{query}}"}}}]),
    "quality.json": (quality, [{"judgments": "same", "generations": {"g": {"red": 0.5}}}]),
    "run.jsonl": (journal, [RUN, POSITION]),
    "rejects.jsonl": (lambda file: list(RejectsFile(file, size=file.stat().st_size).read()), [REJECT]),
    "judged.jsonl": (judgments.read, [JUDGMENT, {**JUDGMENT, "product_id": "2", "grade": 3}]),
    "rated.jsonl": (rated, [RATED, SKIPPED, {**RATED, "rater": "Bea"}]),
    "sessions.jsonl": (judgments.read, [SESSION]),
    "log.jsonl": (shadow.read_log, [{"query": "red"}]),
    "config.json": (lambda file: open_model(file.parent), [MODEL]),
}
"""What reads a file, and what stands in it, one value a line."""


def with_odd(usual: dict[str, Any], odd: Any, path: list[int]) -> Any:
    """Return an object in which one value, at some place, is another one."""
    if not path or not usual:
        return odd
    names = sorted(usual)
    name = names[path[0] % len(names)]
    inner = usual[name]
    return {**usual, name: with_odd(inner, odd, path[1:]) if isinstance(inner, dict) else odd}


@st.composite
def contents(draw: st.DrawFn, usual: list[dict[str, Any]]) -> bytes:
    """Return the content of a file, in which one line is not as it was written."""
    lines = [json.dumps(line) for line in usual]
    odd = made(draw(any_json()))
    at = draw(st.integers(0, len(lines) - 1))
    try:
        lines[at] = json.dumps(with_odd(usual[at], odd, draw(st.lists(st.integers(0, 9), max_size=3))))
    except (ValueError, RecursionError):  # what Python does not write is written by hand
        key = draw(st.sampled_from(sorted(usual[at])))
        lines[at] = f'{{"{key}": ' + draw(st.sampled_from(["[" * 100_000, '{"a":' * 100_000, "5" * 5_000]))
    if draw(st.booleans()):
        lines[at] = draw(
            st.sampled_from([lines[at][:-1], lines[at] + "\ud800", '{"query": 1, "query": 2}', "\x00", ""])
        )
    return "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("name", READERS)
def test_whatever_stands_in_a_file_it_is_read_or_refused(tmp_path: Path, name: str) -> None:
    """JSON of any kind, where somebody may edit it."""
    read, usual = READERS[name]
    file = tmp_path / name
    (tmp_path / "model.safetensors").touch()

    def write(content: bytes) -> None:
        file.write_bytes(content)

    write("".join(f"{json.dumps(line)}\n" for line in usual).encode())
    assert read(file) is not None  # what is meant is read

    @many(40)
    @given(contents(usual))
    def run(content: bytes) -> None:
        write(content)
        with suppress(HybridSearchError):
            read(file)

    run()


TOML = ["[catalog]", "path = 'a.csv'", "[fields]", "title = 'title'", "[engine]", "timeout = 3", "[[vectors]]"]
ODD_TOML = [
    "a = " + "[" * 100_000,
    "timeout = " + "5" * 5_000,
    "timeout = 1e999",
    "timeout = nan",
    "remember_hours = inf",
    "shards = 10000000000000000000000000000000000000000",
    "path = 'a\\u0000b'",
    'path = "a\\u0000b"',
    "title = 1979-05-27T07:32:00Z",
    "name = 'x'",
    "encoder = 'x'",
    'folder = "~nobody-of-this-name"',
    f"folder = '{'x' * 300}'",
    ".".join("a" * 3_000) + " = 1",
    "[fields.title]",
    "[[catalog]]",
    "\x00",
    "keep = -1",
    "facets = ['a', 'a.b']",
]


@many(60)
@given(st.lists(st.sampled_from(TOML) | st.sampled_from(ODD_TOML), max_size=9), st.integers(0, 7))
def test_whatever_stands_in_a_configuration_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, odd: list[str], start: int
) -> None:
    """JSON of any kind, where somebody may edit it: here TOML."""
    file = tmp_path_factory.getbasetemp() / "edited.toml"
    file.write_text("\n".join([*TOML[:start], *odd]), encoding="utf-8")
    with suppress(HybridSearchError):
        answered(file)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b"../../x", b"20250101-000000-abcdef\n", b"\x00"])
def test_whatever_names_the_live_generation_it_is_opened_or_refused(tmp_path: Path, content: bytes) -> None:
    """JSON of any kind, where somebody may edit it: here the name of a generation."""
    engine = EmbeddedEngine(tmp_path, "products", keep=1)
    (tmp_path / "products").mkdir()
    (tmp_path / "products" / "current").write_bytes(content)
    with pytest.raises(EngineError):
        engine.schema()
    engine.close()


def test_weights_so_heavy_that_their_sum_is_no_number_are_refused(tmp_path: Path) -> None:
    """JSON of any kind, where somebody may edit it."""
    file = tmp_path / "weights.json"
    file.write_text(json.dumps({"signals": {"title": 1e308, "text": 1e308}}))
    with pytest.raises(WeightsError, match=r"'signals.title': Input should be less than or equal to 1000000000"):
        weights.load(file)
    file.write_text(json.dumps({"signals": {"title": 1e9, "text": 0}}))
    assert weights.load(file).weight("title") == 1e9


@pytest.mark.parametrize("change", [{"generation": "../../x"}, {"id": "a/b"}, {"mark": "x"}, {"identity": [1]}])
def test_a_journal_that_says_what_no_run_says_is_as_good_as_absent(tmp_path: Path, change: dict[str, Any]) -> None:
    """JSON of any kind, where somebody may edit it."""
    file = tmp_path / "run.jsonl"
    file.write_text(f"{json.dumps(RUN)}\n{json.dumps(POSITION)}\n")
    run, position = Run("1", "g", 0, {}), Position("filled", 3)
    stored = Journal(file).load()
    assert stored is not None
    assert (stored[0], stored[1].cursor) == (run, position.cursor)
    file.write_text(f"{json.dumps({**RUN, **change})}\n")
    assert Journal(file).load() is None


OWN = {
    "inputs/json_text.py": "the door",
    "catalog/formats/jsonl.py": "catalogues and judgments, whose bad rows are rejects",
    "engines/base.py": "what was just written",
    "indexing/verify.py": "what was just written",
    "indexing/rejects.py": "a line at a time, with the same errors",
    "learning/shadow.py": "a line that is no JSON is a query",
    "learning/result_lists.py": "a cache",
    "engines/embedded/stored/records.py": "guarded by checksums",
    "encoders/calibration.py": "a file of the package",
    "engines/embedded/arrays/arrays.py": "guarded by checksums",
    "engines/embedded/stored/store.py": "guarded by checksums",
    "engines/embedded/stored/change_file.py": "guarded by checksums",
    "confined/worker.py": "what its parent passes",
    "encoders/endpoint.py": "an answer, checked by its shape",
    "engines/elasticsearch/mapping.py": "a file of the package",
    "indexing/blocks.py": "what another process of the same run wrote",
    "texts/languages.py": "a file of the package",
    "matching/model.py": "a file of the package",
    "matching/signs.py": "a file of the package",
    "voice/endpoint.py": "an answer, checked by its shape",
    "shop/phrasing.py": "an answer, checked by its shape",
    "indexing/reviewed.py": "a database of its own, made again where it is damaged",
}
"""Modules that parse by themselves, and why they may."""


def test_json_that_somebody_may_have_edited_is_read_through_one_door() -> None:
    parsing = re.compile(r"\b(?:or)?json\.loads?\(|\btomllib\.loads?\(|JSONDecoder\(|\bloads\b.*json")
    modules = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "mappings" not in path.parts and parsing.search(path.read_text(encoding="utf-8"))
    }
    assert modules <= set(OWN), f"read it with hybridsearch.inputs.json_text, or say here why not: {modules - set(OWN)}"
