"""What a rebuild would change in the live index, in sentences."""

from __future__ import annotations

from hybridsearch.errors import EngineError
from hybridsearch.schema import Schema
from hybridsearch.shop.shop import Shop


def outlook(shop: Shop, schema: Schema) -> list[str]:
    """Say what would change in the live index, and who uses it."""
    lines = shop.engine.outlook()
    try:
        live = shop.engine.schema()
    except EngineError:
        return [*lines, "no index of this library is live yet"]
    return [*lines, *changed_legs(live, schema), *changed_fields(live, schema)]


def changed_legs(live: Schema, new: Schema) -> list[str]:
    """Say which vectors come, go, or are of another encoder."""
    before, after = ({leg.name: leg.fingerprint for leg in schema.legs} for schema in (live, new))
    return [
        *(f"new vectors '{name}'" for name in after.keys() - before.keys()),
        *(f"no more vectors '{name}'" for name in before.keys() - after.keys()),
        *(
            f"vectors '{name}' of another encoder: {after[name]}, not {before[name]}"
            for name in after.keys() & before.keys()
            if after[name] != before[name]
        ),
    ]


def changed_fields(live: Schema, new: Schema) -> list[str]:
    """Say which fields get another role, and whether text is analysed in another way."""
    before, after = live.fields.model_dump(), new.fields.model_dump()
    changed = [name for name in after if after[name] != before[name]]
    lines = [f"field '{name}' becomes {after[name]}, it was {before[name]}" for name in changed]
    return lines if live.analysis == new.analysis else [*lines, "words are cut in another way"]
