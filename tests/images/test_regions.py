"""Regions of a photo: what several things on a background are told by, and what is none, whatever the picture is."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from hybridsearch.images.regions import MOST, Box, regions

WHITE, RED, BLUE, GREEN = (250, 250, 250), (200, 30, 30), (30, 30, 200), (20, 140, 40)
PLACES = ((40, 40, 120, 160), (220, 60, 330, 150), (180, 200, 240, 280))
"""Of things in a photo of 400 × 300 pixels."""
SIDES = st.integers(5, 200)


def photo(*things: tuple[tuple[int, int, int, int], tuple[int, int, int]], ground: object = WHITE) -> Image.Image:
    """Return a photo with rectangles of a colour on a background."""
    picture = ground.copy() if isinstance(ground, Image.Image) else Image.new("RGB", (400, 300), WHITE)
    for place, colour in things:
        ImageDraw.Draw(picture).rectangle(place, fill=colour)
    return picture


def gradient() -> Image.Image:
    """Return a background that becomes darker from left to right, and redder from top to bottom."""
    down, across = np.mgrid[0:300, 0:400]
    return Image.fromarray(np.stack([150 + down / 4, 220 - across / 5, 220 - across / 6], axis=2).astype(np.uint8))


def grain() -> Image.Image:
    """Return a background of noise."""
    noise = np.random.default_rng(1).normal(170, 14, (300, 400, 3))
    return Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))


def overlap(one: Box, place: tuple[int, int, int, int]) -> float:
    """Return the intersection over union of a box and a place of a photo of 400 × 300 pixels."""
    other = Box(place[0] / 400, place[1] / 300, place[2] / 400, place[3] / 300)
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (one.area + other.area - shared)


@pytest.mark.parametrize("ground", [WHITE, gradient(), grain()], ids=["plain", "gradient", "grain"])
def test_each_of_several_things_has_a_box_the_largest_first(ground: object) -> None:
    found = regions(photo(*zip(PLACES, (RED, BLUE, GREEN), strict=True), ground=ground))
    assert len(found) == 3
    assert [max(overlap(box, place) for box in found) > 0.6 for place in PLACES] == [True] * 3
    assert [overlap(found[0], PLACES[1]) > 0.6 or overlap(found[0], PLACES[0]) > 0.6, len({*found})] == [True, 3]


def test_one_thing_is_no_scene() -> None:
    assert regions(photo((PLACES[0], RED))) == ()


def test_an_empty_photo_is_no_scene() -> None:
    assert regions(photo()) == ()


def test_a_pair_of_one_size_and_colour_side_by_side_is_one_thing() -> None:
    shoes = [((60, 100, 160, 180), RED), ((190, 100, 290, 180), RED)]
    assert regions(photo(*shoes)) == ()
    assert len(regions(photo(shoes[0], (shoes[1][0], BLUE)))) == 2


def test_what_lies_over_another_is_one_thing_with_it() -> None:
    ring = photo(((50, 50, 300, 250), RED), ((60, 60, 290, 240), WHITE), ((100, 100, 200, 200), BLUE))
    assert regions(ring) == ()


def test_a_small_part_beside_a_large_thing_is_none_of_its_own() -> None:
    assert regions(photo(((30, 30, 250, 270), RED), ((330, 140, 360, 165), BLUE))) == ()


def test_what_the_edge_cuts_off_is_no_thing() -> None:
    assert regions(photo((PLACES[0], RED), ((300, 100, 399, 200), BLUE))) == ()


def test_where_the_edge_shows_no_background_there_are_no_regions() -> None:
    rough = np.random.default_rng(2).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    shelf = Image.fromarray(rough).resize((400, 300), Image.Resampling.NEAREST)
    assert regions(photo((PLACES[0], RED), (PLACES[1], BLUE), ground=shelf)) == ()


def test_no_more_things_than_the_cap_are_named_and_the_largest_are() -> None:
    places = [
        (20 + 95 * column, 20 + 90 * row, 60 + 95 * column + 3 * row, 70 + 90 * row)
        for row in range(3)
        for column in range(4)
    ]
    things = [(place, (RED, BLUE, GREEN, (120, 20, 120))[number % 4]) for number, place in enumerate(places)]
    assert len(regions(photo(*things))) == MOST
    assert len(regions(photo(*things), most=2)) == 2


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I", "F"])
def test_pictures_of_any_mode_are_looked_at(mode: str) -> None:
    things = photo((PLACES[0], (10, 10, 10)), (PLACES[1], (90, 90, 90))).convert("L")
    assert len(regions(things.convert(mode))) in (0, 2)
    assert len(regions(things)) == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 5_000), (5_000, 1), (7, 7), (2, 3), (96, 8)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    assert regions(Image.new("RGB", size, RED)) == ()


def test_a_huge_picture_costs_no_more_than_it_takes_to_make_it_small() -> None:
    huge = photo((PLACES[0], RED), (PLACES[1], BLUE)).resize((4_000, 3_000))
    started = time.perf_counter()
    found = regions(huge)
    assert time.perf_counter() - started < 2.0
    assert len(found) == 2


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3))),
    st.integers(0, 8),
)
def test_whatever_a_picture_is_boxes_lie_within_it_and_are_the_same_each_time(pixels: object, most: int) -> None:
    picture = Image.fromarray(np.asarray(pixels))
    started = time.perf_counter()
    found = regions(picture, most)
    assert time.perf_counter() - started < 2.0
    assert found == regions(picture, most)
    assert len(found) <= most
    assert all(0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 for box in found)
    assert all(min(box.crop(picture).size) >= 1 for box in found)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 380), st.integers(0, 280), SIDES, SIDES, st.sampled_from([RED, BLUE])), max_size=12
    )
)
def test_whatever_lies_where_there_are_no_regions_or_several(
    things: list[tuple[int, int, int, int, tuple[int, int, int]]],
) -> None:
    picture = photo(*(((x, y, x + w, y + h), colour) for x, y, w, h, colour in things))
    found = regions(picture)
    assert len(found) != 1
    assert len(found) <= MOST


def test_a_worst_case_of_specks_takes_bounded_time() -> None:
    dots = np.full((96, 96, 3), 250, np.uint8)
    dots[4:-4:3, 4:-4:3] = 0
    started = time.perf_counter()
    regions(Image.fromarray(dots).resize((960, 960), Image.Resampling.NEAREST))
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(0.5, 0.5, 0.5001, 0.5001), Box(0.999, 0.999, 1, 1)])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (400, 300)])
def test_a_crop_has_a_pixel_at_least_and_lies_within(box: Box, size: tuple[int, int]) -> None:
    crop = box.crop(Image.new("RGB", size, RED))
    assert 1 <= crop.width <= size[0]
    assert 1 <= crop.height <= size[1]


def test_a_crop_is_the_named_part() -> None:
    crop = Box(0.25, 0, 0.75, 0.5).crop(photo(((100, 0, 299, 149), BLUE)))
    assert crop.size == (200, 150)
    assert crop.getcolors() == [(200 * 150, BLUE)]
