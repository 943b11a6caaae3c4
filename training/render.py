"""Draw product pictures: a kind, a colour and a pattern in, a picture that looks a little like a photo out.

The same seed gives the same picture. Light, folds, shadows, backgrounds, angles and noise vary on purpose: what the
starter learns from drawings has to carry over to photographs.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from training.shapes import Floats, Part, drawings

Rgb = tuple[int, int, int]

COLOURS: dict[str, str] = {
    "black": "17171a", "white": "f6f6f4", "grey": "8f9193", "charcoal": "46494d", "silver": "c0c4c8",
    "gold": "d0a53a", "red": "d11f26", "burgundy": "6f1426", "pink": "f3a3bd", "magenta": "d8177f",
    "purple": "6c2f98", "lavender": "b8a2dc", "navy": "1b2650", "blue": "2458c4", "light-blue": "94c4ec",
    "turquoise": "25c3c6", "teal": "10696f", "green": "2f9a3e", "dark-green": "17482c", "olive": "6c6c28",
    "lime": "a9d827", "mint": "a9e2c4", "yellow": "f7d81f", "mustard": "c6931f", "orange": "f47c16",
    "peach": "fa9c7e", "brown": "5d3a22", "copper": "a8552b", "tan": "b98452", "beige": "d6c2a0",
    "cream": "f2e8cf", "khaki": "a09a72", "multicolour": "d11f26",
}  # fmt: skip
PATTERNS = ("plain", "striped", "checked", "dotted", "floral")
_BRIGHT = ("red", "blue", "yellow", "green", "orange", "magenta", "turquoise", "purple", "white")
_METALS = ("silver", "gold", "copper")
_SKIN = ("f1c9a5", "e0ac80", "c68a5e", "8d5a3a", "5b3a27")
_HAIR = ("1b1512", "3d2616", "6b4423", "b08a4f")
_FIXED = {"k": "1f2023", "w": "f2f2ef", "b": "a9743f", "f": "3f8f3d", "o": "f7b03a"}

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _rgb(text: str) -> Floats:
    return np.asarray([int(text[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.float64)


def _ints(colour: Floats) -> Rgb:
    r, g, b = np.clip(colour, 0, 255).astype(int).tolist()
    return r, g, b


def shade(colour: str, rng: np.random.Generator, spread: float = 1.0) -> Floats:
    """Draw one RGB of a colour name, (3,) in 0..255: a little brighter or darker, a little off in hue."""
    rgb = _rgb(COLOURS[colour])
    return np.clip(rgb * (1 + spread * rng.uniform(-0.12, 0.1)) + spread * rng.normal(0, 5, 3), 6, 252)


def perceived(rgb: Floats) -> Floats:
    """Turn RGB (..., 3) in 0..255 into OKLab (..., 3), where distance is what an eye sees.

    Björn Ottosson, "A perceptual color space for image processing" (2020).
    """
    share = np.asarray(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T)


def tone(colour: str, rng: np.random.Generator) -> Floats:
    """Draw one RGB of a colour name, (3,) in 0..255, from all that a shop would call so, not only the middle of it."""
    rgb: Floats = np.clip(_rgb(COLOURS[colour]) * math.exp(rng.normal(0, 0.14)) + rng.normal(0, 11, 3), 4, 252)
    return rgb


def names_of(rgb: Floats) -> frozenset[str]:
    """Name an RGB: the nearest colour, and every other that is nearly as near."""
    plain = list(COLOURS)[:-1]
    away = np.linalg.norm(perceived(np.stack([_rgb(COLOURS[name]) for name in plain])) - perceived(rgb), axis=1)
    return frozenset(name for name, distance in zip(plain, away, strict=True) if distance <= 1.25 * away.min() + 0.004)


def _second_colour(base: Floats, rng: np.random.Generator) -> Floats:
    """Choose what a pattern is printed in: often white on dark cloth, else darker, else any bright colour."""
    if base.mean() < 110 and rng.random() < 0.8:
        return shade("white", rng)
    return base * 0.45 if rng.random() < 0.5 else shade(str(rng.choice(_BRIGHT)), rng)


def _texture(colour: str, base: Floats, pattern: str, size: int, rng: np.random.Generator) -> Image.Image:
    """Paint the product's cloth, `size` pixels square; the named colour keeps the larger share of it."""
    image = Image.new("RGB", (size, size), _ints(base))
    draw = ImageDraw.Draw(image)
    if colour == "multicolour":
        step, slant = float(size / rng.integers(5, 12)), rng.uniform(-0.6, 0.6) * size
        for i in range(-12, 26):
            x = i * step
            fill = _ints(shade(str(rng.choice(_BRIGHT)), rng))
            draw.polygon([(x, 0), (x + step + 1, 0), (x + step + 1 + slant, size), (x + slant, size)], fill=fill)
    if colour in _METALS:
        ramp = 1 + 0.28 * np.sin(np.linspace(0, rng.uniform(4, 9), size) + rng.uniform(0, 6))
        metal = np.clip(np.asarray(image, dtype=np.float64) * ramp[None, :, None], 0, 255)
        image = Image.fromarray(metal.astype(np.uint8))
        draw = ImageDraw.Draw(image)
    if pattern == "plain":
        return image
    other = _ints(_second_colour(base, rng))
    step = float(size / rng.uniform(7, 15))
    if pattern in ("striped", "checked"):
        line = step * rng.uniform(0.22, 0.42)
        upright = rng.random() < 0.4
        for i in range(int(size / step) + 1):
            a, b = i * step, i * step + line
            if pattern == "checked" or upright:
                draw.rectangle((a, 0, b, size), fill=other)
            if pattern == "checked" or not upright:
                draw.rectangle((0, a, size, b), fill=other)
        return image
    radius = step * (rng.uniform(0.18, 0.3) if pattern == "dotted" else 0.2)
    for i, j in np.ndindex(int(size / step) + 1, int(size / step) + 1):
        x, y = (i + 0.5 * (j % 2)) * step, j * step
        if pattern == "floral":
            x, y = x + rng.normal(0, step / 4), y + rng.normal(0, step / 4)
            for turn in range(5):
                px, py = x + radius * 1.2 * math.cos(turn * 1.257), y + radius * 1.2 * math.sin(turn * 1.257)
                draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=other)
            draw.ellipse((x - radius / 1.6, y - radius / 1.6, x + radius / 1.6, y + radius / 1.6), fill=(236, 196, 60))
        else:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=other)
    return image


