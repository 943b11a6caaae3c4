"""The page for people, as HTML: what it shows, that it works without scripts, and that nothing in it is markup.

With it `view`, which decides what is shown.
"""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.roles import Fields
from hybridsearch.values import Hit
from hybridsearch.voice import RECOGNISERS
from hybridsearch.web import view
from tests.shops import write_products
from tests.voice.recordings import Told, tone, wav
from tests.web.builders import FIELDS, HOSTILE, asking, csrf

pytestmark = pytest.mark.beside_one_server

LARGEST = 100_000
"""Bytes of a page with its scripts and styles, but for pictures."""


class Seen(HTMLParser):
    """The elements of a page by name, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_a_search_shows_products_facets_and_orders(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        page = client.get("/", params={"q": "winter coat", "filter": "brand=Acme"})
        seen = Seen(page.text)
        assert page.text.count('class="card"') == 1
        assert "<mark>winter</mark> <mark>coat</mark>" in page.text
        boxes = {box["value"]: "checked" in box for box in seen.all("input") if box.get("type") == "checkbox"}
        assert boxes == {"brand=Acme": True, "brand=Borealis": False}
        assert [option["value"] for option in seen.all("option")] == ["", "price:asc", "price:desc"]
        between = client.get("/", params={"from.price": "30", "to.price": "90", "sort": "price:desc"})
        assert [each["id"] for each in Seen(between.text).all("li") if each.get("class") == "card"] == [
            "p-2",
            "p-5",
            "p-4",
        ]


def test_a_part_of_the_page_is_what_a_script_asks_for(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        part = client.get("/", params={"q": "red"}, headers={"HX-Request": "true"}).text
        assert "<html" not in part
        assert part.count('class="card"') == 2
        assert part.strip() in client.get("/", params={"q": "red"}).text or "ms</p>" in part


def test_nothing_of_a_catalogue_or_a_query_is_markup(tmp_path: Path, engine: dict[str, Any]) -> None:
    attack = "\"><script>alert(1)</script> coat '><img src=x onerror=alert(2)>"
    with asking(tmp_path, engine=engine) as client:
        for path, asked in (
            ("/", {"q": attack, "filter": f"brand={attack}"}),
            ("/", {"q": "coat"}),
            ("/", {"q": "alert quoted script"}),
            ("/", {"from.price": attack}),
            ("/", {"sort": attack}),
            ("/suggest", {"q": "alert"}),
            ("/suggest", {"q": attack}),
            ("/why", {"id": "x/y?z", "q": attack}),
            ("/why", {"id": attack}),
            ("/similar", {"id": "x/y?z"}),
            ("/similar", {"id": attack}),
        ):
            page = client.get(path, params=asked)
            seen = Seen(page.text)
            assert {each.get("src") for each in seen.all("script")} <= {"/static/htmx.min.js", "/static/page.js"}
            assert all(
                str(each.get("src")).startswith("/picture/") or each.get("id") == "preview" for each in seen.all("img")
            )
            assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
            assert not seen.all("b")
        assert HOSTILE in Seen(client.get("/why", params={"id": "x/y?z"}).text).text


def test_an_empty_page_says_so_and_leads_on(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        seen = Seen(client.get("/", params={"q": "xylophone coat", "filter": "price>1000"}).text)
        assert "Nothing was found." in seen.text
        links = [each["href"] for each in seen.all("a")]
        assert {"/?q=xylophone+coat", "/?"} <= set(links)


def test_a_query_in_another_spelling_is_said(tmp_path: Path) -> None:
    rows = [{"id": str(number), "title": "Wool umbrella", "price": 1} for number in range(20)]
    write_products(tmp_path / "more.jsonl", rows)
    with asking(tmp_path, catalog={"path": "more.jsonl"}) as client:
        assert "umbrella" in Seen(client.get("/", params={"q": "umbrela"}).text).text


def test_a_photo_is_searched_with_by_a_form_that_works_without_scripts(tmp_path: Path) -> None:
    leg = {"name": "image", "encoder": "starter", "reads": "image"}
    with asking(tmp_path, vectors=[leg]) as client:
        assert 'enctype="multipart/form-data"' in client.get("/").text
        photo = {"image": ("red.png", (tmp_path / "red.png").read_bytes()), "audio": ("", b"")}
        found = client.post("/photo", files=photo, data={"csrf": csrf(client), "q": "dress"})
        assert found.status_code == 200
        assert 'id="p-1"' in found.text
        nothing = client.post("/photo", data={"csrf": csrf(client)}, files={"image": ("", b"")})
        assert nothing.status_code == 400


def test_a_recording_is_searched_with_and_what_was_heard_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECOGNISERS, "told", lambda *_: Told())
    with asking(tmp_path, voice={"recogniser": "told:"}) as client:
        assert 'id="speak"' in client.get("/").text
        audio = {"audio": ("said.wav", wav(tone(1.0)))}
        seen = Seen(client.post("/photo", files=audio, data={"csrf": csrf(client)}).text)
        assert "Heard: red coat" in seen.text
        found = client.post("/api/search", files=audio, data={"size": "2"}).json()
        assert (found["heard"]["text"], found["hits"][0]["id"]) == ("red coat", "3")


def test_what_cannot_be_asked_is_said_on_a_page_that_leads_on(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        for path in ("/?filter=colour", "/?filter=colour%3Dred", "/similar?id=", "/nothing"):
            refused = client.get(path)
            assert refused.status_code in (400, 404)
            assert 'href="/"' in refused.text
            assert 'role="alert"' in refused.text
            assert "<html" not in client.get(path, headers={"HX-Request": "true"}).text


def test_a_page_with_its_scripts_and_styles_is_small(tmp_path: Path) -> None:
    rows = [
        {"id": str(number), "title": f"Red winter coat {number}", "brand": f"Brand {number}", "price": number}
        for number in range(60)
    ]
    write_products(tmp_path / "many.jsonl", rows)
    with asking(tmp_path, catalog={"path": "many.jsonl"}) as client:
        paths = ("/?q=red+coat", "/static/htmx.min.js", "/static/page.js", "/static/page.css", "/static/icon.svg")
        assert sum(len(client.get(path).content) for path in paths) < LARGEST


@pytest.mark.parametrize("page", ["0", "-1", "x", "9999999", "١"])
def test_a_page_that_is_no_number_is_refused(tmp_path: Path, page: str) -> None:
    with asking(tmp_path) as client:
        assert client.get("/", params={"page": page}).status_code in (200, 400)


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_address_gives_back_what_it_was_made_of(q: str, value: str) -> None:
    from urllib.parse import parse_qs

    fields = Fields.model_validate(FIELDS)
    asked = view.Asked(q.strip(), (f"brand={value}",), {"price": ("1", "")}, "price:asc", 3)
    read = view.asked_of(parse_qs(view.query_of(asked.pairs(page=3))[1:], errors="surrogatepass"), fields)
    assert (read.q, read.sort, read.page) == (asked.q, asked.sort, 3)
    assert read.written == (f"brand={value}", "price>=1")


@pytest.mark.parametrize(
    ("row", "title", "language"),
    [
        ({"locale": "fr"}, "Sac", "fr"),
        ({"locale": "xx"}, "Sac", ""),
        ({}, "赤い傘", "ja"),
        ({}, "红色雨伞", "zh"),
        ({"locale": "<b>"}, "Coat", ""),
    ],
)
def test_a_title_says_its_language_where_that_is_known(row: dict[str, str], title: str, language: str) -> None:
    fields = Fields(title="title", languages=("en", "fr", "ja", "zh"))
    assert view.language_of(row, title, fields) == language


def test_a_card_shows_no_highlight_without_marks() -> None:
    hit = Hit("1", 1.0, {}, {"title": "Red"}, {"title": "Red"})
    assert view.card(hit, Fields(title="title")).marked == ""
