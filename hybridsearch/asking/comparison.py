"""Products side by side: what each states, by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.asking.answers import facts, readable
from hybridsearch.roles import Fields
from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of several products.

    Attributes:
        field: Its name.
        values: What each product states, as a reader sees it, in the order of the products; empty where it does not.
    """

    field: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in words."""
        return readable(self.field)

    @property
    def same(self) -> bool:
        """Whether all products state the same."""
        return len(set(self.values)) == 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several products side by side.

    Attributes:
        products: Their ids.
        fields: Those that most products state first, then in the order of the catalogue; long texts are left out.
    """

    products: tuple[str, ...]
    fields: tuple[Compared, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `ask --json` prints where products are compared."""
        fields = [{"field": each.field, "values": list(each.values), "same": each.same} for each in self.fields]
        return {"products": list(self.products), "fields": fields}


def comparison(products: Mapping[str, Row], fields: Fields) -> Comparison:
    """Return products side by side.

    Args:
        products: Rows by id.
        fields: Which role each field plays.
    """
    stated = [
        {fact.field: fact.quote for fact in facts(row, fields) if not fact.is_sentence} for row in products.values()
    ]
    names = dict.fromkeys(name for each in stated for name in each)
    compared = [Compared(name, tuple(each.get(name, "") for each in stated)) for name in names]
    return Comparison(tuple(products), tuple(sorted(compared, key=lambda each: each.values.count(""))))
