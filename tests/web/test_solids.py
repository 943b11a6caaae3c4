"""3-D files on the page: the links of a card, the page with the viewer, and the files themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from hybridsearch.web import solids
from tests.shops import shop, write_products
from tests.web.builders import FIELDS, HOSTILE, opened_again
from tests.web.solid import triangle

ROWS: list[dict[str, Any]] = [
    {"id": "1", "title": HOSTILE, "solid": {"glb": "chair.glb", "usdz": "chair.usdz"}},
    {"id": "2", "title": "table", "glb": "https://shop.example/table.glb?v=2"},
    {"id": "3", "title": "lamp", "glb": "../outside.glb"},
    {"id": "4", "title": "rug", "glb": "text.glb"},
    {"id": "5", "title": "nothing of the kind"},
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("solids") / "shop"
    folder.mkdir()
    (folder.parent / "outside.glb").write_bytes(triangle())
    (folder / "chair.glb").write_bytes(triangle())
    (folder / "chair.usdz").write_bytes(b"PK\x03\x04 and so on")
    (folder / "text.glb").write_bytes(b"<script>alert(1)</script>")
    write_products(folder / "products.jsonl", ROWS)
    shop(folder, fields=FIELDS).close()
    with opened_again(folder) as found:
        yield found


def test_a_card_leads_to_the_viewer_and_to_what_a_telephone_shows_in_the_room(client: TestClient) -> None:
    chair = client.get("/", params={"q": "coat"}).text
    assert 'href="/solid?id=1"' in chair
    assert 'class="on-ar" rel="ar" href="/solid/file.usdz?id=1"><img src="/static/icon.svg"' in chair
    assert "intent:" not in chair
    assert "<script>alert" not in chair
    table = client.get("/", params={"q": "table"}).text
    assert "intent://arvr.google.com/scene-viewer/1.0?file=https%3A%2F%2Fshop.example%2Ftable.glb%3Fv%3D2&amp;" in table
    assert "/solid" not in client.get("/", params={"q": "nothing"}).text


def test_the_page_of_the_viewer_has_a_policy_of_its_own_and_all_others_the_strict_one(client: TestClient) -> None:
    page = client.get("/solid", params={"id": "1"})
    assert page.headers["Content-Security-Policy"] == solids.POLICY
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "unsafe-inline" not in client.get("/").headers["Content-Security-Policy"]
    assert 'src="/solid/file.glb?id=1"' in page.text
    assert "<script>alert" not in page.text


def test_a_file_is_given_as_it_is_with_its_kind(client: TestClient) -> None:
    chair = client.get("/solid/file.glb", params={"id": "1"})
    assert (chair.content, chair.headers["content-type"]) == (triangle(), "model/gltf-binary")
    assert chair.headers["X-Content-Type-Options"] == "nosniff"
    room = client.get("/solid/file.usdz", params={"id": "1"})
    assert room.headers["content-type"] == "model/vnd.usdz+zip"


@pytest.mark.parametrize(
    ("path", "key", "said"),
    [
        ("file.glb", "3", "leads out of"),
        ("file.glb", "4", "The 3-D file is no glb file of at most 50 MiB"),
        ("file.glb", "5", "has no 3-D file of this kind, expected one of: glb, usdz"),
        ("file.exe", "1", "has no 3-D file of this kind"),
        ("file.glb", "9", "The index has no product"),
        ("file.glb", "", "The index has no product"),
    ],
)
def test_what_is_no_file_of_a_product_is_not_given(client: TestClient, path: str, key: str, said: str) -> None:
    answer = client.get(f"/solid/{path}", params={"id": key})
    assert answer.status_code in (400, 404, 502, 503)
    assert said in answer.text


def test_without_the_extra_the_page_names_the_line_that_installs_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solids, "script", lambda: None)
    assert "pip install &#34;hybridsearch[viewer]&#34;" in client.get("/solid", params={"id": "1"}).text
    answer = client.get("/solid/viewer.js")
    assert answer.status_code == 400
    assert "pip install" in answer.text


def test_a_script_that_is_not_the_known_one_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    solids.script.cache_clear()
    monkeypatch.setattr(solids, "SHA256", "0" * 64)
    assert solids.script() is None
    solids.script.cache_clear()
