"""What a product is seen in: the one vector of its pictures and its video, and what is kept of the video's frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hybridsearch.images.product import ProductPictures, mean
from hybridsearch.schema import Leg
from hybridsearch.values import Vector
from hybridsearch.video.moments import Filmed, of_video

OF_A_PICTURE = 0.25
"""What a video counts beside pictures, each of which counts 1: it shows the product less plainly (measured)."""


def seen_together(pictured: ProductPictures, filmed: ProductPictures, leg: Leg) -> Vector | None:
    """Return the vector of a product that is seen in pictures and a video, with moments of this where they are kept."""
    vector = together(pictured.vectors, filmed.vectors)
    film = next(iter(filmed.vectors), None)
    if vector is None or not isinstance(film, Filmed) or not leg.frames:
        return vector and Vector(vector.array)
    return Filmed(vector.array, of_video(film.moments, filmed.tries - 1))


def with_moments(vector: Vector, leg: Leg, moments: Mapping[str, str]) -> Vector:
    """Return the vector of a stored document with the moments that are stored beside it."""
    return Filmed(vector.array, moments[leg.name]) if leg.name in moments else vector


def together(pictures: Sequence[Vector], videos: Sequence[Vector]) -> Vector | None:
    """Return the vector of a product that is seen in these; None where there are none."""
    weights = [1.0] * len(pictures) + [OF_A_PICTURE] * len(videos)
    return mean([*pictures, *videos], weights) if weights else None
