"""Changes to single products, brought into a generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridsearch.changes import Change, ChangeLog
from hybridsearch.engines.base import Engine
from hybridsearch.indexing.build import Builder, Built
from hybridsearch.values import Product


def pages(log: ChangeLog, mark: int) -> Iterator[tuple[list[Change], int]]:
    """Yield the changes after a place, until there are no more, and the place up to which they go."""
    changes, mark = log.since(mark)
    while changes:
        yield changes, mark
        changes, mark = log.since(mark)


def apply(engine: Engine, generation: str | None, builder: Builder, changes: Sequence[Change]) -> Built:
    """Write changes to a generation, or to the live one, and return what became of them.

    Each product comes once in them, so that updates and removals do not meet.
    """
    routing = engine.routing(generation, [change.id for change in changes if change.row is not None])
    products = [
        Product(change.id, change.row, f"change of {change.id}", routing.get(change.id))
        for change in changes
        if change.row is not None
    ]
    removals = {change.id: change.version for change in changes if change.row is None}
    built = builder.build(products)
    for written in (
        engine.write(generation, built.documents) if built.documents else None,
        engine.remove(generation, removals) if removals else None,
    ):
        if written is not None:
            built.rejects += written.refused
            built.counts.older += written.older
    built.counts.written = len(built.documents)
    return built
