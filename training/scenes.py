"""Lay shelf products out the way a phone sees them: cut from their catalogue picture, held up, in rows or in heaps.

A catalogue shows one apple on white, a phone a crate of them. These pictures bring the two together for products that
no phone photo of the training split shows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Place = tuple[float, float, float, float]  # centre x and y, scale, turn in degrees; the edge of the scene is 1


def cut_out(picture: Image.Image, packed: bool) -> Image.Image:
    """Make the white around a product transparent, and crop to the product.

    What is white inside it stays; a pack may be white to its very edge, and is filled up between its borders.
    """
    rgb = picture.convert("RGB")
    framed = Image.new("RGB", (rgb.width + 2, rgb.height + 2), "white")
    framed.paste(rgb, (1, 1))
    white = framed.convert("L").point(lambda value: 255 if value > (250 if packed else 240) else 0)
    ImageDraw.floodfill(white, (0, 0), 128)
    solid = np.asarray(white)[1:-1, 1:-1] != 128
    if packed:
        solid = _between(solid, 0) & _between(solid, 1)
    alpha = Image.fromarray((solid * 255).astype(np.uint8)).filter(ImageFilter.MinFilter(3))
    rgb.putalpha(alpha)
    return rgb.crop(alpha.getbbox())


def scene(product: Image.Image, behind: Image.Image, packed: bool, size: int, rng: np.random.Generator) -> Image.Image:
    """Compose one picture, `size` pixels square.

    Args:
        product: What `cut_out` returns.
        behind: Any photo; it becomes the backdrop, sometimes mirrored or out of focus.
        packed: Held in a hand or standing in a row, as packs do; else lying about or in a heap, as fruit does.
        size: Edge of the result in pixels.
        rng: The source of every choice.
    """
    canvas = behind.convert("RGB").resize((2 * size, 2 * size))
    if rng.random() < 0.5:
        canvas = canvas.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.5:
        canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))
    squeeze = math.exp(rng.normal(0, 0.15))  # phone photos are squeezed to a square
    if packed:
        squeeze *= rng.uniform(0.7, 1.1)  # turned a little to the side
        places = _row(squeeze * product.width / max(product.size), rng)
    else:
        places = _scattered(rng) if rng.random() < 0.15 else _heap(rng)
    for place in places:
        _put(canvas, product, squeeze, place, rng)
    return _lit(canvas.resize((size, size), Image.Resampling.BOX), rng)


def _between(solid: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Fill what lies between the first and the last solid pixel along an axis."""
    begun = np.maximum.accumulate(solid, axis)
    return begun & np.flip(np.maximum.accumulate(np.flip(solid, axis), axis), axis)


def _row(width: float, rng: np.random.Generator) -> list[Place]:
    scale, (x, y), turn = rng.uniform(0.6, 1.15), rng.normal(0.5, 0.08, 2), rng.normal(0, 18)
    if rng.random() < 0.2:
        turn += rng.choice([-1, 1]) * rng.uniform(30, 100)
    if rng.random() < 0.75:
        return [(x, y, scale, turn)]
    return [(x + 1.02 * number * width * scale, y, scale, turn / 3) for number in rng.permutation(range(-2, 3))]


def _scattered(rng: np.random.Generator) -> list[Place]:
    return [(*rng.normal(0.5, 0.15, 2), rng.uniform(0.45, 1), rng.uniform(0, 360)) for _ in range(rng.integers(1, 4))]


def _heap(rng: np.random.Generator) -> list[Place]:
    """Fill the scene, or one side of it, with copies that grow towards the lower edge."""
    scale = math.exp(rng.uniform(math.log(0.14), math.log(0.5)))
    step, near = scale * rng.uniform(0.55, 0.8), rng.uniform(1, 1.5)
    way, far = rng.uniform(0, 2 * math.pi), rng.uniform(0.05, 0.5) if rng.random() < 0.6 else math.inf
    places: list[Place] = []
    for row in np.arange(-0.1, 1.1, step):
        for column in np.arange(-0.1, 1.1, step):
            x, y = column + rng.normal(0, step / 4), row + rng.normal(0, step / 4)
            if (x - 0.5) * math.cos(way) + (y - 0.5) * math.sin(way) <= far:
                size = scale * math.exp(rng.normal(0, 0.08)) * near ** (y - 0.5)
                places.append((x, y, size, rng.uniform(0, 360)))
    return places


def _put(canvas: Image.Image, product: Image.Image, squeeze: float, place: Place, rng: np.random.Generator) -> None:
    """Lay one copy down, bent in perspective, in a light of its own, with the shadow that it throws around itself."""
    edge, (x, y, scale, turn) = canvas.width, place
    unit = scale * edge / max(product.size)
    flat = max(2, round(product.width * unit * squeeze)), max(2, round(product.height * unit))
    corners = (np.array([0, 0, 0, 1, 1, 1, 1, 0]) + rng.normal(0, 0.05, 8)) * np.tile(product.size, 4)
    copy = product.transform(flat, Image.Transform.QUAD, corners.tolist(), Image.Resampling.BILINEAR)
    copy = copy.rotate(turn, Image.Resampling.BILINEAR, expand=True)
    left, top = round(x * edge - copy.width / 2), round(y * edge - copy.height / 2)
    shadow = Image.new("L", (copy.width + 12, copy.height + 12))
    shadow.paste(copy.getchannel("A").point(lambda value: int(0.7 * value)), (6, 6))
    canvas.paste((8, 6, 5), (left - 4, top - 3), shadow.filter(ImageFilter.BoxBlur(3)))
    gain = rng.uniform(0.65, 1.1) * (1 + rng.normal(0, 0.04, 3))
    light = np.asarray(copy.convert("RGB")) * gain
    canvas.paste(Image.fromarray(light.clip(0, 255).astype(np.uint8)), (left, top), copy.getchannel("A"))


def _lit(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light a whole picture: a curve, a cast that leans to lamplight, a slope to one side, and noise."""
    light = np.asarray(picture, dtype=np.float64) / 255
    light = (
        light ** math.exp(rng.normal(0.12, 0.25)) * rng.uniform(0.75, 1.2) * np.exp(rng.normal([0.04, 0, -0.06], 0.06))
    )
    slope, (down, across) = np.linspace(-1, 1, picture.width), rng.normal(0, 0.12, 2)
    light = light * (1 + down * slope[:, None, None] + across * slope[None, :, None]) + rng.normal(0, 0.02)
    return Image.fromarray((light.clip(0, 1) * 255).astype(np.uint8))
