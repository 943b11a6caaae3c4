"""Small pictures: of the product's own field, and of what can be had."""

import base64
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.thumbnails import Thumbnails, small
from hybridsearch.values import Row
from tests.shops import settings

FIELDS = {"title": "title", "image": "image"}


def test_a_picture_becomes_an_address_that_holds_it_and_others_are_left_out(tmp_path: Path) -> None:
    Image.new("RGB", (900, 600), "red").save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    rows: dict[str, Row] = {
        "1": {"image": "red.png"},
        "2": {"image": "../../etc/passwd"},
        "3": {"image": "http://127.0.0.1:1/x.png"},
        "4": {},
        "5": {"image": ["broken.png", "red.png"]},
    }
    with Thumbnails(settings(tmp_path, fields=FIELDS)) as thumbnails:
        found = thumbnails.embedded(rows)
        assert thumbnails.embedded({}) == {}
    assert sorted(found) == ["1", "5"]  # of several pictures the first one that can be had
    kind, content = found["1"].split(",")
    assert kind == "data:image/webp;base64"
    with Image.open(BytesIO(base64.b64decode(content))) as image:
        assert (image.format, image.size) == ("WEBP", (320, 213))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageError):
        small(b"<svg onload=alert(1)>")
