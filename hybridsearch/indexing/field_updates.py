"""Changes of single fields: what they make of a product depends on what is known of it, which others may change too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.changes import Change
from hybridsearch.engines.base import Engine
from hybridsearch.errors import EngineError
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import Builder, Built
from hybridsearch.indexing.updated import Updated
from hybridsearch.inputs.rows import field
from hybridsearch.roles import Fields
from hybridsearch.runtime.failpoints import reach
from hybridsearch.values import Reject, Row

TRIES = 20
"""How often a product is written again because others change it at the same time."""


@dataclass(frozen=True, slots=True)
class FieldUpdates:
    """Writes changes of single fields to the live index.

    The log puts the changes of a product in one order, whoever makes them. So each is recorded first, on top of those
    before it; then the product is written as the log tells it, until the log tells nothing else: the last to write has
    seen all of them.
    """

    engine: Engine
    builder: Builder
    updated: Updated

    def apply(self, changes: Sequence[Change]) -> None:
        """Remember and write some changes, one of each product, and count the outcomes."""
        log = self.engine.changes
        newest = log.newest(changes)
        known = log.known([change.id for change in newest])
        told = [change.onto(known.get(change.id)) for change in newest]
        since = self.since()
        built, missing = self.build(told, since)
        fit, unfit = {item.id for item in built.documents}, list(built.rejects)
        recorded = log.record([change for change in newest if change.id in fit])
        reach("change.recorded")
        accepted = {change.id: change for change in recorded.accepted}
        now = self.since()
        refused, removed = self.settle(accepted, built if (recorded.accepted, now) == (told, since) else None, now)
        if refused:
            log.withdraw([accepted[key] for key in refused], recorded.before)
        self.updated.written += len(accepted) - len(refused) - len(removed)
        self.updated.missing += len(missing) + len(removed)
        self.updated.older += len(changes) - len(missing) - len(unfit) - len(accepted) - len(recorded.refused)
        self.updated.rejects += (*unfit, *recorded.refused)

    def since(self) -> int:
        """Return the place in the log up to which the catalogue of the live index is newer.

        Another index that becomes live later gets what is in the log by now from the run that makes it live.
        """
        schema = self.builder.schema
        return schema.since if schema.fields.version else self.engine.schema(fresh=True).since

    def build(self, changes: Sequence[Change], since: int) -> tuple[Built, set[str]]:
        """Return the documents of changes on top of the live index, and the ids of products that it does not have."""
        wholes = replay.whole(self.engine, None, changes, self.builder.schema.fields, since)
        wholes = [change for change in wholes if change.row is not None]
        stored = self.engine.stored(None, [change.id for change in wholes]) if wholes else {}
        named = {change.id: change.row or {} for change in changes}
        flaws = {key: flaw(named[key], each.row, self.builder.schema.fields) for key, each in stored.items()}
        built = replay.build(
            self.engine, None, self.builder, [each for each in wholes if not flaws.get(each.id)], stored
        )
        built.rejects += [
            Reject(f"change of {key}", key, "document", why, dict(named[key])) for key, why in flaws.items() if why
        ]
        self.updated.encoded += built.counts.encoded
        return built, {change.id for change in changes} - {change.id for change in wholes}

    def settle(self, told: Mapping[str, Change], built: Built | None, since: int) -> tuple[set[str], set[str]]:
        """Write products as the log tells them.

        Args:
            told: What the log told, by id.
            built: The documents of that; None where they are to be built.
            since: The place in the log up to which the catalogue of the live index is newer.

        Returns:
            The ids of those that the engine refuses, and of those that others removed meanwhile.
        """
        refused, removed = set[str](), set[str]()
        left = dict(told)
        for _ in range(TRIES):
            if not left:
                return refused, removed
            if built is None:
                built, missing = self.build(list(left.values()), since)
                removed |= missing
            written = replay.write(self.engine, None, built, {})
            reach("change.written")
            self.updated.rejects += (*written.refused, *built.flaws)
            refused |= {reject.id for reject in written.refused if reject.id is not None}
            now = self.engine.changes.known(list(left))
            left = {
                key: now[key]
                for key, change in left.items()
                if key in now and now[key] != change and now[key].row is not None and key not in refused
            }
            built = None
        raise EngineError(f"Product '{next(iter(left))}' is changed by others all the time. Try it again.")


def flaw(names: Iterable[str], row: Row, fields: Fields) -> str | None:
    """Return why fields of a product cannot be changed as they are named, if so: they lie in its list of variants.

    A product that has a key of that very name already, as a table may have it, is changed there.
    """
    listed = fields.list_of_variants
    inside = next((name for name in names if fields.of_variants(name) and name not in row), None)
    if inside is None or not isinstance(field(row, listed), list):
        return None
    own = fields.within_variant(inside)
    return f"'{inside}' is a field of each of its variants; give the whole list: {{'{listed}': [{{'{own}': …}}, …]}}"
