"""What the starter is trained with: what a pair is worth, and pictures of a shelf as a phone takes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from training.scenes import cut_out, scene
from training.train_starter import among, augment, contrast, relation, unfair

MUG, CUP, RED, BLUE = [1.0, 0], [0, 1.0], [1.0, 0], [0, 1.0]
EITHER = [1.0, 1.0]


def axes(kinds: list[list[float]], colours: list[list[float]]) -> list[torch.Tensor]:
    return [torch.tensor(kinds), torch.tensor(colours)]


def test_a_text_matches_a_picture_that_it_certainly_covers_and_clashes_where_it_allows_nothing_of_it() -> None:
    pictures = axes([MUG, EITHER], [RED, RED])
    texts = axes([MUG, CUP, MUG, EITHER], [RED, RED, BLUE, EITHER])
    match, clash = relation(pictures, texts)
    assert match.tolist() == [[True, False, False, True], [False, False, False, True]]
    assert clash.tolist() == [[False, True, True, False], [False, False, True, False]]


def test_two_texts_are_the_same_only_if_they_allow_the_same() -> None:
    match, _ = relation(axes([MUG], [RED]), axes([MUG, EITHER], [RED, RED]), both_ways=True)
    assert match.tolist() == [[True, False]]


def test_pairs_that_nobody_knows_about_cost_nothing() -> None:
    """By hand: two equal logits that count, one of them right, cost ln 2; the third, however high, is left out."""
    match, clash = torch.tensor([[True, False, False]]), torch.tensor([[False, True, False]])
    assert contrast(torch.tensor([[1.0, 1.0, 9.0]]), match, clash).item() == pytest.approx(np.log(2))


def test_the_whole_set_that_a_picture_may_be_counts() -> None:
    """By hand: of four equal classes two are allowed."""
    assert among(torch.zeros(1, 4), torch.tensor([[1.0, 1, 0, 0]])).item() == pytest.approx(np.log(2))
    assert among(torch.zeros(1, 4), torch.ones(1, 4)).item() == pytest.approx(0, abs=1e-6)


def test_a_phone_photo_is_not_compared_with_products_that_no_phone_photo_shows() -> None:
    strange = torch.tensor([False, True, True])
    kinds = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 1.0, 1.0], [1.0, 1.0, 0], [0, 0, 0]])
    found = unfair(torch.tensor([True, False]), kinds, strange)
    assert found.tolist() == [[False, True, True, False, False], [False] * 5]


def test_groceries_are_lit_harder_than_clothing() -> None:
    torch.manual_seed(1)
    grey = torch.full((64, 3, 72, 72), 128, dtype=torch.uint8)
    photo, grocery = torch.ones(64, dtype=torch.bool), torch.arange(64) < 32
    cast = augment(grey, photo, grocery).mean(dim=(2, 3)).std(dim=1)
    assert cast[:32].mean() > 1.5 * cast[32:].mean()


def test_the_white_around_a_product_goes_and_the_white_inside_it_stays() -> None:
    picture = Image.new("RGB", (40, 40), "white")
    picture.paste("red", (10, 10, 30, 30))
    picture.paste("white", (17, 17, 23, 23))
    found = cut_out(picture, packed=False)
    assert (found.width, found.height) == (18, 18)  # 20, and a pixel less on each side against fringes
    assert found.getpixel((9, 9)) == (255, 255, 255, 255)


@pytest.mark.parametrize("packed", [False, True])
def test_a_scene_shows_the_product_and_is_the_same_for_the_same_seed(packed: bool) -> None:
    product = cut_out(Image.new("RGB", (40, 60), "red"), packed)
    behind = Image.new("RGB", (100, 100), "green")
    one, other = (scene(product, behind, packed, 72, np.random.default_rng(7)) for _ in range(2))
    assert one.size == (72, 72)
    assert one.tobytes() == other.tobytes()
    red = np.asarray(one).astype(int)
    assert ((red[..., 0] > red[..., 1] + 40).mean()) > 0.05
