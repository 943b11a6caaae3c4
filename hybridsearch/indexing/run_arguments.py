"""Arguments of rebuilds, rollbacks and removals of generations."""

from __future__ import annotations

from typing import Any

from hybridsearch import given
from hybridsearch.engines.base import Generation
from hybridsearch.errors import ConfigError
from hybridsearch.indexing.fill import Options
from hybridsearch.progress import Progress


def progress(value: Any) -> Progress | None:
    """Return what is to be told how far a run is.

    Raises:
        ConfigError: It cannot be called.
    """
    return None if value is None else given.read("progress", value, function, "a function", ConfigError)


def options(value: Any) -> Options | None:
    """Return the options of a run.

    Raises:
        ConfigError: These are none.
    """
    expected = "Options of hybridsearch.indexing.fill"
    return None if value is None else given.read("options", value, given.instance(Options), expected, ConfigError)


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


def function(value: Any) -> Progress:
    """Return what can be called."""
    if not callable(value):
        raise TypeError
    told: Progress = value
    return told


def several(value: Any) -> list[Generation]:
    """Return a list of generations."""
    return list(map(given.instance(Generation), value))
