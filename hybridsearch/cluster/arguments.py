"""Arguments of an encoding: where it goes on."""

from __future__ import annotations

import operator
from typing import Any

from hybridsearch import given
from hybridsearch.errors import ConfigError

MOST = 10_000
"""Workers of one run."""


def where(on: Any, address: Any, workers: Any) -> tuple[str, str | None, int | None]:
    """Return the name of a form, an address and a number of workers.

    Raises:
        ConfigError: One of them is none.
    """
    return (
        given.read("on", on, given.text, "local, dask or ray", ConfigError),
        None if address is None else given.read("address", address, given.text, "that of a cluster", ConfigError),
        None if workers is None else given.read("workers", workers, count, f"a number from 1 to {MOST:,}", ConfigError),
    )


def count(value: Any) -> int:
    """Return a number of workers."""
    number = operator.index(value)
    if isinstance(value, bool) or not 1 <= number <= MOST:
        raise ValueError
    return number
