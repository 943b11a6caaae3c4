"""Operating a shop on the page: `index`, `learned`, `guided`, with `routes`, `part`, `commands`, `stream`, `logged`.

What is looked at needs nothing; what changes something needs `--edit` and a form of the page.
"""

import asyncio
import html
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from hybridsearch import AsyncHybridSearch, HybridSearch, Settings
from hybridsearch.disk.home import Home
from hybridsearch.events import report as reporting
from hybridsearch.events import source
from hybridsearch.learning import history
from hybridsearch.running import telling
from hybridsearch.runtime.progress import silent
from hybridsearch.search import weights
from hybridsearch.search.weights import Weights
from hybridsearch.web import app
from hybridsearch.web.operating import commands, stream
from hybridsearch.web.operating.stream import Streams
from hybridsearch.web.operating.texts import LONGEST
from tests.events.builders import action, answer, write
from tests.shops import quietly, settings
from tests.web.builders import asking, csrf

pytestmark = pytest.mark.beside_one_server

RULES = '[[rule]]\nname = "first"\nwhen.query = "coat"\nthen.pin = ["5"]\n'
FILES: dict[str, Any] = {"rules": {"path": "rules.toml"}, "synonyms": {"path": "synonyms.txt"}}
CHANGING = [
    ("/index/reindex", {}),
    ("/index/rollback", {"to": "x"}),
    ("/weights/tune", {}),
    ("/weights/revert", {"to": "1"}),
    ("/report/accept", {"kind": "rules", "text": "x"}),
    ("/texts/rules", {"do": "save", "text": "", "mark": ""}),
]
READING = ["/index", "/index/rollback?to=x", "/weights", "/weights/revert?to=1", "/report", "/texts/rules"]
ENDS = 90.0
"""Seconds after which a command of a busy machine has ended."""


def posted(client: TestClient, path: str, **data: Any) -> Any:
    """Return the answer to a form of the page."""
    return client.post(path, data={"csrf": csrf(client), **data})


