"""Pictures of products: small, kept for a while, and of their own field alone."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from hybridsearch.images import fetch
from hybridsearch.web import pictures
from tests.web.builders import asking

pytestmark = pytest.mark.beside_one_server

NO_SHOP: Any = SimpleNamespace(settings=None)


def test_a_picture_is_small_and_has_a_tag(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        got = client.get("/picture/1")
        with Image.open(BytesIO(got.content)) as image:
            assert (image.format, image.size) == ("WEBP", (320, 213))
        assert client.get("/picture/1", headers={"If-None-Match": got.headers["etag"]}).status_code == 304
        assert "private" in got.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/picture/2",  # its field is ../../etc/passwd
        "/picture/3",  # its field is an address of this machine
        "/picture/4",  # it has none
        "/picture/nobody",
        "/picture/x%2Fy%3Fz",
        "/picture/..%2F..%2Fetc%2Fpasswd",
        "/picture/../../etc/passwd",
        "/picture/http://127.0.0.1:9200/",
        "/picture/1?url=http://127.0.0.1:9200/",
        "/picture/file:%2F%2F%2Fetc%2Fpasswd",
        "/picture/%00",
        "/picture/",
    ],
)
def test_no_path_and_no_address_is_followed(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []

    class Sockets:
        def connect_tcp(self, *arguments: object, **_: object) -> None:
            reached.append(arguments)

    monkeypatch.setattr(fetch, "TimedBackend", lambda _: Sockets())
    with asking(tmp_path) as client:
        got = client.get(path)
        assert (
            got.status_code in (200, 303, 404)
            if path.startswith("/picture/1") or "/../" in path
            else got.status_code == 404
        )
        assert b"root:" not in got.content
        assert reached == []


def test_pictures_take_a_bounded_memory_and_a_new_file_name_is_another_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "CACHE_BYTES", 3_000)
    kept = pictures.Pictures(NO_SHOP)
    for number in range(10):
        kept._keep((str(number),), pictures.Picture(bytes(900), "image/webp"))
    assert kept._bytes <= 3_000
    assert len(kept._kept) == 2
    assert kept._known(("9",)) is not None
    assert kept._known(("0",)) is None
    for _ in range(3):
        kept._keep(("9",), pictures.Picture(bytes(900), "image/webp"))
    assert len(kept._kept) == 2


def test_what_could_not_be_had_is_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pictures.Pictures(NO_SHOP)
    now = 1_000.0
    monkeypatch.setattr("hybridsearch.web.pictures.time.monotonic", lambda: now)
    kept._keep(("a",), pictures.NONE)
    assert kept._known(("a",)) is pictures.NONE
    now += pictures.MISSING_SECONDS + 1
    assert kept._known(("a",)) is None
