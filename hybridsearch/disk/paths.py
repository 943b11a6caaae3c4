"""Whether a file can have a path, and how it is shown."""

from __future__ import annotations

import os
from pathlib import Path

from hybridsearch.errors import legible

LONGEST_NAME = 255
"""Bytes of the name of a file, on the usual file systems."""
SHOWN = 500
"""Characters of a path that a message shows."""


def require_possible(path: Path) -> None:
    """Check that a file can have a path, as far as that can be said without looking.

    Raises:
        ValueError: None can.
    """
    try:
        longest = max((len(os.fsencode(part)) for part in path.expanduser().parts), default=0)
    except RuntimeError as error:
        raise ValueError(f"{error} Write the whole path") from error
    except UnicodeEncodeError as error:
        raise ValueError("no file can be called that") from error
    if "\0" in str(path) or longest > LONGEST_NAME:
        raise ValueError("no file can be called that")


def shown(path: str | Path) -> str:
    """Return a path for a message, one that is no path in part; what does not print is escaped."""
    text = str(path)
    return f"'{legible(text if len(text) <= SHOWN else f'{text[:SHOWN]}…', whole_line=True)}'"
