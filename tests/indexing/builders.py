"""What tests of rebuilds ask a shop."""

from __future__ import annotations

from hybridsearch import HybridSearch
from hybridsearch.values import Row


def rows(found: HybridSearch, *ids: str) -> dict[str, Row]:
    """Return what is live of these products."""
    live = next(each.name for each in found.engine.generations() if each.state == "live")
    found.engine.refresh(live)
    return {key: each.row for key, each in found.engine.stored(live, ids).items()}
