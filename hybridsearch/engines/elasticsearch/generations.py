"""The generations of an index on a server, and how the alias moves from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from elasticsearch import BadRequestError, NotFoundError

from hybridsearch.engines.base import Generation, new_name
from hybridsearch.engines.elasticsearch.aliases import (
    chosen,
    filling_alias,
    is_ours,
    is_unused,
    reopened_alias,
    state,
)
from hybridsearch.engines.elasticsearch.copies import Copies, copies, is_lost, possible
from hybridsearch.engines.elasticsearch.mapping import META, carried, replicas_of, shards_of, to_mapping
from hybridsearch.engines.elasticsearch.transport.answers import read, reading
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.shapes import ALIASES, BUCKETS, HEALTH, INDICES, SEARCH, STATS, Index
from hybridsearch.errors import EngineError, GateError
from hybridsearch.runtime.failpoints import reach
from hybridsearch.schema import Schema
from hybridsearch.sections import EngineSection

OWN = {"final_pipeline": "_none"}
"""Settings that no template may change: a pipeline would alter or drop what was acknowledged."""
FILLING = {"refresh_interval": "-1", "number_of_replicas": "0"}
"""Settings while a generation is filled; `promote` restores those of the shop."""
MOST_INDICES = 1_000
COPYING = "5s"
"""How long one request waits for copies; it is repeated as long as some are being made,"""
TURNS = 2
"""and so often where none is: the cluster takes a moment to decide, or does not want to."""
GENERATION = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4,6}")
"""What follows the alias in the name of one."""


@dataclass(frozen=True, slots=True)
class Generations:
    """Indices called ALIAS-DATE-TIME-RANDOM; the alias names the live one.

    While a generation is filled, it has an alias of its own. Bulk requests name this alias, so that the server never
    recreates a generation that was removed; the request that makes the generation live removes the alias.

    Attributes:
        client: A patient client; every request may be sent twice.
        source: An existing index whose settings and mapping a new generation inherits.
        replace_index: Whether an index, not an alias, of the configured name may be removed for a new generation.
    """

    client: Client
    section: EngineSection
    source: str | None
    replace_index: bool

    @property
    def alias(self) -> str:
        """Name of the alias."""
        return self.section.index

    def create(self, schema: Schema, *, knn_has_k: bool) -> str:
        """Start a generation, see `Engine.create`."""
        self._must_replace()
        mapping, settings = self._inherited()
        name = f"{self.alias}-{new_name()}"
        try:
            self.client.indices.create(
                index=name,
                mappings=to_mapping(schema, mapping, knn_has_k=knn_has_k),
                settings={"index": {**settings, **FILLING, **OWN}},
                aliases={filling_alias(name): {}},
            )
        except BadRequestError as error:
            # Nobody else uses this name: a request whose answer was lost has created the index.
            if error.message != "resource_already_exists_exception":
                raise
        self._undo_templates(name)
        return name

    def promote(self, generation: str, schema: Schema) -> None:
        """Make a generation the live one with its final schema, see `Engine.promote`."""
        before = self._aliased()
        if not self._is_live(generation):
            self._settle(generation)
            reach("promote.settled")
            self._copy(generation)
            with reading("the index"):
                meta = dict(self._index(generation)["mappings"].get("_meta", {}))
            self.client.indices.put_mapping(index=generation, meta={**meta, META: schema.to_json()})
            reach("promote.described")
            self.switch(generation)
            reach("promote.swapped")
        self._prune(before)
        reach("promote.pruned")

    def reopen(self, generation: str) -> None:
        """Let a generation that is kept be filled again, see `Engine.reopen`."""
        self.client.indices.update_aliases(
            actions=[
                {"add": {"index": generation, "alias": alias}}
                for alias in (reopened_alias(generation), filling_alias(generation))
            ]
        )

    def switch(self, generation: str) -> None:
        """Move the alias, see `Engine.switch`."""
        impatient = replace(self, client=self.client.patient(None))
        self.client.repeat(partial(impatient.move, generation))

    def move(self, generation: str) -> None:
        """Move the alias, unless an earlier request whose answer was lost has done so; then it leads to no other."""
        if not self._is_live(generation):
            self.client.options(max_retries=0).indices.update_aliases(actions=list(self._swap_actions(generation)))

    def discard(self, generation: str) -> None:
        """Remove a generation, see `Engine.discard`."""
        self.client.indices.delete(index=generation, ignore_unavailable=True)

    def all(self) -> list[Generation]:
        """Return all generations, the oldest first."""
        indices = self._own_indices()
        aliased = {name: index for name, index in indices.items() if self.alias in index.get("aliases", {})}
        searched = chosen(aliased, self.alias) if aliased else ""
        stats = read(STATS, self.client.indices.stats(index=f"{self.alias}-*", metric="store"))
        working = stats.get("indices", {})
        totals = {name: entry["primaries"] for name, entry in working.items()}
        products = self._products() if working else {}
        states = {name: state(index.get("aliases", {}), name) for name, index in indices.items()}
        return [
            Generation(
                name,
                "live" if name == searched and states[name] == "kept" else states[name],
                products.get(name, 0),
                totals[name]["store"]["size_in_bytes"] if "store" in totals.get(name, ()) else 0,
                is_lost(working.get(name)),
            )
            for name in sorted(indices)
        ]

    def _products(self) -> dict[str, int]:
        """Return how many products each index has: the documents of the statistics are the nested ones too."""
        by_index = {"terms": {"field": "_index", "size": MOST_INDICES}}
        answer = read(SEARCH, self.client.search(index=f"{self.alias}-*", size=0, aggregations={"products": by_index}))
        if "aggregations" not in answer:  # no index at all
            return {}
        buckets = read(BUCKETS, answer["aggregations"].get("products"))["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    def outlook(self) -> list[str]:
        """Say what a swap would replace, see `Engine.outlook`."""
        if self._is_index():
            return [f"'{self.alias}' is an index, not an alias: --replace-index would remove it"]
        indices = self._aliased()
        lines = [f"alias '{self.alias}' moves away from '{index}', which is kept" for index in indices]
        for index in indices:
            other_aliases = set(self._index(index).get("aliases", ())) - {self.alias}
            lines += [f"alias '{name}' stays on '{index}'" for name in sorted(other_aliases)]
        return lines

    def _inherited(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return mapping and settings for a new generation: the shop's own, or the configuration's."""
        if self.source is None:
            return None, {
                "number_of_shards": self.section.shards,
                "number_of_replicas": self.section.replicas,
            }
        return carried(self._index(self.source))

    def _index(self, name: str) -> Index:
        indices = read(INDICES, self.client.indices.get(index=name))
        if len(indices) != 1:
            raise EngineError(f"'{name}' names {len(indices)} indices, expected one. Give a single index or alias.")
        (index,) = indices.values()
        return index

    def _is_index(self) -> bool:
        return bool(self.client.indices.exists(index=self.alias)) and not self.client.indices.exists_alias(
            name=self.alias
        )

    def _must_replace(self) -> bool:
        """Return whether an index has the name of the alias; raise GateError when it may not be removed."""
        must_replace = self._is_index()
        if must_replace and not self.replace_index:
            raise GateError(
                f"'{self.alias}' is an index, not an alias, and would have to be removed for an alias of that name. "
                "Choose another 'engine.index', or allow it: hybridsearch reindex --replace-index"
            )
        return must_replace

    def _aliased(self) -> dict[str, Any]:
        """Return the indices behind the alias, with how the alias is set on each."""
        try:
            indices = read(ALIASES, self.client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return {}
        return {name: entry["aliases"][self.alias] for name, entry in indices.items() if self.alias in entry["aliases"]}

    def _is_live(self, generation: str) -> bool:
        """Return whether the alias leads to a generation, and to no other, and not because somebody put it there."""
        return list(self._aliased()) == [generation] and state(self._index(generation)["aliases"], generation) == "kept"

    def _undo_templates(self, generation: str) -> None:
        """Take the alias off a new generation, and refuse what no search could work with: a template added it."""
        index = self._index(generation)
        if self.alias in index.get("aliases", {}):
            remove = {"index": generation, "alias": self.alias, "must_exist": False}
            self.client.indices.update_aliases(actions=[{"remove": remove}])
        if unusable := list(unusable_parts(index)):
            self.discard(generation)
            raise EngineError(
                f"An index template gave '{generation}' {' and '.join(unusable)}, with which it cannot be filled or "
                f"searched. Exclude '{self.alias}-*' from that template, then run: hybridsearch reindex"
            )

    def _settle(self, generation: str) -> None:
        """Replace the settings for filling by those that the shop wants, and check them."""
        _, settings = self._inherited()
        wanted = {name: settings.get(name) for name in FILLING}
        self.client.indices.put_settings(index=generation, settings={"index": wanted})
        current = self._index(generation)["settings"]["index"]
        for name, value in wanted.items():
            if value is not None and str(current.get(name)) != str(value):
                raise GateError(
                    f"'{name}' of '{generation}' is {current.get(name)}, expected {value}. The old index stays; "
                    "look at the privileges of the key, then continue with: hybridsearch reindex"
                )

    def _copy(self, generation: str) -> None:
        """Wait until the shards have the copies that the shop wants, as far as there are nodes for them.

        Until then the end of one node would take a part of the new index with it, and the old one has its copies.
        """
        index = self._index(generation)
        shards, replicas = shards_of(index), replicas_of(index)
        client = self.client.options(ignore_status=408)
        wanted, turns, state = shards, 0, Copies.FEW  # how many nodes there are the first answer tells
        while turns <= TURNS and state not in (Copies.READY, Copies.LOST):
            answer = client.cluster.health(index=generation, wait_for_active_shards=wanted, timeout=COPYING)
            health = read(HEALTH, answer)
            wanted, state = possible(health, shards, replicas), copies(health, shards, replicas)
            turns += state is Copies.FEW
        if state is Copies.LOST:
            raise GateError(
                f"A node that held a shard of '{generation}' is away, and no other has a copy of it. The old index "
                "stays. Start that node, or leave it, and continue with: hybridsearch reindex"
            )

    def _swap_actions(self, generation: str) -> Iterator[Any]:
        """Yield the actions of the one atomic request that makes a generation the live one.

        It fails as a whole when the alias was moved by another process in the meantime.
        """
        indices = self._aliased()
        if not indices and self._must_replace():
            yield {"remove_index": {"index": self.alias}}
        for index in set(indices) - {generation}:
            yield {"remove": {"index": index, "alias": self.alias, "must_exist": True}}
        options: dict[str, Any] = next(iter(indices.values()), {})
        if len(indices) > 1:  # which of them was written to means nothing for a single one
            options = {name: value for name, value in options.items() if name != "is_write_index"}
        yield {"add": {**options, "index": generation, "alias": self.alias}}
        for alias in (filling_alias(generation), reopened_alias(generation)):
            yield {"remove": {"index": generation, "alias": alias, "must_exist": False}}

    def _own_indices(self) -> dict[str, Index]:
        """Return the generations of this alias by name."""
        start = f"{self.alias}-"
        indices = read(INDICES, self.client.indices.get(index=f"{start}*", ignore_unavailable=True))
        return {
            name: index
            for name, index in indices.items()
            if name.startswith(start) and GENERATION.fullmatch(name, len(start)) and is_ours(index)
        }

    def _prune(self, before: Mapping[str, Any]) -> None:
        """Remove finished generations beyond those to keep; the one that was live before is kept first.

        An index that any alias names stays: it is still queried, or unfinished and may be continued.
        """
        own = self._own_indices().items()
        removable = sorted((name for name, index in own if is_unused(index.get("aliases", {}), name)), reverse=True)
        for name in sorted(removable, key=lambda name: name not in before)[self.section.keep :]:
            self.client.indices.delete(index=name, ignore_unavailable=True)


def unusable_parts(index: Index) -> Iterator[str]:
    """Yield what a template gave an index that this library never asks for, and cannot work with."""
    mappings, settings = index["mappings"], index["settings"]["index"]
    if mappings.get("_source", {}).get("enabled") in (False, "false"):
        yield "no '_source'"
    if mappings.get("_routing", {}).get("required") in (True, "true"):
        yield "a required '_routing'"
    if (mode := settings.get("mode", "standard")) != "standard":
        yield f"the mode '{mode}'"
