"""Which kind of video some bytes are: by their content, never by a name, and without a decoder."""

from __future__ import annotations

from hybridsearch.confined.files import one_of, require_size
from hybridsearch.errors import VideoError
from hybridsearch.images.kinds import BRANDS

FORMATS = {"MP4": "mov", "WebM": "matroska", "AVI": "avi"}
"""What shops and telephones have, with the name of FFmpeg's only parser that is used for it; MOV is an MP4."""
ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""What an MP4 or MOV begins with, behind four bytes."""
CODECS = ("h264", "hevc", "vp8", "vp9", "libvpx", "av1", "libdav1d", "mpeg4", "mjpeg")
"""What the names of the decoders begin with that are used."""
EXPECTED = one_of([*FORMATS, "MOV"])


def require_video(data: bytes, most: int) -> str:
    """Return which of `FORMATS` a file seems to be; nothing behind its first bytes is read.

    Args:
        data: The file.
        most: Bytes that it may have.

    Raises:
        VideoError: It is empty, too large, or none of them.
    """
    require_size(
        data, most, "video", EXPECTED, VideoError, ("Fetch or save it again.", "Offer a shorter or smaller one.")
    )
    kind = kind_of(data)
    if kind is None:
        raise VideoError(f"The content is no video; expected a {EXPECTED} file. Convert it, or correct the link.")
    return kind


def kind_of(data: bytes) -> str | None:
    """Return which of `FORMATS` the first bytes of a file announce, if any; an AVIF is a picture."""
    if data[4:8] in ATOMS:
        return None if data[4:8] == b"ftyp" and data[8:12] in BRANDS else "MP4"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "WebM"
    return "AVI" if data.startswith(b"RIFF") and data[8:12] == b"AVI " else None
