"""Pictures of products, small: from a product's own picture field alone, never from an address that is asked for."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from hybridsearch import document
from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.roles import Fields
from hybridsearch.runtime.threads import Threads
from hybridsearch.thumbnails import AT_ONCE, TRIED, Thumbnails
from hybridsearch.values import Row

CACHE_BYTES = 32 * 2**20
"""That small pictures take in memory."""
MISSING_SECONDS = 60.0
"""After which a picture that could not be had is tried again."""
PLACEHOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#8882"/>'
    b'<path d="M14 46l12-16 8 10 6-7 10 13z" fill="#8886"/><circle cx="42" cy="22" r="5" fill="#8886"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture as a browser gets it; one that could not be had is not `found`."""

    content: bytes
    kind: str
    found: bool = True

    @property
    def tag(self) -> str:
        """Its ETag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


NONE = Picture(PLACEHOLDER, "image/svg+xml", found=False)


class Pictures:
    """The small pictures of a shop, kept in memory up to a number of bytes; one event loop uses it."""

    def __init__(self, shop: AsyncHybridSearch) -> None:
        self._shop = shop
        self._threads = Threads(AT_ONCE, "hybridsearch-pictures")  # a host that is slow keeps no search waiting
        self._thumbnails = Thumbnails(shop.settings)
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Picture]] = OrderedDict()
        self._bytes = 0

    async def of(self, product: str, variant: int | None = None) -> Picture | None:
        """Return the picture of a product; None where there is no such product, or it has none.

        Args:
            product: Its id.
            variant: The place of a variant among those of the product, from 0, whose own picture is tried first.

        Raises:
            EngineError: The index cannot be reached.
        """
        row = (await self._shop.get([product])).get(product)
        references = references_of(row, variant, self._shop.settings.fields)[:TRIED] if row else ()
        if not references:
            return None
        return self._known(references) or self._keep(
            references, await self._threads.run(partial(self._made, references))
        )

    def close(self) -> None:
        """Close the connections to hosts of pictures, and let the threads end."""
        self._threads.close()
        self._thumbnails.close()

    def _known(self, references: tuple[str, ...]) -> Picture | None:
        if references not in self._kept:
            return None
        made, picture = self._kept[references]
        if not picture.found and time.monotonic() - made > MISSING_SECONDS:
            return None
        self._kept.move_to_end(references)
        return picture

    def _keep(self, references: tuple[str, ...], picture: Picture) -> Picture:
        if references in self._kept:
            self._bytes -= size(references, self._kept.pop(references)[1])
        self._kept[references] = time.monotonic(), picture
        self._bytes += size(references, picture)
        while self._bytes > CACHE_BYTES and self._kept:
            gone, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= size(gone, dropped)
        return picture

    def _made(self, references: tuple[str, ...]) -> Picture:
        """Return the first picture that can be had."""
        content = self._thumbnails.first(references)
        return NONE if content is None else Picture(content, "image/webp")


def references_of(row: Row, variant: int | None, fields: Fields) -> tuple[str, ...]:
    """Return the pictures of a product, those of one of its variants first."""
    found = document.pictures(row, fields)
    if variant is None:
        return found
    try:
        own = document.variants(row, fields)[variant : variant + 1]
    except ValueError:  # the index was built by another configuration
        own = []
    first = (name for each in own for name in document.pictures(document.as_row(each, fields), fields))
    return tuple(dict.fromkeys([*first, *found]))


def size(references: tuple[str, ...], picture: Picture) -> int:
    """Return how many bytes a picture takes with its name."""
    return len(picture.content) + sum(map(len, references)) + 200
