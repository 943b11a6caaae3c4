"""The kinds of field that a search filters, counts and sorts by. A new kind is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridsearch.fields import booleans, dates, facets, numbers
from hybridsearch.fields.base import Bound, FieldKind, UnclearError
from hybridsearch.fields.formats import AS_IT_IS, Format
from hybridsearch.values import FieldValues

__all__ = ["AS_IT_IS", "KINDS", "Bound", "FieldKind", "Format", "UnclearError", "restored"]

KINDS: dict[str, FieldKind] = {
    kind.role: kind
    for kind in (
        facets.KIND,
        numbers.KIND,
        dates.KIND,
        booleans.KIND,
    )
}
"""By role. A field may have several: the first of them that can read what a query gives is the one that is meant."""


def restored(stored: Mapping[str, Any]) -> FieldValues:
    """Return what is kept of a product or a variant, from an object in which JSON has each role beside other keys."""
    return {
        role: {name: kind.restore(value) for name, value in stored[role].items()}
        for role, kind in KINDS.items()
        if role in stored
    }
