"""What the extra `video` brings, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from hybridsearch.errors import VideoError

INSTALL = 'pip install "hybridsearch[video]"'


def require() -> None:
    """Require the decoder of videos; nothing is imported.

    Raises:
        VideoError: It is not installed.
    """
    if find_spec("av") is None:
        raise VideoError(f"Videos need the package 'av', which is not installed. Run: {INSTALL}")
