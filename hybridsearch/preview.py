"""What a rebuild would do, found by reading the catalogue: nothing is written, encoded or fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hybridsearch import document
from hybridsearch.dead_letters import DeadLetters, describe
from hybridsearch.reindex import source_of
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Reject


@dataclass(slots=True)
class Preview:
    """What a run would do, found by reading the whole catalogue."""

    products: int = 0
    texts: int = 0
    pictures: int = 0
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `reindex --dry-run --json` prints."""
        return {
            "products": self.products,
            "texts": self.texts,
            "pictures": self.pictures,
            "rejected": self.rejected,
            "rejects": [describe(each) for each in self.rejects],
        }

    def reject(self, found: Reject) -> None:
        """Count a reject and keep the first ones."""
        self.rejected += 1
        if len(self.rejects) < DeadLetters.SHOWN:
            self.rejects.append(found)


def preview(settings: Settings) -> Preview:
    """Read the catalogue and say what a run would do; nothing is written, encoded or fetched."""
    found = Preview()
    legs = [Leg(leg.name, 0, "", leg.reads) for leg in settings.vectors]
    schema = Schema(settings.fields, tuple(legs))
    for each in source_of(settings).read():
        if isinstance(each, Reject):
            found.reject(each)
            continue
        try:
            document.build(each, schema, {})
        except ValueError as error:
            found.reject(Reject(each.where, each.id, "document", str(error)))
            continue
        found.products += 1
        for leg in legs:
            if leg.reads == "image":
                found.pictures += bool(document.pictures(each.row, settings.fields))
            else:
                found.texts += bool(document.leg_text(each.row, leg))
    return found
