"""What every engine can do: hold generations of an index, fill one beside the live one, and run plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from hybridsearch.plan import Plan
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Page, Reject, Row


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `hybridsearch doctor`."""

    name: str
    state: Literal["ok", "warning", "failure"]
    found: str
    next_step: str = ""


class Engine(Protocol):
    """A place where an index lives.

    An index has generations: `create` begins one beside the live one, `write` and `refresh` fill it, and `promote`
    makes it the live one in one atomic step. Every method raises EngineError when the engine cannot be reached.
    """

    def create(self, schema: Schema) -> str:
        """Begin a new, empty generation and return its name."""
        ...

    def write(self, generation: str, documents: Sequence[Document]) -> list[Reject]:
        """Store documents, replacing those with the same ids; return those that were refused. May be buffered."""
        ...

    def refresh(self, generation: str) -> tuple[int, list[Reject]]:
        """Make everything written searchable; return the number of documents, and what was refused in the meantime."""
        ...

    def promote(self, generation: str, schema: Schema) -> None:
        """Store the final schema and make this generation the live one, atomically."""
        ...

    def discard(self, generation: str) -> None:
        """Remove a generation that is not live."""
        ...

    def schema(self) -> Schema:
        """Return the schema of the live index.

        Raises:
            IndexMissing: There is none.
        """
        ...

    def identity(self) -> str:
        """Return what changes whenever the live index's content does, so that answers can be kept."""
        ...

    def search(self, plan: Plan) -> Page:
        """Run a plan on the live index."""
        ...

    async def search_async(self, plan: Plan) -> Page:
        """Run a plan on the live index without blocking the event loop."""
        ...

    def get(self, ids: Sequence[str]) -> Mapping[str, Row]:
        """Return the rows of the products with these ids; unknown ids are absent."""
        ...

    def check(self) -> list[Check]:
        """Look at the engine itself and say how it is."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...

    async def close_async(self) -> None:
        """Let go of them, those of `search_async` included."""
        ...
