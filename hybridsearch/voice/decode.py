"""From the bytes of an untrusted recording to sound, in this process.

Only a worker process calls this (see `confined`): a decoder in C may crash, and cannot be stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from hybridsearch.errors import AudioError
from hybridsearch.voice.kinds import CODECS, FORMATS, require_recording
from hybridsearch.voice.limits import QUERY, RATE, WIDTH, Limits
from hybridsearch.voice.sound import Sound

SHORTEST = 0.1
"""Seconds of a damaged recording that are enough to be heard: browsers break off where a page is left."""


def decode_in_process(data: bytes, milliseconds: int, limits: Limits = QUERY) -> Sound:
    """Decode the beginning of a recording.

    Args:
        data: The file.
        milliseconds: How much of it.
        limits: What it may cost, but for time.

    Raises:
        AudioError: It is empty, not one of `FORMATS` by content, beyond a limit, damaged, or has no sound.
    """
    import av

    kind = require_recording(data, limits.bytes)
    wanted = WIDTH * RATE * milliseconds // 1000
    samples = bytearray()
    try:
        with av.open(BytesIO(data), format=FORMATS[kind]) as file:
            for part in resampled(file, kind, limits):
                samples += part
                if len(samples) > wanted:
                    break
    except AudioError:
        raise
    except MemoryError as error:
        raise AudioError(f"The {kind} recording takes more memory than decoding may have. Record it again.") from error
    except Exception as error:  # given broken files FFmpeg raises many kinds of errors
        if len(samples) < SHORTEST * WIDTH * RATE:
            raise AudioError(f"The {kind} recording is damaged: {error}. Record it again.") from error
    if not samples:
        raise AudioError(f"The {kind} recording has no sound in it. Record it again.")
    return Sound(bytes(samples[:wanted]), goes_on=len(samples) > wanted)


def resampled(file: Any, kind: str, limits: Limits) -> Iterator[bytes]:
    """Yield the samples of the first stream of sound, as `Sound` has them.

    Raises:
        AudioError: There is none, or one that is beyond a limit or of another codec.
    """
    import av

    if not file.streams.audio:
        raise AudioError(f"The {kind} file has no sound in it. Record it again.")
    stream = file.streams.audio[0]
    codec = stream.codec_context
    if not codec.name.startswith(CODECS):
        raise AudioError(f"The {kind} recording is coded as '{codec.name}', which is not read. Save it as FLAC.")
    if not limits.slowest <= codec.sample_rate <= limits.fastest or codec.channels > limits.channels:
        raise AudioError(
            f"The {kind} recording has {codec.channels} channels of {codec.sample_rate:,} samples a second, expected "
            f"at most {limits.channels} of {limits.slowest:,} to {limits.fastest:,}. Record it with ordinary settings."
        )
    codec.thread_count = 1
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in file.decode(stream):
        frame.pts = None  # gaps and jumps in time are of no interest
        for part in resampler.resample(frame):
            yield bytes(part.planes[0])[: WIDTH * part.samples]
    for part in resampler.resample(None):
        yield bytes(part.planes[0])[: WIDTH * part.samples]
