"""What a recogniser is, and what a kind of recogniser is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hybridsearch.transcript import Transcript
from hybridsearch.voice.sound import Sound


class Recogniser(Protocol):
    """Turns sound into words. Any thread may call it, several at once too."""

    def transcribe(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        """Return what was said; a transcript without text where nobody spoke.

        Args:
            sound: At most half a minute.
            languages: Those that may have been spoken, at least one: two letters each.
            hints: Words that are likely, the likeliest first.

        Raises:
            RecogniserError: It fails, or there is no time left, see `deadline`.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecogniserOptions:
    """What a configuration says about a recogniser.

    Attributes:
        name: The whole name, with its kind.
        folder: Where relative folders start.
    """

    name: str
    folder: Path


Factory = Callable[[str, RecogniserOptions], Recogniser]
"""Opens a recogniser of one kind; its first argument is the name without the kind."""
