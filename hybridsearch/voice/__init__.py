"""Recognisers: spoken words to text. Nothing here imports a model's library before something is recognised."""

from __future__ import annotations

from pathlib import Path

from hybridsearch.errors import RecogniserError
from hybridsearch.plugins import kind_and_rest, open_part
from hybridsearch.voice.base import Factory, Recogniser, RecogniserOptions
from hybridsearch.voice.checked import CheckedRecogniser

__all__ = ["RECOGNISERS", "WHISPER", "Recogniser", "RecogniserOptions", "load_recogniser"]

WHISPER = "whisper"
GROUP = "hybridsearch.recognisers"
"""The entry points in which other packages declare their kinds."""


def open_whisper(name: str, options: RecogniserOptions) -> Recogniser:
    """Return a model of the Whisper format, on this machine."""
    from hybridsearch.voice.whisper import WhisperRecogniser

    return WhisperRecogniser(name, options.folder)


def open_endpoint(_: str, options: RecogniserOptions) -> Recogniser:
    """Return the recogniser behind an address: a server that speaks OpenAI's transcription API."""
    from hybridsearch.voice.endpoint import EndpointRecogniser  # the HTTP client takes a while to import

    return EndpointRecogniser(options)


RECOGNISERS: dict[str, Factory] = {WHISPER: open_whisper, "http": open_endpoint, "https": open_endpoint}
"""What opens a recogniser, by the kind in front of its name (`KIND:REST`). A new kind is one file and one line: here,
in a program that uses it, or among the entry points of another package."""


def load_recogniser(name: str, folder: Path) -> Recogniser:
    """Open the recogniser that a configuration names.

    Args:
        name: `KIND:REST`, or without a kind a Whisper model: a folder, or a name on the Hugging Face hub.
        folder: Where relative folders start.

    Raises:
        RecogniserError: The kind is unknown, or what it names cannot be opened.
    """
    kind, rest = kind_and_rest(name, folder, WHISPER)

    def opened(factory: Factory) -> Recogniser:
        return CheckedRecogniser(name, factory(rest, RecogniserOptions(name, folder)))

    return open_part(f"Recogniser '{name}'", RECOGNISERS, GROUP, kind, opened, RecogniserError)
