"""What was refused lately is neither fetched nor decoded again, until it may have changed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image

from hybridsearch.confined import process
from hybridsearch.confined.workers import stop_workers
from hybridsearch.errors import ImageError
from hybridsearch.images import UnsafePicture
from hybridsearch.images.refused import ADDRESS_SECONDS, FILE_SECONDS, RefusedPictures
from hybridsearch.indexing import build
from hybridsearch.values import Vector
from tests.confined.test_workers import BROKEN
from tests.pictures import saved
from tests.shops import shop, write_products

PNG = saved(Image.new("RGB", (9, 9)))
ADDRESS = "https://shop.test/a.png"


class Web:
    """Answers with a page, and counts how often it was asked."""

    def __init__(self, answer: bytes | ImageError = b"<html>Log in</html>") -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self, _: str) -> bytes:
        self.asked += 1
        if isinstance(self.answer, ImageError):
            raise self.answer
        return self.answer


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


@pytest.mark.parametrize("answer", [b"<html>Log in</html>", b"", ImageError("It answered 404, expected 200.")])
def test_an_address_without_a_picture_is_not_asked_again_until_that_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | ImageError
) -> None:
    """Fault 51."""
    web = Web(answer)
    for _ in range(3):  # the last two in other processes, as it were
        with RefusedPictures(tmp_path / "home" / "refused.db") as pictures:
            for _ in range(2):
                with pytest.raises(ImageError, match=r"web page|is empty|404"):
                    pictures.fetching(web)(ADDRESS)
    assert web.asked == 1
    later(monkeypatch, ADDRESS_SECONDS + 1)
    web.answer = PNG
    with RefusedPictures(tmp_path / "home" / "refused.db") as pictures:
        assert pictures.fetching(web)(ADDRESS) == PNG
    assert web.asked == 2


def test_a_refusal_that_is_remembered_says_what_was_wrong_and_until_when(tmp_path: Path) -> None:
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        fetch = pictures.fetching(Web(ImageError("It answered 404, expected 200. Correct the link.")))
        with pytest.raises(ImageError, match=r"^It answered 404, expected 200. Correct the link.$"):
            fetch(ADDRESS)
        with pytest.raises(ImageError, match=r"link. \(So it was lately; it is tried again in 10 minutes.\)$"):
            fetch(ADDRESS)


def test_other_addresses_are_asked(tmp_path: Path) -> None:
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        with pytest.raises(ImageError):
            pictures.fetching(Web())(ADDRESS)
        assert pictures.fetching(Web(PNG))("https://shop.test/b.png") == PNG


def test_addresses_can_be_asked_again_at_once(tmp_path: Path) -> None:
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        with pytest.raises(ImageError):
            pictures.fetching(Web())(ADDRESS)
        pictures.forget_addresses()
        assert pictures.fetching(Web(PNG))(ADDRESS) == PNG


def test_a_file_that_ended_its_decoder_is_not_tried_again_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 56."""
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        pictures.note([PNG, b"other"], [UnsafePicture("The picture ends the process."), ImageError("It is damaged.")])
        pictures.forget_addresses()
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        for name in ("a.png", "b.png"):
            with pytest.raises(ImageError, match="ends the process"):
                pictures.loading(lambda _: PNG)(name)
        assert pictures.loading(lambda _: b"other")("a.png") == b"other"
    monkeypatch.setattr("PIL.__version__", "99.0")
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        assert pictures.loading(lambda _: PNG)("a.png") == PNG
    later(monkeypatch, FILE_SECONDS + 1)
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        assert not pictures._files


def test_vectors_are_no_refusals(tmp_path: Path) -> None:
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        pictures.note([PNG], [Vector([1.0])])
        assert pictures.loading(lambda _: PNG)("a.png") == PNG


def test_a_clock_that_was_put_back_refuses_nothing_for_years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RefusedPictures(tmp_path / "refused.db") as pictures:
        with pytest.raises(ImageError):
            pictures.fetching(Web())(ADDRESS)
        later(monkeypatch, -10 * 365 * 24 * 3600)
        assert pictures.fetching(Web(PNG))(ADDRESS) == PNG


@pytest.mark.parametrize("trouble", ["damaged", "folder", "file", "locked"])
def test_a_file_that_cannot_be_used_costs_only_time(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / "refused.db"
    if trouble == "damaged":
        path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    elif trouble == "folder":
        path.mkdir()
    elif trouble == "file":
        (tmp_path / "file").write_text("no folder")
        path = tmp_path / "file" / "refused.db"
    with RefusedPictures(path) as pictures:
        if trouble == "locked":
            pictures.close()
        fetch = pictures.fetching(Web())
        for _ in range(2):
            with pytest.raises(ImageError, match="web page"):
                fetch(ADDRESS)


def test_a_rebuild_writes_down_what_it_refused_and_the_next_one_neither_asks_nor_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Faults 51 and 56."""

    class Gone(Web):
        def close(self) -> None:
            """Nothing is open."""

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda *_: None  # noqa: E731

    web = Gone(ImageError("It answered 404, expected 200."))
    monkeypatch.setattr(build, "Fetcher", lambda: web)
    monkeypatch.setattr(process, "START", process.START.replace("from hybrid", f"exec({BROKEN!r}); from hybrid"))
    stop_workers()
    for name, data in (("fine", PNG), ("crash", PNG + b"crash")):
        (tmp_path / f"{name}.png").write_bytes(data)
    images = {"1": "fine.png", "2": "crash.png", "3": ADDRESS}
    write_products(
        tmp_path / "products.jsonl", [{"id": key, "title": "hat", "image": image} for key, image in images.items()]
    )
    with shop(
        tmp_path,
        catalog={"path": "products.jsonl", "fetch": True},
        fields={"title": "title", "image": "image"},
        vectors=[{"name": "image", "encoder": "starter"}],
    ) as found:
        first = len(caplog.records)
        report = found.reindex()
        assert (report.indexed, report.without_picture) == (3, 2)
        assert [reject.id for reject in report.rejects] == ["2", "3"]
        assert all("tried again in" in reject.reason for reject in report.rejects)
        assert (web.asked, len(caplog.records)) == (1, first)
        found.retry_rejects()
        assert web.asked == 2
    stop_workers()
