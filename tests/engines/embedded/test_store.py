"""The files of the embedded engine: its generations and store survive kills, flipped bits, full disks and other users.

The `records` of documents carry checksums, and the lines of `health.py` tell doctor.

`connections` opens the database, `writers` hold the right to write to it.
"""

import errno
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.engines.base import Engine
from hybridsearch.engines.embedded import EmbeddedEngine, writers
from hybridsearch.engines.embedded.stored import store
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.errors import EngineError, IndexMissing, StoreDamaged
from hybridsearch.schema import Leg
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document, Vector
from tests.engines.embedded.builders import SCHEMA, document, fill, ids, live_folder, near, search_words, unit

EVERYTHING = Plan("browse", "", size=1000)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path, "products")
    yield engine
    engine.close()


def product(number: int, **row: int) -> Document:
    rest = {
        "codes": (f"c{number}",),
        "fields": {"facets": {"brand": (f"b{number % 3}",)}, "numbers": {"price": float(number)}},
    }
    vectors = {"image": unit(1, number, number % 5, 1)}
    return Document(f"p{number}", row, {"title": {"en": f"red dress n{number}"}}, **rest, vectors=vectors)  # type: ignore[arg-type]


def test_embedded_engine_is_an_engine(engine: EmbeddedEngine) -> None:
    _: Engine = engine


def test_a_missing_index_is_named_with_the_command_that_makes_it(engine: EmbeddedEngine) -> None:
    with pytest.raises(IndexMissing, match=r"'products' is missing .* Create it with: hybridsearch reindex"):
        engine.search(EVERYTHING)


def test_what_is_written_is_searched_only_after_it_was_promoted(engine: EmbeddedEngine) -> None:
    fill(engine, document("old"))
    generation = engine.create(SCHEMA)
    engine.write(generation, [document("new")])
    engine.refresh(generation)
    assert ids(engine.search(EVERYTHING)) == ["old"]
    engine.promote(generation, SCHEMA)
    assert ids(engine.search(EVERYTHING)) == ["new"]


def test_another_engine_sees_a_promotion_at_its_next_search(engine: EmbeddedEngine, tmp_path: Path) -> None:
    fill(engine, document("old"))
    with closing(EmbeddedEngine(tmp_path, "products")) as reader:
        assert ids(reader.search(EVERYTHING)) == ["old"]
        fill(engine, document("new"))
        assert ids(reader.search(EVERYTHING)) == ["new"]


