"""How whatever takes long says how far it is: every command, and every function that a caller may watch, alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Protocol


class Progress(Protocol):
    """Is called again and again while something goes on, by the thread that does it; it may raise to stop it."""

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}, /) -> object:
        """Take note of how far it is.

        Args:
            stage: What is going on, such as `indexing`.
            done: How much of the stage is done.
            total: How much that is in all; None when it is unknown.
            counts: Further numbers by name, such as products rejected so far.
        """
        ...


def silent(*_: object) -> None:
    """Tell nobody how far it is."""


def stoppable(progress: Progress | None, stop: Callable[[], object]) -> tuple[Progress, Callable[[], None]]:
    """Return a progress that ends its work once it is told to, and what tells it so, from any thread.

    Args:
        progress: Is told how far the work is.
        stop: Is called too, so that the work waits for nothing meanwhile.
    """
    stopped = threading.Event()

    def tell(stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}, /) -> None:
        if progress is not None:
            progress(stage, done, total, counts)
        if stopped.is_set():
            raise asyncio.CancelledError

    def end() -> None:
        stopped.set()
        stop()

    return tell, end
