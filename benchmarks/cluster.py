"""Encoding in many processes against one: what a cluster costs, what a kill costs, and which store keeps up.

    python -m benchmarks.cluster [--products FILE] [--encoder NAME ...] [--count N] [--workers N] [--small]

Each run is `hybridsearch encode` in a process of its own, from an empty cache: `total_s` from the start of that
process to its end, `total_cpu_s` the processor time of all processes of the run, which other work on the machine
lengthens less. `known_s` and `known_cpu_s` are the same once all is encoded, which is what starting costs: processes,
imports, the calibration. `same` says whether every vector is that of one process, to the byte. With `killed`, a worker,
or the process that hands out the blocks, gets a SIGKILL once half of the vectors are in the cache; the latter's run is
begun again. `again` counts texts that were asked for twice, which the server of hashed words alone knows. `stores` are
vectors a second, in blocks, by two processes: each into the shop's file, each into a folder, and through Dask to one
process that writes the file. `handing out` is the process that reads and hands out, where encoding takes no time.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import multiprocessing
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.catalogue import HASHED, report, write_generated
from hybridsearch import HybridSearch
from hybridsearch.cluster.encode import BLOCK, Tally, fill
from hybridsearch.cluster.forms import Cluster, dask_of_our_own
from hybridsearch.cluster.worker import Outcome
from hybridsearch.disk.home import Home
from hybridsearch.encoders.kept.vector_file import VectorFile
from hybridsearch.encoders.kept.vector_folder import VectorFolder
from hybridsearch.indexing.build import schema_of
from hybridsearch.runtime.progress import silent
from hybridsearch.values import Product

DIMS = 512
KILLED = ("worker", "driver")
PULSE = 0.1
"""Seconds between two looks at the processes of a run."""


ASKED = Counter[str]()
"""Texts that the server of hashed words was asked for."""


class Words(BaseHTTPRequestHandler):
    """Answers as a server of OpenAI's embeddings API."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Return the vectors of some texts."""
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        ASKED.update(texts)
        rows = HASHED.encode_texts(texts).tolist()
        body = json.dumps({"data": [{"index": place, "embedding": row} for place, row in enumerate(rows)]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = answer  # noqa: N815 - the name is the base class's

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@contextmanager
def served() -> Iterator[str]:
    """Serve hashed words; yield the name of the encoder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Words) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/embeddings#hashed"
        server.shutdown()


def configured(folder: Path, products: Path, encoder: str) -> Path:
    """Write a configuration whose one leg reads titles and descriptions."""
    file = folder / "hybridsearch.toml"
    reads = json.dumps(["title", "short_description"])
    file.write_text(
        f'[catalog]\npath = {json.dumps(str(products.resolve()))}\n[fields]\ntitle = "title"\n'
        f'[[vectors]]\nname = "text"\nencoder = {json.dumps(encoder)}\nreads = {reads}\n',
        encoding="utf-8",
    )
    return file


def begin(file: Path, on: str, workers: int) -> subprocess.Popen[str]:
    """Begin a run."""
    command = [sys.executable, "-m", "hybridsearch", "encode", "-c", str(file), "--json", "--on", on]
    command += [] if on == "local" else ["--workers", str(workers)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def timed(file: Path, on: str, workers: int) -> tuple[float, float, dict[str, Any]]:
    """Run to the end; return the seconds, the processor time of all processes below, and the report."""
    started = time.perf_counter()
    running = begin(file, on, workers)
    spent: dict[int, float] = {}
    while running.poll() is None:
        time.sleep(PULSE)
        with suppress(psutil.Error):
            below = psutil.Process(running.pid)
            for each in (below, *below.children(recursive=True)):
                with suppress(psutil.Error):
                    times = each.cpu_times()
                    spent[each.pid] = times.user + times.system
    said, _ = running.communicate()
    return time.perf_counter() - started, sum(spent.values()), json.loads(said)


def vectors(file: Path) -> dict[bytes, bytes]:
    """Return what the cache of a shop holds."""
    path = Home(file.parent / ".hybridsearch").vectors
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT key, vector FROM vectors"))


def known(file: Path) -> int:
    """Return how many vectors the cache holds, while others write to it."""
    path = Home(file.parent / ".hybridsearch").vectors
    try:
        with closing(sqlite3.connect(path)) as db:
            return int(db.execute("SELECT count(*) FROM vectors").fetchone()[0])
    except sqlite3.Error:
        return 0


def whole(file: Path, on: str, workers: int) -> tuple[dict[str, Any], str]:
    """Run from an empty cache and again; return the figures and what is in the cache."""
    clear(file)
    total, cpu, first = timed(file, on, workers)
    content = digest(file)
    again, cpu_again, second = timed(file, on, workers)
    assert second["encoded"] == 0
    times = {"total_s": total, "known_s": again, "total_cpu_s": cpu, "known_cpu_s": cpu_again}
    rounded = {name: round(seconds, 1) for name, seconds in times.items()}
    return {**rounded, "processes": first["workers"], "encoded": first["encoded"]}, content


def killed(file: Path, on: str, workers: int, who: str, half: int) -> tuple[dict[str, Any], str]:
    """Run from an empty cache, and kill somebody half-way; return the figures and what is in the cache."""
    clear(file)
    ASKED.clear()
    started = time.perf_counter()
    running = begin(file, on, workers)
    while known(file) < half and running.poll() is None:
        time.sleep(0.02)
    below = psutil.Process(running.pid).children(recursive=True)
    # The one that has computed most: the others of a cluster hand out, or wait.
    busiest = max(below, key=lambda each: each.cpu_times().user)
    os.kill(busiest.pid if who == "worker" else running.pid, signal.SIGKILL)
    running.communicate()
    left = psutil.wait_procs(below, timeout=60)[1]
    if who == "driver":
        timed(file, on, workers)
    figures = {"killed": who, "total_s": round(time.perf_counter() - started, 1), "processes_left": len(left)}
    return {**figures, "again": sum(count - 1 for text, count in ASKED.items() if " " in text)}, digest(file)


def clear(file: Path) -> None:
    """Begin with an empty cache."""
    for path in (file.parent / ".hybridsearch").glob("*.db*"):
        path.unlink()


def digest(file: Path) -> str:
    """Return what differs as soon as one byte of one vector does."""
    return hashlib.sha256(repr(sorted(vectors(file).items())).encode()).hexdigest()


def measure(file: Path, options: argparse.Namespace, encoder: str) -> None:
    """Report one process and each cluster, with and without a kill."""
    of_one = ""
    for _ in range(options.rounds):
        for on in ("local", *options.on):
            figures, content = whole(file, on, options.workers)
            of_one = of_one or content
            report({"what": on, "encoder": encoder, **figures, "same": content == of_one}, options)
    for on in options.on:
        for who in options.kill:
            figures, content = killed(file, on, options.workers, who, options.count // 2)
            report({"what": on, "encoder": encoder, **figures, "same": content == of_one}, options)


def block_of(number: int) -> dict[bytes, NDArray[np.float32]]:
    """Return some unit vectors by key."""
    rows = np.random.default_rng(number).normal(size=(BLOCK, DIMS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return {hashlib.blake2b(f"{number} {row}".encode(), digest_size=20).digest(): rows[row] for row in range(BLOCK)}


def into_file(path: Path, numbers: range) -> None:
    """Write blocks into a file that others write too."""
    store = VectorFile(path)
    for number in numbers:
        store.put(block_of(number))
    store.close()


def into_folder(path: Path, numbers: range) -> None:
    """Write blocks into a folder that others write too."""
    store = VectorFolder(path)
    for number in numbers:
        store.put(block_of(number))
        store.flush()


def stores(blocks: int) -> dict[str, Any]:
    """Return vectors a second by store: making them takes the same time in each."""
    from distributed import Client, LocalCluster

    halves = [range(0, blocks, 2), range(1, blocks, 2)]
    found: dict[str, Any] = {"vectors": blocks * BLOCK, "dims": DIMS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            list(pool.map(block_of, range(2)))
            for name, write, path in (("file", into_file, folder / "a.db"), ("folder", into_folder, folder / "parts")):
                started = time.perf_counter()
                list(pool.map(write, [path, path], halves))
                found[f"{name}_per_s"] = rate(blocks, started)
        started = time.perf_counter()
        read = VectorFolder(folder / "parts")
        found["open_s"] = round(time.perf_counter() - started, 3)
        started = time.perf_counter()
        assert sum(len(read.get(list(block_of(number)), DIMS)) for number in range(blocks)) == blocks * BLOCK
        found["folder_read_per_s"] = rate(blocks, started)
        started = time.perf_counter()
        merged = read.merge()
        found |= {"merged": merged, "merge_per_s": rate(merged, started)}
        with (
            LocalCluster(**dask_of_our_own(2)) as cluster,
            Client(cluster) as client,
        ):
            client.gather(client.map(block_of, range(2), pure=False))
            started = time.perf_counter()
            store = VectorFile(folder / "b.db")
            for future in client.map(block_of, range(blocks), pure=False):
                store.put(future.result())
            found["through_dask_per_s"] = rate(blocks, started)
            store.close()
    return found


def handing_out(file: Path) -> dict[str, Any]:
    """Return the products a second that one process reads and hands out, where encoding them takes no time."""

    def submit(products: Sequence[Product]) -> Future[Outcome]:
        done = Future[Outcome]()
        done.set_result(Outcome("nobody", [True] * len(pickle.loads(pickle.dumps(products)))))
        return done

    with HybridSearch.open(file) as shop:
        tally = Tally(schema_of(shop.settings, shop.encoders))
        started = time.perf_counter(), time.process_time()
        fill(shop, Cluster(submit, 4), tally, silent)
        read = tally.counts.read
        per_s, per_cpu_s = read / (time.perf_counter() - started[0]), read / (time.process_time() - started[1])
    return {"products": read, "per_s": round(per_s), "per_cpu_s": round(per_cpu_s)}


def rate(blocks: int, started: float) -> int:
    """Return vectors a second."""
    return round(blocks * BLOCK / max(time.perf_counter() - started, 1e-6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=Path, help="JSON lines with icecat's fields; left out: generated")
    parser.add_argument("--encoder", nargs="*", default=[], help="left out: hashed words, behind an address")
    parser.add_argument("--count", type=int, default=6_000, help="products")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--on", nargs="*", default=["dask", "ray"])
    parser.add_argument("--kill", nargs="*", default=KILLED, choices=KILLED)
    parser.add_argument("--blocks", type=int, default=64, help="of the stores; 0 leaves them out")
    parser.add_argument("--small", action="store_true", help="Dask alone, 1 round, nobody is killed")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    if options.small:
        options.count, options.rounds, options.on, options.kill, options.blocks = 1_100, 1, ["dask"], [], 2
    with tempfile.TemporaryDirectory() as temporary, served() as hashed:
        folder = Path(temporary)
        products = options.products or write_generated(folder / "all.jsonl.gz", options.count)
        first = folder / "first.jsonl"
        with (gzip.open if products.suffix == ".gz" else open)(products, "rt", encoding="utf-8") as lines:
            first.write_text("".join(islice(lines, options.count)), encoding="utf-8")
        for encoder in options.encoder or [hashed]:
            measure(configured(folder, first, encoder), options, "hashed words" if encoder == hashed else encoder)
        report({"what": "handing out", **handing_out(configured(folder, products, hashed))}, options)
    if options.blocks:
        report({"what": "stores", **stores(options.blocks)}, options)


if __name__ == "__main__":
    main()