def _waves(size: int, rng: np.random.Generator, count: int = 3) -> Floats:
    """A soft random landscape (size, size), about -1..1: light, folds and stained walls are made of it."""
    y, x = np.mgrid[0:size, 0:size] / size
    total = np.zeros((size, size))
    for _ in range(count):
        fx, fy = rng.normal(0, 6, 2)
        total += np.sin(fx * x + fy * y + rng.uniform(0, 6.3))
    return np.asarray(total / count)


def _background(size: int, clutter: float, rng: np.random.Generator) -> Floats:
    """Paint a shop's white, or with more clutter a wall, a floor, planks, things lying about. (size, size, 3)."""
    if rng.random() > clutter:
        return np.full((size, size, 3), rng.choice([255.0, 255.0, 250.0, 244.0, 236.0])) - rng.uniform(0, 5, 3)
    tint = (
        shade(str(rng.choice(list(COLOURS)[:-1])), rng)
        if rng.random() < 0.4
        else np.full(3, rng.uniform(60, 245)) + rng.normal(0, 9, 3)
    )
    image = Image.new("RGB", (size, size), _ints(tint))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        floor = rng.uniform(0.5, 0.95) * size
        draw.rectangle((0, floor, size, size), fill=_ints(tint * rng.uniform(0.5, 1.2)))
    if rng.random() < 0.25:
        for edge in np.arange(rng.uniform(0, 9), size, size / rng.uniform(4, 9)):
            draw.line((0, edge, size, edge), fill=_ints(tint * 0.72), width=2)
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.5 else 0):
        x, y, w, h = rng.uniform(-0.2, 1.0, 2).tolist() + rng.uniform(0.1, 0.5, 2).tolist()
        box = (x * size, y * size, (x + w) * size, (y + h) * size)
        fill = _ints(shade(str(rng.choice(list(COLOURS))), rng))
        draw.ellipse(box, fill=fill) if rng.random() < 0.5 else draw.rectangle(box, fill=fill)
    if rng.random() < 0.6:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 5)))
    return np.asarray(image, dtype=np.float64) * (1 + rng.uniform(0, 0.15) * _waves(size, rng)[..., None])


def _placed(parts: list[Part], size: int, clutter: float, rng: np.random.Generator) -> tuple[list[Floats], float]:
    """Turn, stretch and fit the drawing into the picture; returns the points in pixels and pixels per box unit."""
    turn = math.radians(rng.normal(0, 4) if rng.random() > clutter else rng.normal(0, 16))
    stretch = np.exp(rng.normal(0, 0.09, 2))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = spin @ np.array([[flip * stretch[0], rng.normal(0, 0.06)], [rng.normal(0, 0.03), stretch[1]]])
    placed = [
        (part.points + rng.normal(0, 0.7, part.points.shape if len(part.points) < 12 else 2)) @ matrix.T
        for part in parts
    ]
    everything = np.concatenate(placed)
    low, high = everything.min(axis=0), everything.max(axis=0)
    fill = rng.uniform(0.72, 0.96) if rng.random() > clutter else rng.uniform(0.55, 1.25)
    scale = fill * size / float((high - low).max())
    room = (size - (high - low) * scale) * (0.5 + rng.uniform(-0.5, 0.5, 2) * (0.3 if fill < 1 else 0.6))
    return [(points - low) * scale + room for points in placed], scale


