"""Two set-ups side by side, on both engines, and over all judged queries.

With `sides`, which set-ups there are; `judged`; `contest`; and `pinned`, which searches an earlier generation.
"""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hybridsearch import HybridSearch
from hybridsearch.learning.significance import compare
from hybridsearch.web.compare.judged import Judged
from hybridsearch.web.compare.sides import beside
from tests.shops import settings, shop, write_products
from tests.web.builders import FIELDS, asking, csrf

pytestmark = pytest.mark.beside_one_server

JUDGED = """query\tproduct_id\tgrade
red coat\t3\t2
red coat\t2\t1
winter coat\t2\t3
boots\t4\t1
boots\t1\t0
nothing\t4\t0
"""
RULES = '[[rule]]\nname = "boots first"\nwhen.contains = "coat"\nthen.pin = ["4"]\n'
SECONDS = 30.0


def judgments(folder: Path, content: str = JUDGED) -> Path:
    """Write judged queries."""
    file = folder / "judged.tsv"
    file.write_text(content, encoding="utf-8")
    return file


def moved(page: str) -> list[list[tuple[str, str]]]:
    """Return titles and moves of both columns."""
    columns = page.split("<section")[1:]
    return [re.findall(r"<h3[^>]*>(.*?)</h3>\s*<p><span class=\"move \w+\">(.*?)</span>", column) for column in columns]


def outcome(client: TestClient, left: str, right: str) -> str:
    """Have all judged queries asked, and return the page that says what came out."""
    begun = client.post("/compare/queries", data={"csrf": csrf(client), "left": left, "right": right})
    assert begun.status_code == 303
    return ended(client, begun.headers["location"])


