"""Recordings of all formats, made by PyAV; broken ones; and a recogniser that hears what it is told."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.transcript import Transcript
from hybridsearch.voice.limits import RATE
from hybridsearch.voice.sound import Sound

FORMATS = {
    "WAV": ("wav", "pcm_s16le", 44_100),
    "FLAC": ("flac", "flac", 48_000),
    "MP3": ("mp3", "libmp3lame", 44_100),
    "Ogg": ("ogg", "libopus", 48_000),
    "WebM": ("webm", "libopus", 48_000),
    "MP4": ("mp4", "aac", 44_100),
}
"""Container, codec and rate of what browsers and telephones record."""


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0) -> NDArray[np.int16]:
    """Return the samples of a tone."""
    moments = np.arange(round(seconds * rate)) / rate
    return (0.3 * 2**15 * np.sin(2 * np.pi * hertz * moments)).astype(np.int16)


def wav(samples: NDArray[np.int16]) -> bytes:
    """Return a WAV of RATE samples a second."""
    return Sound(samples.astype("<i2").tobytes()).wav()


def recorded(samples: NDArray[np.int16], container: str, codec: str, rate: int) -> bytes:
    """Return samples of one channel as a file of a format."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        resampler = av.AudioResampler(
            stream.codec_context.format, "mono", rate, stream.codec_context.frame_size or 1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


@dataclass
class Told:
    """A recogniser that hears what it is told, and remembers what it was given.

    Attributes:
        says: What it hears.
        given: Seconds of sound, languages and hints of each call.
    """

    says: Transcript = field(default_factory=lambda: Transcript("red coat", "en", 0.9))
    given: list[tuple[float, Sequence[str], Sequence[str]]] = field(default_factory=list)

    def transcribe(self, sound: Sound, languages: Sequence[str], hints: Sequence[str]) -> Transcript:
        self.given.append((round(sound.seconds, 1), tuple(languages), tuple(hints)))
        return self.says


def texts(best: str, confidence: float = 0.5, **others: float) -> Transcript:
    """Return a transcript; `_` stands for a space in the names of alternatives."""
    alternatives: Mapping[str, float] = {name.replace("_", " "): sure for name, sure in others.items()}
    return Transcript(best, "en", confidence, alternatives)
