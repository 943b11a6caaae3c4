"""What every engine does: holds generations of an index, fills one beside the live one, and runs plans."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlencode

import orjson

from hybridsearch.changes import ChangeLog
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Document, Indexed, Page, Reject, Row

Say = Callable[[str], object]
"""Is told what a person should know, in a sentence."""
MergeProgress = Callable[[int, int], object]
"""Is told how many megabytes are written, and of how many."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `hybridsearch doctor`."""

    name: str
    state: Literal["ok", "warning", "failure"]
    found: str
    next_step: str = ""


@dataclass(slots=True)
class Written:
    """The outcome of a write.

    Attributes:
        refused: Documents that cannot be stored, with the reason.
        older: How many were older than what is stored, which stays.
        missing: How many removals were of documents that do not exist, as far as the engine can tell: one whose answer
            was lost, and that was sent again, counts too.
    """

    refused: list[Reject] = field(default_factory=list)
    older: int = 0
    missing: int = 0

    def add(self, other: Written) -> None:
        """Add the counts of another write."""
        self.refused += other.refused
        self.older += other.older
        self.missing += other.missing


@dataclass(frozen=True, slots=True)
class Generation:
    """One build of the index: the live one, a finished one that is kept, or one that a run has not finished."""

    name: str
    state: Literal["live", "kept", "unfinished"]
    documents: int
    bytes: int
    lost: bool = False
    """Whether a part of it is on no machine that runs."""


def live_of(generations: Sequence[Generation]) -> Generation | None:
    """Return the live one of all generations, if any is."""
    return next((generation for generation in generations if generation.state == "live"), None)


