"""Small pictures of products: from their own picture field alone, by the rules of rebuilds."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Self

from hybridsearch import document, redaction
from hybridsearch.errors import ImageError
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.settings import Settings
from hybridsearch.values import Row

if TYPE_CHECKING:
    from hybridsearch.images.product import Load

SIDE = 320
"""Pixels of the longer side."""
QUALITY = 80
TRIED = 2
"""Pictures of a product that are tried."""
AT_ONCE = 4
"""Pictures that are loaded at once."""
log = redaction.logger(__name__)


class Thumbnails:
    """The small pictures of a shop; several threads may use it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fetcher: Fetcher | None = None

    def first(self, references: Sequence[str]) -> bytes | None:
        """Return the first picture that can be had, of those that a product names, as WebP; None if there is none."""
        load = self._loader()
        for reference in references[:TRIED]:
            try:
                return small(load(reference))
            except ImageError as error:
                log.info("A picture is not shown: %s", error)
        return None

    def embedded(self, rows: Mapping[str, Row]) -> dict[str, str]:
        """Return the pictures of products by id, as `data:` addresses; of those that have one that can be had."""
        fields = self._settings.fields
        named = {key: references for key, row in rows.items() if (references := document.pictures(row, fields))}
        with ThreadPoolExecutor(AT_ONCE, "hybridsearch-pictures") as pool:
            found = zip(named, pool.map(self.first, named.values()), strict=True)
            return {key: data_address(content) for key, content in found if content is not None}

    def close(self) -> None:
        """Close the connections to hosts of pictures."""
        if self._fetcher:
            self._fetcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _loader(self) -> Load:
        """Return what loads a picture: from the folder of pictures or a public address."""
        from hybridsearch.indexing.build import picture_loader

        self._fetcher = self._fetcher or Fetcher()
        return picture_loader(self._settings, self._fetcher)


def small(data: bytes) -> bytes:
    """Return a picture file small, as WebP; it is decoded in a worker process.

    Raises:
        ImageError: It is none that can be decoded.
    """
    picture = decode(data, SIDE)
    picture.thumbnail((SIDE, SIDE))
    out = BytesIO()
    picture.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def data_address(content: bytes) -> str:
    """Return a small picture as an address that holds it."""
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"
