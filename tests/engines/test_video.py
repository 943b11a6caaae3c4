"""Products seen in videos, and queries that are videos, on both engines: `upload`, `load` and `seen` are tested here.

So is what is said where the `extra` is not installed.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.doctor import checks
from hybridsearch.engines.base import Check
from hybridsearch.errors import QueryError, VideoError
from hybridsearch.indexing.dry_run import dry_run
from hybridsearch.indexing.report import Report
from hybridsearch.sample import __file__ as sample
from hybridsearch.video import extra
from hybridsearch.video.upload import Film
from hybridsearch.video.workers import CATALOGUE_WORKERS, QUERY_WORKERS
from tests.engines.builders import on_both_engines
from tests.shops import quietly, settings, write_products
from tests.video.clips import backgrounds, cuts, filmed, plain, standing, turning

Shops = tuple[HybridSearch, HybridSearch]

SAMPLE = Path(sample).parent
TITLES = {
    "S0005": "green hammer",
    "S0010": "blue heels",
    "S0021": "black belt",
    "S0031": "yellow mug",
    "S0047": "beige hoodie",
    "S0059": "burgundy ball",
    "S0061": "light blue sofa",
}
FIELDS = {"title": "title", "video": "video", "languages": ["en"]}
SOLID = {"glb": "solids/17.glb", "usdz": "https://shop.example/17.usdz?v=2"}
LEGS = [{"name": "image", "encoder": "starter", "reads": "image"}]


def picture(name: str) -> Image.Image:
    """Return the picture of a product of the sample catalogue."""
    with Image.open(SAMPLE / "images" / f"{name}.webp") as opened:
        return opened.convert("RGB")


def clip(name: str, seed: int, ending: str = "mp4", turn: float = 90.0) -> bytes:
    """Return a video of a product that turns on a background."""
    return filmed(turning(picture(name), backgrounds(seed), 40, turn=turn), ending)


def rows(folder: Path) -> list[dict[str, Any]]:
    """Write a video of each product into a folder, and return their rows."""
    for seed, name in enumerate(TITLES):
        (folder / f"{name}.mp4").write_bytes(clip(name, seed))
    return [{"id": name, "title": title, "video": f"{name}.mp4", "solid": SOLID} for name, title in TITLES.items()]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("video")
    with on_both_engines(folder, es_url, rows(folder), fields=FIELDS, vectors=LEGS) as both:
        yield both


@pytest.fixture(scope="module")
def seen(shops: Shops) -> HybridSearch:
    return shops[0]


@pytest.mark.parametrize("name", ["S0010", "S0021", "S0047", "S0059"])
def test_another_video_and_a_photo_of_a_product_find_the_one_that_is_seen_in_a_video(shops: Shops, name: str) -> None:
    shown = clip(name, 100, "webm", turn=-45.0)
    photo = standing(picture(name).resize((150, 150)), backgrounds(7))
    for query in ({"video": shown}, {"image": photo}):
        pages = [each.search(**query) for each in shops]
        assert pages[0][0].id == name
        assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
        assert [hit.score for hit in pages[0]] == pytest.approx([hit.score for hit in pages[1]], abs=0.02)
        assert "photo.image" in pages[0][0].signals


def test_files_of_other_kinds_are_carried_through_to_hits_as_they_are(shops: Shops) -> None:
    """Such as a 3-D model, which a page opens with a viewer."""
    pages = [each.search("hammer") for each in shops]
    assert [page[0].product["solid"] for page in pages] == [SOLID, SOLID]
    assert pages[0].to_json()["hits"][0]["product"]["solid"] == SOLID


def test_a_hit_says_which_second_of_which_of_its_videos_is_the_most_like_the_query(tmp_path: Path, es_url: str) -> None:
    shown = {name: standing(picture(name).resize((150, 150)), backgrounds(3)) for name in ("S0059", "S0061")}
    (tmp_path / "both.mp4").write_bytes(filmed(shown[name] for name in shown for _ in range(20)))
    (tmp_path / "text.mp4").write_bytes(b"some text")
    products: list[dict[str, Any]] = [
        {"id": "1", "title": "a ball and a sofa", "video": ["text.mp4", "both.mp4"]},
        {"id": "2", "title": "sofa"},
    ]
    with on_both_engines(tmp_path, es_url, products, fields=FIELDS, vectors=LEGS) as both:
        for shop in both:
            ball, sofa = (shop.search(image=shown[name])[0] for name in shown)
            assert (ball.id, ball.video, sofa.video) == ("1", 1, 1)
            assert ball.frame is not None
            assert sofa.frame is not None
            assert 0 <= ball.frame < 2 <= sofa.frame < 4
            assert sofa.to_json()["frame"] == sofa.frame
            shop.update("1", {"title": "a sofa and a ball"})
            assert shop.search(image=shown["S0061"])[0].frame == sofa.frame
            assert all(hit.frame is None for hit in (*shop.search(), *shop.search("sofa")))


def test_words_with_a_video_are_words_with_a_photo(shops: Shops) -> None:
    shown = clip("S0059", 100)
    plans = [each.plan("blue sofa", video=shown) for each in shops]
    assert [plan.kind for plan in plans] == ["photo and words", "photo and words"]
    pages = [each.search("blue sofa", video=shown) for each in shops]
    assert {hit.id for hit in pages[0]} >= {"S0059", "S0061"}
    assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]


def test_a_video_is_a_path_bytes_or_an_open_file_and_may_be_read_twice(seen: HybridSearch, tmp_path: Path) -> None:
    shown = clip("S0021", 100)
    (tmp_path / "shown.mp4").write_bytes(shown)
    wanted = [hit.id for hit in seen.search(video=shown)]
    for given in (tmp_path / "shown.mp4", str(tmp_path / "shown.mp4"), io.BytesIO(shown)):
        assert [hit.id for hit in seen.search(video=given)] == wanted
    film = Film(shown)
    assert [hit.id for hit in seen.search(video=film)] == [hit.id for hit in seen.search(video=film)] == wanted


def test_coroutines_search_by_video_too(seen: HybridSearch) -> None:
    async def found() -> list[str]:
        async with AsyncHybridSearch.open(seen.settings) as shop:
            return [hit.id for hit in await shop.search(video=clip("S0010", 100))]

    assert asyncio.run(found())[0] == "S0010"


@pytest.mark.parametrize(
    ("video", "sentence"),
    [
        (b"", "The video is empty"),
        (b"a text", "The content is no video; expected a MP4, WebM, AVI or MOV file"),
        ("gone.mp4", "Cannot read the video 'gone.mp4': No such file or directory. Check the path."),
        (7, "The video is int 7, expected a path, the bytes of a file, or an open file."),
        (filmed(cuts())[:500], "The MP4 video is damaged"),
    ],
)
def test_a_video_that_cannot_be_used_is_an_error_that_says_why(seen: HybridSearch, video: Any, sentence: str) -> None:
    with pytest.raises(VideoError) as caught:
        seen.search(video=video)
    assert str(caught.value).startswith(sentence)


def test_a_photo_and_a_video_at_once_are_refused(seen: HybridSearch) -> None:
    with pytest.raises(QueryError, match="'image' and 'video' are both given, and a query is compared by one"):
        seen.search(image=picture("S0010"), video=clip("S0010", 1))


def test_where_no_leg_reads_pictures_a_video_is_refused_as_a_photo_is(tmp_path: Path) -> None:
    with HybridSearch.open(settings(tmp_path)) as shop:
        shop.reindex()
        with pytest.raises(QueryError, match="no vector leg of the index reads pictures"):
            shop.search(video=filmed(cuts()))


def test_nothing_of_a_video_is_written_anywhere_and_a_close_ends_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HybridSearch.open(filming(tmp_path)) as shop:
        shop.reindex(options=quietly())
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        shop.search(video=clip("S0059", 100))
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
        assert QUERY_WORKERS._alive
    assert not QUERY_WORKERS._alive
    assert not CATALOGUE_WORKERS._alive


def filming(folder: Path, **changes: Any) -> Any:
    """Return the settings of a shop with two products, one of which is seen in a video, unless it is there already."""
    if not (folder / "products.jsonl").exists():
        (folder / "ball.mp4").write_bytes(clip("S0059", 1))
        products = [{"id": "1", "title": "ball", "video": "ball.mp4"}, {"id": "2", "title": "nothing to see"}]
        write_products(folder / "products.jsonl", products)
    return settings(folder, **{"fields": FIELDS, "vectors": LEGS, **changes})


def rebuilt(folder: Path) -> Report:
    """Build the index again from the start."""
    with HybridSearch.open(filming(folder)) as shop:
        return shop.reindex(options=quietly(restart=True))


def test_an_unchanged_video_is_not_decoded_again_and_a_changed_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rebuilt(tmp_path)
    assert (first.videos, first.unread_videos, first.without_picture) == (1, 0, 1)
    assert (first.encoded, first.cached) == (1, 0)
    (tmp_path / "ball.mp4").rename(tmp_path / "sphere.mp4")
    write_products(tmp_path / "products.jsonl", [{"id": "1", "title": "ball", "video": "sphere.mp4"}])
    with monkeypatch.context() as patched:
        patched.setattr(CATALOGUE_WORKERS, "decode", None)
        again = rebuilt(tmp_path)
    assert (again.encoded, again.cached, again.videos) == (0, 1, 1)
    (tmp_path / "sphere.mp4").write_bytes(clip("S0059", 2))
    assert (rebuilt(tmp_path).encoded, again.cached) == (1, 1)


def test_a_dry_run_counts_videos_and_tries_one(tmp_path: Path) -> None:
    with HybridSearch.open(filming(tmp_path)) as shop:
        before = dry_run(shop)
        shop.reindex(options=quietly())
        after = dry_run(shop)
        assert (before.videos, after.videos, before.pictures) == (1, 1, 0)
        assert before.seconds > after.seconds
        (tmp_path / "ball.mp4").write_bytes(b"text")
        assert dry_run(shop).videos == 1


def test_a_damaged_video_costs_that_video_alone(tmp_path: Path) -> None:
    whole = clip("S0059", 1)
    files = {"text.mp4": b"some text", "cut.mp4": whole[:400], "sound.mp4": b"\0\0\0\x18ftypmp42" + bytes(99)}
    files |= {"huge.avi": filmed([plain("red", (8_000, 4_000))], "avi"), "good.mp4": whole}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    listed = [*files, "gone.mp4", "../out.mp4", "http://127.0.0.1/v.mp4", ["text.mp4", "good.mp4"]]
    write_products(
        tmp_path / "products.jsonl",
        [{"id": str(number), "title": f"ball {number}", "video": name} for number, name in enumerate(listed)],
    )
    report = rebuilt(tmp_path)
    assert (report.indexed, report.rejected, report.videos, report.unread_videos) == (9, 0, 2, 7)
    assert {reject.stage for reject in report.rejects} == {"video"}
    reasons = {reject.id: reject.reason for reject in report.rejects}
    assert reasons["0"].startswith("The content is no video")
    assert reasons["1"].startswith("The MP4 video is damaged")
    assert reasons["3"].startswith("The video has 8000 × 4000 pixels")
    assert "is no file in" in reasons["5"]
    assert "leads out of the picture folder" in reasons["6"]
    assert "127.0.0.1" in reasons["7"]
    assert "not a public address. Host the video elsewhere." in reasons["7"]
    assert reasons["8"].startswith("The content is no video")
    assert "4" not in reasons


def test_a_video_counts_a_quarter_of_a_picture_beside_one(tmp_path: Path) -> None:
    (tmp_path / "ball.mp4").write_bytes(filmed([picture("S0059")] * 5))
    picture("S0061").save(tmp_path / "sofa.png")
    product = {"id": "1", "title": "both", "image": "sofa.png", "video": "ball.mp4"}
    write_products(tmp_path / "products.jsonl", [product, {"id": "2", "title": "one", "image": "sofa.png"}])
    with HybridSearch.open(filming(tmp_path, fields={**FIELDS, "image": "image"})) as shop:
        assert shop.reindex(options=quietly()).videos == 1
        both, one = (shop.engine.indexed([key])[key].vectors["image"].array for key in "12")
        (ball,) = shop.encoders["image"].encode_images(Film(tmp_path / "ball.mp4").pictures())
        wanted = one + 0.25 * ball
        wanted /= (wanted @ wanted) ** 0.5
        assert both @ wanted == pytest.approx(1, abs=1e-3)
        changed = shop.update("1", {"title": "both of them"})
        assert changed.encoded == 0
        shop.update("1", {"video": None})
        assert shop.engine.indexed(["1"])["1"].vectors["image"].array @ one == pytest.approx(1, abs=1e-5)


def test_without_the_extra_the_error_names_the_line_that_installs_it(
    seen: HybridSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = 'Videos need the package .av., which is not installed. Run: pip install "hybridsearch.video."'
    shown = clip("S0031", 77)
    with HybridSearch.open(filming(tmp_path)) as shop:
        monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "av" else find_spec(name))
        with pytest.raises(VideoError, match=wanted):
            shop.reindex()
        with pytest.raises(VideoError, match=wanted):
            seen.search(video=shown)
        assert seen.search("hammer")[0].id == "S0005"
        found = next(check for check in checks(shop) if check.name == "video")
        assert (found.state, found.next_step) == ("failure", f"run: {extra.INSTALL}")
    monkeypatch.undo()
    assert Check("video", "ok", "products are seen in: video") in checks(seen)
