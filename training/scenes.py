"""Lay shelf products out the way a phone sees them: cut from their catalogue picture, in heaps or before a shop.

A catalogue shows one apple on white, a phone a crate of them. These pictures bring the two together for products that
no phone photo of the training split shows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

SHADES = (0.55, 1.25)  # brightness of a scene against its catalogue picture


def cut_out(picture: Image.Image) -> Image.Image:
    """Make the white around a product transparent (what is white inside it stays), and crop to the product."""
    rgb = picture.convert("RGB")
    edge = rgb.resize((rgb.width + 2, rgb.height + 2))
    edge.paste("white", (0, 0, *edge.size))
    edge.paste(rgb, (1, 1))
    white = edge.convert("L").point(lambda value: 255 if value > 240 else 0)
    ImageDraw.floodfill(white, (0, 0), 128)
    alpha = white.point(lambda value: 0 if value == 128 else 255).crop((1, 1, edge.width - 1, edge.height - 1))
    rgb.putalpha(alpha.filter(ImageFilter.MinFilter(3)))
    return rgb.crop(rgb.getbbox())


def scene(product: Image.Image, behind: Image.Image, heap: bool, size: int, rng: np.random.Generator) -> Image.Image:
    """Compose one picture, `size` pixels square.

    Args:
        product: What `cut_out` returns.
        behind: Any photo; it is blurred and turned into a backdrop.
        heap: Many copies over each other, as fruit lies in a crate; else one copy, held in a hand's tilt.
        size: Edge of the result in pixels.
        rng: The source of every choice.
    """
    edge = 2 * size
    canvas = behind.convert("RGB").resize((edge, edge)).filter(ImageFilter.GaussianBlur(rng.uniform(0, 5)))
    unit = edge / max(product.size)
    if heap:
        scale = rng.uniform(0.16, 0.5)
        step = scale * rng.uniform(0.55, 0.8)
        top = rng.uniform(-0.1, 0.4) if rng.random() < 0.4 else -0.1
        places = [
            (x + rng.normal(0, step / 4), y + rng.normal(0, step / 4))
            for y in np.arange(top, 1.1, step)
            for x in np.arange(-0.1, 1.1, step)
        ]
        turned = 180.0
    else:
        scale, places, turned = rng.uniform(0.65, 1.15), [tuple(rng.normal(0.5, 0.08, 2))], 18.0
    for x, y in places:
        one = scale * math.exp(rng.normal(0, 0.08)) * unit
        width, height = (max(2, round(side * one * math.exp(rng.normal(0, 0.06)))) for side in product.size)
        copy = product.resize((width, height)).rotate(rng.normal(0, turned / 2), expand=True)
        lit = ImageEnhance.Brightness(copy.convert("RGB")).enhance(rng.uniform(0.75, 1.1))
        corner = (round(x * edge - copy.width / 2), round(y * edge - copy.height / 2))
        shadow = Image.new("RGB", copy.size, (12, 10, 8))
        canvas.paste(shadow, (corner[0] + 2, corner[1] + 3), copy.getchannel("A").point(lambda value: value // 3))
        canvas.paste(lit, corner, copy.getchannel("A"))
    light: NDArray[np.float64] = np.asarray(canvas.resize((size, size), Image.Resampling.BOX), dtype=np.float64)
    light = light * rng.uniform(*SHADES) * (1 + rng.normal(0, 0.05, 3)) + rng.normal(0, 5)
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
