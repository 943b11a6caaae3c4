"""Standard streams that whoever started the command has closed (`2>&-`), or that cannot hold every character."""

from __future__ import annotations

import io
import os
import sys

STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}
"""In the order of their numbers."""


def open_missing() -> None:
    """Put the null device in place of closed streams, before a file gets the number of one and is written to as such.

    The lowest free number is the one that is missing. Processes that are started from here inherit it.
    """
    for name, mode in STREAMS.items():
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - until the process ends
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def show_all() -> None:
    """Have characters that a stream's encoding lacks written as numbers: `LANG=C`, or a file on Windows (cp1252)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
