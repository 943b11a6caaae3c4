"""The aliases of generations. Ours leads to one index; where somebody put it on several, one is searched, by a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from hybridsearch.engines.elasticsearch.mapping import META
from hybridsearch.engines.elasticsearch.transport.answers import reading
from hybridsearch.engines.elasticsearch.transport.shapes import Index


def chosen(indices: Mapping[str, Index], alias: str) -> str:
    """Return the one that is searched: of ours the one that the alias writes to, else the newest by its name.

    One that is not filled yet is searched only if there is no other.
    """
    ours = [name for name, index in indices.items() if is_ours(index)] or list(indices)
    ours = [name for name in ours if state(indices[name].get("aliases", {}), name) == "kept"] or ours
    return max([name for name in ours if writes_to(indices[name], alias)] or ours)


def is_ours(index: Index) -> bool:
    """Tell whether this library built an index."""
    with reading("'_meta' of an index"):
        return META in index["mappings"].get("_meta", {})


def writes_to(index: Index, alias: str) -> bool:
    """Tell whether an index is the one that takes what is written to the alias, where it leads to several."""
    return index.get("aliases", {}).get(alias, {}).get("is_write_index") is True


def several(alias: str, names: Iterable[str], name: str) -> str:
    """Say that an alias leads to several indices, of which one is searched."""
    return f"'{alias}' names {len(list(names))} indices, of which '{name}' is searched"


def way_out(names: Iterable[str], name: str) -> str:
    """Return what to do about an alias that leads to several indices."""
    *_, spare = sorted(set(names) - {name})
    return f"hybridsearch reindex, or: hybridsearch rollback --to {spare}"


def filling_alias(generation: str) -> str:
    """Return the alias that a generation has while it is filled."""
    return f"{generation}-filling"


def reopened_alias(generation: str) -> str:
    """Return the alias that tells a finished generation which is filled again from one that was never finished."""
    return f"{generation}-reopened"


def is_unused(aliases: Mapping[str, Any], generation: str) -> bool:
    """Return whether a generation is finished, and no alias leads to it but those of a rollback that was killed."""
    ours = {filling_alias(generation), reopened_alias(generation)}
    return not aliases or (reopened_alias(generation) in aliases and set(aliases) <= ours)


def state(aliases: Mapping[str, Any], generation: str) -> Literal["kept", "unfinished"]:
    """Return the state of a generation that is not live and has these aliases."""
    unfinished = filling_alias(generation) in aliases and reopened_alias(generation) not in aliases
    return "unfinished" if unfinished else "kept"
