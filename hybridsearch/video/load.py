"""From a value of a catalogue's video field to the bytes of a video file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.load import Fetch, load
from hybridsearch.video.kinds import require_video
from hybridsearch.video.limits import FETCH_SECONDS, MAX_BYTES

video_fetcher = partial(Fetcher, max_bytes=MAX_BYTES, seconds=FETCH_SECONDS, noun="video")
"""Opens what fetches videos, by the rules of pictures."""


def load_video(reference: str, *, folder: Path | None, fetch: Fetch | None) -> bytes:
    """Return the bytes of a file that begins as a video does; nothing is decoded.

    Args:
        reference: A path, a `data:` URI, or an http(s) URL.
        folder: Where relative paths start; no path may lead out of it; None: paths are refused.
        fetch: Fetches a URL; None: URLs are refused.

    Raises:
        ImageError: It cannot be loaded, or is not a video of a supported format.
    """
    data = load(reference, folder=folder, fetch=fetch, most=MAX_BYTES)
    require_video(data, MAX_BYTES)
    return data
