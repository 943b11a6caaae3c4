"""Names of fields that are filtered, counted and sorted by: the seller's own, as far as an index can hold them."""

from __future__ import annotations

from hybridsearch.inputs.rows import plain

LONGEST = 500
"""Characters of a name."""
MOST_PARTS = 18
"""Dots make objects: Elasticsearch nests 20 levels, and ours are the outermost two."""
EVERY = "*"
"""Stands for all fields in a weights file."""


def flaw(name: str) -> str | None:
    """Return why no index can hold a field of this name; None when it can."""
    parts = name.split(".")
    if not all(parts):
        return "has an empty part, expected a name without dots at its ends or side by side"
    if not all(part.strip() for part in parts):
        return "has a blank part, expected characters other than spaces"
    if plain(name) != name:
        return "has control characters, which are left out of the names in every row"
    if name == EVERY:
        return "stands for all fields in a weights file, expected a name of its own"
    if len(parts) > MOST_PARTS:
        return f"has {len(parts)} parts, expected at most {MOST_PARTS}"
    if len(name) > LONGEST:
        return f"has {len(name):,} characters, expected at most {LONGEST}"
    return None
