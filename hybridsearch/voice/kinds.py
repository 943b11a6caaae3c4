"""Which kind of recording some bytes are: by their content, never by a name, and without a decoder."""

from __future__ import annotations

from hybridsearch.confined.files import one_of, require_size
from hybridsearch.errors import AudioError

FORMATS = {"WAV": "wav", "FLAC": "flac", "MP3": "mp3", "Ogg": "ogg", "WebM": "matroska", "MP4": "mov"}
"""What browsers, telephones and programs record, with the name of FFmpeg's only parser that is used for it."""
CODECS = ("pcm_", "flac", "mp3", "vorbis", "opus", "libopus", "aac")
"""What the names of the decoders begin with that are used."""
EXPECTED = one_of(list(FORMATS))


def require_recording(data: bytes, most: int) -> str:
    """Return which of `FORMATS` a file seems to be; nothing behind its first bytes is read.

    Args:
        data: The file.
        most: Bytes that it may have.

    Raises:
        AudioError: It is empty, too large, or none of them.
    """
    require_size(data, most, "recording", EXPECTED, AudioError, ("Record it again.", "Record a shorter one."))
    kind = kind_of(data)
    if kind is None:
        raise AudioError(f"The content is no recording; expected a {EXPECTED} file. Convert it, or record it again.")
    return kind


def kind_of(data: bytes) -> str | None:
    """Return which of `FORMATS` the first bytes of a file announce, if any."""
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "WAV"
    if data.startswith(b"fLaC"):
        return "FLAC"
    if data.startswith(b"OggS"):
        return "Ogg"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "WebM"
    if data[4:8] == b"ftyp":
        return "MP4"
    layer_3 = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2
    return "MP3" if data.startswith(b"ID3") or layer_3 else None
