"""FFmpeg, as the worker processes that decode recordings and videos load it."""

from __future__ import annotations


def load() -> None:
    """Load its decoders before a file waits for them, and let them say nothing."""
    import av.logging

    av.logging.set_level(None)
