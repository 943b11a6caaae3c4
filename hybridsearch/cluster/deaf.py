"""Loaded by each worker of a Dask of our own: a Ctrl-C at the terminal is for the process that started it."""

from __future__ import annotations

import signal


def dask_setup(_: object) -> None:
    """Let this process go on until the one that started it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
