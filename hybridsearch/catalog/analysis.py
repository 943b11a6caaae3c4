"""What an index does with words in its own way: its analyzers and synonyms, as sentences for whoever sets a shop up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hybridsearch.inputs.json_values import brief

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
    elsewhere = {name: given for name, given in filters_of(analysis).items() if not lines(given)}
    if elsewhere:
        held = "; ".join(f"'{name}' with {place(given)}" for name, given in list(elsewhere.items())[:NAMED])
        yield (
            f"These synonyms of the index can only be used by your own queries: {held}. "
            "Copy the rules into a file, and name it under [synonyms]."
        )


def synonyms(analysis: Mapping[str, Any]) -> list[str]:
    """Return the rules of an index that stand in its settings, as Solr writes them."""
    return list(dict.fromkeys(line for given in filters_of(analysis).values() for line in lines(given)))


def filters_of(analysis: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the filters of synonyms by name."""
    return {name: given for name, given in analysis.get("filter", {}).items() if given.get("type") in SYNONYMS}


def lines(given: Mapping[str, Any]) -> list[str]:
    """Return the rules in a filter of synonyms, but those of WordNet."""
    held = given.get("synonyms", ())
    if given.get("format", "solr") != "solr":
        return []
    return [
        line for rule in ([held] if isinstance(held, str) else held) for line in str(rule).splitlines() if line.strip()
    ]


def names(of: Mapping[str, Any]) -> str:
    """Return some names in one line."""
    return ", ".join(list(of)[:NAMED]) + " …" * (len(of) > NAMED)


def place(given: Mapping[str, Any]) -> str:
    """Say where the rules of a filter of synonyms are."""
    if "synonyms_path" in given:
        return f"those of the file {brief(given['synonyms_path'])} on the server"
    if "synonyms_set" in given:
        return f"those of the set {brief(given['synonyms_set'])}"
    return "those of WordNet" if given.get("synonyms") else "none"
