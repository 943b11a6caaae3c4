"""A query's photo: whatever it is given as, it costs a search only so much."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.images import Upload
from hybridsearch.images.limits import MAX_BYTES
from tests.pictures import saved, slow, with_scans
from tests.shops import shop, write_products

RED = (255, 0, 0)
SLACK = 2.0
"""Seconds that a busy machine may take on top."""


def test_a_query_may_be_a_path_bytes_or_a_pillow_image(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 30), RED)
    file = tmp_path / "photo.png"
    file.write_bytes(saved(image))
    opened = [Upload(photo).picture() for photo in (file, str(file), file.read_bytes(), image)]
    assert all(picture == opened[0] for picture in opened)


class Form:
    """An upload as frameworks for coroutines hand it over: its own `read` is one."""

    def __init__(self, content: bytes) -> None:
        self.file = BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


class Pipe(io.RawIOBase):
    """What can be read once, from where it is."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part, self.content = self.content[: len(buffer)], self.content[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def test_a_query_may_be_an_open_file_wherever_it_was_read_before(tmp_path: Path) -> None:
    content = saved(Image.new("RGB", (40, 30), RED))
    (tmp_path / "photo.jpg").write_bytes(content)
    form = Form(content)
    with open(tmp_path / "photo.jpg", "rb") as opened, tempfile.SpooledTemporaryFile() as kept:
        kept.write(content)
        opened.read(10)
        form.file.read()
        for photo in (opened, kept, BytesIO(content), form, io.BufferedReader(Pipe(content))):
            assert Upload(photo).file == content


@pytest.mark.parametrize(
    ("photo", "reason"),
    [(io.StringIO("text"), "expected bytes"), (BytesIO(b""), "is empty"), (BytesIO(b"GIF"), "no picture")],
)
def test_an_open_file_that_holds_no_picture_is_an_image_error(photo: Any, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        Upload(photo).picture()


def test_the_pillow_image_of_a_query_is_not_changed() -> None:
    image = Image.new("RGBA", (1000, 900), (255, 0, 0, 128))
    Upload(image).picture()
    assert (image.mode, image.size) == ("RGBA", (1000, 900))


@pytest.mark.parametrize("enough", [64, 512])
def test_no_more_of_a_picture_in_memory_is_kept_than_is_asked_for(enough: int) -> None:
    picture = Upload(Image.new("RGB", (4000, 3000), RED)).picture(enough)
    assert enough <= min(picture.size) < 2 * enough


def test_a_query_photo_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"Cannot read the picture '.*missing.jpg': No such file or directory"):
        Upload(tmp_path / "missing.jpg").picture()


@pytest.mark.parametrize("photo", ["~nobody/photo.jpg", "a\0b.jpg", "."])
def test_a_path_that_cannot_be_read_is_an_image_error(photo: str) -> None:
    with pytest.raises(ImageError, match="Cannot read the picture"):
        Upload(photo).picture()


