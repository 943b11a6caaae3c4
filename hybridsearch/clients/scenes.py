"""Scenes: a photo that shows several things, what each is searched for as, and the part of a photo that was clicked."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from PIL import Image

from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.images import Photo, Upload
from hybridsearch.images.regions import MOST, Box, regions
from hybridsearch.inputs.given import read
from hybridsearch.inputs.json_values import json_value
from hybridsearch.query_sources import PHOTO
from hybridsearch.runtime.deadline import allowed, aside
from hybridsearch.schema import Schema
from hybridsearch.shop.shop import Shop
from hybridsearch.values import Hit, Page, Region

SHOWN = 5
"""Hits of each region."""
CUT = 448
"""Pixels of the shorter side that a part of a photo should have: a small one is cut from more of the photo,"""
FINEST = 4
"""but of no more than so many times these on its shorter side."""
SIDES = "four numbers from 0 to 1: left, top, right and bottom, the first two less than the others"


def box_of(region: object) -> Box | None:
    """Return the part of a photo that an argument names; None where it names none.

    Raises:
        QueryError: It is nothing of the kind.
    """
    return None if region is None else read("region", region, sides, SIDES)


def sides(value: Any) -> Box:
    """Return a part of a photo from its four sides."""
    left, top, right, bottom = (float(json_value(side)) for side in value)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError
    return Box(left, top, right, bottom)


def seen(image: Photo | Upload | None, region: object, seconds: float) -> Upload | None:
    """Return the photo of a query, or the part of it that was asked for; None without one.

    Args:
        image: As the caller gave it.
        region: The part: left, top, right and bottom, from 0 to 1; None is all of it.
        seconds: That the photo may take.

    Raises:
        QueryError: A part was asked for that is none, or of no photo.
        ImageError: The photo cannot be read or decoded.
    """
    box = box_of(region)
    if image is None:
        if box is not None:
            raise QueryError("A region was given and no photo. Give the photo that it is a part of as 'image'.")
        return None
    photo = image if isinstance(image, Upload) else Upload(image, seconds)
    return photo if box is None else Upload(cut(photo, box), seconds)


async def seen_async(image: Photo | Upload | None, region: object, seconds: float) -> Upload | None:
    """Return the same without blocking the event loop."""
    if region is None:  # nothing is read or decoded yet
        return seen(image, region, seconds)
    return await asyncio.to_thread(seen, image, region, seconds)


def cut(photo: Upload, box: Box) -> Image.Image:
    """Return a part of a photo as a picture, sharp enough for an encoder."""
    return box.crop(photo.picture(sharp(box)))


def sharp(*boxes: Box) -> int:
    """Return the pixels that the shorter side of a photo should have for some of its parts."""
    least = min(min(box.right - box.left, box.bottom - box.top) for box in boxes)
    return round(CUT * min(1 / least, FINEST))


def parts(photo: Upload, enough: int, *, most: int = MOST) -> dict[Box, Upload]:
    """Return the parts of a photo that show a thing each, as photos; none where it shows one.

    Args:
        photo: The photo.
        enough: As it is decoded for an encoder, which is enough to see where things lie.
        most: Parts, at most.

    Raises:
        ImageError: The photo cannot be decoded.
    """
    boxes = regions(photo.picture(enough), most)
    if not boxes:
        return {}
    picture = photo.picture(sharp(*boxes))
    return {box: Upload(box.crop(picture)) for box in boxes}


def prepared(shop: Shop, schema: Schema, photo: Upload) -> dict[Box, Upload]:
    """Return the parts of a photo that are to be searched for, their vectors encoded in one batch for each leg.

    Raises:
        ImageError: The photo cannot be decoded.
        EncoderError: A part cannot be encoded.
    """
    legs = schema.legs_for(PHOTO)
    found = parts(photo, min(shop.encoders[leg.name].enough for leg in legs)) if legs else {}
    for leg in legs if found else ():
        shop.encoders.remember(leg.name, found.values())
    return found


def found_in(shop: Shop, schema: Schema, photo: Upload, page: Page, search: Callable[[Upload], Sequence[Hit]]) -> Page:
    """Return the page of a photo with what is found for each of the things that it shows, searched for side by side.

    Args:
        shop: Whose encoders read photos.
        schema: What the index holds.
        photo: The photo.
        page: Of all of it.
        search: Finds the first products for a part of it.
    """
    seconds = allowed(shop.settings.engine.timeout)
    try:
        with aside(seconds / 2):
            found = prepared(shop, schema, photo.anew(seconds))
        with ThreadPoolExecutor(len(found) or 1, "hybridsearch-regions") as threads:
            # Each has the deadline of the search, which belongs to the context.
            running = [threads.submit(contextvars.copy_context().run, search, part) for part in found.values()]
            return with_regions(page, found, [each.result() for each in running])
    except HybridSearchError as error:
        return without_regions(page, error)


async def found_in_async(
    shop: Shop, schema: Schema, photo: Upload, page: Page, search: Callable[[Upload], Awaitable[Sequence[Hit]]]
) -> Page:
    """Return the same without blocking the event loop."""
    seconds = allowed(shop.settings.engine.timeout)
    try:
        with aside(seconds / 2):
            found = await asyncio.to_thread(prepared, shop, schema, photo.anew(seconds))
        return with_regions(page, found, await asyncio.gather(*map(search, found.values())))
    except HybridSearchError as error:
        return without_regions(page, error)


def with_regions(page: Page, found: Iterable[Box], hits: Sequence[Sequence[Hit]]) -> Page:
    """Return a page with the parts of its photo, and what was found for each."""
    regions = (
        Region((box.left, box.top, box.right, box.bottom), tuple(own)) for box, own in zip(found, hits, strict=True)
    )
    return replace(page, regions=tuple(regions))


def without_regions(page: Page, why: HybridSearchError) -> Page:
    """Return a page that says why nothing is known of the parts of its photo."""
    return replace(page, degraded=(*page.degraded, f"no regions of the photo: {why}"))