def render(
    kind: str,
    colour: str,
    pattern: str,
    rng: np.random.Generator,
    size: int = 64,
    clutter: float = 0.5,
    drawing: int | None = None,
    base: Floats | None = None,
) -> Image.Image:
    """Draw one product.

    Args:
        kind: A name of `kinds()`.
        colour: A key of `COLOURS`.
        pattern: One of `PATTERNS`.
        rng: The source of every choice; the same state gives the same picture.
        size: Edge of the square picture in pixels.
        clutter: 0 for the clean picture of a shop, 1 for a snapshot: the chance of each disturbance.
        drawing: Which of the kind's alternative drawings; left out: any.
        base: The RGB of the cloth, (3,) in 0..255; left out: a shade close to the middle of `colour`.
    """
    alternatives = drawings()[kind]
    parts = alternatives[int(rng.integers(len(alternatives))) if drawing is None else drawing % len(alternatives)]
    canvas_size = 2 * size
    base = shade(colour, rng) if base is None else base
    points, scale = _placed(parts, canvas_size, clutter, rng)
    fills = _fills(base, rng)
    canvas = Image.new("RGBA", (canvas_size, canvas_size))
    draw = ImageDraw.Draw(canvas)
    cloth = _texture(colour, base, pattern, canvas_size, rng)
    for part, outline in zip(parts, points, strict=True):
        path = [(float(x), float(y)) for x, y in outline]
        patterned = part.role == "m"
        mask = Image.new("L", canvas.size) if patterned else None
        target, fill = (ImageDraw.Draw(mask), 255) if mask is not None else (draw, fills[part.role])
        if part.width:
            width = max(1, round(part.width * scale))
            target.line(path, fill=fill, width=width, joint="curve")
            for x, y in (path[0], path[-1]) if width > 4 else ():
                target.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)
        else:
            target.polygon(path, fill=fill)
        if mask is not None:
            canvas.paste(cloth, mask=mask)
    return _photograph(canvas, size, clutter, rng)


def _fills(base: Floats, rng: np.random.Generator) -> dict[str, tuple[int, int, int, int]]:
    """Return the RGBA of each role of a drawing's parts, but for the patterned cloth."""
    accent, skin, hair = (
        shade(str(rng.choice(list(COLOURS)[:-1])), rng),
        _rgb(str(rng.choice(_SKIN))),
        _rgb(str(rng.choice(_HAIR))),
    )
    dark, light = (
        (base * rng.uniform(0.68, 0.86), base + (255 - base) * rng.uniform(0.12, 0.35))
        if base.mean() > 50
        else (base * 1.7 + 8, base * 1.9 + 14)
    )
    flat = {
        "d": dark,
        "l": light,
        "a": accent,
        "s": skin,
        "h": hair,
        "g": np.full(3, rng.uniform(135, 205)),
        **{role: _rgb(text) for role, text in _FIXED.items()},
    }
    return {role: (*_ints(rgb), 255) for role, rgb in flat.items()} | {"x": (0, 0, 0, 0), "t": (196, 216, 224, 120)}


def _photograph(product: Image.Image, size: int, clutter: float, rng: np.random.Generator) -> Image.Image:
    """Light the drawn product, lay it on a background with its shadow, and add what a camera adds."""
    edge = product.width
    layer = np.asarray(product, dtype=np.float64)
    alpha = layer[..., 3:] / 255
    y, x = np.mgrid[0:edge, 0:edge] / edge - 0.5
    side = rng.normal(0, 0.22, 2)
    light = 1 + side[0] * x + side[1] * y + rng.uniform(0.02, 0.11) * _waves(edge, rng, 4)
    scene = _background(edge, clutter, rng)
    if rng.random() < 0.6:
        soft = product.getchannel("A").filter(ImageFilter.GaussianBlur(edge * rng.uniform(0.01, 0.04)))
        shift = rng.normal(0, edge * 0.02, 2).astype(int)
        cast = np.roll(np.asarray(soft, dtype=np.float64), (int(abs(shift[0])), int(shift[1])), axis=(0, 1))
        scene = scene * (1 - rng.uniform(0.1, 0.45) * cast[..., None] / 255)
    picture = layer[..., :3] * light[..., None] * alpha + scene * (1 - alpha)
    if rng.random() < clutter:
        picture = picture * rng.uniform(0.8, 1.12) * (1 + rng.normal(0, 0.035, 3)) + rng.normal(0, 4)
    small = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).resize((size, size), Image.Resampling.BOX)
    if rng.random() < 0.4 * clutter:
        small = small.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    grain = rng.normal(0, rng.uniform(0, 8) * clutter, (size, size, 3))
    return Image.fromarray(np.clip(np.asarray(small, dtype=np.float64) + grain, 0, 255).astype(np.uint8))
