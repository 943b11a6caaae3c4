"""Photos of several things on both engines: regions, what each finds, one that is clicked, and wishes beside a photo.

`scenes` and `search/alike/wishes.py` are tested here with a real encoder.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hybridsearch import AsyncHybridSearch, HybridSearch, sample
from hybridsearch.clients.scenes import SHOWN
from hybridsearch.errors import EncoderError, QueryError
from hybridsearch.images.regions import MOST
from hybridsearch.search.plan import Plan
from hybridsearch.values import Page, Region, Vectors
from tests.engines.builders import on_both_engines
from tests.pictures import saved
from tests.shops import Run, runner, write_config

SAMPLE = Path(sample.__file__).parent
ROWS: list[dict[str, Any]] = [
    row
    for row in map(json.loads, (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines())
    if row.get("image")
][:160]
FIELDS = {
    "title": "title",
    "facets": ["category", "color", "brand"],
    "numbers": ["price"],
    "image": "image",
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEGS = [{"name": "image", "encoder": "starter", "exact": True}]
GROUND = (52, 84, 120)
PLACES = ((40, 60), (330, 40), (260, 320))
SIDE = 180
Shops = tuple[HybridSearch, HybridSearch]


def picture(row: dict[str, Any]) -> Image.Image:
    return Image.open(SAMPLE / row["image"]).convert("RGB").resize((SIDE, SIDE))


def scene(*rows: dict[str, Any]) -> bytes:
    """Return a photo of up to three products on a table."""
    photo = Image.new("RGB", (600, 540), GROUND)
    for row, place in zip(rows, PLACES, strict=False):
        photo.paste(picture(row), place)
    return saved(photo)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("regions")
    catalog = {"path": "products.jsonl", "images": str(SAMPLE)}
    with on_both_engines(folder, es_url, ROWS, fields=FIELDS, vectors=LEGS, catalog=catalog) as both:
        both[0].warm_up()
        yield both


@pytest.fixture(params=[0, 1], ids=["embedded", "elasticsearch"])
def shop(request: pytest.FixtureRequest, shops: Shops) -> HybridSearch:
    return shops[request.param]


def ids(page: Page) -> list[list[str]]:
    return [[hit.id for hit in region.hits] for region in page.regions]


def place(region: Region) -> tuple[int, int]:
    """Return which of the places of a scene a region lies over."""
    left, top, right, bottom = region.box
    middle = (600 * (left + right) / 2, 540 * (top + bottom) / 2)
    return min(PLACES, key=lambda each: abs(each[0] + SIDE / 2 - middle[0]) + abs(each[1] + SIDE / 2 - middle[1]))


def test_each_thing_in_a_photo_finds_its_product(shop: HybridSearch) -> None:
    three = ROWS[2], ROWS[9], ROWS[17]
    page = shop.search(image=scene(*three))
    assert len(page.regions) == 3
    found = {place(region): [hit.id for hit in region.hits] for region in page.regions}
    assert all(row["id"] in found[where] for where, row in zip(PLACES, three, strict=True))
    assert all(len(region.hits) == SHOWN for region in page.regions)
    assert page.degraded == ()


def test_both_engines_find_the_same_for_each(shops: Shops) -> None:
    photo = scene(ROWS[3], ROWS[30], ROWS[77])
    ours, theirs = (shop.search("red", image=photo, filters={"price": {"lte": 60}}) for shop in shops)
    assert [region.box for region in ours.regions] == [region.box for region in theirs.regions]
    assert ids(ours) == ids(theirs)


def test_the_answer_to_the_whole_photo_is_what_it_was(shop: HybridSearch) -> None:
    photo = scene(ROWS[2], ROWS[9])
    with_, without = shop.search(image=photo), shop.search(image=photo, regions=False)
    assert without.regions == ()
    assert replace(with_, regions=(), took_ms=0.0, query_id="") == replace(without, took_ms=0.0, query_id="")


def test_a_photo_of_one_thing_has_no_regions_and_costs_no_search_more(
    shop: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Plan] = []
    search = shop.engine.search

    def counted(plan: Plan) -> Page:
        asked.append(plan)
        return search(plan)

    monkeypatch.setattr(shop.engine, "search", counted)
    assert shop.search(image=scene(ROWS[2])).regions == ()
    assert shop.search("coat").regions == ()
    assert len(asked) == 2


def test_crops_are_encoded_in_one_batch(shop: HybridSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = shop.encoders["image"]
    batches: list[int] = []
    encode = encoder.encode_images

    def counted(pictures: Sequence[Image.Image]) -> Vectors:
        batches.append(len(pictures))
        return encode(pictures)

    monkeypatch.setattr(encoder, "encode_images", counted)
    shop.search(image=scene(ROWS[41], ROWS[51], ROWS[62]))
    assert batches == [1, 3]
    shop.search(image=scene(ROWS[41], ROWS[51], ROWS[62]), filters={"color": "red"})
    assert batches == [1, 3]


def test_filters_hold_in_each_region_and_words_count_there(shop: HybridSearch) -> None:
    page = shop.search("black", image=scene(ROWS[2], ROWS[9]), filters={"price": {"lte": 40}})
    assert len(page.regions) == 2
    for region in page.regions:
        assert all(hit.product["price"] <= 40 for hit in region.hits)
        assert region.hits[0].product["color"] == "black"


def test_a_click_on_a_region_searches_it(shop: HybridSearch) -> None:
    photo = scene(ROWS[2], ROWS[9], ROWS[17])
    page = shop.search(image=photo)
    for region in page.regions:
        clicked = shop.search(image=photo, region=region.box, facets=["category"], size=SHOWN)
        assert [hit.id for hit in clicked] == [hit.id for hit in region.hits]
        assert clicked.regions == ()
        assert clicked.facets["category"]


def test_other_pages_and_pages_behind_have_no_regions(shop: HybridSearch) -> None:
    photo = scene(ROWS[2], ROWS[9])
    assert len(shop.search(image=photo, size=3).regions) == 2
    assert shop.search(image=photo, size=3, page=2).regions == ()


def test_no_more_than_the_cap_are_searched_for(shop: HybridSearch) -> None:
    photo = Image.new("RGB", (900, 900), GROUND)
    for number, row in enumerate(ROWS[20:29]):
        photo.paste(picture(row), (40 + 290 * (number % 3), 40 + 290 * (number // 3)))
    assert len(shop.search(image=saved(photo)).regions) <= MOST


@pytest.mark.parametrize(
    "region",
    [(0, 0, 0, 1), (0.5, 0, 0.2, 1), (0, 0, 1), "left", (0, 0, 1, 1.5), (0, 0, float("nan"), 1), 7, (None,) * 4],
)
def test_what_is_no_region_is_said(shop: HybridSearch, region: object) -> None:
    with pytest.raises(QueryError, match=r"'region' is .*, expected four numbers from 0 to 1"):
        shop.search(image=scene(ROWS[2]), region=region)


def test_a_region_of_no_photo_is_an_error(shop: HybridSearch) -> None:
    with pytest.raises(QueryError, match="A region was given and no photo"):
        shop.search("coat", region=(0, 0, 1, 1))


def test_a_region_may_be_of_a_picture_in_memory_or_of_an_open_file(shop: HybridSearch) -> None:
    photo = scene(ROWS[2], ROWS[9])
    box = shop.search(image=photo).regions[0].box
    found = [
        [hit.id for hit in shop.search(image=given, region=box)]
        for given in (
            photo,
            io.BytesIO(photo),
            Image.open(io.BytesIO(photo)),
            Image.open(io.BytesIO(photo)).convert("RGB"),
        )
    ]
    assert all(each == found[0] for each in found)


def test_an_open_file_is_read_once_for_all_its_regions(shop: HybridSearch) -> None:
    assert len(shop.search(image=io.BytesIO(scene(ROWS[2], ROWS[9]))).regions) == 2


def test_coroutines_find_the_same(shop: HybridSearch) -> None:
    photo = scene(ROWS[2], ROWS[9], ROWS[17])

    async def found() -> tuple[Page, Page]:
        async with AsyncHybridSearch.open(shop.settings) as opened:
            page = await opened.search("black", image=photo)
            return page, await opened.search(image=photo, region=page.regions[0].box)

    page, clicked = asyncio.run(found())
    assert ids(page) == ids(shop.search("black", image=photo))
    assert [hit.id for hit in clicked] == [hit.id for hit in shop.search(image=photo, region=page.regions[0].box)]


def test_where_crops_cannot_be_encoded_the_page_says_so(shop: HybridSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise EncoderError("The encoder is away.")

    monkeypatch.setattr(shop.encoders, "remember", fail)
    page = shop.search(image=scene(ROWS[2], ROWS[9]))
    assert page.hits
    assert page.regions == ()
    assert page.degraded == ("no regions of the photo: The encoder is away.",)


def test_words_beside_a_photo_name_what_is_to_be_otherwise_in_every_language(shops: Shops) -> None:
    """A photo of a thing in another colour, with `black`: what is black leads, that of its kind among the first."""
    black = {row["category"] for row in ROWS if row["color"] == "black"}
    row = next(row for row in ROWS if row["category"] in black and row["color"] != "black")
    for word in ("black", "schwarz", "noir", "negro", "黒", "黑色"):
        pages = [shop.search(word, image=SAMPLE / row["image"], size=8, regions=False) for shop in shops]
        assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
        assert pages[0][0].product["color"] == "black"
        assert row["category"] in {hit.product["category"] for hit in pages[0] if hit.product["color"] == "black"}
        assert f"named color: {word}" in pages[0][0].signals
        assert pages[0][0].score == pytest.approx(pages[1][0].score, abs=1e-3)


def test_a_colour_that_titles_alone_name_counts_alike(tmp_path: Path, es_url: str) -> None:
    fields = {**FIELDS, "facets": ["category", "brand"]}
    catalog = {"path": "products.jsonl", "images": str(SAMPLE)}
    rows = [{**row, "title": f"{row['color']} {row['category']}"} for row in ROWS]
    photo = SAMPLE / next(row["image"] for row in ROWS if row["color"] == "red")
    with on_both_engines(tmp_path, es_url, rows, fields=fields, vectors=LEGS, catalog=catalog) as both:
        pages = [shop.search("noir", image=photo, size=8, regions=False) for shop in both]
    assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
    black = sum(row["color"] == "black" for row in ROWS)
    assert {hit.product["color"] for hit in pages[0][:black]} == {"black"}
    assert "named title: noir" in pages[0][0].signals


def test_a_colour_that_variants_have_is_that_of_the_variant_that_is_shown(tmp_path: Path, es_url: str) -> None:
    rows = [
        {**row, "variants": [{"colour": row["color"], "price": 5}, {"colour": "black", "price": 9}]}
        for row in ROWS[:40]
    ]
    fields: dict[str, Any] = {
        "title": "title",
        "facets": ["category", "variants.colour"],
        "numbers": ["variants.price"],
    }
    catalog = {"path": "products.jsonl", "images": str(SAMPLE)}
    photo, fields = saved(picture(ROWS[0])), fields | {"image": "image"}
    with on_both_engines(tmp_path, es_url, rows, fields=fields, vectors=LEGS, catalog=catalog) as shops:
        pages = [shop.search("black", image=photo, size=5, filters={"variants.price": {"gte": 9}}) for shop in shops]
    assert [[hit.id for hit in page] for page in pages] == [[hit.id for hit in pages[0]]] * 2
    assert all(hit.variant and hit.variant["colour"] == "black" for page in pages for hit in page)
    assert all("named variants.colour: black" in hit.signals for page in pages for hit in page)


def test_words_that_name_nothing_and_photos_alone_are_planned_as_before(shop: HybridSearch) -> None:
    photo = SAMPLE / ROWS[5]["image"]
    for text in ("", "whatever"):
        plan = shop.plan(text, image=photo)
        assert not any(signal.name.startswith(("named", "alike")) for signal in plan.signals)
        assert not any(each.among for each in plan.neighbours)


def test_pages_of_a_wish_continue_without_gaps(shop: HybridSearch) -> None:
    photo = SAMPLE / ROWS[5]["image"]
    whole = [hit.id for hit in shop.search("black", image=photo, size=30, regions=False)]
    parts = [hit.id for page in (1, 2, 3) for hit in shop.search("black", image=photo, size=10, page=page)]
    assert parts == whole
    assert len(set(whole)) == 30


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], shops: Shops
) -> Run:
    config = write_config(shops[0].settings.folder, **shops[0].settings.model_dump(exclude_defaults=True, mode="json"))
    (tmp_path / "scene.png").write_bytes(scene(ROWS[2], ROWS[9]))
    inner = runner(tmp_path, monkeypatch, capfdbinary, "search")
    return lambda *arguments: inner(*arguments, "-c", str(config))


def test_the_command_shows_the_regions_of_a_photo_and_searches_one(run: Run) -> None:
    code, out, _ = run("--photo", "scene.png", "--json")
    regions = json.loads(out)["regions"]
    assert (code, len(regions)) == (0, 2)
    assert [len(region["box"]) for region in regions] == [4, 4]
    assert [len(region["hits"]) for region in regions] == [SHOWN, SHOWN]
    code, out, _ = run("--image", "scene.png")
    assert code == 0
    assert out.count("In the photo: --region ") == 2
    box = ",".join(map(str, regions[0]["box"]))
    code, out, _ = run("--image", "scene.png", "--region", box, "--json")
    found = json.loads(out)
    assert (found["hits"][0]["id"], found["regions"]) == (regions[0]["hits"][0]["id"], [])
    assert json.loads(run("--image", "scene.png", "--no-regions", "--json")[1])["regions"] == []
    assert json.loads(run("coat", "--json")[1])["regions"] == []
    code, _, err = run("--image", "scene.png", "--region", "a,b")
    assert code == 2
    assert "'region' is 'a,b', expected four numbers" in err
