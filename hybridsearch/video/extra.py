"""What the extra `video` brings, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from hybridsearch.errors import VideoError

INSTALL = 'pip install "hybridsearch[video]"'


def is_installed() -> bool:
    """Tell whether videos can be decoded; nothing is imported."""
    return find_spec("av") is not None


def require() -> None:
    """Require the decoder of videos.

    Raises:
        VideoError: It is not installed.
    """
    if not is_installed():
        raise VideoError(f"Videos need the package 'av', which is not installed. Run: {INSTALL}")
