"""What an index does with words in its own way: its analyzers and synonyms, as sentences for whoever sets a shop up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hybridsearch.json_values import brief

SYNONYMS = ("synonym", "synonym_graph")
NAMED = 5
"""Names that are shown."""


def remarks(analysis: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is kept of an index's analysis, and what a search does not use.

    Args:
        analysis: The `analysis` part of its settings.
    """
    if analyzers := analysis.get("analyzer", {}):
        yield (
            f"The analyzers of the index ({names(analyzers)}) stay with its own fields, for your own queries; what is "
            "searched here is analysed by language."
        )
    filters = {name: given for name, given in analysis.get("filter", {}).items() if given.get("type") in SYNONYMS}
    if filters:
        held = "; ".join(f"'{name}' with {rules(given)}" for name, given in list(filters.items())[:NAMED])
        yield f"The synonyms of the index are not used by searches yet, only by your own queries: {held}."


def names(of: Mapping[str, Any]) -> str:
    """Return some names in one line."""
    return ", ".join(list(of)[:NAMED]) + " …" * (len(of) > NAMED)


def rules(given: Mapping[str, Any]) -> str:
    """Say which rules a filter of synonyms has."""
    if "synonyms_path" in given:
        return f"those of the file {brief(given['synonyms_path'])} on the server"
    if "synonyms_set" in given:
        return f"those of the set {brief(given['synonyms_set'])}"
    held = given.get("synonyms", ())
    lines = [held] if isinstance(held, str) else list(held)
    count = f"{len(lines):,} rule{'s' * (len(lines) != 1)}"
    return f"{count} such as {brief(lines[0])}" if lines else count
