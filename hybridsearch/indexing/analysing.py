"""Where products are analysed: in this process, or block by block in others while this one reads, encodes and writes.

A block whose worker dies twice, or says nothing for too long, is analysed here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

from hybridsearch import document, redaction
from hybridsearch.confined.workers import Workers
from hybridsearch.indexing.blocks import DECODER, LIMITS, Answer, Limits, NotAnalysed, to_document, written
from hybridsearch.indexing.build import Make
from hybridsearch.schema import Schema
from hybridsearch.values import Product

log = redaction.logger(__name__)

MOST = 8
"""Processes that a run takes by itself: the one that reads and writes keeps no more busy."""
SMALL = 2_048
"""Products that a run analyses in its own process before it starts others by itself, which take half a second."""


@dataclass(slots=True)
class Analysis:
    """Has blocks analysed, a few at a time.

    Attributes:
        schema: What the index holds.
        pool: Worker processes; None for none.
        threads: Each waits for one of them.
        most: Their number.
        before: Products that are analysed here before the first of them is started.
    """

    schema: Schema
    pool: Workers[list[Answer], Limits] | None = None
    threads: Executor | None = None
    most: int = 0
    before: int = 0
    done: int = field(default=0, init=False)

    @property
    def room(self) -> int:
        """Blocks that are under way while the first of them is waited for, at most: so much is in memory."""
        return self.most + 1 if self.in_workers else 0

    @property
    def in_workers(self) -> bool:
        """Whether the next block goes to a worker."""
        return self.pool is not None and self.done >= self.before

    def submit(self, products: Sequence[Product]) -> Future[Make]:
        """Have a block analysed."""
        started, self.done = self.in_workers, self.done + len(products)
        if self.threads and started:
            return self.threads.submit(self.elsewhere, products)
        here = Future[Make]()
        here.set_result(self.here)
        return here

    @property
    def here(self) -> Make:
        """Makes documents in this process."""
        return partial(document.build, schema=self.schema)

    def elsewhere(self, products: Sequence[Product]) -> Make:
        """Have a worker analyse a block, and wait for that."""
        assert self.pool is not None
        try:
            answers = iter(self.pool.decode(written(self.schema, products), 0))
        except (NotAnalysed, TypeError) as error:  # also what cannot be written as JSON
            log.debug("A block of products is analysed here: %s", error)
            return self.here
        return lambda product, *, vectors: to_document(product, next(answers), vectors)

    def abandon(self) -> None:
        """End the workers, whatever they are at: nobody waits for them."""
        if self.pool:
            self.pool.abandon()


@contextmanager
def analysing(schema: Schema, workers: int | None, executor: Callable[[int], Executor]) -> Iterator[Analysis]:
    """Yield what analyses blocks, for as long as the context lasts.

    Args:
        schema: What the index holds.
        workers: Processes that work, this one included; left out: one for each core, once that is worth it.
        executor: Makes the threads that wait for the others.
    """
    most = (min(MOST, cores()) if workers is None else workers) - 1
    if most < 1:
        yield Analysis(schema)
        return
    with ExitStack() as stack:
        pool = Workers(DECODER, LIMITS, most)
        stack.callback(pool.close)
        threads = stack.enter_context(executor(most))
        yield Analysis(schema, pool, threads, most, SMALL if workers is None else 0)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
