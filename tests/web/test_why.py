"""The page that says why a product is where it is, and why it is nowhere, on both engines."""

from pathlib import Path
from typing import Any

import pytest

from tests.web.builders import asking

pytestmark = pytest.mark.beside_one_server


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"id": "9"}, "It is not in the index."),
        (
            {"id": "2", "q": "winter coat", "filter": ["brand=Borealis", "price<100"]},
            "The filter on brand leaves it out.",
        ),
        ({"id": "4", "q": "winter coat"}, "It lacks: winter, coat."),
        ({"id": "3", "q": "red winter coat"}, "It is at place 1 of "),
        ({"id": "4"}, "It is at place 4 of 6."),
        ({"id": "4", "sort": "price:desc"}, "It is at place 4 of 6."),
    ],
)
def test_a_product_is_found_where_the_search_has_it(
    tmp_path: Path, engine: dict[str, Any], asked: dict[str, Any], said: str
) -> None:
    with asking(tmp_path, engine=engine) as client:
        found = client.get("/why", params=asked)
        assert found.status_code == 200
        assert said in found.text


def test_each_hit_is_at_the_place_that_the_search_gives_it(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        found = client.get("/api/search", params={"q": "red winter coat"}).json()
        for place, hit in enumerate(found["hits"], 1):
            page = client.get("/why", params={"id": hit["id"], "q": "red winter coat"}).text
            assert f"It is at place {place} of {found['total']}." in page


def test_what_a_rule_hides_is_said_to_be_hidden(tmp_path: Path, engine: dict[str, Any]) -> None:
    rule = '[[rule]]\nname = "no coats"\nwhen.contains = "coat"\nthen.hide = ["2"]\n'
    (tmp_path / "rules.toml").write_text(rule, encoding="utf-8")
    with asking(tmp_path, engine=engine, rules={"path": "rules.toml"}) as client:
        assert "A rule of the shop hides it" in client.get("/why", params={"id": "2", "q": "winter coat"}).text


def test_the_bars_of_a_hit_are_its_signals_with_their_weights(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        hit = client.get("/api/search", params={"q": "red winter coat"}).json()["hits"][0]
        page = client.get("/why", params={"id": hit["id"], "q": "red winter coat"}).text
        for name, added in hit["signals"].items():
            assert f'<th scope="row">{name}</th>' in page
            assert f"<td>{added:.3f}</td>" in page
        assert f"Score {hit['score']:.3f}" in page
        assert "Exact request" in page
