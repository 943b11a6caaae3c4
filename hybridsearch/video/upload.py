"""A query's video: read once, and decoded for each encoder that needs it, within one time for all of them."""

from __future__ import annotations

from functools import cached_property

from PIL import Image

from hybridsearch.confined.files import File, content_of
from hybridsearch.errors import VideoError
from hybridsearch.images.decode import ENOUGH
from hybridsearch.inputs.json_values import named
from hybridsearch.runtime.deadline import Allowance
from hybridsearch.video.extra import require
from hybridsearch.video.limits import QUERY
from hybridsearch.video.workers import QUERY_WORKERS


class Film:
    """A query's video, in the place of a photo; nothing of it is written anywhere.

    Args:
        video: As the caller gave it.
        seconds: That decoding it may take, for all encoders together; what a model takes to be loaded does not count.
    """

    def __init__(self, video: File, seconds: float = QUERY.seconds) -> None:
        self._video = video
        self._allowance = Allowance(min(seconds, QUERY.seconds))

    @cached_property
    def file(self) -> bytes:
        """The bytes of its file.

        Raises:
            VideoError: The file cannot be read.
        """
        content = content_of(self._video, "video", QUERY.bytes, VideoError)
        if content is None:
            raise VideoError(
                f"The video is {named(self._video)}, expected a path, the bytes of a file, or an open file."
            )
        return content

    def pictures(self, enough: int = ENOUGH) -> list[Image.Image]:
        """Return a few of its pictures, see `decode_in_process`, at least one.

        Raises:
            VideoError: Its content cannot be used, the time is over, or the extra is not installed.
        """
        require()
        with self._allowance.spent() as left:
            return [frame.picture for frame in QUERY_WORKERS.decode(self.file, enough, left)]


Video = File | Film
"""A query's video: a path, the bytes of a file, an open file, or one that was taken in before."""


def film_of(video: Video, seconds: float) -> Film:
    """Return a video as it is read for a query, within so many seconds."""
    return video if issubclass(type(video), Film) else Film(video, seconds)  # type: ignore[return-value, arg-type]
