"""A file as a program gives it: a path, the bytes of one, or one that is open."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from hybridsearch.disk.paths import shown
from hybridsearch.errors import HybridSearchError
from hybridsearch.inputs.json_values import brief, named


class Opened(Protocol):
    """A file that is open for reading, such as `request.FILES["photo"]` of Django or the `file` of an upload."""

    def read(self, size: int, /) -> bytes:
        """Return its next bytes, as many or fewer."""
        ...


class Uploaded(Protocol):
    """What Starlette and FastAPI call an `UploadFile`: it holds the open file, and reads it for coroutines alone."""

    @property
    def file(self) -> Opened:
        """The open file."""
        ...


File = str | Path | bytes | Opened | Uploaded
"""A path, which may lie anywhere, as trusted code gives it; the bytes of a file, or a file that is open."""


Steps = tuple[str, str]


def content_of(given: Any, noun: str, most: int, error: type[HybridSearchError]) -> bytes | None:
    """Return the bytes of a file, at most one more than `most`; None for what is no file.

    Args:
        given: As the caller gave it.
        noun: What it holds, for sentences: `picture`.
        most: Bytes that it may have.
        error: What is raised where it cannot be read.
    """
    kind = type(given)  # `isinstance` asks the object itself, and may be told anything
    if issubclass(kind, str | Path):
        return read_path(given, noun, most, error)
    if issubclass(kind, bytes):
        return bytes.__getitem__(given, slice(None))
    return read_opened(given, noun, most, error) if hasattr(kind, "read") else None


def require_size(data: bytes, most: int, noun: str, formats: str, error: type[HybridSearchError], steps: Steps) -> None:
    """Refuse a file that is empty or larger than what is read of it.

    Args:
        data: The file.
        most: Bytes that it may have.
        noun: What it holds, for sentences: `picture`.
        formats: What was expected, for sentences: `MP4 or WebM`.
        error: What is raised.
        steps: What to do where it is empty, and where it is too large.
    """
    if not data:
        raise error(f"The {noun} is empty; expected a {formats} file. {steps[0]}")
    if len(data) > most:
        raise error(f"The {noun} has more than {most:,} bytes, which is all that is read. {steps[1]}")


def read_path(path: str | Path, noun: str, most: int, error: type[HybridSearchError]) -> bytes:
    """Return the bytes of a file by its path."""
    try:
        file = plain_path(path).expanduser()
        if not stat.S_ISREG(file.stat().st_mode):  # reading a pipe or a device would never end
            raise error(f"Cannot read the {noun} {shown(file)}: it is no regular file. Check the path.")
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except HybridSearchError:
        raise
    except Exception as why:  # a home that does not exist, a name that no file can have, a path of somebody else
        raise error(f"Cannot read the {noun} {brief_path(path)}: {reason_of(why)}. Check the path.") from why


def read_opened(given: Any, noun: str, most: int, error: type[HybridSearchError]) -> bytes:
    """Return the bytes of an open file."""
    try:
        inner = getattr(given, "file", None)
        return from_start(inner if hasattr(inner, "read") else given, most)
    except Exception as why:  # the file may be an object of somebody else
        raise error(f"Cannot read the open file: {reason_of(why)}. Pass the bytes of the {noun}.") from why


def from_start(file: Any, most: int) -> bytes:
    """Return the bytes of an open file from its start, wherever it was read before, at most one more than `most`."""
    if not hasattr(file, "seekable") or file.seekable():
        file.seek(0)
    content = file.read(most + 1)
    if not issubclass(type(content), bytes):
        raise ValueError(f"its file holds {named(content)}, expected bytes")
    return bytes.__getitem__(content, slice(most + 1))


def plain_path(path: Any) -> Path:
    """Return a path of Python's own, whatever subclass it was."""
    return Path(str.__str__(path) if issubclass(type(path), str) else path)


def brief_path(path: str | Path) -> str:
    """Return a path for a message, also one of somebody else that has no text."""
    try:
        return shown(plain_path(path))
    except Exception:
        return brief(path)


def reason_of(error: Exception) -> str:
    """Return what an error says, also one of somebody else that says nothing."""
    try:
        return str(getattr(error, "strerror", None) or error)
    except Exception:
        return brief(error)


def one_of(names: Sequence[str]) -> str:
    """Return the names of formats as a phrase: `A, B or C`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
