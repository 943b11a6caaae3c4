"""The kinds of field that a search filters, counts and sorts by. A new kind is one file and one line here."""

from __future__ import annotations

from hybridsearch.fields import booleans, dates, facets, numbers
from hybridsearch.fields.base import Bound, FieldKind, UnclearError
from hybridsearch.fields.formats import AS_IT_IS, Format

__all__ = ["AS_IT_IS", "KINDS", "Bound", "FieldKind", "Format", "UnclearError"]

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