def ended(client: TestClient) -> str:
    """Return the page of the index once nothing runs."""
    until = time.monotonic() + ENDS
    while "under way" in (page := client.get("/index").text) and time.monotonic() < until:
        time.sleep(0.1)
    return page


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The streams end after one look, so that an answer is whole."""
    monkeypatch.setattr(stream, "LONGEST", 0.0)
    return [path for path, _ in CHANGING]


def test_every_route_that_changes_something_is_known_and_refused_without_edit_proof_or_home(
    tmp_path: Path, changing: list[str]
) -> None:
    """Attack: a form of another site, and one without what this browser was given."""
    with asking(tmp_path, edit=True, **FILES) as client:
        assert isinstance(client.app, Starlette)
        routes = [route for route in client.app.routes if isinstance(route, Route)]
        takes = {(route.path, method) for route in routes for method in route.methods or () if method != "HEAD"}
        posts = {path for path, method in takes if method == "POST"} - {
            "/api/search",
            "/api/events",
            "/photo",
            "/login",
            "/compare/queries",  # asks, and changes nothing
        }
        assert posts == {*changing[:-1], "/texts/{name}"}  # whoever adds a route adds it above
        assert {method for _, method in takes} == {"GET", "POST"}
        for path, data in CHANGING:
            assert client.post(path, data=data).status_code == 403, path
            assert client.post(path, data={**data, "csrf": "x" * 64}).status_code == 403, path
            own = {**data, "csrf": csrf(client)}
            assert client.post(path, data=own, headers={"Origin": "http://evil.example"}).status_code == 403, path
            assert client.post(path, data=own, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403, path
            assert client.put(path, data=own).status_code == 405, path
        assert not (tmp_path / "rules.toml").exists()


def test_without_edit_everything_is_shown_and_nothing_is_changed(tmp_path: Path, changing: list[str]) -> None:
    (tmp_path / "rules.toml").write_text(RULES)
    with asking(tmp_path, **FILES) as client:
        for path in ("/index", "/weights", "/report", "/texts/rules", "/texts/synonyms", "/index/progress"):
            page = client.get(path)
            assert page.status_code == 200, path
            assert "<form" not in page.text.replace('<form class="edit"', ""), path
            assert str(tmp_path) not in page.text, path
        for path, data in CHANGING:
            refused = posted(client, path, **data)
            assert refused.status_code == 403, path
            assert "serve --edit" in refused.text
        assert (tmp_path / "rules.toml").read_text() == RULES


def test_the_index_shows_checks_and_generations_and_goes_back_after_a_question(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    with asking(tmp_path, engine=engine, edit=True) as client:
        with HybridSearch.open(settings(tmp_path, engine=engine)) as shop:
            shop.reindex(options=quietly())
            kept, live = shop.engine.generations()
        page = client.get("/index").text
        assert 'class="state ok">ok</span> <strong>catalogue</strong>' in page
        assert "6 products indexed" in page
        assert f"/index/rollback?to={kept.name}" in page
        assert f"/index/rollback?to={live.name}" not in page
        question = client.get("/index/rollback", params={"to": kept.name}).text
        assert f"Now live: {live.name}" in question
        assert f'name="to" value="{kept.name}"' in question
        assert f"&#39;{kept.name}&#39; is live" in posted(client, "/index/rollback", to=kept.name).text
        assert f"/index/rollback?to={live.name}" in client.get("/index").text
        assert posted(client, "/index/rollback", to="nothing").status_code == 409


def test_a_rebuild_is_started_as_a_command_and_its_output_and_rejects_are_shown(tmp_path: Path) -> None:
    with asking(tmp_path, edit=True) as client:
        with (tmp_path / "products.jsonl").open("a") as file:
            file.write('{"title": "nameless"}\n')
        started = posted(client, "/index/reindex")
        assert (started.status_code, started.headers["location"]) == (303, "/index")
        again = posted(client, "/index/reindex")
        assert again.status_code == 409
        assert "is under way already" in again.text
        page = ended(client)
        assert "6 products indexed, 1 rejected" in page
        assert "products.jsonl:7" in page
        assert "(exit code 1)" in page
        assert "Indexed 6 products into" in page
        assert str(tmp_path) not in page


def test_a_rebuild_of_another_process_is_seen_and_none_is_started_beside_it(
    tmp_path: Path, changing: list[str]
) -> None:
    with asking(tmp_path, edit=True) as client:
        with telling(Home(tmp_path / ".hybridsearch").rebuild("products"), silent) as run:
            run("indexing", 3, 6, {"rejected": 2})
            event = client.get("/index/progress")
            assert event.headers["content-type"].startswith("text/event-stream")
            assert 'data-state="reindex: under way"' in event.text
            assert all(line.startswith(("data: ", "retry: ")) or not line for line in event.text.splitlines())
            assert posted(client, "/index/reindex").status_code == 409
        assert "under way" not in client.get("/index").text


def test_a_stream_sends_what_has_changed_and_ends_with_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "EVERY", 0.001)

    async def listen() -> list[str]:
        streams, looks = Streams(), iter(["one\ntwo", "one\ntwo", "three"])

        def look() -> str:
            found = next(looks, "")
            if not found:
                streams.closing.set()
            return found or "three"

        return [str(part) async for part in streams.of(look).body_iterator]

    assert asyncio.run(listen()) == ["retry: 2000\n\n", "data: one\ndata: two\n\n", "data: three\n\n"]


def test_weights_say_by_what_they_were_accepted_and_one_goes_back_to_earlier_ones(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    gain = {"difference": 0.1, "low": 0.05, "high": 0.15}
    learned = {"queries": 40, "date": "2026-11-30", "nDCG@10": {"after": 0.5}, "gain": gain}
    history.activate(file, Weights(signals={"title": 0.25}, learned=learned))
    history.activate(file, Weights(signals={"title": 0.75}))
    with asking(tmp_path, edit=True, weights={"path": "weights.json"}) as client:
        page = client.get("/weights").text
        assert "nDCG@10 0.5000 on 40 held-out queries, gain +0.1000 (95 %: +0.0500 to +0.1500)" in page
        assert ">0.750</meter>" in page
        assert "Weights 2, 2026-11-30" in client.get("/weights/revert?to=2").text
        assert posted(client, "/weights/revert", to="2").status_code == 303
        assert weights.load(file).signals == {"title": 0.25}
        assert ">0.250</meter>" in client.get("/weights").text  # in use at once
        for wrong in ("9", "x", "", "٣"):
            assert posted(client, "/weights/revert", to=wrong).status_code in (400, 500), wrong
            assert client.get("/weights/revert", params={"to": wrong}).status_code == 400, wrong


def test_learning_is_started_from_the_judgments_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(commands.Commands, "start", lambda _, name, more: asked.append([name, *more]))
    judged = [{"query": "coat", "product_id": "3", "grade": 1}]
    (tmp_path / "judged.jsonl").write_text("".join(json.dumps(each) + "\n" for each in judged))
    with asking(tmp_path, edit=True, judgments={"path": "judged.jsonl"}) as client:
        assert "Learn from judged.jsonl" in client.get("/weights").text
        assert posted(client, "/weights/tune").status_code == 303
    assert asked == [["tune", str(tmp_path / "judged.jsonl"), "--irrelevant", "0.0"]]


def logged(folder: Path) -> dict[str, str]:
    """Write a log in which shoppers find nothing for 'parka' and then a coat, and click one for 'boots' far below."""
    lines: list[dict[str, Any]] = []
    for number in range(5):
        who, at = f"s{number}", f"2026-11-30T03:{number:02}:00Z"
        lines += [answer(f"a{number}", "parka", who=who, time=at, total=0)]
        lines += [answer(f"b{number}", "coat", "2", who=who, time=at), action(f"b{number}", "2", position=1)]
        lines += [
            answer(f"c{number}", "boots", *"1235", *"abcd", "4", who=who, time=at),
            action(f"c{number}", "4", position=9),
        ]
    write(folder / "events.jsonl", lines)
    return {"path": "events.jsonl"}


def test_what_the_log_proposes_is_tried_and_accepted_into_the_files(tmp_path: Path) -> None:
    with asking(tmp_path, edit=True, log=logged(tmp_path), **FILES) as client:
        page = client.get("/report").text
        assert "Try “parka”" in page
        assert "/?q=boots" in page
        offered = reporting.report(source.of_file(tmp_path / "events.jsonl"))
        assert [each.text for each in offered.synonyms] == ["parka => parka, coat"]
        for kind, each in (("synonyms", offered.synonyms[0]), ("rules", offered.rules[0])):
            done = posted(client, "/report/accept", kind=kind, text=each.text.replace("\n", "\r\n"))
            assert (done.status_code, done.headers["location"]) == (303, f"/texts/{kind}")
            assert posted(client, "/report/accept", kind=kind, text=each.text).status_code == 409  # it is there
        assert (tmp_path / "synonyms.txt").read_text() == f"{offered.synonyms[0]}\n"
        assert "then.pin" in (tmp_path / "rules.toml").read_text()
        found = client.get("/api/search", params={"q": "parka"}).json()
        assert {hit["id"] for hit in found["hits"]} >= {"2", "3"}
        assert client.get("/api/search", params={"q": "boots"}).json()["rules"] == ["clicked far below: boots"]
        forged = posted(client, "/report/accept", kind="synonyms", text="a, b")
        assert (forged.status_code, (tmp_path / "synonyms.txt").read_text().count("\n")) == (409, 2)


def mark(page: str) -> str:
    """Return the mark that the form of a text carries."""
    return page.partition('name="mark" value="')[2].partition('"')[0]


def test_a_rule_is_previewed_and_saved_and_taken_back_and_searches_use_it_at_once(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    with asking(tmp_path, engine=engine, edit=True, **FILES) as client:
        opened = mark(client.get("/texts/rules").text)
        shown = posted(client, "/texts/rules", do="preview", text=RULES, mark=opened, q="coat").text
        assert [tuple(row) for row in rows(shown)][:3] == [
            ("1", "–", "new"),
            ("2", "1", "down 1"),
            ("3", "2", "down 1"),
        ]
        assert "Rules: first" in shown
        assert not (tmp_path / "rules.toml").exists()
        assert first(client, "coat") != "5"
        saved = posted(client, "/texts/rules", do="save", text=RULES.replace("\n", "\r\n"), mark=opened)
        assert saved.status_code == 303
        assert (tmp_path / "rules.toml").read_bytes() == RULES.encode()
        assert first(client, "coat") == "5"
        with HybridSearch.open(settings(tmp_path, engine=engine, **FILES)) as other:
            assert other.search("coat").hits[0].id == "5"
        again = mark(client.get("/texts/rules").text)
        assert posted(client, "/texts/rules", do="undo", text="", mark=again).status_code == 303
        assert first(client, "coat") != "5"


def rows(page: str) -> list[list[str]]:
    """Return the first three columns of each row of a preview."""
    cells = re.findall(r"<tr class=\"\w*\"><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td><td>(.*?)</td>", page)
    return [list(each) for each in cells]


def first(client: TestClient, query: str) -> str:
    """Return the first product that a query finds."""
    return str(client.get("/api/search", params={"q": query}).json()["hits"][0]["id"])


def test_synonyms_of_one_language_are_previewed_beside_those_of_all(tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("boots, wellingtons\n")
    with asking(tmp_path, edit=True, log=logged(tmp_path), **FILES) as client:
        asked = {"do": "preview", "text": "parka => coat\n", "mark": ""}
        shown = posted(client, "/texts/synonyms.en", **asked).text
        assert "“parka”" in shown  # of the queries asked most the one that changes
        assert "“boots”" not in shown
        one = posted(client, "/texts/synonyms.en", **asked, q="wellingtons").text
        assert "The first page stays as it is." in one
        assert client.get("/texts/synonyms.fr").status_code == 501  # no language of this shop


def test_mistakes_are_shown_beside_the_text_with_their_lines_and_nothing_is_saved(tmp_path: Path) -> None:
    with asking(tmp_path, edit=True, **FILES) as client:
        for name, text, line in (
            ("rules", RULES + "[[rule]]\nname = 3\n", "Line 5"),
            ("rules", "[[rule]\n", "Line 1"),
            ("synonyms", "a, b\nlonely\n", "Line 2"),
        ):
            for do in ("preview", "save"):
                page = posted(client, f"/texts/{name}", do=do, text=text, mark="")
                assert f"<strong>{line}</strong>" in page.text, (name, do)
                assert page.status_code == (200 if do == "preview" else 400)
                assert html.escape(text.strip().splitlines()[-1]) in page.text  # what was written is still there
        assert not list(tmp_path.glob("rules.toml*"))
        assert not list(tmp_path.glob("synonyms.txt*"))


def test_a_file_that_changed_since_it_was_opened_is_not_replaced(tmp_path: Path) -> None:
    with asking(tmp_path, edit=True, **FILES) as client:
        (tmp_path / "rules.toml").write_text(RULES)
        opened = mark(client.get("/texts/rules").text)
        (tmp_path / "rules.toml").write_text("# by somebody else\n")
        for do in ("save", "undo"):
            refused = posted(client, "/texts/rules", do=do, text="# mine\n", mark=opened)
            assert refused.status_code == 409
            assert "has changed since you opened it" in refused.text
            assert "# mine" in refused.text
            assert str(tmp_path) not in refused.text
        assert (tmp_path / "rules.toml").read_text() == "# by somebody else\n"


def test_whatever_is_sent_as_a_text_is_refused_or_shown_as_text(tmp_path: Path) -> None:
    with asking(tmp_path, edit=True, **FILES) as client:
        attack = "</textarea><script>alert(1)</script> => <img src=x onerror=alert(2)>\n"
        page = posted(client, "/texts/synonyms", do="preview", text=attack, mark='"><b>', q=attack)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "<b>" not in page.text
        for text in ("a, b\0", "é" * LONGEST, "a, " * 200_000):
            refused = posted(client, "/texts/synonyms", do="save", text=text, mark="")
            assert refused.status_code in (400, 413), text[:5]
        assert posted(client, "/texts/synonyms", do="burn", text="", mark="").status_code == 400
        assert client.get("/texts/..%2f..%2fetc%2fpasswd").status_code == 404
        assert client.get("/texts/passwd").status_code == 501
        assert not (tmp_path / "synonyms.txt").exists()


def test_a_server_that_is_away_is_told_of_and_hides_nothing_else(tmp_path: Path) -> None:
    history.activate(tmp_path / "weights.json", Weights(signals={"title": 0.75}))
    (tmp_path / "rules.toml").write_text(RULES)
    away = {"url": "http://127.0.0.1:1", "timeout": 1.0}
    changes = {"engine": away, "weights": {"path": "weights.json"}, "rules": {"path": "rules.toml"}}

    async def looked() -> dict[str, Any]:
        async with AsyncHybridSearch.open(settings(tmp_path, **changes)) as shop:
            with TestClient(app(shop, edit=True), base_url="http://localhost") as client:
                paths = ("/index", "/weights", "/texts/rules", "/report")
                return {path: await asyncio.to_thread(client.get, path) for path in paths}

    found = asyncio.run(looked())
    assert {path: page.status_code for path, page in found.items()} == dict.fromkeys(found, 200)
    assert 'class="state failure">failed</span>' in found["/index"].text
    assert ">0.750</meter>" in found["/weights"].text
    assert "There is no log." in found["/report"].text


def test_a_shop_that_was_opened_without_a_file_says_that_no_command_can_be_started(tmp_path: Path) -> None:
    async def opened() -> Any:
        async with AsyncHybridSearch.open(Settings.parse({"catalog": {"path": "x.jsonl"}}, folder=tmp_path)) as shop:
            with TestClient(app(shop, edit=True), base_url="http://localhost") as client:
                return await asyncio.to_thread(posted, client, "/index/reindex")

    refused = asyncio.run(opened())
    assert refused.status_code == 501
    assert "without a configuration file" in refused.text