def test_a_file_is_read_once_for_all_encoders(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(saved(Image.new("RGB", (40, 30), RED)))
    upload = Upload(tmp_path / "photo.png")
    first = upload.picture(20)
    (tmp_path / "photo.png").unlink()
    assert upload.picture(20) == first


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_file_that_pillow_has_opened_and_not_decoded_is_decoded_elsewhere(kind: str) -> None:
    """Fault 77: a web server may open what was uploaded, which decodes nothing yet."""
    file = saved(Image.new("RGB", (40, 30), RED), kind)
    opened = Image.open(BytesIO(file))
    assert Upload(opened).file == file
    opened.load()
    assert Upload(opened).file is None
    assert Upload(opened).picture().size == (40, 30)


def test_what_a_shopper_uploads_has_stricter_caps_than_a_catalogue() -> None:
    """Fault 77."""
    with pytest.raises(ImageError, match=r"5000 × 4200 pixels, at most 20,000,000"):
        Upload(saved(Image.new("1", (5000, 4200)))).picture()
    with pytest.raises(ImageError, match=r"more than 20,971,520 bytes"):
        Upload(bytes(MAX_BYTES + 1)).picture()
    with pytest.raises(ImageError, match="a web page"):
        Upload(b"<html>").picture()


@pytest.mark.parametrize("opened", [False, True], ids=["bytes", "opened by Pillow"])
def test_a_photo_of_a_thousand_scans_is_refused_at_once(opened: bool) -> None:
    """Fault 77."""
    file = with_scans(1010, 1000)
    started = time.monotonic()
    with pytest.raises(ImageError, match="more than 100 scans"):
        Upload(Image.open(BytesIO(file)) if opened else file).picture()
    assert time.monotonic() - started < SLACK


def test_all_encoders_of_a_search_share_one_time() -> None:
    """Fault 77."""
    photo = slow()
    upload = Upload(photo, seconds=0.2)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(ImageError, match=r"not decoded within|cannot be decoded now"):
            upload.picture(64)
    assert time.monotonic() - started < 0.2 + SLACK


def test_a_photo_does_not_hold_a_search_longer_than_its_timeout(tmp_path: Path) -> None:
    """Fault 77."""
    photo = slow()
    Image.new("RGB", (70, 70), RED).save(tmp_path / "a.png")
    write_products(tmp_path / "products.jsonl", [{"id": "1", "title": "hat", "image": "a.png"}])
    with shop(
        tmp_path,
        fields={"title": "title", "image": "image"},
        vectors=[{"name": "image", "encoder": "starter"}],
        engine={"timeout": 0.3},
    ) as found:
        started = time.monotonic()
        with pytest.raises(ImageError, match=r"not decoded within|cannot be decoded now"):
            found.search("hat", image=photo)
        assert time.monotonic() - started < 0.3 + SLACK


PATH: Any = type(Path())


class Bite(Exception):  # noqa: N818 - it is what the objects below do
    """Says nothing about itself."""

    def __str__(self) -> str:
        raise RuntimeError


class BitingFile(BytesIO):
    """Cannot be read once it is open."""

    opened = False

    def read(self, *size: Any) -> Any:
        if self.opened:
            raise Bite
        return super().read(*size)


class TextFile(BytesIO):
    """Is read as text once it is open."""

    opened = False

    def read(self, *size: Any) -> Any:
        return "text" if self.opened else super().read(*size)


class Sizeless(Image.Image):
    """Has no size."""

    @property
    def size(self) -> Any:
        raise Bite


class Wordy(Image.Image):
    """Becomes text when it is converted."""

    def load(self) -> Any:
        return None

    has_transparency_data = False
    mode = "RGB"
    size = (1, 1)
    width = height = 1


class PathOfBites(PATH):  # type: ignore[misc]
    """Is a path that cannot be used."""

    def __str__(self) -> str:
        raise Bite

    def __fspath__(self) -> str:
        raise Bite


def biting() -> list[Any]:
    """Return photos that fail when they are looked at."""
    png = saved(Image.new("RGB", (40, 30), RED))
    of_bites, of_text, unnamed = Image.open(BitingFile(png)), Image.open(TextFile(png)), Image.open(BytesIO(png))
    for picture in (of_bites, of_text):
        cast(Any, picture).fp.opened = True
    unnamed.format = Mock(__eq__=Mock(side_effect=Bite), __hash__=Mock(side_effect=Bite))
    return [of_bites, of_text, unnamed, Sizeless(), Wordy(), PathOfBites("a.png")]


@pytest.mark.parametrize("number", range(6))
def test_a_photo_whose_own_methods_fail_is_an_image_error(number: int) -> None:
    """Attack: a photo of somebody else's class, whose file or whose size cannot be read."""
    with pytest.raises(ImageError, match=r"Cannot read the picture|cannot be converted to RGB"):
        Upload(biting()[number]).picture()


@pytest.mark.parametrize("name", ["pipe", "socket", "/dev/zero", "."])
def test_a_photo_that_is_no_regular_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """Attack: the path of a pipe, which a search would read for ever."""
    os.mkfifo(tmp_path / "pipe")
    os.mknod(tmp_path / "socket", stat.S_IFSOCK | 0o600)
    reading = threading.Thread(target=lambda: refused.append(error_of(tmp_path / name)), daemon=True)
    refused: list[str] = []
    reading.start()
    reading.join(10)
    assert refused == [f"Cannot read the picture '{tmp_path / name}': it is no regular file. Check the path."]


def error_of(path: Path) -> str:
    """Return why a photo is refused."""
    with pytest.raises(ImageError) as refused:
        Upload(path).picture()
    return str(refused.value)


def test_what_a_model_takes_to_be_loaded_is_no_time_of_the_photo() -> None:
    photo = BytesIO()
    Image.new("RGB", (70, 70), RED).save(photo, "PNG")
    upload = Upload(photo.getvalue(), seconds=2.0)
    time.sleep(2.5)  # the first photo of a process waits for the encoder
    assert upload.picture(64).size == (70, 70)
