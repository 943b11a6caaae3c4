"""A page of products as one file: nothing is loaded, nothing runs, and no text of a catalogue is markup."""

import base64
import hashlib
import re

from hybridsearch.roles import Fields
from hybridsearch.transcript import Transcript
from hybridsearch.values import Hit, Page, Region
from hybridsearch.web import saved
from tests.learning.test_report import HOSTILE
from tests.learning.test_report import Page as Parsed

FIELDS = Fields(title="title", text=("note",), facets=("brand",), numbers=("price",), languages=("en",))
COAT = {"title": "Red coat", "note": "warm", "brand": "Acme", "price": 80}
PICTURE = "data:image/webp;base64,AAAA"


def hit(key: str = "1", **more: object) -> Hit:
    return Hit(key, 0.75, {"title": 0.5, "text": 0.25}, {**COAT, **more})


def html(*hits: Hit, heading: str = "“red coat”", photo: str = "", **more: object) -> str:
    page = Page("red dress", hits, len(hits), **more)  # type: ignore[arg-type]
    return saved.html(page, FIELDS, {"1": PICTURE}, heading=heading, photo=photo)


def test_the_file_needs_no_other_and_runs_nothing() -> None:
    page = html(hit(), photo=PICTURE)
    parsed = Parsed(page)
    assert not {"script", "link", "iframe", "object", "form", "a"} & set(parsed.elements)
    assert [value for name, value in parsed.attributes if name in ("src", "href")] == [PICTURE, PICTURE]
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name == "style"]
    assert "url(" not in page
    assert "@import" not in page


def test_its_policy_allows_its_own_style_and_pictures_alone() -> None:
    page = html(hit())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{own}'"
    assert ("content", policy) in Parsed(page).attributes


def test_a_hit_shows_picture_price_marked_words_and_its_reasons_as_bars() -> None:
    marked = Hit("1", 0.75, {"title": 0.5, "text": 0.25}, COAT, highlights={"title": "<mark>Red</mark> coat"})
    page = html(marked, hit("2"))
    assert "<mark>Red</mark> coat" in page
    assert page.count("<img") == 1  # the other has no picture that can be had
    assert page.count('class="price">80<') == 2
    bars = re.findall(r'<th scope="row">(\S+)</th><td><meter max="0.5" value="(\S+)">', page)
    assert bars == [("title", "0.5"), ("text", "0.25")] * 2
    assert "It has: red. It lacks: dress." in page


def test_no_text_of_queries_and_products_is_markup() -> None:
    page = html(
        hit(title=HOSTILE, brand=HOSTILE, price=HOSTILE),
        heading=HOSTILE,
        facets={HOSTILE: {HOSTILE: 1}},
        degraded=(HOSTILE,),
        notes=(HOSTILE,),
        spelled=HOSTILE,
        redirect=HOSTILE,
        heard=Transcript(HOSTILE, "en", 1.0),
    )
    elements = Parsed(page).elements
    assert "script" not in elements
    assert elements.count("img") == 1


def test_what_the_answer_lacks_and_things_in_a_photo_are_said() -> None:
    shown = Parsed(html(degraded=("no vectors",), regions=(Region((0, 0, 1, 1), (hit("9"),)),))).text
    for said in ("no vectors", "Nothing was found.", "In the photo, 1", "Red coat"):
        assert said in shown


def test_a_rule_that_lowers_a_product_has_an_empty_bar() -> None:
    lowered = Hit("1", -0.5, {"rule old": -0.5}, COAT)
    assert '<meter max="1.0" value="0">-0.500</meter>' in html(lowered)
