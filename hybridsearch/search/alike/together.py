"""What goes with a product: the plan of the page of what was bought together with it. A pure function of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hybridsearch.inputs.json_values import brief
from hybridsearch.search.clauses import Passing
from hybridsearch.search.filters.conditions import Ids
from hybridsearch.search.plan import Plan

SIGNAL = "bought together: "


@dataclass(frozen=True, slots=True)
class Together:
    """A product that shares baskets with another one.

    Attributes:
        score: How much they belong together, in (0, 1).
        baskets: How many they share.
    """

    id: str
    score: float
    baskets: int


def together(plan: Plan, product: str, found: Sequence[Together]) -> Plan:
    """Return the plan of what was bought together with a product, by a score that is a signal of its own.

    Args:
        plan: Of all products that pass the filters; of its rules what they hide and require stays.
        product: The id.
        found: What shares baskets with it.
    """
    signals = (Passing(f"{SIGNAL}{each.id}", each.score, (Ids((each.id,)),)) for each in found if each.id != product)
    wanted = Ids(tuple(each.id for each in found if each.id != product))
    plan = replace(
        plan,
        reason=f"bought together with {brief(product)}",
        ruled=replace(plan.ruled.filtering, filters=(*plan.ruled.filters, wanted)),
        signals=tuple(signals),
    )
    if wanted.values:
        return plan
    return replace(plan, kind="empty", notes=(*plan.notes, f"no baskets tell what goes with {brief(product)}"))
