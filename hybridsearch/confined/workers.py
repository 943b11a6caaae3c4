"""The worker processes that decode: started when there is something to decode, used again, replaced when they die."""

from __future__ import annotations

import atexit
import functools
import threading
import time
import weakref
from typing import Any, Generic

from hybridsearch import redaction
from hybridsearch.confined.decoder import Decoder, L, T
from hybridsearch.confined.process import START_SECONDS, TimeIsUp, WorkerDied, WorkerProcess
from hybridsearch.runtime import forks
from hybridsearch.runtime.prefetch import THREADS

log = redaction.logger(__name__)

MOST = max(2, THREADS)
"""Processes of a pool: one for each thread that decodes in advance, and two at least, as one file may be slow."""
IDLE_SECONDS = 60.0
ATTEMPTS = 2
"""A worker may also die because the system ran out of memory; a file that ends a second one is at fault."""


class Workers(Generic[T, L]):
    """A pool of worker processes; any thread may use it.

    Nothing is started before the first file. A process that was not used for a minute is ended when another one has
    answered. A process that is forked from this one starts workers of its own.

    Args:
        decoder: What its processes do.
        limits: What a file may cost.
        most: Processes at a time.
    """

    def __init__(self, decoder: Decoder[T, L], limits: L, most: int = MOST) -> None:
        self.decoder, self.limits = decoder, limits
        self._most = most
        self._begin()
        POOLS.add(self)
        forks.register(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(self._most)
        self._idle: list[WorkerProcess[T, L]] = []
        self._alive: set[WorkerProcess[T, L]] = set()
        self._opened = object()  # another one after each close
        self._worked = self._impossible = self._abandoned = False

    def decode(self, data: bytes, wanted: int, seconds: float | None = None) -> T:
        """Return what a file gives.

        Args:
            data: The file.
            wanted: How much of it, as the decoder takes it.
            seconds: Limit for all of it, waiting for a worker included; left out: that of the pool, for decoding alone.

        Raises:
            HybridSearchError: The decoder's `unsafe`: it takes too long, or ends the process that decodes it. Its
                `error`: it is nothing of the kind, beyond a limit, or damaged; or no worker was free.
        """
        self.decoder.require(data, self.limits)
        until = None if seconds is None else time.monotonic() + seconds
        if not self._free.acquire(timeout=seconds):
            raise self.decoder.not_now("too many others came before it")
        noun = self.decoder.noun
        try:
            for _ in range(ATTEMPTS):
                try:
                    return self._decode(data, wanted, until)
                except WorkerDied:
                    if self._abandoned:
                        break
                    log.warning("A process that decoded a %s has ended; another one takes its place.", noun)
            raise self.decoder.unsafe(
                f"The {noun} ends the process that decodes it. Save it again with another program."
            )
        finally:
            self._free.release()

    def close(self) -> None:
        """End the workers; those at work end once they have answered. The next file starts new ones."""
        with self._lock:
            self._opened = object()
            idle, self._idle = self._idle, []
        self._end(idle)

    def abandon(self) -> None:
        """End the workers for good, those at work too: nobody waits for their answers any more."""
        with self._lock:
            self._abandoned, self._opened = True, object()
            for worker in self._alive:
                worker.kill()

    def after_fork(self) -> None:
        """Forget the workers of the process that this one was forked from, and what its threads held."""
        for worker in self._alive:
            worker.abandon()
        self._begin()

    def _decode(self, data: bytes, wanted: int, until: float | None) -> T:
        """Decode with one worker, which afterwards is put back, or ended if it did not answer."""
        opened = self._opened
        worker = self._take(until)
        if worker is None:
            return self.decoder.decode(data, wanted, self.limits)
        seconds = left(until, self.limits.seconds)
        try:
            return worker.decode(data, wanted, seconds)
        except TimeIsUp as error:
            raise self.decoder.unsafe(
                f"The {self.decoder.noun} was not decoded within {seconds:.3g} s. {self.decoder.smaller}"
            ) from error
        finally:
            self._put_back(worker, opened)

    def _take(self, until: float | None) -> WorkerProcess[T, L] | None:
        """Return an idle worker or a new one; None where this system has none."""
        with self._lock:
            if self._abandoned:
                raise self.decoder.not_now("nobody waits for it")
            if self._idle or self._impossible:
                return self._idle.pop() if self._idle else None
        try:
            worker = WorkerProcess(self.decoder, self.limits, left(until, START_SECONDS))
        except (WorkerDied, TimeIsUp) as error:
            if self._worked or (until is not None and isinstance(error, TimeIsUp)):
                raise self.decoder.not_now("no worker process starts") from error
            self._impossible = True
            warn_of_no_workers(str(error) or "none is ready in time", self.decoder.noun, self.decoder.alone)
            return None
        with self._lock:
            self._worked = True
            self._alive.add(worker)
        return worker

    def _put_back(self, worker: WorkerProcess[T, L], opened: object) -> None:
        """Keep a worker that answered, unless the pool was closed meanwhile, and end those that are not needed."""
        now = time.monotonic()
        with self._lock:
            unused = [idle for idle in self._idle if now - idle.used > IDLE_SECONDS]
            self._idle = [idle for idle in self._idle if idle not in unused]
            (self._idle if worker.ready and opened is self._opened else unused).append(worker)
        self._end(unused)

    def _end(self, workers: list[WorkerProcess[T, L]]) -> None:
        for worker in workers:
            worker.stop()
            with self._lock:
                self._alive.discard(worker)


POOLS: weakref.WeakSet[Workers[Any, Any]] = weakref.WeakSet()


def stop_workers() -> None:
    """End all worker processes of this process; the next file starts new ones."""
    for pool in list(POOLS):
        pool.close()


atexit.register(stop_workers)


def left(until: float | None, most: float) -> float:
    """Return how many seconds something may take that must have ended at a time of the monotonic clock.

    Returns:
        At most `most`, and very few where that time has passed.
    """
    return most if until is None else max(0.001, min(most, until - time.monotonic()))


@functools.cache
def warn_of_no_workers(reason: str, noun: str, alone: str) -> None:
    """Say once that decoders are not confined."""
    unconfined = "are decoded in this process, without limits of time and memory: let no strangers upload any."
    log.warning("No worker process starts (%s). %s", reason, alone or f"{noun.capitalize()}s {unconfined}")