def test_readers_keep_what_was_refreshed_while_the_live_generation_is_written(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    generation = fill(engine, product(1), product(2))
    with closing(EmbeddedEngine(tmp_path, "products")) as reader:
        reader.search(EVERYTHING)
        engine.write(generation, [product(1, stock=7), product(3)])
        assert [hit.product for hit in reader.search(EVERYTHING)] == [{}, {}]
        assert engine.refresh(generation) == 3
        assert ids(reader.search(EVERYTHING)) == ["p1", "p2", "p3"]
        assert reader.get(["p1"]) == {"p1": {"stock": 7}}


def test_a_generation_outlives_the_engine_that_began_it(engine: EmbeddedEngine, tmp_path: Path) -> None:
    generation = engine.create(SCHEMA)
    engine.write(generation, [product(1)])
    engine.close()
    with closing(EmbeddedEngine(tmp_path, "products")) as second:
        second.write(generation, [product(2)])
        second.promote(generation, SCHEMA)
        page = second.search(Plan("photo", "", neighbours=(near(unit(1, 2, 2, 1), k=1),)))
        assert ids(page) == ["p2"]


def test_promotion_keeps_one_generation_before_and_removes_older_ones(engine: EmbeddedEngine, tmp_path: Path) -> None:
    names = [fill(engine, document(str(number))) for number in range(4)]
    assert {path.name for path in (tmp_path / "products").iterdir() if path.is_dir()} == set(names[-2:])


def test_promotion_stores_the_final_schema(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    assert engine.schema() == SCHEMA


def test_the_live_generation_cannot_be_discarded_any_other_can(engine: EmbeddedEngine, tmp_path: Path) -> None:
    live = fill(engine, document("a"))
    unfinished = engine.create(SCHEMA)
    engine.discard(unfinished)
    assert not (tmp_path / "products" / unfinished).exists()
    with pytest.raises(EngineError, match=f"'{live}' is live"):
        engine.discard(live)


def test_a_generation_whose_removal_was_killed_is_gone_and_the_next_removal_takes_what_is_left(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill in the middle of a removal: no run is continued with what is left, and no rollback goes back to it."""

    def unlink_one_and_die(folder: Path, **_: object) -> None:
        if folder.exists():
            (folder / store.NAME).unlink()
            raise KeyboardInterrupt

    fill(engine, document("a"))
    generation = engine.create(SCHEMA)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", unlink_one_and_die)
        with pytest.raises(KeyboardInterrupt):
            engine.discard(generation)
    assert [generation.state for generation in engine.generations()] == ["live"]
    engine.discard(engine.create(SCHEMA))
    assert sum(path.is_dir() for path in (tmp_path / "products").iterdir()) == 1


def test_a_generation_whose_creation_was_killed_is_an_unfinished_one(engine: EmbeddedEngine, tmp_path: Path) -> None:
    fill(engine, document("a"))
    (tmp_path / "products" / "20260101-000000-abcdef").mkdir()
    assert [generation.state for generation in engine.generations()] == ["unfinished", "live"]


def test_a_second_writer_of_a_generation_is_refused_with_the_number_of_the_first(
    engine: EmbeddedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 47."""
    live = fill(engine, document("a"))
    second = EmbeddedEngine(tmp_path, "products")
    monkeypatch.setattr(writers, "PATIENCE", 0.0)
    generation = engine.create(SCHEMA)
    engine.write(generation, [document("c")])
    with pytest.raises(EngineError, match=rf"Process {os.getpid()} is writing"):
        second.write(generation, [document("b")])
    assert ids(second.search(EVERYTHING)) == ["a"]
    second.write(live, [document("b")])
    engine.promote(generation, SCHEMA)
    second.discard(second.create(SCHEMA))
    second.close()


def test_what_does_not_fit_is_refused_with_its_reason_and_the_rest_is_stored(engine: EmbeddedEngine) -> None:
    generation = engine.create(SCHEMA)
    bad = [
        document("dims", vectors={"image": unit(1, 2)}),
        document("leg", vectors={"photo": unit(1, 2)}),
        document("nan", vectors={"image": Vector([np.nan] * 4)}),
        document("price", fields={"numbers": {"price": float("inf")}}),
        Document("json", {"value": object()}, {}),
        Document("\ud800", {}, {}),
    ]
    rejects = engine.write(generation, [product(1), *bad, product(2)]).refused
    assert [(reject.id, reject.stage) for reject in rejects] == [(refused.id, "write") for refused in bad]
    assert [reject.reason for reject in rejects][:4] == [
        "vector 'image' has 2 dims, expected 4",
        "vector 'photo' has 2 dims, expected no such vector",
        "vector 'image' holds a value that is not a number",
        "'price' is inf, expected a number",
    ]
    assert engine.refresh(generation) == 2


def test_get_returns_rows_of_known_ids(engine: EmbeddedEngine) -> None:
    fill(engine, product(1, stock=3), product(2))
    assert engine.get(["p2", "p1", "missing"]) == {"p1": {"stock": 3}, "p2": {}}
    assert engine.get([]) == {}


def reopened(engine: EmbeddedEngine) -> EmbeddedEngine:
    """Close an engine and return another one on its folder."""
    engine.close()
    return EmbeddedEngine(engine.folder.parent, engine.index)


def answers(engine: EmbeddedEngine) -> list[object] | None:
    """Return what several plans give, or None when the store says that it is damaged."""
    plans = [EVERYTHING, search_words("red n7", size=30, facets=(Facet("brand"),)), PHOTO]
    try:
        return [(page.hits, page.total, page.facets) for page in map(engine.search, plans)]
    except StoreDamaged:
        return None


PHOTO = Plan("photo", "", neighbours=(near(unit(1, 0, 0, 0), k=5),), size=5)


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("name", ["store.db", "vectors-image.f32", "compiled.arrays"])
def test_a_flipped_bit_is_noticed_or_changes_nothing(
    engine: EmbeddedEngine, tmp_path: Path, name: str, seed: int
) -> None:
    """Fault 43."""
    fill(engine, *(product(number, stock=number) for number in range(60)))
    before = answers(engine)
    engine = reopened(engine)
    file = live_folder(tmp_path) / name
    data = bytearray(file.read_bytes())
    data[random.Random(seed).randrange(len(data))] ^= 1 << seed % 8
    file.write_bytes(data)
    after = answers(engine)
    assert after is None or (after == before and name != "vectors-image.f32")


@pytest.mark.parametrize("name", ["store.db", "vectors-image.f32"])
@pytest.mark.parametrize("part", ["half", "nothing", "missing"])
def test_a_file_that_was_cut_is_named(engine: EmbeddedEngine, tmp_path: Path, name: str, part: str) -> None:
    """Fault 43."""
    fill(engine, *(product(number) for number in range(60)))
    engine = reopened(engine)
    file = live_folder(tmp_path) / name
    data = file.read_bytes()
    file.unlink()
    if part != "missing":
        file.write_bytes(data[: len(data) // 2] if part == "half" else b"")
    with pytest.raises(StoreDamaged, match=rf"{name}' is damaged: .* hybridsearch reindex"):
        engine.search(EVERYTHING)
    assert [check.state for check in engine.check()][-1] == "failure"


@pytest.mark.parametrize("content", [b"", b"../elsewhere", b"20260101-000000-abcdef\0", b"\xff" * 22])
def test_a_damaged_pointer_is_named_and_a_reindex_repairs_it(
    engine: EmbeddedEngine, tmp_path: Path, content: bytes
) -> None:
    fill(engine, document("a"))
    (tmp_path / "products" / "current").write_bytes(content)
    with pytest.raises(StoreDamaged, match="current' is damaged: it does not name a generation"):
        engine.search(EVERYTHING)
    fill(engine, document("b"))
    assert ids(engine.search(EVERYTHING)) == ["b"]


@pytest.mark.parametrize("content", [None, b"", b"short", b"x" * 5000])
def test_a_missing_compiled_file_is_compiled_again_and_kept(
    engine: EmbeddedEngine, tmp_path: Path, content: bytes | None
) -> None:
    fill(engine, product(1), product(2))
    engine = reopened(engine)
    file = live_folder(tmp_path) / "compiled.arrays"
    intact = file.read_bytes()
    file.unlink() if content is None else file.write_bytes(content)
    assert ids(engine.search(search_words("n2"))) == ["p2"]
    assert file.read_bytes() == intact


def test_an_index_of_another_format_is_refused(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 46."""
    fill(engine, document("a"))
    engine = reopened(engine)
    monkeypatch.setattr(store, "FORMAT", 3)
    with pytest.raises(EngineError, match=r"has format 2, this version reads 3\. Rebuild .* hybridsearch reindex"):
        engine.search(EVERYTHING)


def test_doctor_learns_folder_documents_size_and_checksums(engine: EmbeddedEngine, tmp_path: Path) -> None:
    assert [(check.name, check.state) for check in engine.check()] == [("index", "failure")]
    generation = fill(engine, product(1))
    lines = {check.name: (check.state, check.found) for check in engine.check()}
    assert lines["folder"] == ("ok", str(tmp_path / "products"))
    assert lines["documents"] == ("ok", f"1 in generation {generation}")
    assert lines["size"][1].endswith("MB on disk in all generations")
    assert lines["checksums"][0] == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit the size of files")
@pytest.mark.parametrize(("dims", "text"), [(4, "long " * 20_000), (2048, "short")], ids=["documents", "vectors"])
def test_a_full_disk_is_an_error_that_leaves_the_last_batch_and_can_be_overcome(
    engine: EmbeddedEngine, dims: int, text: str
) -> None:
    """Fault 44."""
    import resource

    schema = replace(SCHEMA, legs=(Leg("image", dims, "test"),))
    batches = [
        [
            Document(f"p{start + turn}", {"text": text}, {}, vectors={"image": axis(start + turn, dims)})
            for turn in range(9)
        ]
        for start in (0, 9)
    ]
    generation = engine.create(schema)
    engine.write(generation, batches[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(80_000, 12 * dims * 4), hard))
    try:
        with pytest.raises(EngineError, match="Cannot use"):
            engine.write(generation, batches[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert engine.refresh(generation) == 9
    engine.write(generation, batches[1])
    engine.promote(generation, schema)
    for number in range(min(4, 18)):
        page = engine.search(Plan("photo", "", neighbours=(near(axis(number, dims), k=1),)))
        assert ids(page) == [f"p{number}"]


def axis(number: int, dims: int) -> Vector:
    """Return the unit vector along one of the axes."""
    return Vector(np.eye(1, dims, number % dims)[0])


FORKER = """
import os, sys
from pathlib import Path
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.search.plan import Plan

engine = EmbeddedEngine(Path(sys.argv[1]), "products")
engine.search(Plan("browse", ""))
child = os.fork()
hits = [hit.id for hit in engine.search(Plan("browse", ""))]
assert hits == ["p1"], hits
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_worker_opens_the_index_for_itself(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Fault 84."""
    fill(engine, product(1))
    subprocess.run([sys.executable, "-c", FORKER, str(tmp_path)], cwd=ROOT, check=True)


WRITER = """
import itertools, sys
from pathlib import Path
from hybridsearch.engines.embedded import EmbeddedEngine
from tests.engines.embedded.builders import SCHEMA
from tests.engines.embedded.test_store import BATCH, product

engine = EmbeddedEngine(Path(sys.argv[1]), "products")
for turn in itertools.count(int(sys.argv[2])):
    generation = engine.create(SCHEMA)
    for batch in range(1 + turn % 3):
        engine.write(generation, [product(batch * BATCH + number, turn=turn) for number in range(BATCH)])
        print("written", generation, (batch + 1) * BATCH, flush=True)
    engine.promote(generation, SCHEMA)
    print("live", generation, turn, flush=True)
"""
BATCH = 20


@pytest.mark.parametrize("seed", range(15))
def test_a_killed_writer_leaves_whole_batches_and_a_whole_index(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Fault 42."""
    folder = tmp_path_factory.getbasetemp() / "killed"  # one for all rounds: each meets the leftovers of the last
    rng = random.Random(seed)
    command = [sys.executable, "-c", WRITER, str(folder), str(seed * 1000)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 8))]
        try:
            child.wait(timeout=rng.random() * 0.02)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    acknowledged = [line.split() for line in lines if line.endswith("\n")]  # the kill may cut the last line in two
    with closing(EmbeddedEngine(folder, "products")) as engine:
        live = [int(turn) for what, _, turn in acknowledged if what == "live"]
        if live:
            page = engine.search(EVERYTHING)
            (turn,) = {hit.product["turn"] for hit in page}
            assert live[-1] <= turn <= live[-1] + 1
            assert page.total == BATCH * (1 + turn % 3)
            assert engine.check()[-1].state == "ok"
        what, generation, count = acknowledged[-1]
        if what == "written":
            stored = engine.refresh(generation)
            assert stored in (int(count), int(count) + BATCH)
            with closing(Store(folder / "products" / generation)) as reopened:
                reopened.verify()


READER = """
import mmap, os, sys  # mmap: NumPy imports it late, when Python's own folder may be out of reach
from pathlib import Path
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.errors import EngineError
from hybridsearch.search.plan import Plan
from tests.engines.embedded.builders import SCHEMA

NOBODY = 65534
if os.geteuid() == 0:  # root may write anywhere
    os.setuid(NOBODY)
engine = EmbeddedEngine(Path(sys.argv[1]), "products")
for work in (
    lambda: print(*[hit.id for hit in engine.search(Plan("browse", ""))]),
    lambda: print(engine.check()[0].found),
    lambda: engine.create(SCHEMA),
):
    try:
        work()
    except EngineError as error:
        print(error)
"""


@contextmanager
def seen_by_another_user(mode: int) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder with two products, whose content has this mode, and what another user prints who searches it,
    checks it and writes to it.
    """
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to other users
    try:
        with closing(EmbeddedEngine(folder, "products")) as writer:
            fill(writer, product(1), product(2))
        folder.chmod(0o755)
        for path in (folder / "products").rglob("*"):
            path.chmod(mode & (0o777 if path.is_dir() else 0o666))
        (folder / "products").chmod(mode)
        command = [sys.executable, "-W", "error", "-c", READER, str(folder)]
        reader = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        yield folder / "products", reader.stdout.splitlines()
    finally:
        (folder / "products").chmod(0o755)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(stat.S_IRWXU)
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_read_only_folder_can_be_searched() -> None:
    """Fault 45: and who may write there is named."""
    with seen_by_another_user(0o555) as (folder, (hits, state, refusal)):
        assert hits == "p1 p2"
        assert state == f"{folder} is read-only: searching works"
        assert refusal.startswith("Cannot use")
        assert f"Permission denied. '{folder}' belongs to {folder.owner()}: run this as that user" in refusal


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_folder_that_is_closed_to_this_user_is_named_with_its_owner() -> None:
    """Fault 45."""
    with seen_by_another_user(0) as (folder, lines):
        assert len(lines) == 3
        for line in lines:
            assert f"Permission denied. '{folder}' belongs to {folder.owner()}: run this as that user" in line


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks otherwise")
def test_a_disk_that_locks_no_files_can_be_searched_and_not_written(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 45: a network disk without its lock service."""
    import fcntl

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    live = fill(engine, document("a"))
    monkeypatch.setattr(fcntl, "flock", flock)
    for write in (lambda: engine.write(live, [document("b")]), lambda: engine.lease("tester").__enter__()):
        with pytest.raises(EngineError, match=r"a disk that locks no files \(No locks available\).* on a disk of this"):
            write()
    assert ids(engine.search(EVERYTHING)) == ["a"]
