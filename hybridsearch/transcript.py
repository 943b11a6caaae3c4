"""What a recogniser understood of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of a spoken query.

    Attributes:
        text: As it would be typed; empty where nobody spoke.
        language: Two letters, such as `en`; empty where it is not known.
        confidence: How sure the recogniser is of the text, in [0, 1]: the mean probability of its parts.
        alternatives: Other texts that it may have been, with the same of each, the likeliest first.
        notes: What was changed, such as a recording that was cut.
    """

    text: str
    language: str = ""
    confidence: float = 1.0
    alternatives: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --json` prints as `heard`."""
        return {
            "text": self.text,
            "language": self.language,
            "confidence": round(self.confidence, 3),
            "alternatives": {text: round(confidence, 3) for text, confidence in self.alternatives.items()},
        }
