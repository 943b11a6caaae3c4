"""Check what a recogniser returns, once, where it comes in: one that is not ours may return anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hybridsearch.errors import RecogniserError, guarded
from hybridsearch.inputs.json_values import brief
from hybridsearch.texts import text
from hybridsearch.transcript import Transcript
from hybridsearch.voice.base import Recogniser
from hybridsearch.voice.sound import Sound

MOST_ALTERNATIVES = 10


class CheckedRecogniser:
    """A recogniser that is held to what the protocol says: texts of one line, and confidences from 0 to 1."""

    def __init__(self, name: str, recogniser: Recogniser) -> None:
        self.name = name
        self._recogniser = recogniser

    def transcribe(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        """Return what was said.

        Raises:
            RecogniserError: The recogniser failed, or returned something else.
        """
        with guarded(RecogniserError):
            try:
                found = self._recogniser.transcribe(sound, languages, hints)
                return checked(found)
            except RecogniserError:
                raise
            except (TypeError, ValueError, AttributeError) as error:
                raise RecogniserError(
                    f"Recogniser '{self.name}' did not give a transcript ({error}). It was changed, or does not keep "
                    "to the protocol of a recogniser."
                ) from error
            except Exception as error:  # it is somebody else's code
                raise RecogniserError(f"Recogniser '{self.name}' failed: {type(error).__name__}: {error}.") from error


def checked(found: Any) -> Transcript:
    """Return a transcript of plain values, its texts as the field of a search would have them.

    Raises:
        TypeError, ValueError, AttributeError: It is none.
    """
    best = line(found.text)
    others = {line(other): share(confidence) for other, confidence in plain(found.alternatives).items()}
    kept = {other: confidence for other, confidence in others.items() if other and other != best}
    return Transcript(
        text=best,
        language=line(found.language)[:2].lower(),
        confidence=share(found.confidence),
        alternatives=dict(list(kept.items())[:MOST_ALTERNATIVES]),
        notes=tuple(map(line, found.notes)),
    )


def plain(alternatives: Any) -> Mapping[Any, Any]:
    """Return the alternatives, which must be an object."""
    if not isinstance(alternatives, Mapping):
        raise TypeError(f"its alternatives are {brief(alternatives)}")
    return alternatives


def line(value: Any) -> str:
    """Return a text as one line, no longer than a query."""
    if not isinstance(value, str):
        raise TypeError(f"{brief(value)} is no text")
    return text.clean(value, text.QUERY_LIMIT)


def share(value: Any) -> float:
    """Return a confidence."""
    number = float(value)
    if not 0 <= number <= 1 or math.isnan(number):
        raise ValueError(f"{number} is no confidence from 0 to 1")
    return number