def ended(client: TestClient, address: str) -> str:
    """Return the page of a comparison once it is not under way any more."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        page = client.get(address)
        assert page.status_code == 200
        if "<progress" not in page.text:
            return page.text
        time.sleep(0.02)
    raise AssertionError("it does not end")


def test_rules_are_seen_beside_none_with_what_moves_and_the_grades(tmp_path: Path, engine: dict[str, Any]) -> None:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    with asking(tmp_path, engine=engine, judged=judgments(tmp_path), rules={"path": "rules.toml"}) as client:
        page = client.get("/compare", params={"left": "rules:", "right": "now", "q": "Red  coat"}).text
        left, right = moved(page)
        assert left[0] == ("Red winter coat", "down 1: 1 → 2")
        assert right[:2] == [("Green rain boots", "new"), ("Red winter coat", "down 1: 1 → 2")]
        assert page.count('class="grade">grade 2<') == 2
        assert page.count("nDCG@10") == 2
        values = [float(value) for value in re.findall(r"nDCG@10 <strong>([\d.]+)", page)]
        assert values[0] > values[1]
        assert "Rules: boots first" in page
        unjudged = client.get("/compare", params={"left": "rules:", "q": "blue dress"}).text
        assert "nDCG@10" not in unjudged


def test_an_earlier_generation_is_searched_beside_the_live_one(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        write_products(tmp_path / "products.jsonl", [{"id": "9", "title": "Red scarf"}])
        shop(tmp_path, fields=FIELDS, engine=engine).close()
        names = re.findall(r'value="(generation:[^"]+)"', client.get("/compare").text)
        assert names[0] == names[1]  # offered on either side
        page = client.get("/compare", params={"left": names[0], "right": "now", "q": "red"}).text
        left, right = moved(page)
        assert {title for title, _ in left} == {"Red summer dress", "Red winter coat"}
        assert right == [("Red scarf", "new")]
        assert all(said == "gone" for _, said in left)


def test_another_configuration_is_chosen_by_its_name_and_a_file_by_none(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_products(other / "products.jsonl", [{"id": "3", "title": "Red winter coat"}])
    shop(other).close()
    with HybridSearch.open(settings(other)) as opened, asking(tmp_path, beside={"small": opened}) as client:
        _, right = moved(client.get("/compare", params={"right": "config:small", "q": "red coat"}).text)
        assert right == [("Red winter coat", "same")]
        assert ("Blue winter coat", "gone") in moved(
            client.get("/compare", params={"right": "config:small", "q": "coat"}).text
        )[0]
        for name in ("config:other", "weights:../other", str(other), "rules:/etc/passwd"):
            refused = client.get("/compare", params={"right": name, "q": "red"})
            assert refused.status_code == 400
            assert "There is no set-up" in refused.text


def test_weights_are_offered_that_stand_beside_those_in_use_and_in_their_history(tmp_path: Path) -> None:
    learned = '{"version": 1, "signals": {"title": 1.0}, "kinds": {}}'
    (tmp_path / "weights.history").mkdir()
    for name in ("weights.json", "weights.shadow.json", "weights.history/0001.json", "b.json", "other.json"):
        (tmp_path / name).write_text(learned, encoding="utf-8")
    (tmp_path / "weights.damaged.json").write_text("{", encoding="utf-8")
    with asking(tmp_path, weights={"path": "weights.json", "b": "b.json"}) as client:
        page = client.get("/compare").text
        names = set(re.findall(r'<option value="([^"]+)"', page))
        assert names == {"now", "keywords", "prior", "b", "weights:shadow", "weights:damaged", "history:0001"}
        left, right = moved(client.get("/compare", params={"left": "history:0001", "right": "prior", "q": "red"}).text)
        assert {title for title, _ in left} == {title for title, _ in right}
        damaged = client.get("/compare", params={"right": "weights:damaged", "q": "red"}).text
        assert "the prior weights are used: " in damaged


def test_files_with_other_names_are_not_offered(tmp_path: Path) -> None:
    for name in ("rules.toml", "rules.spring.toml", "rules.a b.toml", "rulesx.y.toml", "rules.json", "rules.a.b.toml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [name for name, _ in beside(tmp_path / "rules.toml")] == ["spring"]
    assert list(beside(tmp_path / "nowhere" / "rules.toml")) == []


def test_a_side_that_fails_says_why_and_the_other_one_answers(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with HybridSearch.open(settings(tmp_path / "empty")) as opened, asking(tmp_path, beside={"new": opened}) as client:
        page = client.get("/compare", params={"right": "config:new", "q": "red"}).text
        assert len(moved(page)[0]) == 2
        assert "hybridsearch reindex" in page
        assert 'role="alert"' in page


def test_all_judged_queries_are_asked_of_both_and_listed_by_what_they_gain(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    with asking(tmp_path, engine=engine, judged=judgments(tmp_path), rules={"path": "rules.toml"}) as client:
        assert "were not asked yet" in client.get("/compare/queries", params={"left": "rules:", "right": "now"}).text
        page = outcome(client, "rules:", "now")
        rows = re.findall(
            r'judged=(\d)">(.*?)</a></th><td>([\d.]+)</td><td>([\d.]+)</td><td class="\w*">(\S+)</td>', page
        )
        assert [words for _, words, *_ in rows[:1]] == ["boots"]  # nothing changes; coats lose
        pairs = [(float(left), float(right)) for *_, left, right, _ in rows]
        expected = compare([right for _, right in pairs], [left for left, _ in pairs])
        said = re.search(r"difference (\S+), 95 % interval \[(\S+), (\S+)\], p (\d\.\d+)", page)
        assert said
        assert [float(number) for number in said.groups()] == pytest.approx(
            [expected.difference, expected.low, expected.high, expected.p], abs=0.001
        )  # the page rounds what it lists
        assert ("winter coat", "1.000", "0.631") in [tuple(row[1:4]) for row in rows]  # 1 / log2(3)
        assert "Of 3 queries 0 gain, 2 lose, 1 stay." in page
        assert "Left out" not in page
        assert "Queries without a relevant product, which have no value: 1." in page
        for number, words, left, right, _ in rows:
            one = client.get("/compare", params={"left": "rules:", "right": "now", "judged": number}).text
            assert re.findall(r"nDCG@10 <strong>([\d.]+)", one) == [left, right]
            assert f"Judged: {words}" in one
        assert client.get("/compare", params={"judged": "17"}).status_code == 400
        assert client.get("/compare", params={"judged": "x"}).status_code == 400
        judgments(tmp_path, JUDGED + "dress\t1\t1\nno grade\t1\tx\n")
        page = client.get("/compare/queries", params={"left": "rules:", "right": "now"}).text
        assert "The file of judgments has changed since." in page
        assert "judged=" not in page
        assert "Rows that cannot be used: 1 of 8. The first, " in page


def test_queries_with_photos_and_filters_are_asked_with_them_and_others_are_left_out(tmp_path: Path) -> None:
    rows = '{"query": "coat", "filters": {"brand": "Acme"}, "product_id": "2", "grade": 1}\n'
    rows += '{"query": "dress", "image": "../outside.png", "product_id": "1", "grade": 1}\n'
    rows += '{"query": "gone", "product_id": "77", "grade": 1}\n'
    file = tmp_path / "judged.jsonl"
    file.write_text(rows, encoding="utf-8")
    with asking(tmp_path, judged=file) as client:
        page = outcome(client, "now", "keywords")
        assert "Of 1 queries 0 gain, 0 lose, 1 stay." in page
        assert "coat, brand: Acme" in page
        assert "Left out: 1, no relevant product in the index" in page
        assert "Left out: 1, As it is: " in page
        found = client.get("/compare", params={"q": "coat", "filter": "brand=Acme"}).text
        assert "nDCG@10 <strong>1.000" in found


def test_without_judged_queries_it_says_how_to_name_some(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        assert "serve --judgments FILE" in client.get("/compare").text
        refused = client.post("/compare/queries", data={"csrf": csrf(client)})
        assert refused.status_code == 501
        assert "[judgments] path" in refused.text


def test_judgments_that_cannot_be_read_cost_no_search_and_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = judgments(tmp_path, "{")
    with asking(tmp_path, judged=file) as client:
        page = client.get("/compare", params={"q": "boots"}).text
        assert moved(page)[0]
        assert "judged.tsv" in page
        judgments(tmp_path)
        assert "nDCG@10 <strong>1.000" in client.get("/compare", params={"q": "boots"}).text


def test_the_judgments_of_the_configuration_are_used_where_none_are_named(tmp_path: Path) -> None:
    judgments(tmp_path)
    named = Judged(settings(tmp_path, judgments={"path": "judged.tsv"}))
    assert [query.text for query in named.queries()] == ["red coat", "winter coat", "boots"]


def test_a_comparison_that_nobody_waits_for_any_more_is_stopped(tmp_path: Path) -> None:
    many = JUDGED + "".join(f"coat number {number}\t1\t1\n" for number in range(990))
    sides = {"left": "now", "right": "keywords"}
    with asking(tmp_path, judged=judgments(tmp_path, many)) as client:
        own = {**sides, "csrf": csrf(client)}
        begun = client.post("/compare/queries", data=own)
        assert 'name="stop"' in client.get(begun.headers["location"]).text
        assert client.post("/compare/queries", data={**sides, "stop": "1"}).status_code == 400
        client.post("/compare/queries", data={**own, "stop": "1"})
        assert re.search(r"It was stopped after [\d,]+ of [\d,]+ searches\.", ended(client, begun.headers["location"]))
        assert client.post("/compare/queries", data=own).status_code == 303  # and may begin anew


def test_a_comparison_is_begun_by_a_form_of_the_page_alone(tmp_path: Path) -> None:
    with asking(tmp_path, judged=judgments(tmp_path)) as client:
        refused = client.post("/compare/queries", data={"left": "now", "right": "keywords"})
        assert (refused.status_code, "not one of this page" in refused.text) == (400, True)


@pytest.mark.parametrize("path", ["/compare", "/compare/queries"])
def test_nothing_that_is_asked_for_is_markup(tmp_path: Path, path: str) -> None:
    attack = "\"><script>alert(1)</script> coat '><img src=x>"
    with asking(tmp_path, judged=judgments(tmp_path)) as client:
        for asked in ({"q": attack}, {"q": "coat", "filter": f"brand={attack}"}, {"left": attack}, {"judged": attack}):
            page = client.get(path, params=asked).text
            assert "<script>alert" not in page
            assert "<img src=x" not in page
