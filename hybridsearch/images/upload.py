"""A query's photo: read once, and decoded for each encoder that needs it, within one time for all of them."""

from __future__ import annotations

import stat
import time
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from PIL.ImageFile import ImageFile

from hybridsearch.disk.paths import shown
from hybridsearch.errors import ImageError
from hybridsearch.images.decode import ENOUGH, check_size, normalise
from hybridsearch.images.kinds import FORMATS
from hybridsearch.images.limits import MAX_BYTES, QUERY
from hybridsearch.images.load import reason_of
from hybridsearch.images.workers import QUERY_WORKERS
from hybridsearch.json_values import brief, named


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


Photo = str | Path | bytes | Opened | Uploaded | Image.Image
"""A query's picture: a path, which may lie anywhere, as trusted code gives it; the bytes of a file, or a file that is
open; one in memory."""


class Upload:
    """A query's photo.

    Args:
        photo: As the caller gave it.
        seconds: From now on; afterwards nothing more is decoded.
    """

    def __init__(self, photo: Photo, seconds: float = QUERY.seconds) -> None:
        self._photo = photo
        self._until = time.monotonic() + min(seconds, QUERY.seconds)

    @cached_property
    def file(self) -> bytes | None:
        """The bytes of its file; None for a picture in memory.

        Raises:
            ImageError: The file cannot be read.
        """
        photo: Any = self._photo
        kind = type(photo)  # `isinstance` asks the object itself, and may be told anything
        if issubclass(kind, str | Path):
            return read_photo(photo)
        if issubclass(kind, bytes):
            return bytes.__getitem__(photo, slice(None))
        if issubclass(kind, Image.Image):
            return file_behind(photo)
        if hasattr(kind, "read"):
            return read_opened(photo)
        raise ImageError(
            f"The photo is {named(photo)}, expected a path, the bytes of a file, an open file, or a Pillow image."
        )

    def picture(self, enough: int = ENOUGH) -> Image.Image:
        """Return it in RGB, upright, its shorter side between `enough` and twice as much if it was larger.

        Raises:
            ImageError: Its content cannot be used, or the time is over.
        """
        if self.file is None:
            return converted(self._photo, enough)  # type: ignore[arg-type]
        return QUERY_WORKERS.decode(self.file or b"", enough, max(0.0, self._until - time.monotonic()))


def converted(picture: Image.Image, enough: int) -> Image.Image:
    """Return a picture in memory as a file's would be; the given one is not changed."""
    try:
        check_size(*picture.size)
        pixels = normalise(picture, enough)
        return pixels if type(pixels) is Image.Image else Image.frombytes("RGB", pixels.size, pixels.tobytes())
    except ImageError:
        raise
    except Exception as error:  # it may be of a class of somebody else
        raise ImageError(
            f"The picture cannot be converted to RGB: {reason_of(error)}. Pass the bytes of its file."
        ) from error


def read_photo(path: str | Path) -> bytes:
    """Return the bytes of a query's picture file, at most one more than `MAX_BYTES`."""
    try:
        file = plain_path(path).expanduser()
        if not stat.S_ISREG(file.stat().st_mode):  # reading a pipe or a device would never end
            raise ImageError(f"Cannot read the picture {shown(file)}: it is no regular file. Check the path.")
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except ImageError:
        raise
    except Exception as error:  # a home that does not exist, a name that no file can have, a path of somebody else
        raise ImageError(f"Cannot read the picture {brief_path(path)}: {reason_of(error)}. Check the path.") from error


def plain_path(path: Any) -> Path:
    """Return a path of Python's own, whatever subclass it was."""
    return Path(str.__str__(path) if issubclass(type(path), str) else path)


def brief_path(path: str | Path) -> str:
    """Return a path for a message, also one of somebody else that has no text."""
    try:
        return shown(plain_path(path))
    except Exception:
        return brief(path)


def file_behind(picture: Any) -> bytes | None:
    """Return the file of a picture that Pillow has opened and not decoded yet: it may be a stranger's, too."""
    try:
        if not issubclass(type(picture), ImageFile) or picture.format not in (*FORMATS, "MPO"):
            return None
        file = picture.fp
        if file is None or picture.tell() or getattr(picture, "_im", None) is not None:
            return None
        return from_start(file)
    except Exception as error:  # the file may be an object of somebody else
        raise ImageError(f"Cannot read the picture: {reason_of(error)}. Pass the bytes of its file.") from error


def read_opened(photo: Any) -> bytes:
    """Return the bytes of an open file, at most one more than `MAX_BYTES`."""
    try:
        inner = getattr(photo, "file", None)
        return from_start(inner if hasattr(inner, "read") else photo)
    except Exception as error:  # the file may be an object of somebody else
        raise ImageError(f"Cannot read the open file: {reason_of(error)}. Pass the bytes of the picture.") from error


def from_start(file: Any) -> bytes:
    """Return the bytes of an open file from its start, wherever it was read before."""
    if not hasattr(file, "seekable") or file.seekable():
        file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if not issubclass(type(content), bytes):
        raise ValueError(f"its file holds {named(content)}, expected bytes")
    return bytes.__getitem__(content, slice(MAX_BYTES + 1))
