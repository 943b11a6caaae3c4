"""The page in a real browser, on both engines: what a person types, clicks, drops and reads; judged by axe too."""

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import expect

from hybridsearch import AsyncHybridSearch, sample
from hybridsearch.learning.ranges import Range
from hybridsearch.roles import Fields
from hybridsearch.thumbnails import data_address, small
from hybridsearch.values import Hit, Page
from hybridsearch.web import JudgeOptions, app, saved
from hybridsearch.web.solids import INSTALL, script
from tests.engines.test_regions import ROWS, scene
from tests.learning.test_report import rendered as report
from tests.servers import browser
from tests.shops import lend_vectors, settings, shop, write_config, write_products
from tests.web.solid import triangle

pytestmark = pytest.mark.beside_one_server

REQUIRED = os.environ.get("HYBRIDSEARCH_REQUIRE_BROWSER") == "1"
SAMPLE = Path(sample.__file__).parent
FIELDS = {
    "title": "title",
    "text": ["description"],
    "facets": ["brand", "category", "color", "locale"],
    "numbers": ["price"],
    "image": "image",
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEG = {"name": "image", "encoder": "starter", "reads": "image"}
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
TITLES = {
    "en": "red umbrella",
    "de": "roter Regenschirm",
    "fr": "parapluie rouge",
    "es": "paraguas rojo",
    "ja": "赤 傘",
    "zh": "红色雨伞",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; tests that need it are skipped where there is none."""
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(browser.running())
        except RuntimeError as error:
            if REQUIRED:
                raise
            pytest.skip(f"NO BROWSER: {error}")
        yield found


@contextlib.contextmanager
def served(
    folder: Path, engine: dict[str, Any], judge: JudgeOptions | None = None, *, edit: bool = False, **more: Any
) -> Iterator[str]:
    """Yield the address of the page of the sample catalogue."""
    changes = {
        "catalog": {"path": str(SAMPLE / "products.jsonl")},
        "fields": FIELDS,
        "vectors": [LEG],
        "engine": engine,
        **more,
    }
    lend_vectors(folder, repr(changes["vectors"]))
    shop(folder, **changes).close()
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    async def serve() -> None:
        config = write_config(folder, **changes) if edit else settings(folder, **changes)
        async with AsyncHybridSearch.open(config) as opened:
            server.config.app = app(opened, edit=edit, judgments=SAMPLE / "judgments.tsv", judge=judge)
            await server.serve(sockets=[listening])

    server = uvicorn.Server(uvicorn.Config("", log_level="error", ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(30)


@contextlib.contextmanager
def opened(chromium: Any, width: str = "wide", **more: Any) -> Iterator[tuple[Any, list[str]]]:
    """Yield a page of its own, and what went wrong on it, in scripts and against its policy."""
    size = WIDTHS[width]
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **more)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and "404" not in said.text else None
    )
    try:
        yield page, wrong
    finally:
        context.close()


def axe() -> str:
    """Return the script of axe; tests that need it are skipped where it cannot be had."""
    try:
        return browser.axe()
    except RuntimeError as error:
        if REQUIRED:
            raise
        pytest.skip(f"NO AXE: {error}")


def faults(page: Any, **asked: Any) -> list[Any]:
    """Return what axe, whose script the page has, finds wrong; `asked` are options of it."""
    found: list[Any] = page.evaluate("asked => axe.run({resultTypes: ['violations'], ...asked})", asked)["violations"]
    return found


def cards(page: Any) -> list[str]:
    """Return the ids of the products that are shown."""
    return [str(each.get_attribute("id")).removeprefix("p-") for each in page.locator(".card").all()]


def test_a_person_types_clicks_a_facet_and_reads_why(tmp_path: Path, engine: dict[str, Any], chromium: Any) -> None:
    with served(tmp_path, engine) as address, opened(chromium) as (page, wrong):
        page.goto(address)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
        page.locator("#q").press_sequentially("red umb", delay=30)
        page.wait_for_selector(
            "#suggestions li:has-text('red umbrella')"
        )  # a slow machine has shown those of 'red' before
        assert len(asked) < len("red umb")  # not one for each letter
        assert page.locator("#q").get_attribute("aria-expanded") == "true"
        page.keyboard.press("ArrowDown")
        assert page.locator("#suggestions [aria-selected=true]").inner_text().startswith("red umbrella")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=red+umbrella*")
        before = cards(page)
        page.locator("input[value='color=red']").check()
        page.wait_for_url("**filter=color*")
        expect(page.locator(".chosen li")).to_have_count(1)
        assert page.evaluate("document.activeElement.value") == "color=red"  # the place of who uses keys is kept
        page.keyboard.press("Tab")
        page.keyboard.press("Space")  # another colour too
        expect(page.locator(".chosen li")).to_have_count(2)
        assert cards(page)
        for left in (1, 0):
            page.locator(".chosen a").first.click()
            expect(page.locator(".chosen li")).to_have_count(left)
        assert cards(page) == before
        page.locator("details.why summary").first.click()
        page.wait_for_selector("table.bars meter")
        assert "It is at place 1 of" in page.locator(".why .said").first.inner_text()
        assert wrong == []


def test_a_photo_that_is_chosen_finds_what_looks_like_it_and_stays_while_facets_are_clicked(
    tmp_path: Path, engine: dict[str, Any], chromium: Any
) -> None:
    with served(tmp_path, engine) as address, opened(chromium) as (page, wrong):
        page.goto(address)
        page.set_input_files("#photo", SAMPLE / "photo.jpg")
        page.wait_for_selector("#preview:visible")
        expect(page.locator(".count")).not_to_contain_text("509")
        found = cards(page)
        assert (
            "mug" in page.locator(".card .facts").nth(1).inner_text() + page.locator(".card .facts").nth(3).inner_text()
        )
        page.locator("input[value='category=mug']").check()
        page.wait_for_selector(".chosen li")
        assert set(cards(page)) & set(found)
        assert all("mug" in each.inner_text() for each in page.locator(".card .facts").all())
        page.locator("#without").click()
        page.wait_for_selector("#preview", state="hidden")
        assert wrong == []


def test_a_rebuild_is_started_and_followed_on_the_page_until_it_is_done(tmp_path: Path, chromium: Any) -> None:
    with served(tmp_path, {}, edit=True, vectors=[]) as address, opened(chromium) as (page, wrong):
        page.goto(address)
        page.get_by_role("link", name="Index").click()
        expect(page.locator(".run")).to_contain_text("509 products indexed")
        page.get_by_role("button", name="Rebuild the index").click()
        expect(page.locator(".run .state")).to_have_text("under way")
        expect(page.get_by_role("button", name="Rebuild the index")).to_have_count(0)
        expect(page.locator("#said")).to_contain_text("reindex: done", timeout=60_000)  # told to who cannot see it
        expect(page.locator(".run")).to_contain_text("509 products indexed")
        page.get_by_text("What “hybridsearch reindex” printed").click()
        expect(page.locator("pre")).to_contain_text("Indexed 509 products into 'products'")
        page.reload()
        page.get_by_role("link", name="Roll back to this").first.click()
        expect(page.locator("h1")).to_have_text("Roll back?")
        page.get_by_role("button", name="Roll back").click()
        expect(page.locator("h1")).to_have_text("Rolled back")
        assert wrong == []


def test_a_rule_is_written_looked_at_and_saved_by_somebody_with_keys_alone(tmp_path: Path, chromium: Any) -> None:
    rule = '[[rule]]\nname = "rain"\nwhen.query = "umbrella"\nthen.pin = ["S0001"]\n'
    (tmp_path / "rules.toml").write_text(rule.replace("S0001", "S0002"))
    shown = served(tmp_path, {}, edit=True, vectors=[], rules={"path": "rules.toml"})
    with shown as address, opened(chromium, "phone", color_scheme="dark", bypass_csp=True) as (page, wrong):
        page.goto(f"{address}texts/rules")
        page.locator("#text").focus()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(rule[:-3])
        page.get_by_role("button", name="Preview").press("Enter")
        expect(page.locator(".problems")).to_contain_text("Line 4")
        expect(page.locator("#text")).to_have_value(rule[:-3])
        page.locator("#text").fill(rule)
        page.locator("#q").fill("umbrella")
        page.locator("#q").press("Enter")
        expect(page.locator("#before-and-after tbody tr").first).to_contain_text("S0001")
        expect(page.locator("#before-and-after .moved").last).to_contain_text("gone")
        assert "S0002" in (tmp_path / "rules.toml").read_text()
        page.evaluate(axe())
        assert [each["id"] for each in faults(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"][0]
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_role("button", name="Undo the last save").wait_for()
        assert (tmp_path / "rules.toml").read_text() == rule
        page.goto(f"{address}?q=umbrella")
        assert cards(page)[0] == "S0001"
        assert wrong == []


def test_a_part_of_a_photo_is_clicked_and_two_set_ups_are_seen_side_by_side(tmp_path: Path, chromium: Any) -> None:
    with served(tmp_path, {}) as address, opened(chromium) as (page, wrong):
        page.goto(address)
        (tmp_path / "scene.png").write_bytes(scene(ROWS[3], ROWS[30], ROWS[77]))
        page.set_input_files("#photo", tmp_path / "scene.png")
        expect(page.locator(".seen button")).to_have_count(3)
        whole = cards(page)
        part = page.locator(".parts ol button").first
        box, shown = page.locator(".seen button").first.bounding_box(), page.locator(".seen img").bounding_box()
        left, top, *_ = map(float, str(part.get_attribute("value")).split(","))
        assert box["x"] == pytest.approx(shown["x"] + left * shown["width"], abs=2)
        assert box["y"] == pytest.approx(shown["y"] + top * shown["height"], abs=2)
        part.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#region")
        assert cards(page) != whole
        page.get_by_role("button", name="The whole photo").click()
        expect(page.locator(".seen button")).to_have_count(3)
        page.locator(".seen button").last.click()
        page.wait_for_selector("#region")
        page.set_input_files("#photo", SAMPLE / "photo.jpg")  # of another photo nothing is a part
        page.wait_for_selector("#region", state="detached")
        page.get_by_role("link", name="Side by side", exact=True).click()
        page.fill("#q", "red umbrella")
        page.select_option("#right", "keywords")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".beside section")).to_have_count(2)
        expect(page.locator(".count").first).to_contain_text("nDCG@10")
        page.get_by_role("link", name="Wins and losses of these two").click()
        page.get_by_role("button", name="Ask all judged queries").click()
        page.wait_for_selector("table.queries")  # it is there without a click
        line = page.locator("table.queries tbody tr").last
        values = line.locator("td").all_inner_texts()[:2]
        line.get_by_role("link").click()
        assert [text.split("nDCG@10 ")[1] for text in page.locator(".beside .count").all_inner_texts()] == values
        assert wrong == []


def test_a_3_d_file_is_turned_in_the_browser_under_the_policy_of_its_page(tmp_path: Path, chromium: Any) -> None:
    if script() is None:
        pytest.skip(f"NO VIEWER: {INSTALL}")
    (tmp_path / "chair.glb").write_bytes(triangle())
    write_products(tmp_path / "products.jsonl", [{"id": "1", "title": "chair", "solid": {"glb": "chair.glb"}}])
    with (
        served(tmp_path, {}, catalog={"path": "products.jsonl"}, fields={"title": "title"}, vectors=[]) as address,
        opened(chromium) as (page, wrong),
    ):
        page.goto(f"{address}?q=chair")
        assert not page.locator(".on-ar").count()
        page.get_by_role("link", name="In 3-D").click()
        expect(page.locator("model-viewer")).to_have_js_property("loaded", True, timeout=30_000)
        assert page.locator("model-viewer").bounding_box()["height"] > 100
        assert wrong == []


def test_without_scripts_the_page_works_as_forms_and_links(tmp_path: Path, chromium: Any) -> None:
    with served(tmp_path, {}) as address, opened(chromium, java_script_enabled=False) as (page, _):
        page.goto(address)
        page.fill("#q", "red umbrella")
        page.get_by_role("button", name="Search", exact=True).click()
        assert cards(page)
        page.locator("input[value='color=red']").check()
        page.get_by_role("button", name="Apply").click()
        assert "color=red" in page.locator(".chosen").inner_text()
        page.get_by_role("link", name="Similar").first.click()
        assert "Products like" in page.locator("main").inner_text()
        page.go_back()
        page.locator("details.why summary").first.click()
        page.get_by_role("link", name="Say why").first.click()
        assert "It is at place 1 of" in page.locator("main").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_on_any_page_in_light_and_dark_and_nothing_is_wider_than_the_screen(
    tmp_path: Path, chromium: Any, width: str
) -> None:
    spoken = [f"?q={words}" for words in TITLES.values()]
    paths = [
        "?q=xyzzyq&filter=color%3Dred",
        "why?id=S0001&q=red",
        "similar?id=S0001",
        "login",
        "index",
        "weights",
        "compare?q=red+umbrella&right=keywords",
        "compare/queries?right=keywords",
        "compare/queries?right=now",
    ]
    script = axe()
    with served(tmp_path, {}) as address:
        # Dark pages are the same but for their colours, in every language.
        for scheme, shown, asked in (
            ("light", [*spoken, *paths], {}),
            ("dark", [spoken[0], *paths], {"runOnly": ["color-contrast", "link-in-text-block"]}),
        ):
            with opened(chromium, width, color_scheme=scheme, bypass_csp=True) as (page, wrong):
                page.goto(f"{address}compare/queries?right=keywords")
                page.get_by_role("button", name="Ask all judged queries").click()
                page.wait_for_selector("table.queries")
                for path in shown:
                    page.goto(address + path)
                    page.evaluate(script)
                    found = faults(page, **asked)
                    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], path
                    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
                assert wrong == []


def test_titles_say_their_language_in_six_languages(tmp_path: Path, chromium: Any) -> None:
    with served(tmp_path, {}) as address, opened(chromium) as (page, _):
        for language, words in TITLES.items():
            page.goto(f"{address}?q={words}&filter=locale={language}")
            assert cards(page), language
            assert {each.get_attribute("lang") for each in page.locator(".card h2").all()} == {language}


def test_a_merchandiser_judges_with_keys_undoes_and_closes_the_browser_at_any_moment(
    tmp_path: Path, chromium: Any
) -> None:
    (tmp_path / "queries.txt").write_text("red umbrella\n赤 傘\n", encoding="utf-8")
    path = tmp_path / "judgments.jsonl"
    script = axe()

    def grades() -> list[object]:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(row["grade"], row["rater"]) for row in rows]

    def accessible(page: Any) -> None:
        for width, scheme in (("phone", "dark"), ("wide", "light")):
            across, down = WIDTHS[width]
            page.set_viewport_size({"width": across, "height": down})
            page.emulate_media(color_scheme=scheme)
            page.evaluate(script)
            found = faults(page)
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], (page.url, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= across

    with (
        served(tmp_path, {}, JudgeOptions(path, tmp_path / "queries.txt")) as address,
        opened(chromium, bypass_csp=True) as (page, wrong),
    ):
        page.goto(address)
        page.get_by_role("link", name="Judge").click()
        accessible(page)
        page.get_by_label("Your name").fill("Ann")
        page.keyboard.press("Enter")
        items = page.locator(".item")
        expect(items.first).to_be_focused()  # keys work at once
        count = items.count()
        for key in "32s":
            page.keyboard.press(key)  # without waiting for the answers
        expect(page.locator("#progress")).to_have_text(f"3 of {count} products, 0 of 2 queries")
        expect(page.locator("#told")).to_contain_text("Not judged. 3 of")
        expect(items.nth(3)).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("1")  # another grade for the third; then on to the first that has none
        expect(items.nth(2).get_by_role("button", name="1 Related")).to_have_attribute("aria-pressed", "true")
        expect(items.nth(3)).to_be_focused()
        page.keyboard.press("u")
        expect(items.nth(2).get_by_role("button", name="Cannot judge")).to_have_attribute("aria-pressed", "true")
        items.nth(4).get_by_role("button", name="0 Irrelevant").dblclick()
        expect(page.locator("#progress")).to_have_text(f"4 of {count} products, 0 of 2 queries")
        assert grades() == [(grade, "Ann") for grade in (3, 2, None, 1, None, 0)]
        accessible(page)
        items.nth(3).focus()
        for _ in range(count - 4):
            page.keyboard.press("2")
        page.keyboard.press("n")  # the next query, once all is sent
        page.wait_for_selector("h1:has-text('赤 傘')")
        assert len(grades()) == 6 + count - 4
        expect(page.locator("#progress")).to_contain_text("1 of 2 queries")
        page.keyboard.press("3")
        page.close()  # at once: what was pressed is on its way
        until = time.monotonic() + 10
        while len(grades()) < 7 + count - 4 and time.monotonic() < until:
            time.sleep(0.02)
        assert grades()[-1] == (3, "Ann")
        page = page.context.new_page()
        page.goto(f"{address}judge")
        expect(page.locator("#progress")).to_contain_text("1 of")
        page.keyboard.press("u")
        expect(page.locator("#progress")).to_contain_text("0 of")
        page.goto(f"{address}judge/agreement")
        accessible(page)
        assert wrong == []


def test_pages_and_reports_that_were_written_open_as_files_and_axe_finds_nothing(tmp_path: Path, chromium: Any) -> None:
    picture = data_address(small((SAMPLE / "photo.jpg").read_bytes()))
    hit = Hit("1", 0.75, {"title": 0.5, "text": 0.25}, {"title": "Red coat", "brand": "Acme", "price": 80})
    found = Page("red dress", (hit,), 1, facets={"brand": {"Acme": 1}})
    fields = Fields(title="title", facets=("brand",), numbers=("price",), languages=("en",))
    cosines = [Range("words.image", "relevant", 12, 0.4, 0.7, 0.9)]
    written = {
        "found": saved.html(found, fields, {"1": picture}, heading="red dress", photo=picture),
        "measured": report(["win"], {"good": "Red"}, [["bad"]], [["good"]], ranges=cosines, latencies=[2.0, 30.0]),
    }
    for name, content in written.items():
        (tmp_path / f"{name}.html").write_text(content, encoding="utf-8")
        for scheme, width in (("light", "wide"), ("dark", "phone")):
            with opened(chromium, width, color_scheme=scheme) as (page, wrong):
                page.goto((tmp_path / f"{name}.html").as_uri())
                for summary in page.locator("summary").all():
                    summary.click()
                if name == "found":
                    assert page.evaluate("[...document.images].map((image) => image.naturalWidth)") == [320, 320]
                    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "8px"
                    assert wrong == []  # its policy allows all that it shows
                page.evaluate(axe())
                assert [(each["id"], each["nodes"][0]["html"]) for each in faults(page)] == [], name
                assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
