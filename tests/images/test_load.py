"""From a catalogue's picture field to bytes: paths, data: URIs, URLs."""

from __future__ import annotations

import base64
import os
import stat
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.images import load, load_picture


def png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture folder with a secret beside it."""
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "pictures" / "sub").mkdir(parents=True)
    (tmp_path / "pictures" / "sub" / "a b.png").write_bytes(PNG)
    return tmp_path / "pictures"


def no_fetch(url: str) -> bytes:
    raise AssertionError(url)


def test_a_path_starts_at_the_folder(folder: Path) -> None:
    assert load("sub/a b.png", folder=folder, fetch=None) == PNG


def test_an_absolute_path_inside_the_folder_is_read(folder: Path) -> None:
    assert load(str(folder / "sub" / "a b.png"), folder=folder, fetch=None) == PNG


SECRETS = [
    "../secret.png",
    "sub/../../secret.png",
    "./../secret.png",
    "sub/./../../secret.png",
    "sub//..//..//secret.png",
    ".//../secret.png",
    "../pictures/../secret.png",
    "missing/../../secret.png",
    "sub/a b.png/../../../secret.png",
    "/etc/passwd",
    "//etc/passwd",
    "///etc/passwd",
    "/./etc/passwd",
    "/../etc/passwd",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/proc/self/fd/0",
    "/dev/stdin",
    "/dev/zero",
    "../" * 40 + "etc/passwd",
    "sub/" + "../" * 40 + "etc/passwd",
    "link.png",
    "out/passwd",
    "out/../etc/passwd",
    "here/../../secret.png",
    "far",
    "  ../secret.png  ",
    "\t../secret.png\n",
]
"""From the folder of the pictures, with the links that the test makes."""

NOWHERE = [
    "..",
    "../",
    "..\\secret.png",
    "sub\\..\\..\\secret.png",
    "%2e%2e/secret.png",
    "..%2fsecret.png",
    "%2e%2e%2fsecret.png",
    "..%252fsecret.png",
    "..%c0%afsecret.png",
    "．．/secret.png",
    "..／secret.png",
    "....//secret.png",
    "../secret.png\0.jpg",
    "../secret.png%00.jpg",
    "~/secret.png",
    "~root/.ssh/id_rsa",
    "$HOME/secret.png",
    "${HOME}/secret.png",
    "C:\\Windows\\win.ini",
    "\\\\server\\share\\a.png",
    "sub/a b.png::$DATA",
    "*.png",
    "sub/*",
    "|cat /etc/passwd",
    "-",
]
"""Spellings that mean something to other programs: here they are names of files that do not exist."""


@pytest.mark.parametrize("reference", SECRETS)
def test_no_path_leaves_the_folder(folder: Path, reference: str) -> None:
    """Fault 59."""
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "out").symlink_to("/etc")
    (folder / "here").symlink_to("sub/..")
    (folder / "far").symlink_to("link.png")
    with pytest.raises(ImageError, match="leads out of the picture folder"):
        load(reference, folder=folder, fetch=no_fetch)


def test_a_path_without_end_is_refused_at_once_in_a_short_sentence(folder: Path) -> None:
    """Attack: to follow a path of 2.4 million characters took minutes."""
    for reference in ("a b.jpg/" * 300_000, "x" * 4_000, "a/" * 2_000):
        with pytest.raises(ImageError) as refused:
            load(reference, folder=folder, fetch=no_fetch)
        assert len(str(refused.value)) < 500


@pytest.mark.parametrize("reference", NOWHERE)
def test_a_path_is_read_as_it_is_written(folder: Path, reference: str) -> None:
    """Fault 59."""
    with pytest.raises(ImageError, match=r"leads out of the picture folder|is no file|cannot be read"):
        load(reference, folder=folder, fetch=no_fetch)


def test_a_link_that_stays_inside_is_followed(folder: Path) -> None:
    (folder / "link.png").symlink_to("sub/a b.png")
    assert load("link.png", folder=folder, fetch=None) == PNG


@pytest.mark.parametrize(
    "reference", ["", ".", "sub", "missing.png", "pipe", "socket", "a\0b.png", "x" * 5000, "\ud800.png", "loop"]
)
def test_what_is_no_readable_file_is_an_image_error(folder: Path, reference: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    os.mknod(folder / "socket", stat.S_IFSOCK | 0o600)
    with pytest.raises(ImageError):
        load(reference, folder=folder, fetch=no_fetch)


@pytest.mark.parametrize("reference", ["null", "zero", "/dev/zero", "/dev/null"])
def test_a_device_is_no_picture_even_inside_of_the_folder(reference: str) -> None:
    with pytest.raises(ImageError, match="is no file in '/dev'"):
        load(reference, folder=Path("/dev"), fetch=no_fetch)


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "file:sub/a b.png",
        "file:../secret.png",
        " file:///etc/passwd",
        "file://localhost/etc/passwd",
        "ftp://a/b.png",
        "s3://bucket/a.png",
        "jar:file:///etc/passwd",
        "php://filter/resource=/etc/passwd",
        "gopher://127.0.0.1:6379/_",
    ],
)
def test_other_schemes_are_refused(folder: Path, reference: str) -> None:
    """Fault 59."""
    with pytest.raises(ImageError, match=r"is refused: expected a path, a data: URI, or an http\(s\) URL"):
        load(reference, folder=folder, fetch=no_fetch)


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{base64.b64encode(PNG).decode()}",
        f"DATA:;BASE64,{base64.b64encode(PNG).decode()}",
        f"data:image/png;base64,{base64.encodebytes(PNG).decode()}",
        "data:," + "".join(f"%{byte:02x}" for byte in PNG),
    ],
)
def test_a_data_uri_holds_its_picture(uri: str) -> None:
    assert load(uri, folder=None, fetch=None) == PNG


@pytest.mark.parametrize(
    "uri", ["data:", "data:image/png;base64", "data:;base64,a", "data:;base64,***", "data:;base64,\ud800"]
)
def test_a_data_uri_that_holds_nothing_is_refused(uri: str) -> None:
    with pytest.raises(ImageError, match="Correct it in the catalogue"):
        load(uri, folder=None, fetch=None)


def test_a_data_uri_beyond_the_cap_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ImageError, match="at most 41,943,040 are read"):
        load("data:;base64," + "A" * 41_943_041, folder=None, fetch=None)


def test_a_url_is_fetched() -> None:
    assert load(" https://shop.test/a.png ", folder=None, fetch=str.encode) == b"https://shop.test/a.png"


def test_a_url_is_refused_where_fetching_is_off(folder: Path) -> None:
    with pytest.raises(ImageError, match="set 'fetch = true'"):
        load("https://shop.test/a.png", folder=folder, fetch=None)


def test_a_path_is_refused_where_there_is_no_folder() -> None:
    with pytest.raises(ImageError, match="set 'images' in"):
        load("a.png", folder=None, fetch=None)


def test_a_picture_is_loaded_with_its_header_checked(folder: Path) -> None:
    assert load_picture("sub/a b.png", folder=folder, fetch=None) == PNG


def test_a_web_page_named_like_a_picture_is_refused_before_anything_is_decoded(folder: Path) -> None:
    (folder / "page.jpg").write_bytes(b"<!DOCTYPE html><html>Not found</html>")
    with pytest.raises(ImageError, match=r"The content is a web page, expected a JPEG"):
        load_picture("page.jpg", folder=folder, fetch=None)
