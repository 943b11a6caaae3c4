"""Parts that a configuration names and that other packages may provide, such as engines and kinds of encoders."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from hybridsearch.errors import HybridSearchError, guarded

T = TypeVar("T")
Opened = TypeVar("Opened")
KIND = re.compile(r"([a-z][a-z0-9_-]+):(.*)", re.IGNORECASE | re.DOTALL)
"""A kind and what follows its colon; a kind has two characters at least, since `C:\\models` is a folder."""


def find_part(name: str, known: Mapping[str, T], group: str) -> T:
    """Return what a name stands for: one of those that are known, else what an installed package declares.

    Args:
        name: As the configuration has it.
        known: What this package provides, and what the program has registered.
        group: The entry points in which other packages declare theirs; looked at only for a name that is not known.

    Raises:
        LookupError: No such part, or it cannot be imported; the message lists those that exist.
    """
    if name in known:
        return known[name]
    from importlib.metadata import entry_points  # looks through all packages that are installed

    declared = entry_points(group=group)
    if name not in declared.names:
        names = sorted({*known, *declared.names})
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        guess = f"Did you mean '{near[0]}'? " if near else ""
        raise LookupError(f"'{name}' is unknown. {guess}Expected one of: {', '.join(names)}.")
    try:
        part: T = declared[name].load()
    except Exception as error:  # the import of another package's module may raise anything
        raise LookupError(
            f"'{name}' cannot be imported: {type(error).__name__}: {error}. Repair its package."
        ) from error
    return part


def open_part(
    called: str,
    known: Mapping[str, T],
    group: str,
    kind: str,
    opened: Callable[[T], Opened],
    error: type[HybridSearchError],
) -> Opened:
    """Return what the factory of a kind opens; whatever else it raises becomes an error of ours.

    Args:
        called: What is opened, with its name, for sentences: `Encoder 'mine:3'`.
        known: As for `find_part`.
        group: As for `find_part`.
        kind: Of it.
        opened: Calls the factory.
        error: What is raised.

    Raises:
        HybridSearchError: The kind is unknown, or what is meant cannot be opened.
    """
    try:
        factory = find_part(kind, known, group)
    except LookupError as unknown:
        raise error(f"{called}: its kind {unknown}") from unknown
    with guarded(error):
        try:
            return opened(factory)
        except error:
            raise
        except Exception as failed:  # it may be somebody else's code
            why = f"{type(failed).__name__}: {failed}"
            raise error(f"{called} of kind '{kind}' cannot be opened: {why}.") from failed


def kind_and_rest(name: str, folder: Path, default: str) -> tuple[str, str]:
    """Return the kind of a model, and what its name says besides; a folder that exists is a model, not a kind.

    Args:
        name: `KIND:REST`, or without a kind.
        folder: Where relative folders start.
        default: The kind of a name without one.
    """
    written = KIND.fullmatch(name)
    if not written or os.path.isdir(folder / name):
        return default, name
    return written[1].lower(), written[2]
