"""Decoding: the picture files of shops, and hostile ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.images import decode
from hybridsearch.images.decode import ENOUGH, decode_in_process, inspect
from hybridsearch.images.kinds import FORMATS
from hybridsearch.images.limits import MAX_BYTES
from tests.pictures import png_of, saved

RED, GREEN = (255, 0, 0), (0, 255, 0)


def close(pixel: Any, colour: tuple[int, int, int], within: int = 6) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() <= within)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_on_the_list_decodes_to_rgb(kind: str) -> None:
    image = decode(saved(Image.new("RGB", (40, 30), RED), kind))
    assert image.mode == "RGB"
    assert image.size == (40, 30)
    assert close(image.getpixel((20, 15)), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_mode_of_png_decodes_to_rgb(mode: str) -> None:
    """Fault 55."""
    assert decode(saved(Image.new(mode, (40, 30), 1))).mode == "RGB"


def test_a_cmyk_jpeg_decodes_to_rgb() -> None:
    """Fault 55."""
    assert close(decode(saved(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG")).getpixel((9, 9)), RED)


def test_sixteen_bits_keep_their_shades() -> None:
    """Fault 55."""
    ramp = Image.fromarray(np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16))
    shades = np.asarray(decode(saved(ramp)))[:, :, 0]
    assert shades.min() == 0
    assert 126 < shades.mean() < 129
    assert shades.max() == 255


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_transparent_pixels_become_white(kind: str) -> None:
    """Fault 55."""
    image = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    image.paste((0, 255, 0, 255), (0, 0, 20, 30))
    decoded = decode(saved(image, kind))
    assert close(decoded.getpixel((30, 15)), (255, 255, 255))
    assert close(decoded.getpixel((8, 15)), GREEN, within=40)


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    image = Image.new("P", (40, 30), 0)
    image.putpalette([*RED, *GREEN])
    assert decode(saved(image, transparency=0)).getpixel((9, 9)) == (255, 255, 255)


def test_exif_turns_the_picture_upright() -> None:
    """Fault 55."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    image = Image.new("RGB", (300, 100), RED)
    image.paste(GREEN, (0, 0, 100, 100))
    upright = decode(saved(image, "JPEG", exif=exif))
    assert upright.size == (100, 300)
    assert close(upright.getpixel((50, 20)), GREEN)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_data_leaves_the_picture_as_it_is() -> None:
    data = saved(Image.new("RGB", (30, 10), RED), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\xff\xff")
    assert decode(data).size == (30, 10)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_gives_its_first_frame(kind: str) -> None:
    """Fault 55."""
    frames = [Image.new("RGB", (40, 30), colour) for colour in (RED, GREEN)]
    decoded = decode(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert close(decoded.getpixel((20, 15)), RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_comes_back_at_the_size_that_encoders_need(kind: str) -> None:
    decoded = decode(saved(Image.new("RGB", (4000, 3000), RED), kind))
    assert ENOUGH <= min(decoded.size) < 2 * ENOUGH
    assert decoded.width / decoded.height == pytest.approx(4 / 3, abs=0.01)
    assert close(decoded.getpixel((20, 15)), RED)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"), [(6400, 6400), (9000, 9900), (13_000, 13_000), (60_000, 60_000), (20_001, 1500), (1, 20_001)]
)
def test_a_pixel_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    """Fault 52."""
    with pytest.raises(ImageError, match="pixels"):
        inspect(png_of(width, height))


def test_a_pixel_bomb_is_refused_where_warnings_are_errors() -> None:
    with pytest.raises(ImageError, match=r"more than 40,000,000 pixels. Offer a smaller version"):
        decode_in_process(png_of(9500, 9500))


def test_an_extreme_ratio_is_refused() -> None:
    """Fault 52."""
    with pytest.raises(ImageError, match=r"2100 × 100 pixels, its sides may differ at most 20 times. Crop it"):
        decode(saved(Image.new("RGB", (2100, 100))))


def test_pillows_own_limit_is_left_alone() -> None:
    before = Image.MAX_IMAGE_PIXELS
    decode(saved(Image.new("RGB", (20, 20))))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    """Fault 54."""
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    data = saved(noise, kind)
    with pytest.raises(ImageError):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The picture is empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (saved(Image.new("RGB", (9, 9)), "TIFF"), "a TIFF picture"),
        (saved(Image.new("RGB", (9, 9)), "BMP"), "a BMP picture"),
        (saved(Image.new("RGB", (9, 9)), "EPS"), "PostScript"),
        (saved(Image.new("RGB", (9, 9)), "JPEG2000"), "no picture, or a damaged one"),
        (b"8BPS\0\1" + bytes(40), "a Photoshop file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (bytes(5000), "no picture, or a damaged one"),
    ],
)
def test_other_content_is_refused_whatever_its_name(data: bytes, message: str) -> None:
    """Fault 53."""
    with pytest.raises(ImageError, match=message):
        decode(data)


def test_a_refusal_says_what_was_found_what_was_expected_and_what_to_do() -> None:
    with pytest.raises(ImageError) as caught:
        decode(b"<html>")
    assert str(caught.value) == (
        "The content is a web page, expected a JPEG, PNG, WEBP, AVIF or GIF picture. Convert it, or correct the link."
    )


def test_more_bytes_than_the_cap_are_refused() -> None:
    with pytest.raises(ImageError, match=r"more than 20,971,520 bytes"):
        inspect(bytes(MAX_BYTES + 1))


@pytest.mark.parametrize("size", [(895, 17_900), (17_900, 895), (450, 8900), (2000, 8000)])
def test_a_long_picture_takes_no_more_memory_than_an_ordinary_one(size: tuple[int, int]) -> None:
    """Fault 52: many pictures of a batch are decoded at a time."""
    decoded = decode(saved(Image.new("RGB", size, RED), "JPEG"))
    assert decoded.width * decoded.height <= 8 * ENOUGH**2
    assert min(decoded.size) >= ENOUGH / 2 - 1
    assert decoded.width / decoded.height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("enough", [64, 128, 512])
def test_no_more_is_decoded_than_is_asked_for(kind: str, enough: int) -> None:
    decoded = decode(saved(Image.new("RGB", (4000, 3000), RED), kind), enough)
    assert enough <= min(decoded.size) < 2 * enough
