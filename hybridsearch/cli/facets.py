"""Facets on the command line: a field, and options of a closed list behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

EXPECTED = "FIELD, then options such as ,size=200 ,order=asc ,ranges=20:50 or ,by=month"

OPTIONS: dict[str, Callable[[str], Any]] = {
    "size": int,
    "order": str,
    "ranges": lambda cuts: [float(cut) for cut in cuts.split(":")],
    "by": str,
}
"""What reads the value of each option."""


def read_facets(arguments: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the options of each facet, such as `brand`, or `price,ranges=20:50`."""
    return dict(map(facet, arguments))


def facet(argument: str) -> tuple[str, dict[str, Any]]:
    """Return a field and the options behind it; what is no option is a part of its name.

    Raises:
        click.BadParameter: A number is none.
    """
    name, _, last = argument.rpartition(",")
    option, equals, value = last.partition("=")
    if not name or not equals or option not in OPTIONS:
        return argument, {}
    field, options = facet(name)
    try:
        return field, {**options, option: OPTIONS[option](value)}
    except ValueError as error:
        raise click.BadParameter(f"found '{argument}', expected {EXPECTED}", param_hint="--facet") from error
