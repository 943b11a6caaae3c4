"""A photo of several things, and a video, through the page and the API: the parts are `Page.regions`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hybridsearch.video import extra
from tests.engines.test_regions import FIELDS, LEGS, ROWS, SAMPLE, scene
from tests.shops import write_products
from tests.web.builders import asking, csrf

PHOTO = scene(ROWS[0], ROWS[7], ROWS[9])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("parts")
    write_products(folder / "few.jsonl", ROWS[:12])
    catalog = {"path": "few.jsonl", "images": str(SAMPLE)}
    legs = [{**leg, "reads": "image"} for leg in LEGS]
    with asking(folder, catalog=catalog, fields=FIELDS, vectors=legs) as found:
        yield found


def test_the_api_tells_the_parts_of_a_photo_and_searches_one(client: TestClient) -> None:
    found = client.post("/api/search", files={"image": PHOTO}).json()
    boxes = [region["box"] for region in found["regions"]]
    assert len(boxes) == 3
    for region in found["regions"]:
        part = {"region": ",".join(map(str, region["box"])), "size": "1"}
        one = client.post("/api/search", files={"image": PHOTO}, data=part).json()
        assert one["regions"] == []
        assert one["hits"][0]["id"] == region["hits"][0]["id"]
    assert client.post("/api/search", files={"image": PHOTO}, data={"regions": "false"}).json()["regions"] == []


@pytest.mark.parametrize("region", ["0,0,2,1", "0.5,0,0.1,1", "a,b,c,d", "0.1", "nan,0,1,1"])
def test_what_is_no_part_of_a_photo_is_refused(client: TestClient, region: str) -> None:
    refused = client.post("/api/search", files={"image": PHOTO}, data={"region": region})
    assert (refused.status_code, "expected four numbers from 0 to 1" in refused.text) == (400, True)
    alone = client.get("/api/search", params={"q": "red", "region": "0,0,1,1"})
    assert (alone.status_code, "no photo" in alone.text) == (400, True)


def test_the_page_has_a_button_for_each_part_and_one_for_the_whole_photo(client: TestClient) -> None:
    form = {"csrf": csrf(client)}
    page = client.post("/photo", files={"image": PHOTO}, data=form).text
    parts = re.findall(r'name="region" value="([\d.,]+)"', page)
    assert len(parts) == 3
    assert "The whole photo" not in page
    one = client.post("/photo", files={"image": PHOTO}, data={**form, "region": parts[0]}).text
    assert f'<input type="hidden" name="region" form="file" value="{parts[0]}">' in one
    assert "The whole photo" in one
    whole = client.post("/photo", files={"image": PHOTO}, data={**form, "region": [parts[0], ""]}).text
    assert re.findall(r'name="region" value="([\d.,]+)"', whole) == parts


@pytest.mark.skipif(not extra.is_installed(), reason="NO VIDEO: its extra is not installed")
def test_a_video_is_searched_with_in_place_of_a_photo(client: TestClient) -> None:
    film = (Path(SAMPLE) / "film.mp4").read_bytes()
    found = client.post("/api/search", files={"video": ("film.mp4", film)}, data={"size": "3"})
    assert found.status_code == 200, found.text
    assert 1 <= len(found.json()["hits"]) <= 3
    assert all("photo.image" in hit["signals"] for hit in found.json()["hits"])
    both = client.post("/api/search", files={"video": ("film.mp4", film), "image": PHOTO})
    assert (both.status_code, "both given" in both.text) == (400, True)
    damaged = client.post("/api/search", files={"video": ("film.mp4", b"no video")})
    assert damaged.status_code == 400
    other = client.post("/api/search", files={"film": ("film.mp4", film)})
    assert "expected one in image, audio or video" in other.text
