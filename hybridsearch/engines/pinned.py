"""An engine as if one of its earlier generations were the live one: to search what the index was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hybridsearch.engines.base import Engine
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Page, Row


class Pinned:
    """Searches one generation; whoever made it closes the engine, and changes the index there.

    Its schema and its words are read once: nothing is written to a generation that is not live.
    """

    def __init__(self, engine: Engine, generation: str) -> None:
        self._engine, self._generation = engine, generation
        self._schema: Schema | None = None
        self._lexicon: Lexicon | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def schema(self, generation: str | None = None, *, fresh: bool = False) -> Schema:
        """Return the schema of the generation."""
        self._schema = self._schema or self._engine.schema(generation or self._generation, fresh=fresh)
        return self._schema

    def lexicon(self, generation: str | None = None) -> Lexicon:
        """Return the words of the generation."""
        self._lexicon = self._lexicon or self._engine.lexicon(generation or self._generation)
        return self._lexicon

    def search(self, plan: Plan, generation: str | None = None) -> Page:
        """Run a plan on the generation."""
        return self._engine.search(plan, generation or self._generation)

    def get(self, ids: Sequence[str], generation: str | None = None) -> Mapping[str, Row]:
        """Return the rows of products of the generation by id."""
        return self._engine.get(ids, generation or self._generation)
