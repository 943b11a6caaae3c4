"""What a forked process does not take over from its parent: locks, leases, connections, and calls under way.

A fork copies all memory and one thread. Without this a child would hold its parent's locks, use its connections, and
wait for calls of threads that it does not have.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


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
    """A lock among threads, which is free in a forked process, whichever thread held it when that was forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        register(self)

    def after_fork(self) -> None:
        """Forget a thread that is not here."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _begin_child() -> None:
    try:
        for owner in list(_owners):
            owner.after_fork()
    finally:
        no_fork.release()  # its owner is the thread that forked, the one that the child has


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=no_fork.acquire, after_in_parent=no_fork.release, after_in_child=_begin_child)
