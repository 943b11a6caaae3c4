"""Arguments of an encoding: where it goes on."""

from __future__ import annotations

from typing import Any

from hybridsearch.errors import ConfigError
from hybridsearch.indexing import run_arguments
from hybridsearch.inputs import given


def where(on: Any, address: Any, workers: Any) -> tuple[str, str | None, int | None]:
    """Return the name of a form, an address and a number of workers.

    Raises:
        ConfigError: One of them is none.
    """
    return (
        given.read("on", on, given.text, "local, dask or ray", ConfigError),
        None if address is None else given.read("address", address, given.text, "that of a cluster", ConfigError),
        run_arguments.workers(workers),
    )
