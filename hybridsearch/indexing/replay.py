"""Changes to single products, brought into a generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hybridsearch import document
from hybridsearch.changes import Change, ChangeLog, precedence
from hybridsearch.engines.base import Engine, Written
from hybridsearch.indexing.build import Builder, Built
from hybridsearch.roles import Fields
from hybridsearch.values import Document, Product, Row


def pages(log: ChangeLog, mark: int) -> Iterator[tuple[list[Change], int]]:
    """Yield the changes after a position of the log, in pages, each with the position of its last change."""
    changes, mark = log.since(mark)
    while changes:
        yield changes, mark
        changes, mark = log.since(mark)


def apply(engine: Engine, generation: str | None, builder: Builder, changes: Sequence[Change], since: int) -> Built:
    """Write changes to a generation, or to the live one, and return the outcome.

    Each product has one change, so that the order of updates and removals does not matter.

    Args:
        engine: Holds the index.
        generation: Where they are written; None for the live one.
        builder: Makes documents of them.
        changes: In any order.
        since: The place in the log up to which the catalogue was newer when the generation was built.
    """
    wholes = whole(engine, generation, changes, builder.schema.fields, since)
    built = build(engine, generation, builder, wholes)
    write(engine, generation, built, removals(wholes))
    return built


def whole(
    engine: Engine, generation: str | None, changes: Sequence[Change], fields: Fields, since: int
) -> list[Change]:
    """Return changes with whole rows: what changes single fields is put onto the product as a generation has it.

    Of a product that it does not have, single fields are no change: the catalogue has lost it.
    """
    partial = [change.id for change in changes if change.partial]
    rows = engine.get(partial, generation) if partial else {}
    wholes = (onto(change, rows.get(change.id), fields, since) for change in changes)
    return [change for change in wholes if change is not None]


def onto(change: Change, row: Row | None, fields: Fields, since: int) -> Change | None:
    """Return the change of a whole row that a change is for a product as it is; None where there is none.

    What the log held of it before counts too, as far as it is newer than the product: by their versions, or where there
    are none by what came in after the catalogue was read.
    """
    known = precedence(document.version(row, fields)) if row is not None and fields.version else 0

    def is_newer(layer: Change) -> bool:
        return layer.precedence >= known if fields.version else layer.at is None or layer.at > since

    return change.applied(row, is_newer)


def build(
    engine: Engine,
    generation: str | None,
    builder: Builder,
    changes: Sequence[Change],
    stored: Mapping[str, Document] | None = None,
) -> Built:
    """Return the documents of those changes that are no removals, each with the routing value that its product has.

    Vectors of documents that are `stored` already stand for what has not changed since.
    """
    routing = engine.routing(generation, [change.id for change in changes if change.row is not None])
    return builder.build(
        [
            Product(change.id, change.row, f"change of {change.id}", routing.get(change.id))
            for change in changes
            if change.row is not None
        ],
        stored,
    )


def removals(changes: Sequence[Change]) -> dict[str, int | None]:
    """Return the ids of the products that are removed, with the version of the removal."""
    return {change.id: change.version for change in changes if change.row is None}


def write(engine: Engine, generation: str | None, built: Built, removed: Mapping[str, int | None]) -> Written:
    """Write what was built, remove products, count the outcome and return it."""
    written = Written()
    if built.documents:
        written.add(engine.write(generation, built.documents))
    built.counts.written = len(built.documents) - len(written.refused) - written.older
    if removed:
        written.add(engine.remove(generation, removed))
    built.rejects += written.refused
    built.counts.older += written.older
    return written
