"""What a row holds under its dotted names, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def kind_of(name: str, kinds: Mapping[str, str]) -> str:
    """Return the type of a mapped field, or of the one that it lies in, as the input of a suggester; or nothing."""
    return next((kinds[each] for each in (name, *prefixes(name)) if each in kinds), "")


def prefixes(name: str) -> Iterator[str]:
    """Yield the names of the objects that a dotted name lies in."""
    dot = name.find(".")
    while dot >= 0:
        yield name[:dot]
        dot = name.find(".", dot + 1)


def walk(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a row holds under dotted names; objects in lists are visited one by one."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            yield from walk(item, name)
    elif name:
        yield name, value


def leaves(values: Iterable[Any]) -> Iterator[Any]:
    """Yield values that are no lists, leaving out None."""
    for value in values:
        if isinstance(value, list):
            yield from leaves(value)
        elif value is not None:
            yield value


def written(values: Iterable[Any]) -> list[str]:
    """Return the texts among values, without the blank ones; numbers say nothing of how texts are written."""
    return [text for value in leaves(values) if isinstance(value, str) and (text := value.strip())]