def new_name() -> str:
    """Return a name for a generation: the time to the microsecond, and four random bits."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond:05x}{secrets.randbelow(16):x}"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; printed, it can be pasted into a console.

    Attributes:
        parameters: Of the query string.
        body: JSON values, except that vectors are float32 arrays; empty for a request without one.
    """

    method: str
    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        query = urlencode({name: json_text(value) for name, value in self.parameters.items()})
        return f"{self.method} {self.path}?{query}\n{json_text(self.body)}"

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs, vectors as lists."""
        fields = {"method": self.method, "path": self.path, "parameters": self.parameters, "body": self.body}
        plain: dict[str, Any] = orjson.loads(orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY))
        return plain


def json_text(value: Any) -> str:
    """Return a value as JSON in one line; a string as it is."""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


class Engine(Protocol):
    """A place where an index lives.

    An index has generations: `create` makes one beside the live one, `write` and `refresh` fill it, and `promote`
    makes it the live one in one atomic step. Where a generation may be None, the live one is meant. Every method raises
    EngineError when the engine cannot be reached.
    """

    @property
    def changes(self) -> ChangeLog:
        """The log of changes to single products."""
        ...

    @property
    def retried(self) -> int:
        """Requests that were repeated so far, because the engine was busy or briefly unavailable."""
        ...

    def lease(self, owner: str) -> AbstractContextManager[Lease]:
        """Take the right to rebuild this index for as long as the context lasts.

        Raises:
            EngineError: Another run has it and is alive; the message names its owner.
        """
        ...

    def create(self, schema: Schema) -> str:
        """Create a new, empty generation and return its name."""
        ...

    def write(self, generation: str | None, documents: Sequence[Document]) -> Written:
        """Store documents, replacing those with the same ids unless these are newer.

        When it returns, everything is stored durably, refused, or was older.
        """
        ...

    def remove(self, generation: str | None, ids: Mapping[str, int | None]) -> Written:
        """Remove the products with these ids, unless what is stored is newer than the version given beside the id.

        A removal of a product that does not exist is remembered too: a late older update does not bring it back.
        """
        ...

    def routing(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the routing value of those products that are not on the shard that their id selects; mostly none."""
        ...

    def refresh(self, generation: str) -> int:
        """Make everything written searchable; return the number of documents."""
        ...

    def stored(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return documents as they are stored, by id, with their vectors; unknown ids are absent."""
        ...

    def vectors(self, leg: str) -> int:
        """Return how many products of the live index have a vector of a leg; 0 where there is no such leg."""
        ...

    def ids(self, generation: str) -> Iterator[str]:
        """Yield the ids of all products that are searchable in a generation."""
        ...

    def promote(self, generation: str, schema: Schema) -> None:
        """Store the final schema and make this generation the live one, atomically; remove those too old to keep.

        May be repeated: a generation that is live already stays live.
        """
        ...

    def reopen(self, generation: str) -> None:
        """Let a generation that is kept be written to by its name until it is live; it stays one that is kept."""
        ...

    def switch(self, generation: str) -> None:
        """Make a finished generation the live one, atomically, and change nothing else."""
        ...

    def discard(self, generation: str) -> None:
        """Remove a generation that is not live; one that is removed already is no error."""
        ...

    def generations(self) -> list[Generation]:
        """Return all generations, the oldest first."""
        ...

    def outlook(self) -> list[str]:
        """Return sentences that say what a swap would replace, and who uses it; nothing is changed."""
        ...

    def warnings(self) -> list[str]:
        """Return sentences that warn about the engine before much is written to it; mostly none."""
        ...

    def abandon(self) -> None:
        """Stop waiting for the engine, in any thread: nobody needs the outcome of the run that holds a lease.

        From now on that run sends each request once; without a run nothing changes.
        """
        ...

    def schema(self, generation: str | None = None, *, fresh: bool = False) -> Schema:
        """Return the schema of an index; unless it is to be `fresh`, that of an index that was live a moment ago.

        Raises:
            IndexMissing: There is none.
        """
        ...

    async def schema_async(self) -> Schema:
        """Return the schema of the live index without blocking the event loop."""
        ...

    def lexicon(self, generation: str | None = None) -> Lexicon:
        """Return the words of an index; they may be those of some minutes ago.

        An index that an earlier version built has products and no words.
        """
        ...

    async def lexicon_async(self) -> Lexicon:
        """Return the words of the live index without blocking the event loop."""
        ...

    def content_version(self) -> str:
        """Return a text that changes whenever the content of the live index does, so that answers can be cached."""
        ...

    def request(self, plan: Plan) -> Request:
        """Return the request by which a search runs this plan; it is not sent.

        In the order of a field it depends on the best product, which is searched for. It is made for the connected
        server: its version and the build of the live index are read, unless that was just done, which blocks. Where a
        server fails on the request, a search asks for one half of the plan instead.
        """
        ...

    def search(self, plan: Plan, generation: str | None = None) -> Page:
        """Run a plan."""
        ...

    async def search_async(self, plan: Plan) -> Page:
        """Run a plan on the live index without blocking the event loop."""
        ...

    def get(self, ids: Sequence[str], generation: str | None = None) -> Mapping[str, Row]:
        """Return the rows of the products with these ids; unknown ids are absent."""
        ...

    async def get_async(self, ids: Sequence[str]) -> Mapping[str, Row]:
        """Return the rows of products of the live index by id without blocking the event loop."""
        ...

    def indexed(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        """Return products of the live index by id, with their vectors, in the time of a search; unknown ids are absent.

        What was changed a moment ago may be there as it was before, as in a search.
        """
        ...

    async def indexed_async(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        """Return the same without blocking the event loop."""
        ...

    def check(self) -> list[Check]:
        """Check the engine itself and return its state."""
        ...

    def repair(self) -> list[str]:
        """Mend what `check` finds damaged and a rebuild does not replace; return what was done, mostly nothing.

        What cannot be kept is named, with what that means.
        """
        ...

    def close(self) -> None:
        """Close connections and files."""
        ...

    async def close_async(self) -> None:
        """Close the same without blocking the event loop, and the connections of the coroutines."""
        ...


@runtime_checkable
class Merging(Protocol):
    """An engine whose index consists of segments that it can merge when it is asked; others have no such method."""

    def merge(self, generation: str, most: int, say: Say, progress: MergeProgress) -> None:
        """Merge a generation into so many segments for each shard at most; it may be repeated where it was interrupted.

        Raises:
            GateError: There is no room for that, or it is not allowed.
        """
        ...


class Lease(Protocol):
    """The right to rebuild an index."""

    def require(self) -> None:
        """Check that this run still has it.

        Raises:
            EngineError: This process was suspended for so long that another run took over.
        """
        ...
