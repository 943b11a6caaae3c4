"""A query's photo: read once, and decoded for each encoder that needs it, within one time for all of them."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

from PIL import Image
from PIL.ImageFile import ImageFile

from hybridsearch.confined.files import File, content_of, from_start, reason_of
from hybridsearch.errors import ImageError
from hybridsearch.images.decode import ENOUGH, check_size, normalise
from hybridsearch.images.kinds import FORMATS
from hybridsearch.images.limits import MAX_BYTES, QUERY
from hybridsearch.images.workers import QUERY_WORKERS
from hybridsearch.inputs.json_values import named
from hybridsearch.runtime.deadline import Allowance

Photo = File | Image.Image
"""A query's picture: a file, or one in memory."""


class Upload:
    """A query's photo.

    Args:
        photo: As the caller gave it.
        seconds: That decoding it may take, for all encoders together; what a model takes to be loaded does not count.
    """

    def __init__(self, photo: Photo, seconds: float = QUERY.seconds) -> None:
        self._photo = photo
        self._allowance = Allowance(min(seconds, QUERY.seconds))
        self._decoded: dict[int, Image.Image] = {}

    def anew(self, seconds: float) -> Upload:
        """Return the same photo, with so many seconds more."""
        again = copy.copy(self)
        again._allowance = Allowance(min(seconds, QUERY.seconds))
        return again

    @cached_property
    def file(self) -> bytes | None:
        """The bytes of its file; None for a picture in memory.

        Raises:
            ImageError: The file cannot be read.
        """
        photo: Any = self._photo
        if issubclass(type(photo), Image.Image):  # `isinstance` asks the object itself, and may be told anything
            return file_behind(photo)
        content = content_of(photo, "picture", MAX_BYTES, ImageError)
        if content is not None:
            return content
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
        if enough not in self._decoded:
            with self._allowance.spent() as left:
                self._decoded[enough] = QUERY_WORKERS.decode(self.file or b"", enough, left)
        return self._decoded[enough]


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


def file_behind(picture: Any) -> bytes | None:
    """Return the file of a picture that Pillow has opened and not decoded yet: it may be a stranger's, too."""
    try:
        if not issubclass(type(picture), ImageFile) or picture.format not in (*FORMATS, "MPO"):
            return None
        file = picture.fp
        if file is None or picture.tell() or getattr(picture, "_im", None) is not None:
            return None
        return from_start(file, MAX_BYTES)
    except Exception as error:  # the file may be an object of somebody else
        raise ImageError(f"Cannot read the picture: {reason_of(error)}. Pass the bytes of its file.") from error
