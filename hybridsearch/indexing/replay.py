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
    routing = engine.routing(generation, [each.id for each in changes if each.row is not None])
    products = [
        Product(each.id, each.row, f"change of {each.id}", routing.get(each.id))
        for each in changes
        if each.row is not None
    ]
    removals = {each.id: each.version for each in changes if each.row is None}
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
