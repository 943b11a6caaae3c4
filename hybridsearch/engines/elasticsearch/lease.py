"""The right to rebuild an index, held across machines by one small document that its owner updates as a heartbeat.

Nothing depends on clocks: a process that meets the document watches whether it still changes.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from elastic_transport import TransportError
from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError

from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read
from hybridsearch.engines.elasticsearch.transport.shapes import LEASED, PLACED, Owner
from hybridsearch.errors import EngineError
from hybridsearch.runtime import forks

HEARTBEAT = 5.0
"""Seconds between two updates of the document."""
SILENCE = 4 * HEARTBEAT
"""Seconds without an update after which an owner on another machine counts as dead."""
DOCUMENT = "run"
HELD: set[str] = set()
"""Tokens of the leases that this process holds."""
HIDDEN = {"hidden": True, "final_pipeline": "_none", "number_of_shards": 1, "auto_expand_replicas": "0-1"}
"""Settings of an index that wildcards do not match."""


def lock_index(alias: str) -> str:
    """Return the name of the index that holds the document."""
    return f"{alias}-lock"


class ServerLease:
    """Held from `__enter__` to `__exit__`; the document's sequence number tells whether it is still ours."""

    def __init__(
        self,
        client: Elasticsearch,
        alias: str,
        owner: str,
        *,
        sleep: Callable[[float], object] = time.sleep,
        heartbeat: bool = True,
    ) -> None:
        self.client, self.index, self.owner = client, lock_index(alias), owner
        self.sleep, self.heartbeat = sleep, heartbeat
        self._token = secrets.token_hex(8)
        self._sequence: dict[str, Any] = {}
        self._beats = 0
        self._lost = False
        self._process = os.getpid()
        self._released = threading.Event()
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        forks.register(self)

    def after_fork(self) -> None:
        """Have no lease: that of the parent is neither updated nor removed by a child, nor kept once it is dead."""
        if self._token in HELD:
            HELD.discard(self._token)
            self._lost = True
            self._released, self._mutex, self._thread = threading.Event(), threading.Lock(), None

    def __enter__(self) -> Self:
        self.client.options(ignore_status=400).indices.create(index=self.index, settings={"index": HIDDEN})
        while not self._take():
            pass
        HELD.add(self._token)
        self._process = os.getpid()
        if self.heartbeat:
            self._thread = threading.Thread(target=self._keep_updating, name="hybridsearch-lease", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        HELD.discard(self._token)
        if self._thread is not None:
            self._thread.join()
        if not self._lost:
            with suppress(ApiError, TransportError):  # a lease that cannot be released is silent from now on
                self.client.delete(index=self.index, id=DOCUMENT, **self._sequence)

    def require(self) -> None:
        """Make sure that it is still ours, see `Lease`."""
        if self._process != os.getpid():
            raise EngineError(
                f"This process, {os.getpid()}, has no lease: it was forked from its owner, process {self._process}. "
                "Leave the work to that one."
            )
        self._update()
        if self._lost:
            raise EngineError(
                "Another run has taken over, because this process stood still for too long. Nothing was changed; "
                "look at the other run."
            )

    def _take(self) -> bool:
        """Try to write the document; raise EngineError when its owner is alive, and take over when it is dead."""
        try:
            created = self.client.create(index=self.index, id=DOCUMENT, document=self._body())
            self._sequence = sequence_of(created)
            return True
        except ConflictError:
            pass
        try:
            held = self.client.get(index=self.index, id=DOCUMENT)
        except NotFoundError:
            return False
        owner = self._owner(held)
        if owner["token"] in HELD or (not is_dead(dict(owner)) and self._is_updated(held)):
            raise EngineError(
                f"A rebuild is under way: {owner['owner']}, process {owner['process']} on {owner['host']}. "
                "Wait until it has ended, then try again."
            )
        try:
            answer = self.client.index(index=self.index, id=DOCUMENT, document=self._body(), **sequence_of(held))
        except ConflictError:
            return False
        self._sequence = sequence_of(answer)
        return True

    def _owner(self, held: object) -> Owner:
        """Return who holds the document.

        Raises:
            EngineError: It does not say so.
        """
        try:
            return read(LEASED, held)["_source"]
        except UnexpectedAnswer as error:
            raise EngineError(
                f"The document '{DOCUMENT}' in '{self.index}' names no owner ({error.message}). "
                "If no rebuild is under way, remove that index, then try again."
            ) from error

    def _is_updated(self, document: object) -> bool:
        """Watch the document for as long as its owner may be silent, and return whether it was updated."""
        for _ in range(int(SILENCE)):
            self.sleep(1.0)
            try:
                current = self.client.get(index=self.index, id=DOCUMENT)
            except NotFoundError:
                return False
            if sequence_of(current) != sequence_of(document):
                return True
        return False

    def _body(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "token": self._token,
            "beats": self._beats,
        }

    def _update(self) -> None:
        with self._mutex:
            if self._lost:
                return
            self._beats += 1
            try:
                answer = self.client.index(index=self.index, id=DOCUMENT, document=self._body(), **self._sequence)
                self._sequence = sequence_of(answer)
            except (ConflictError, NotFoundError):
                self._recognise()  # or the document is still ours: the answer to the last update was lost
            except (ApiError, TransportError):
                pass  # the next update will tell

    def _recognise(self) -> None:
        """Look whether the document is ours."""
        try:
            current = self.client.get(index=self.index, id=DOCUMENT)
            self._lost = self._owner(current)["token"] != self._token
        except (NotFoundError, EngineError):
            self._lost = True
        if not self._lost:
            self._sequence = sequence_of(current)

    def _keep_updating(self) -> None:
        while not self._released.wait(HEARTBEAT) and not self._lost:
            self._update()


def sequence_of(answer: object) -> dict[str, Any]:
    """Return the sequence number of a document, as a condition for the next write: that it has not changed since."""
    placed = read(PLACED, answer)
    return {"if_seq_no": placed["_seq_no"], "if_primary_term": placed["_primary_term"]}


def is_dead(owner: Mapping[str, Any]) -> bool:
    """Return whether the owner is a process of this machine that has certainly ended."""
    if owner["host"] != socket.gethostname() or os.name != "posix":
        return False
    if owner["process"] == os.getpid():
        return True  # an earlier process had the same number, as happens in a container
    try:
        os.kill(owner["process"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it runs and belongs to another user
    return False
