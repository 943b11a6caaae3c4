"""Which kinds a field has in an index, of those that can be filtered, counted or sorted by."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from hybridsearch.errors import QueryError
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields

LONGEST = 1_000
"""Characters of the name of a field that similar names are looked for."""

USES: dict[str, Callable[[FieldKind], bool]] = {
    "filter": lambda kind: bool(kind.values or kind.bound),
    "facet": lambda kind: kind.countable,
    "sort": lambda _: True,
}
"""Which kinds of field can be used for what."""


def kinds_of(name: str, fields: Fields, use: str, configured: Fields | None = None) -> list[FieldKind]:
    """Return the kinds that a field has in the index, of those with this use; at least one.

    Args:
        name: Of the field.
        fields: What the index has.
        use: A key of USES.
        configured: What the index will have once it is rebuilt, for messages.

    Raises:
        QueryError: It has none.
    """
    fit = {kind.role: kind for kind in KINDS.values() if USES[use](kind)}
    kinds = [kind for role, kind in fit.items() if name in fields.of(role)]
    if kinds:
        return kinds
    coming = [role for role in fit if configured and name in configured.of(role)]
    if coming:
        raise QueryError(
            f"'{name}' is configured under '{coming[0]}', but the live index was built without it. "
            "Bring it in with: hybridsearch reindex"
        )
    names = list(dict.fromkeys(field for role in fit for field in fields.of(role)))
    near = difflib.get_close_matches(name[:LONGEST], names, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The index has: {', '.join(names) or 'none'}."
    raise QueryError(f"Unknown {use} field {brief(name)}. {hint}")
