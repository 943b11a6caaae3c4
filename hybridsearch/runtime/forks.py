"""What a forked process does not take over from its parent: locks, leases, connections, and calls under way.

A fork copies all memory and one thread. Without this a child would hold its parent's locks, use its connections, and
wait for calls of threads that it does not have. What holds locks of its own, as SQLite does, cannot be told so: there a
fork waits until no other thread is within.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet

PATIENCE = 10.0
"""Seconds for which a fork waits for other threads; then it is done all the same."""
PAUSE = 0.001


class Owner(Protocol):
    """Has something that belongs to one process."""

    def after_fork(self) -> None:
        """Let go, in a forked process, of what is its parent's, and leave that as it is."""
        ...


no_fork = threading.RLock()
"""While a thread holds it, no other one forks: for steps between which something has no owner that is registered."""
_owners = WeakSet[Owner]()


def register(owner: Owner) -> None:
    """Tell an owner, for as long as it lives, when it finds itself in a forked process."""
    with no_fork:
        _owners.add(owner)


class Lock:
    """A lock among threads, which is free in a forked process, whichever thread held it when that was forked.

    Attributes:
        held: The context in which a thread has it, once or within itself. It is Python's own lock: an exception of a
            signal's handler, between the lines of one of ours, would leave it taken for ever.
    """

    def __init__(self) -> None:
        self.held = threading.RLock()
        register(self)

    def after_fork(self) -> None:
        """Forget a thread that is not here."""
        self.held = threading.RLock()


_forking = threading.RLock()
"""Held by the thread that forks."""
_waiting: set[int] = set()
"""The thread that forks, from when on no other one may go within SQLite."""
_within: dict[object, int] = {}
"""The thread of each use of SQLite that is under way. Each step on this and the one above is atomic."""


@contextmanager
def still() -> Iterator[None]:
    """Let no other thread fork for as long as the context lasts: for each use of SQLite, by whichever connection."""
    use, thread = object(), threading.get_ident()
    try:
        _within[use] = thread
        while _waiting and thread not in _waiting and list(_within.values()).count(thread) == 1:
            del _within[use]
            time.sleep(PAUSE)
            _within[use] = thread
        yield
    finally:
        _within.pop(use, None)


def _begin_fork() -> None:
    thread = threading.get_ident()
    _forking.acquire()
    _waiting.add(thread)
    deadline = time.monotonic() + PATIENCE
    while any(user != thread for user in list(_within.values())) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    no_fork.acquire()


def _go_on() -> None:
    no_fork.release()
    _waiting.clear()
    _forking.release()


def _begin_child() -> None:
    try:
        thread = threading.get_ident()
        for use in [use for use, user in _within.items() if user != thread]:
            del _within[use]
        for owner in list(_owners):
            owner.after_fork()
    finally:
        _go_on()  # the owner of both locks is the thread that forked, the one that the child has


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_begin_fork, after_in_parent=_go_on, after_in_child=_begin_child)
