"""A query's photo: read once, and decoded for each encoder that needs it, within one time for all of them."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path

from PIL import Image
from PIL.ImageFile import ImageFile

from hybridsearch.disk.paths import shown
from hybridsearch.errors import ImageError
from hybridsearch.images.decode import ENOUGH, check_size, normalise
from hybridsearch.images.kinds import FORMATS
from hybridsearch.images.limits import MAX_BYTES, QUERY
from hybridsearch.images.workers import QUERY_WORKERS
from hybridsearch.json_values import named

Photo = str | Path | bytes | Image.Image
"""A query's picture: a path, which may lie anywhere, as trusted code gives it; the bytes of a file; one in memory."""


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
        kind: type = type(self._photo)  # `isinstance` asks the object itself, and may be told anything
        if not issubclass(kind, str | Path | bytes | Image.Image):
            found = named(self._photo)
            raise ImageError(f"The photo is {found}, expected a path, the bytes of a file, or a Pillow image.")
        if isinstance(self._photo, str | Path):
            return read_photo(self._photo if isinstance(self._photo, Path) else str.__str__(self._photo))
        if isinstance(self._photo, bytes):
            return bytes.__getitem__(self._photo, slice(None))
        return file_behind(self._photo)

    def picture(self, enough: int = ENOUGH) -> Image.Image:
        """Return it in RGB, upright, its shorter side between `enough` and twice as much if it was larger.

        Raises:
            ImageError: Its content cannot be used, or the time is over.
        """
        if self.file is None and isinstance(self._photo, Image.Image):
            return converted(self._photo, enough)
        return QUERY_WORKERS.decode(self.file or b"", enough, max(0.0, self._until - time.monotonic()))


def converted(picture: Image.Image, enough: int) -> Image.Image:
    """Return a picture in memory as a file's would be; the given one is not changed."""
    check_size(*picture.size)
    try:
        return normalise(picture, enough)
    except Exception as error:
        raise ImageError(f"The picture cannot be converted to RGB: {error}. Pass the bytes of its file.") from error


def read_photo(path: str | Path) -> bytes:
    """Return the bytes of a query's picture file, at most one more than `MAX_BYTES`."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a home that does not exist
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"Cannot read the picture {shown(path)}: {reason}. Check the path.") from error


def file_behind(picture: Image.Image) -> bytes | None:
    """Return the file of a picture that Pillow has opened and not decoded yet: it may be a stranger's, too."""
    if not isinstance(picture, ImageFile) or picture.format not in (*FORMATS, "MPO"):
        return None
    if picture.fp is None or picture.tell() or getattr(picture, "_im", None) is not None:
        return None
    try:
        picture.fp.seek(0)
        return picture.fp.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"Cannot read the picture: {error}. Pass the bytes of its file.") from error
