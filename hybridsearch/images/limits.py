"""What a picture may cost: one of a catalogue, and one that a shopper uploads."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.confined import decoder as confined

HEAD = 16
"""Bytes in front of pixels that say how wide and how high the picture is."""
MAX_BYTES = 20 * 2**20
MAX_SIDE = 20_000
MAX_ASPECT = 20

MAX_SCANS = 100
"""Of a JPEG. Encoders write 1 to about 20; each costs as much time as the whole picture and a few bytes."""
MAX_PIECES = 10_000
"""Segments of a JPEG, chunks of a PNG. Large photos have a few hundred, a PNG of 20 MB in small pieces 5,000."""
MAX_JUNK = 2**16
"""Bytes between the segments of a JPEG's header; there should be none."""

PRODUCT_TRIES = 8
"""Pictures of a product that are tried, whether they can be used or not."""
FETCH_SECONDS = 15.0
"""For one picture, redirects included."""
PRODUCT_SECONDS = 30.0
"""For all pictures of a product that are fetched together."""
FILES_AT_ONCE = 256
BYTES_AT_ONCE = 64 * 2**20
"""Files of a batch that are held in memory, complete and not decoded: with so many bytes, no other product is begun."""
LOADED_AT_ONCE = 8
"""Products whose files are being loaded; they come on top of these bytes."""
PRODUCT_BYTES = 8 * 2**20
"""Files of one product that are held: once they have so many bytes, its next is left for later."""


@dataclass(frozen=True, slots=True)
class Limits(confined.Limits):
    """What one picture may cost.

    Attributes:
        pixels: Of a picture in any other format than JPEG.
        jpeg_pixels: Of a JPEG, which decodes straight to an eighth.
    """

    pixels: int
    jpeg_pixels: int

    @property
    def answer(self) -> int:
        """Bytes that its size and its pixels have at most."""
        return HEAD + 3 * self.jpeg_pixels


CATALOGUE = Limits(
    bytes=MAX_BYTES,
    pixels=40_000_000,  # the worst case, a transparent WebP, peaks at about 600 MB and takes 3 s
    jpeg_pixels=80_000_000,
    seconds=10.0,
    memory=2**30,
)
QUERY = Limits(
    bytes=MAX_BYTES,
    pixels=20_000_000,  # screenshots have 4 megapixels
    jpeg_pixels=64_000_000,  # 48 and 50 megapixels from a phone are usual
    seconds=5.0,
    memory=2**29,
)
