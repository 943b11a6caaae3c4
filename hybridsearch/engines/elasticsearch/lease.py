"""The right to rebuild an index, held across machines by one small document that its owner keeps beating.

Nothing depends on clocks: whoever finds the document watches whether it still changes.
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

from hybridsearch.engines.elasticsearch.connection import json_of
from hybridsearch.errors import EngineError

BEAT = 5.0
"""Seconds between two signs of life."""
SILENCE = 4 * BEAT
"""Seconds without one after which an owner on another machine counts as dead."""
DOCUMENT = "run"
HELD: set[str] = set()
"""Tokens of the leases that this process holds."""
HIDDEN = {"hidden": True, "number_of_shards": 1, "auto_expand_replicas": "0-1"}
"""Settings of an index that wildcards do not see."""


def lock_index(alias: str) -> str:
    """Return the name of the index that holds the document."""
    return f"{alias}-lock"


class ServerLease:
    """Held from `__enter__` to `__exit__`; the document's sequence number says whether it is still ours."""

    def __init__(
        self,
        client: Elasticsearch,
        alias: str,
        owner: str,
        *,
        sleep: Callable[[float], object] = time.sleep,
        beating: bool = True,
    ) -> None:
        self.client, self.index, self.owner = client, lock_index(alias), owner
        self.sleep, self.beating = sleep, beating
        self._token = secrets.token_hex(8)
        self._place: dict[str, Any] = {}
        self._beats = 0
        self._lost = False
        self._over = threading.Event()
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.client.options(ignore_status=400).indices.create(index=self.index, settings={"index": HIDDEN})
        while not self._take():
            pass
        HELD.add(self._token)
        if self.beating:
            self._thread = threading.Thread(target=self._keep_beating, name="hybridsearch-lease", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        HELD.discard(self._token)
        if self._thread is not None:
            self._thread.join()
        if not self._lost:
            with suppress(ApiError, TransportError):  # a lease that cannot be given back is silent from now on
                self.client.delete(index=self.index, id=DOCUMENT, **self._place)

    def require(self) -> None:
        """Make sure that it is still ours, see `Lease`."""
        self._beat()
        if self._lost:
            raise EngineError(
                "Another run has taken over, because this process stood still for too long. Nothing was changed; "
                "look at the other run."
            )

    def _take(self) -> bool:
        """Try to write the document; refuse when its owner lives, and take over from one that is dead."""
        try:
            self._place = place(json_of(self.client.create(index=self.index, id=DOCUMENT, document=self._body())))
            return True
        except ConflictError:
            pass
        try:
            found = json_of(self.client.get(index=self.index, id=DOCUMENT))
        except NotFoundError:
            return False
        if found["_source"]["token"] in HELD or (not dead(found["_source"]) and self._beats_on(found)):
            owner = found["_source"]
            raise EngineError(
                f"A rebuild is under way: {owner['owner']}, process {owner['process']} on {owner['host']}. "
                "Wait until it has ended, then try again."
            )
        try:
            answer = self.client.index(index=self.index, id=DOCUMENT, document=self._body(), **place(found))
        except ConflictError:
            return False
        self._place = place(json_of(answer))
        return True

    def _beats_on(self, found: Mapping[str, Any]) -> bool:
        """Watch an owner for as long as it may be silent, and say whether it gave a sign of life."""
        for _ in range(int(SILENCE)):
            self.sleep(1.0)
            again = json_of(self.client.options(ignore_status=404).get(index=self.index, id=DOCUMENT))
            if not again.get("found"):
                return False
            if place(again) != place(found):
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

    def _beat(self) -> None:
        with self._mutex:
            self._beats += 1
            try:
                answer = self.client.index(index=self.index, id=DOCUMENT, document=self._body(), **self._place)
                self._place = place(json_of(answer))
            except (ConflictError, NotFoundError):
                # Or it was ours: the answer to the beat before never came.
                found = self.client.options(ignore_status=404).get(index=self.index, id=DOCUMENT)
                self._lost = found.get("_source", {}).get("token") != self._token
                self._place = {} if self._lost else place(found.body)
            except (ApiError, TransportError):
                pass  # the next beat tells

    def _keep_beating(self) -> None:
        while not self._over.wait(BEAT) and not self._lost:
            self._beat()


def place(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must not have changed for the next write to go through."""
    return {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}


def dead(owner: Mapping[str, Any]) -> bool:
    """Return whether the owner is a process of this machine that has ended for certain."""
    if owner["host"] != socket.gethostname() or os.name != "posix":
        return False
    if owner["process"] == os.getpid():
        return True  # one before us had the same number, as in a container
    try:
        os.kill(owner["process"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it runs, and belongs to another user
    return False
