"""From the bytes of an untrusted video to a few of its pictures, in this process.

Only a worker process calls this (see `confined`): a decoder in C may crash, and cannot be stopped. Nothing is sought
in a file, as its index may lie: it is read twice from its start, and in the second round few pictures are decoded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import Any

from PIL import Image

from hybridsearch.confined.files import reason_of
from hybridsearch.errors import VideoError
from hybridsearch.images.decode import ENOUGH
from hybridsearch.video.frames import Frame, distinct, spread
from hybridsearch.video.kinds import CODECS, FORMATS, require_video
from hybridsearch.video.limits import CATALOGUE, LONGEST, MAX_ASPECT, MAX_FRAME, MAX_SIDE, MOST_PACKETS, Limits

ENOUGH_KEYS = 8
"""Key frames that tell what a video shows; with fewer, as in one slow pan, what lies between them is decoded too."""

Moment = tuple[float, Any]
"""A second, and what of PyAV belongs to it: a packet, or a frame."""


def decode_in_process(data: bytes, enough: int = ENOUGH, limits: Limits = CATALOGUE) -> list[Frame]:
    """Return the frames of a video that show something new, upright, in the order of time, at least one.

    Args:
        data: The file; of one that breaks off, what there is.
        enough: Pixels of the shorter side of a frame; a larger one is made as small.
        limits: What it may cost, but for time.

    Raises:
        VideoError: It is empty, not one of `FORMATS` by content, beyond a limit, damaged, or has no pictures.
    """
    kind = require_video(data, limits.bytes)
    frames: list[Frame] = []
    try:
        with opened(data, kind, limits) as (file, stream):
            moments = [(second, packet.is_keyframe) for second, packet in packets(file, stream)]
        with opened(data, kind, limits) as (file, stream):
            for second, frame in islice(telling(file, stream, moments, limits), limits.frames):
                frames.append(Frame(second, picture_of(frame, enough)))
    except VideoError:
        raise
    except MemoryError as error:
        raise VideoError(f"The {kind} video takes more memory than decoding may have. Offer a smaller one.") from error
    except Exception as error:  # given broken files FFmpeg raises many kinds of errors
        if not frames:
            raise VideoError(f"The {kind} video is damaged: {reason_of(error)}. Save it again.") from error
    if not frames:
        raise VideoError(f"The {kind} video has no pictures in it. Save it again.")
    return distinct(frames)


@contextmanager
def opened(data: bytes, kind: str, limits: Limits) -> Iterator[tuple[Any, Any]]:
    """Yield a file and its first stream of pictures.

    Raises:
        VideoError: There is none, or one that is beyond a limit or of another codec.
    """
    import av

    with av.open(BytesIO(data), format=FORMATS[kind]) as file:
        shown = (stream for stream in file.streams.video if not stream.disposition & stream.disposition.attached_pic)
        stream = next(shown, None)
        if stream is None:
            raise VideoError(f"The {kind} file has sound or nothing, but no pictures. Offer a video.")
        codec = stream.codec_context
        if codec is None or not codec.name.startswith(CODECS):
            coded = f"'{codec.name}'" if codec else "something unknown"
            raise VideoError(f"The {kind} video is coded as {coded}, which is not read. Save it as H.264.")
        check_size(codec.width, codec.height, limits)
        codec.options = {"max_pixels": str(limits.resolution)}  # its first picture may be larger than its head says
        codec.thread_count = 1
        yield file, stream


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse a video whose pictures would cost too much, or whose sides differ too much."""
    if width * height > limits.resolution or max(width, height) > MAX_SIDE:
        raise VideoError(
            f"The video has {width} × {height} pixels, at most {limits.resolution:,} and {MAX_SIDE:,} a side are "
            "decoded. Offer a smaller one."
        )
    if max(width, height) > MAX_ASPECT * max(1, min(width, height)):
        raise VideoError(
            f"The video has {width} × {height} pixels, its sides may differ at most {MAX_ASPECT} times. "
            "Crop it to the product."
        )


def packets(file: Any, stream: Any) -> Iterator[Moment]:
    """Yield what is to be decoded, with its second, until the file ends, breaks off, or has had its share."""
    for packet in islice(file.demux(stream), MOST_PACKETS):
        second = second_of(packet, stream)
        if second is not None and second > LONGEST:
            return
        if second is not None:  # else it is the mark of the end, or damaged
            yield second, packet


def second_of(part: Any, stream: Any) -> float | None:
    """Return when a packet or a frame is shown, from the beginning of the video, if it says so."""
    at = part.dts if part.pts is None else part.pts
    return None if at is None else max(0.0, float((at - (stream.start_time or 0)) * stream.time_base))


def telling(file: Any, stream: Any, moments: Sequence[tuple[float, bool]], limits: Limits) -> Iterator[Moment]:
    """Yield frames that together tell what a video shows: key frames, or where these are few others between them."""
    keys = [place for place, (_, is_key) in enumerate(moments) if is_key]
    if len(keys) < ENOUGH_KEYS:
        every = max((second for second, _ in moments), default=0.0) / limits.frames
        size = stream.codec_context.width * stream.codec_context.height
        yield from forward(file, stream, every, limits.forward // max(1, size * len(keys)))
        return
    wanted = set(spread(keys, limits.frames))
    for place, (second, packet) in enumerate(packets(file, stream)):
        if place in wanted:
            yield from ((second, frame) for frame in alone(stream.codec_context, packet))


def forward(file: Any, stream: Any, every: float, most: int) -> Iterator[Moment]:
    """Yield a frame for each so many seconds, of the first packets behind each key frame, so many at most."""
    codec = stream.codec_context
    codec.skip_frame = "NONREF"  # of those on which no other one depends nothing is missing here
    due, second = 0.0, 0.0
    for frame in decoded(file, stream, most):
        second = max(second, second_of(frame, stream) or 0.0)
        if second >= due:
            yield second, frame
            due = second + every


def decoded(file: Any, stream: Any, most: int) -> Iterator[Any]:
    """Yield the frames of the first packets behind each key frame."""
    codec, left = stream.codec_context, most
    for _, packet in packets(file, stream):
        left = most if packet.is_keyframe else left - 1
        if left > 0:
            yield from codec.decode(packet)
    yield from codec.decode(None)


def alone(codec: Any, packet: Any) -> Iterator[Any]:
    """Yield the frame of a key packet, whatever stands before and behind it."""
    yield from islice((*codec.decode(packet), *codec.decode(None)), 1)
    codec.flush_buffers()


def picture_of(frame: Any, enough: int) -> Image.Image:
    """Return a frame as a picture: RGB, upright, its shorter side no larger than `enough`."""
    width, height = frame.width, frame.height
    scale = min(1.0, enough / min(width, height), math.sqrt(MAX_FRAME / (width * height)))
    picture: Image.Image = frame.to_image(width=max(1, round(scale * width)), height=max(1, round(scale * height)))
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
