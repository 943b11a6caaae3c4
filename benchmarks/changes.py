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
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.embedded import Made, hybrid_plan, keyword_plan, measure_writing, peak_mb, spent_by
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.compiled import layers
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
    """Change a share of an index, and return what that took, what searches take then, and what merging all takes."""
    made = Made.of(min(products, MADE), dims)
    spent = []
    with closing(EmbeddedEngine(folder, INDEX)) as engine:
        engine.search(Plan("browse", "", size=1))
        with sampled() as memory:
            for batch in changed(made, products, max(1, round(products * percent / 100))):
                documents = [each for each in batch if isinstance(each, Document)]
                removed = dict.fromkeys(each for each in batch if isinstance(each, str))
                spent.append(spent_by(partial(engine.write, None, documents)))
                spent.append(spent_by(partial(engine.remove, None, removed)))
        files = sorted(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in folder.rglob("*.arrays"))
        searches = searched(engine, made)
        with sampled() as merging, mock.patch.object(layers, "SHARE", products):  # so that one more change merges all
            clock, processor = spent_by(partial(engine.remove, None, {"p0": None}))
    return {
        "percent": percent,
        "batches": len(spent) // 2,
        "s": round(sum(each for each, _ in spent), 1),
        "cpu_s": round(sum(each for _, each in spent), 1),
        "longest_cpu_s": round(max(each for _, each in spent), 2),
        "memory_mb": round(memory[0]),
        "files": files,
        "search_cpu_ms": searches,
        "merging all": {"s": round(clock, 1), "cpu_s": round(processor, 1), "memory_mb": round(merging[0])},
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
    with closing(Store(path.parent)) as store, sampled() as memory:
        clock, processor = spent_by(lambda: save_compiled(store, compile_store(store)))
    figures = {"s": round(clock, 1), "cpu_s": round(processor, 1), "memory_mb": round(memory[0])}
    return {"compiled from documents": figures}


@contextmanager
def sampled() -> Iterator[list[float]]:
    """Yield a list, and put into it the most memory of this process meanwhile, in MB; without pages of mapped files.

    Where the system does not tell, those are counted, and what was there before.
    """
    status, most, done = Path("/proc/self/status"), [0.0], threading.Event()

    def sample() -> None:
        while not done.wait(0.01):
            lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
            most[0] = max(most[0], int(lines["RssAnon"].split()[0]) * 1024 / 1e6)

    thread = threading.Thread(target=sample, daemon=True)
    if status.exists():
        thread.start()
    try:
        yield most
    finally:
        done.set()
        if status.exists():
            thread.join()
        else:
            most[0] = peak_mb()


def measured(folder: Path, products: int, dims: int, percent: float) -> dict[str, object]:
    """Return the figures of a share, or of compiling everything (0)."""
    return take_over(folder, products, dims, percent) if percent else compile_all(folder)


def apart(folder: Path, products: int, dims: int, percent: float) -> dict[str, object]:
    """Return the same, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.changes", "--apart", str(folder), *map(str, (products, dims, percent))]
    figures: dict[str, object] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="2,100 products, all in this process")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--shares", type=float, nargs="*", default=[0, 1, 10, 30], help="in percent; 0: compile all")
    parser.add_argument("--folder", type=Path, help="where the index is, or is made and left")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    parser.add_argument("--apart", nargs=4, metavar=("FOLDER", "PRODUCTS", "DIMS", "PERCENT"))
    options = parser.parse_args()
    if options.apart:
        folder, products, dims, percent = options.apart
        print(json.dumps(measured(Path(folder), int(products), int(dims), float(percent))))
        return
    if options.small:
        options.products, options.dims, options.shares = 2_100, 8, [0, 10]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "index"
        if not folder.exists():
            measure_writing(Made.of(options.products, options.dims), folder)
        for percent in options.shares:
            with tempfile.TemporaryDirectory(dir=folder.parent) as copy:
                shutil.copytree(folder, copy, dirs_exist_ok=True)
                measure = measured if options.small else apart
                line = measure(Path(copy), options.products, options.dims, percent)
            line |= {"products": options.products, "dims": options.dims, "load": round(os.getloadavg()[0], 1)}
            print(json.dumps(line), flush=True)
            if options.jsonl:
                with options.jsonl.open("a", encoding="utf-8") as file:
                    date = datetime.datetime.now(datetime.UTC).date().isoformat()
                    file.write(f"{json.dumps({**line, 'date': date})}\n")


if __name__ == "__main__":
    main()
