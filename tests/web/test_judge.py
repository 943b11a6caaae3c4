"""Judging on the page: what raters see, what is written, and what is refused.

With `judging`, `judge_options` and `judge_view`, which decides what is shown.
"""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hybridsearch import HybridSearch
from hybridsearch.errors import ConfigError, QueryError
from hybridsearch.learning.judging.ledger import Mark
from hybridsearch.learning.sources.judgments import read
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.roles import Fields
from hybridsearch.web import JudgeOptions
from hybridsearch.web.judging import judge_view
from hybridsearch.web.judging.judge import RATER
from tests.shops import settings, shop, write_config, write_products
from tests.web.builders import FIELDS, HOSTILE, TOKEN, asking, opened_again, pictured

pytestmark = pytest.mark.beside_one_server

SCRIPT = {"HX-Request": "true"}
COATS = {"2", "3", "x/y?z"}
"""What has the word coat; the last one is hostile."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built index."""
    folder = tmp_path_factory.mktemp("shop")
    write_products(folder / "products.jsonl", pictured(folder))
    shop(folder, fields=FIELDS).close()
    return folder


class Page(HTMLParser):
    """A page of judging: its items in their order with what is pressed, and its hidden fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.items: list[str] = []
        self.pressed: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "input" and found.get("name") == "id":
            self.items.append(str(found["value"]))
        elif tag == "input" and found.get("type") == "hidden":
            self.fields[str(found["name"])] = str(found["value"])
        elif tag == "button" and found.get("aria-pressed") == "true":
            self.pressed[self.items[-1]] = str(found["value"])

    def handle_data(self, data: str) -> None:
        self.text += data


class Person:
    """Somebody who judges in a browser."""

    def __init__(self, client: TestClient, name: str) -> None:
        self.client = client
        client.cookies.clear()
        form = Page(client.get("/judge/rater").text).fields
        done = client.post("/judge/rater", data={**form, "rater": name})
        assert (done.status_code, done.headers["location"]) == (303, "/judge"), done.text
        self.cookies = dict(client.cookies)

    def page(self, query: str = "") -> Page:
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        shown = self.client.get("/judge", params={"query": query} if query else {})
        assert shown.status_code == 200, shown.text
        return Page(shown.text)

    def says(self, grade: str, product: str = "", *, at: Page | None = None, headers: Any = None, **fields: str) -> Any:
        form = (at or self.page()).fields
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        return self.client.post("/judge", data={**form, "id": product, "grade": grade, **fields}, headers=headers)

    def undoes(self, headers: Any = None) -> Any:
        form = self.page().fields
        return self.client.post("/judge/undo", data=form, headers=headers)


@contextmanager
def judging(built: Path, folder: Path, queries: str = "coat\nred dress\n", **more: Any) -> Iterator[TestClient]:
    (folder / "queries.txt").write_text(queries, encoding="utf-8")
    options = JudgeOptions(folder / "judgments.jsonl", folder / "queries.txt", **more)
    with opened_again(built, judge=options) as client:
        yield client


def written(folder: Path) -> list[tuple[str, str, object, str]]:
    """Return the lines of the file."""
    path = folder / "judgments.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return [(row["query"], row["product_id"], row["grade"], row["rater"]) for row in rows]


def test_a_query_is_judged_with_forms_alone_and_the_file_is_what_eval_reads(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    (tmp_path / "queries.txt").write_text("coat\nboots\n")
    options = JudgeOptions(tmp_path / "judgments.jsonl", tmp_path / "queries.txt")
    with asking(tmp_path, engine=engine, judge=options) as client:
        assert client.get("/judge").headers["location"] == "/judge/rater"
        ann = Person(client, "Ann")
        page = ann.page()
        assert set(page.items) == COATS
        assert "0 of 3 products, 0 of 2 queries" in page.text
        places = []
        for grade, product in zip("320", page.items, strict=True):
            done = ann.says(grade, product, at=page)
            assert done.status_code == 303
            places.append(done.headers["location"].partition("#")[2])
        assert places == [*(f"p-{quote(each, safe='')}" for each in page.items[1:]), "end"]
        assert "0 of 1 products, 1 of 2 queries" in ann.page().text  # the next query
    assert {query.text: query.grades for query in read(tmp_path / "judgments.jsonl").queries} == {
        "coat": dict(zip(page.items, (3, 2, 0), strict=True))
    }


def test_each_rater_sees_an_order_of_their_own_the_same_each_time_and_nothing_of_ranks_and_scores(
    built: Path, tmp_path: Path
) -> None:
    with judging(built, tmp_path) as client:
        raters = [Person(client, f"Rater {number}") for number in range(12)]
        orders = [tuple(rater.page().items) for rater in raters]
        assert orders == [tuple(rater.page().items) for rater in raters]
        assert len(set(orders)) > 2  # of six
        text = client.get("/judge").text
        assert not re.search(r"score|rank|place \d|signal|meter|why", text, re.IGNORECASE)


def test_a_script_is_told_how_it_is_marked_and_a_double_click_counts_once(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        answers = [ann.says("3", "x/y?z", at=page, headers=SCRIPT).json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert answers[0]["marks"] == {"x%2Fy%3Fz": "3"}
        assert (answers[0]["progress"], answers[0]["complete"]) == ("1 of 3 products, 0 of 2 queries", False)
        assert written(tmp_path) == [("coat", "x/y?z", 3, "Ann")]
        ann.says("skip", "x/y?z", at=page)
        assert ann.page().pressed == {"x/y?z": "skip"}
        ann.says("1", "x/y?z", at=page)
        assert ann.page().pressed == {"x/y?z": "1"}


def test_undo_goes_back_over_queries_and_over_a_new_start_of_the_server(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        ann, bea = Person(client, "Ann"), Person(client, "Bea")
        first = ann.page()
        assert ann.undoes(SCRIPT).json() == {"marks": {}}
        for grade, product in zip("012", first.items, strict=True):
            ann.says(grade, product, at=first)
        second = ann.page()
        assert second.fields["query"] != first.fields["query"]
        ann.says("3", second.items[0], at=second)
        bea.says("0", first.items[0], at=bea.page(first.fields["query"]))
    with judging(built, tmp_path) as client:
        ann.client = bea.client = client
        ann = Person(client, "Ann")  # the forms of another process have another key
        answers = [ann.undoes(SCRIPT).json() for _ in range(2)]
        assert [answer["query"] for answer in answers] == [second.fields["query"], first.fields["query"]]
        assert answers[1]["marks"] == {quote(first.items[2], safe=""): ""}
        assert ann.undoes().headers["location"] == f"/judge?query={first.fields['query']}#p-{first.items[1]}".replace(
            first.items[1], quote(first.items[1], safe="")
        )
        assert ann.page().pressed == {first.items[0]: "0"}
        assert Person(client, "Bea").page().pressed == {first.items[0]: "0"}


def test_the_rest_of_a_query_can_be_passed_over_at_once(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        ann.says("2", page.items[1], at=page)
        assert ann.says("rest", at=page).headers["location"].endswith("#end")
        assert ann.page(page.fields["query"]).pressed == {
            page.items[0]: "skip",
            page.items[1]: "2",
            page.items[2]: "skip",
        }
        assert ann.page().fields["query"] != page.fields["query"]
    assert [query.grades for query in read(tmp_path / "judgments.jsonl").queries] == [{page.items[1]: 2}]


def test_what_is_no_judgment_of_ours_is_refused_and_nothing_is_written(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        product = page.items[0]
        for grade, key, more, said in (
            ("4", product, {}, "The grade is &#x27;4&#x27;, expected 0, 1, 2, 3 or skip."),
            ("", product, {}, "expected 0, 1, 2, 3 or skip"),
            ("3", "4", {}, "is not to be judged for this query"),  # of the index, but not of the pool
            ("3", "nothing", {}, "is not to be judged for this query"),
            ("3", "", {}, "is not to be judged for this query"),
            ("3", product, {"query": "unknown"}, "No query of the list is called"),
            ("3", product, {"csrf": "0" * 64}, "The form is not one of this page"),
            ("3", product, {"rater": "Bea"}, "Another name was given in this browser meanwhile"),
        ):
            refused = ann.says(grade, key, at=page, **more)
            assert refused.status_code == 400, (grade, key, more)
            assert said in refused.text
        foreign = ann.says("3", product, at=page, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert client.get("/judge", params={"query": "../etc"}).status_code == 400
        client.cookies.delete(RATER)
        assert client.post("/judge", data={**page.fields, "id": product, "grade": "3"}).status_code == 400
        for name in ("", "   ", "\x00\u202e", "x" * 41):
            assert client.post("/judge/rater", data={**page.fields, "rater": name}).status_code == 400
        assert ann.says("3", product, at=page, padding="x" * 2**20).status_code == 413
    assert written(tmp_path) == []


def test_neither_catalogue_nor_query_nor_the_name_of_a_rater_is_markup(built: Path, tmp_path: Path) -> None:
    attack = '"><script>alert(1)</script><b>'
    with judging(built, tmp_path, f"coat {attack}\n") as client:
        people = [Person(client, attack), Person(client, "Bea")]
        page = people[0].page()
        assert HOSTILE in page.text
        assert f"coat {attack}" in page.text
        assert f"You judge as {attack}." in page.text
        for person, grade in zip(people, "03", strict=True):
            person.says(grade, page.items[0])
        agreed = Page(client.get("/judge/agreement").text)
        assert f"{attack} 0, Bea 3" in agreed.text
        for seen in (page, agreed, Page(client.get("/judge/rater").text)):
            sources = {found.get("src") for tag, found in seen.elements if tag == "script"}
            assert sources <= {f"/static/{name}.js" for name in ("htmx.min", "page", "judge")}
            assert not [
                name for _, found in seen.elements for name in found if name.startswith("on") or name == "style"
            ]
            assert {"b"} >= {tag for tag, found in seen.elements if tag == "b" and found}


def test_raters_of_other_languages_and_letters_keep_their_names(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        for name, kept in (("  Zoë   Ångström ", "Zoë Ångström"), ("王小明; a=b", "王小明; a=b")):
            person = Person(client, name)
            page = person.page()
            assert f"You judge as {kept}." in page.text
            person.says("1", page.items[0], at=page)
            assert written(tmp_path)[-1][3] == kept


def test_it_says_whether_raters_agree_where_they_do_not_and_what_to_run_next(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my shop"
    folder.mkdir()
    with judging(built, folder) as client:
        people = [Person(client, name) for name in ("Ann", "Bea")]
        for person, grades in zip(people, ({"2": "3", "3": "0"}, {"2": "2", "3": "3"}), strict=True):
            page = person.page()
            for product, grade in grades.items():
                person.says(grade, product, at=page)
        text = " ".join(Page(client.get("/judge/agreement").text).text.split())
        assert "over 2 products that several people judged" in text
        assert text.index("Red winter coat Ann 0, Bea 3") < text.index("Blue winter coat Ann 3, Bea 2")
        path = f"'{folder / 'judgments.jsonl'}'"
        assert f"hybridsearch eval {path}" in text
        assert f"hybridsearch tune {path}" in text
        assert "Go on judging as Bea." in text
        for _ in range(2):
            people[1].says("rest")
        assert people[1].client.get("/judge").headers["location"] == "/judge/agreement"
        assert "You have judged all queries, Bea." in client.get("/judge/agreement").text


def test_what_other_raters_judged_is_judged_too_as_long_as_the_index_has_it(built: Path, tmp_path: Path) -> None:
    rows = [("4", "Bea"), ("gone", "Bea"), ("5", "")]
    lines = [{"query": "COAT", "product_id": key, "grade": 0, "rater": who} for key, who in rows]
    (tmp_path / "judgments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with judging(built, tmp_path) as client:
        assert set(Person(client, "Ann").page().items) == {*COATS, "4"}


def test_a_product_that_leaves_the_index_meanwhile_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("coat\n")
    options = JudgeOptions(tmp_path / "judgments.jsonl", tmp_path / "queries.txt")
    with asking(tmp_path, judge=options) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        for product in page.items[:2]:
            ann.says("2", product, at=page)
        with HybridSearch.open(settings(tmp_path, fields=FIELDS)) as shop_of_others:
            shop_of_others.delete([page.items[2]])
        seen = ann.page()
        assert seen.items == page.items[:2]
        assert "2 of 2 products, 1 of 1 queries" in seen.text
        assert client.get("/judge").headers["location"] == "/judge/agreement"


def test_a_query_that_finds_nothing_says_so_and_counts_as_done(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path, "zzqqxx\ncoat\n") as client:
        ann = Person(client, "Ann")
        page = ann.page()
        assert "0 of 3 products, 1 of 2 queries" in page.text
        empty = re.search(r"/judge\?query=(\w+)\">zzqqxx", client.get("/judge").text)
        assert empty
        assert "Nothing is found for this query." in ann.page(empty[1]).text


def test_a_query_that_cannot_be_asked_says_why_and_keeps_nobody_from_the_others(built: Path, tmp_path: Path) -> None:
    queries = [{"query": "coat", "filters": {"nowhere": 1}}, {"query": "coat", "filters": {"brand": "Acme"}}]
    with judging(built, tmp_path, "".join(json.dumps(each) + "\n" for each in queries)) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        assert (page.items, "brand: Acme" in page.text) == (["2"], True)
        ann.says("3", "2", at=page)
        line = json.loads((tmp_path / "judgments.jsonl").read_text())
        assert (line["query"], line["filters"]) == ("coat", {"brand": "Acme"})
        first = re.search(r"/judge\?query=(\w+)", client.get("/judge", params={"query": page.fields["query"]}).text)
        assert first
        assert "Some products may be missing: " in ann.page(first[1]).text


def test_the_fields_that_are_chosen_are_shown(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path, fields=["sku", "nowhere"]) as client:
        Person(client, "Ann")
        text = client.get("/judge").text
        assert "<dt>sku</dt><dd>AC-1002</dd>" in text
        assert "nowhere" not in text
        assert "<dt>brand</dt>" not in text


def test_nothing_is_lost_when_the_server_is_killed_and_a_rater_goes_on_where_they_were(tmp_path: Path) -> None:
    """A real server, killed right behind its answer."""
    fields = {**FIELDS, "languages": ["en"]}
    write_config(tmp_path, fields=fields)
    shop(tmp_path, fields=fields).close()
    (tmp_path / "queries.txt").write_text("coat\n")
    with serving(tmp_path) as (address, server):
        ann = Browser(address)
        ann.post("judge/rater", {**Page(ann.get("judge/rater")).fields, "rater": "Ann"})
        page = Page(ann.get("judge"))
        ann.post("judge", {**page.fields, "id": page.items[0], "grade": "3"}, killing=server)
    assert written(tmp_path) == [("coat", page.items[0], 3, "Ann")]
    options = JudgeOptions(tmp_path / "judgments.jsonl", tmp_path / "queries.txt")
    with opened_again(tmp_path, judge=options, fields=fields) as client:
        again = Person(client, "Ann").page()
        assert (again.items, again.pressed) == (page.items, {page.items[0]: "3"})
    assert read(tmp_path / "judgments.jsonl").refused == 0


class Browser:
    """What a browser does, over a real connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def get(self, path: str) -> str:
        with self.opener.open(self.address + path, timeout=30) as found:
            return str(found.read().decode())

    def post(self, path: str, form: dict[str, str], killing: Any = None) -> None:
        """Send a form, and kill the server as soon as its answer is here."""
        asked = urllib.request.Request(self.address + path, urlencode(form).encode(), {} if killing is None else SCRIPT)
        with self.opener.open(asked, timeout=30) as found:
            if killing is not None:
                killing.send_signal(signal.SIGKILL)
            assert found.status == 200


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield the address of a real server, and its process."""
    arguments = ["serve", "--port", "0", "--judge", "judgments.jsonl", "--queries", "queries.txt"]
    command = [sys.executable, "-m", "hybridsearch", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert "The page is at" in line, server.communicate()
            assert "added to 'judgments.jsonl'." in server.stdout.readline()
            yield line.split()[4], server
        finally:
            server.kill()


def test_without_a_file_of_judgments_there_is_no_such_page_and_with_one_a_token_closes_it(
    built: Path, tmp_path: Path
) -> None:
    with opened_again(built) as client:
        assert client.get("/judge").status_code == 404
        assert "/judge" not in client.get("/").text
    (tmp_path / "queries.txt").write_text("coat\n")
    options = JudgeOptions(tmp_path / "judgments.jsonl", tmp_path / "queries.txt")
    with opened_again(built, judge=options, token=TOKEN) as client:
        for path in ("/judge", "/judge/rater", "/judge/agreement"):
            assert client.get(path).headers["location"] == "/login"
        assert client.post("/judge", data={"grade": "3"}, headers=SCRIPT).status_code == 401
        assert 'href="/judge"' in client.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).text


def test_a_disk_that_refuses_is_said_and_the_product_stays_unmarked(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        ann = Person(client, "Ann")
        page = ann.page()
        (tmp_path / "judgments.jsonl").mkdir()
        refused = ann.says("3", page.items[0], at=page, headers=SCRIPT)
        assert refused.status_code == 503
        assert "judgments.jsonl&#x27;: Is a directory" in refused.text
        (tmp_path / "judgments.jsonl").rmdir()
        assert ann.page().pressed == {}


def test_nothing_to_judge_is_refused_before_anything_is_served(built: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="There are no queries to judge"),
        opened_again(built, judge=JudgeOptions(tmp_path / "judgments.jsonl")),
    ):
        pass


def test_a_page_of_judging_is_small(built: Path, tmp_path: Path) -> None:
    with judging(built, tmp_path) as client:
        Person(client, "Ann")
        page = client.get("/judge").text
        files = [src for src in re.findall(r'(?:src|href)="(/static/[^"]+)"', page) if not src.endswith(".svg")]
        assert len(page.encode()) + sum(len(client.get(file).content) for file in files) < 100_000


def test_progress_counts_products_of_the_query_and_queries_that_are_complete() -> None:
    red, hat, boots = JudgedQuery("red"), JudgedQuery("hat"), JudgedQuery("boots")
    pools = [
        judge_view.Pool("r", red, ("1", "2")),
        judge_view.Pool("h", hat, ("1", "3")),
        judge_view.Pool("b", boots, None),
    ]
    marks = {
        (red.key, "1"): Mark(3.0),
        (red.key, "2"): Mark(None),
        (hat.key, "1"): Mark(0.0),
        (hat.key, "9"): Mark(1.0),
    }
    found = judge_view.standing(pools, marks)
    assert found.said("h") == "1 of 2 products, 1 of 3 queries"
    assert [(each.done, each.of, each.is_complete) for each in found.queries] == [
        (2, 2, True),
        (1, 2, False),
        (0, None, False),
    ]


@given(st.text(max_size=60))
def test_a_name_is_the_same_behind_a_cookie_or_refused(given_name: str) -> None:
    try:
        name = judge_view.rater_of(given_name)
    except QueryError:
        return
    cookie = judge_view.as_cookie(name)
    assert cookie.isascii()
    assert judge_view.of_cookie(cookie) == name


def test_long_texts_are_cut_and_usual_fields_are_facets_price_and_the_first_text() -> None:
    fields = Fields.model_validate({**FIELDS, "text": ["note", "more"], "facets": ["brand", "locale"]})
    found = judge_view.item("1", {"title": "Coat", "note": "x" * 999, "brand": "Acme", "price": 5}, fields, (), None)
    assert [name for name, _ in found.details] == ["brand", "price", "note"]
    assert (len(found.details[2][1]), found.details[2][1][-1]) == (judge_view.LONGEST_TEXT, "…")
    assert judge_view.after(["a", "b", "c"], {"c"}, "b") == "a"
    assert judge_view.after(["a", "b"], {"a", "b"}, "b") is None
