"""Arguments of rebuilds, rollbacks and removals of generations."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

from hybridsearch.engines.base import Generation
from hybridsearch.errors import ConfigError
from hybridsearch.indexing.fill import Options
from hybridsearch.inputs import given
from hybridsearch.runtime.progress import Progress

MOST_WORKERS = 10_000
"""Of one run."""


def progress(value: Any) -> Progress | None:
    """Return what is to be told how far a run is.

    Raises:
        ConfigError: It cannot be called.
    """
    return None if value is None else given.read("progress", value, function, "a function", ConfigError)


def options(value: Any) -> Options | None:
    """Return the options of a run.

    Raises:
        ConfigError: These are none, or one of them is not what it should be.
    """
    if value is None:
        return None
    expected = "Options of hybridsearch.indexing.fill"
    found = given.read("options", value, given.instance(Options), expected, ConfigError)
    return replace(found, workers=workers(found.workers))


def workers(value: Any) -> int | None:
    """Return a number of processes.

    Raises:
        ConfigError: It is none.
    """
    expected = f"a number from 1 to {MOST_WORKERS:,}"
    return None if value is None else given.read("workers", value, count, expected, ConfigError)


def name(value: Any) -> str | None:
    """Return the name of a generation.

    Raises:
        ConfigError: It is no text.
    """
    return None if value is None else given.read("generation", value, given.text, "its name", ConfigError)


def generations(value: Any) -> list[Generation]:
    """Return generations that were handed over.

    Raises:
        ConfigError: They are none.
    """
    return given.read("generations", value, several, "a list of generations, as `leftovers` returns them", ConfigError)


def count(value: Any) -> int:
    """Return a number of processes."""
    number = operator.index(value)
    if isinstance(value, bool) or not 1 <= number <= MOST_WORKERS:
        raise ValueError
    return number


def function(value: Any) -> Progress:
    """Return what can be called."""
    if not callable(value):
        raise TypeError
    told: Progress = value
    return told


def several(value: Any) -> list[Generation]:
    """Return a list of generations."""
    return list(map(given.instance(Generation), value))
