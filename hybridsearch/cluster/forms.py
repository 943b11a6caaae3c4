"""Where blocks are encoded: in this process, by the workers of Dask, or by those of Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from hybridsearch.cluster.worker import Outcome, Worker, encode_block, store_to_fill
from hybridsearch.encoders.base import Encoder
from hybridsearch.errors import ConfigError, EncoderError
from hybridsearch.indexing.build import Builder, encoding
from hybridsearch.values import Product

Submit = Callable[[Sequence[Product]], "Future[Outcome]"]
"""Has a block encoded."""

WORKERS = 2
"""Of a cluster that is started for one run, unless it is said."""
AHEAD = 2
"""Blocks for each worker that are under way or wait for it: it never waits for the catalogue, and few are in memory."""
DEATHS = 3
"""Workers that a block may cost before it is taken to be at fault."""
PATIENCE = 30
"""Seconds in which a cluster has to answer."""
OBJECTS = 256 << 20
"""Bytes of memory in which a Ray of our own hands over blocks, where it would take a third of the machine's."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What encodes blocks.

    Attributes:
        submit: Has one encoded.
        room: Blocks that are under way at once, at most.
    """

    submit: Submit
    room: int


@contextmanager
def local(
    worker: Worker, encoders: Mapping[str, Encoder], address: str | None, workers: int | None
) -> Iterator[Cluster]:
    """Encode in this process, block by block, with the encoders that it has loaded already."""
    if address is not None or workers is not None:
        raise ConfigError(
            "'address' and 'workers' are those of a cluster; this process encodes alone. Say which: on = 'dask' or "
            "'ray', or leave them out."
        )
    store = store_to_fill(worker.settings)
    with encoding(worker.settings, worker.schema, encoders, ThreadPoolExecutor, store) as builder:
        yield Cluster(partial(at_once, builder), 1)


def at_once(builder: Builder, block: Sequence[Product]) -> Future[Outcome]:
    """Encode a block before anything else."""
    done = Future[Outcome]()
    done.set_result(encode_block(builder, block))
    return done


@contextmanager
def on_dask(
    worker: Worker,
    encoders: Mapping[str, Encoder],  # noqa: ARG001 - as `local`
    address: str | None,
    workers: int | None,
) -> Iterator[Cluster]:
    """Encode by the workers of a Dask cluster, or of one of our own on this machine."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise missing("dask", "distributed") from error
    if address is not None and workers is not None:
        raise ConfigError("The cluster at an address has the workers that it was started with. Leave 'workers' out.")
    with ExitStack() as stack:
        own = workers or WORKERS
        stack.enter_context(dask.config.set(dask_options(own)))
        with explained("Dask", address):
            cluster = address or stack.enter_context(distributed.LocalCluster(**dask_of_our_own(own)))
            client = stack.enter_context(distributed.Client(cluster, timeout=PATIENCE, set_as_default=False))
        threads = sum(client.nthreads().values())
        if not threads:
            raise EncoderError(f"The Dask cluster at '{address}' has no workers. Start some, then try again.")
        executor = client.get_executor(pure=False)
        stack.callback(executor.shutdown, wait=False)
        yield Cluster(partial(executor.submit, worker), AHEAD * threads)


def dask_of_our_own(workers: int) -> dict[str, Any]:
    """Return the options of a Dask on this machine: no page, no limit of memory, which models exceed."""
    options = {"n_workers": workers, "threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None}
    # Dask listens all the same: at a free port, where others may have its usual one, and without anything to say.
    hidden = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return {**options, "scheduler_kwargs": hidden, "preload": ["hybridsearch.cluster.deaf"]}


def dask_options(workers: int) -> dict[str, Any]:
    """Return what is said otherwise than Dask says it: a block of heavy rows is no mistake, and cores are shared."""
    cores = max(1, (os.cpu_count() or 1) // workers)
    return {
        "distributed.scheduler.allowed-failures": DEATHS,
        "distributed.scheduler.http.routes": [],
        "distributed.admin.large-graph-warning-threshold": "1GB",
        "distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": cores,
        "distributed.nanny.pre-spawn-environ.MKL_NUM_THREADS": cores,
        "distributed.nanny.pre-spawn-environ.OPENBLAS_NUM_THREADS": cores,
    }


@contextmanager
def on_ray(
    worker: Worker,
    encoders: Mapping[str, Encoder],  # noqa: ARG001 - as `local`
    address: str | None,
    workers: int | None,
) -> Iterator[Cluster]:
    """Encode by the workers of a Ray cluster, or of one of our own on this machine.

    Blocks are tasks, not actors, which would hold every CPU of a small machine and have Ray wait for one for ever.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise missing("ray", "ray") from error
    with ExitStack() as stack:
        if not ray.is_initialized():
            with explained("Ray", address):
                ray.init(address, **({} if address else of_our_own()), log_to_driver=False, logging_level=logging.ERROR)
            stack.callback(ray.shutdown)
        there = ray.cluster_resources()
        count = workers or int(there.get("GPU", 0)) or WORKERS
        run = ray.remote(**shares(there, count), max_retries=DEATHS)(encode_with)
        yield Cluster(lambda block: run.remote(worker, block).future(), AHEAD * count)


def of_our_own() -> dict[str, Any]:
    """Return the options of a Ray on this machine: no page, nothing that is sent anywhere."""
    return {"num_cpus": os.cpu_count() or 1, "include_dashboard": False, "object_store_memory": OBJECTS}


def shares(resources: Mapping[str, float], workers: int) -> dict[str, float]:
    """Return the CPUs and GPUs of a worker, so that as many as are wanted run at once: whole ones, or a part of one."""
    cpus, gpus = resources.get("CPU", 1.0) / workers, resources.get("GPU", 0.0) / workers
    return {"num_cpus": part(cpus), **({"num_gpus": min(1.0, part(gpus))} if gpus else {})}


def part(share: float) -> float:
    """Return a share as Ray counts it: whole numbers, and below one in ten-thousandths."""
    return float(int(share)) if share >= 1 else max(1e-4, int(share * 10_000) / 10_000)


def encode_with(worker: Worker, block: Sequence[Product]) -> Outcome:
    """Encode a block, in a process of Ray, which takes functions alone."""
    return worker(block)


def missing(extra: str, package: str) -> EncoderError:
    """Return the error for an extra that is not installed."""
    return EncoderError(
        f"Encoding on {extra.capitalize()} needs the package '{package}', which is not installed. Run: "
        f'pip install "hybridsearch[{extra}]"'
    )


@contextmanager
def explained(name: str, address: str | None) -> Iterator[None]:
    """Turn what a cluster raises when it is begun into an error of this package."""
    try:
        yield
    except Exception as error:
        where = f"at '{address}' " if address else ""
        raise EncoderError(
            f"The {name} cluster {where}cannot be used: {type(error).__name__}: {error}. Start it, or correct the "
            "address, or leave the address out for workers on this machine."
        ) from error


Form = Callable[[Worker, Mapping[str, Encoder], "str | None", "int | None"], AbstractContextManager[Cluster]]
FORMS: dict[str, Form] = {"local": local, "dask": on_dask, "ray": on_ray}
"""By the name that `--on` takes."""
