"""What it costs the embedded engine to take over that a share of all products changed, and to search it afterwards.

Run from the repository:
python -m benchmarks.changes [--small] [--products N] [--dims N] [--shares P …] [--folder FOLDER] [--jsonl FILE]

Each share is written to a copy of the same index, in batches as a sync writes them and in a process of its own: nine of
ten products are replaced, one is removed. Beside it everything is compiled from the documents, which gives the same.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.embedded import Made, hybrid_plan, keyword_plan, measure_writing, peak_mb, spent_by
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.compiled.compiling import compile_store, save_compiled
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.indexing.fill import BATCH
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.values import Document

INDEX = "benchmark"
MADE = 50_000
"""Products of which the changed ones are copies, over and over: all need not be in memory."""
QUERIES = 40


def changed(made: Made, products: int, count: int) -> Iterator[list[Document | str]]:
    """Yield batches of so many changed products, all over the catalogue: documents, and the ids of removed ones."""
    step = products // count
    turns = zip(range(count), itertools.cycle(made.documents()), strict=False)
    changes = (f"p{turn * step}" if turn % 10 == 9 else replace(each, id=f"p{turn * step}") for turn, each in turns)
    while batch := list(itertools.islice(changes, BATCH)):
        yield batch


def take_over(folder: Path, products: int, dims: int, percent: float) -> dict[str, object]:
    """Change a share of an index, and return what that took, in seconds and of the processor, and searches after it."""
    made = Made.of(min(products, MADE), dims)
    batches = changed(made, products, max(1, round(products * percent / 100)))
    spent, peaks = [], [memory()]
    with closing(EmbeddedEngine(folder, INDEX)) as engine:
        engine.search(Plan("browse", "", size=1))
        for batch in batches:
            documents = [each for each in batch if isinstance(each, Document)]
            removed = dict.fromkeys(each for each in batch if isinstance(each, str))
            reset_memory()
            spent.append(spent_by(partial(engine.write, None, documents)))
            spent.append(spent_by(partial(engine.remove, None, removed)))
            peaks.append(memory())
        searches = searched(engine, made)
    clock, processor = np.sum(spent, axis=0)
    return {
        "percent": percent,
        "batches": len(peaks) - 1,
        "s": round(float(clock), 1),
        "cpu_s": round(float(processor), 1),
        "longest_cpu_s": round(float(np.max(spent, axis=0)[1]), 2),
        "memory_mb": round(max(peaks[1:]) - peaks[0]),
        "files": sorted(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in folder.rglob("*.arrays")),
        "search_cpu_ms": searches,
    }


def searched(engine: EmbeddedEngine, made: Made) -> dict[str, float]:
    """Return what searches take of the processor: the first one, and medians of words that come up first, and again."""
    queries = list(made.queries(QUERIES))
    spent = {"first": [spent_by(partial(engine.search, hybrid_plan(*queries[0])))[1]]}
    for name in ("new words", "known words"):
        spent[name] = [spent_by(partial(engine.search, hybrid_plan(*each)))[1] for each in queries]
    ordered = [replace(keyword_plan(words), sort=(Sort("price"),)) for words, _ in queries]
    spent["first in order of price"] = [spent_by(partial(engine.search, ordered[0]))[1]]
    spent["in order of price"] = [spent_by(partial(engine.search, plan))[1] for plan in ordered]
    spent["lexicon"] = [spent_by(engine.lexicon)[1]]
    return {name: round(1000 * float(np.median(each)), 1) for name, each in spent.items()}


def compile_all(folder: Path) -> dict[str, object]:
    """Compile everything from the documents, and return what that took."""
    (path,) = folder.glob(f"{INDEX}/*/store.db")
    with closing(Store(path.parent)) as store:
        before = memory()
        reset_memory()
        clock, processor = spent_by(lambda: save_compiled(store, compile_store(store)))
        return {
            "compiled from documents": True,
            "s": round(clock, 1),
            "cpu_s": round(processor, 1),
            "memory_mb": round(memory() - before),
        }


def reset_memory() -> None:
    """Forget the largest memory that this process has had, where the system can."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def memory() -> float:
    """Return the largest memory of this process since it was forgotten, in MB, mapped files included."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mb()
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def apart(folder: Path, products: int, dims: int, percent: float) -> dict[str, object]:
    """Return the figures of a share, or of compiling everything (0), measured on a copy in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.changes", "--apart", copy, *map(str, (products, dims, percent))]
        figures: dict[str, object] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="3,000 products")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--shares", type=float, nargs="*", default=[0, 1, 10, 30], help="in percent; 0: compile all")
    parser.add_argument("--folder", type=Path, help="where the index is, or is made and left")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    parser.add_argument("--apart", nargs=4, metavar=("FOLDER", "PRODUCTS", "DIMS", "PERCENT"))
    options = parser.parse_args()
    if options.apart:
        folder, products, dims, percent = options.apart
        figures = take_over(Path(folder), int(products), int(dims), float(percent)) if float(percent) else None
        print(json.dumps(figures or compile_all(Path(folder))))
        return
    if options.small:
        options.products, options.dims, options.shares = 3_000, 16, [0, 10]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "index"
        if not folder.exists():
            measure_writing(Made.of(options.products, options.dims), folder)
        for percent in options.shares:
            line = apart(folder, options.products, options.dims, percent)
            line |= {"products": options.products, "dims": options.dims, "load": round(os.getloadavg()[0], 1)}
            print(json.dumps(line), flush=True)
            if options.jsonl:
                with options.jsonl.open("a", encoding="utf-8") as file:
                    date = datetime.datetime.now(datetime.UTC).date().isoformat()
                    file.write(f"{json.dumps({**line, 'date': date})}\n")


if __name__ == "__main__":
    main()
