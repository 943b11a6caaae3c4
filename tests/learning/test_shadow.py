"""Shadow: the queries of a log, and how far first pages differ under other weights."""

from pathlib import Path

import pytest

from hybridsearch.errors import ConfigError
from hybridsearch.learning.shadow import MOST, compare_pages, read_log
from hybridsearch.search.weights import Weights, prior
from tests.events.builders import action, answer, write
from tests.shops import shop, write_products


def test_a_log_may_be_lines_or_objects_and_each_query_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text('red dress\n{"query": "boots", "at": 3}\n{"at": 4}\n{half\n\nred dress\n', encoding="utf-8")
    assert read_log(path) == ["red dress", "boots", "{half"]


def test_the_log_of_a_shop_gives_the_queries_of_its_answers(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", [answer("a", "red dress", "1"), action("a", "1"), answer("b", "boots")])
    assert read_log(path) == ["red dress", "boots"]


def test_only_the_first_queries_of_a_long_log_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"query {number}\n" for number in range(MOST + 1)), encoding="utf-8")
    assert read_log(path) == [f"query {number}" for number in range(MOST)]


def test_a_log_without_a_query_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text('{"at": 4}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no query: expected one in a line"):
        read_log(path)


def test_pages_are_compared_by_their_products_and_first_hits(tmp_path: Path) -> None:
    # Twelve red products: by price, the ten most expensive fill the first page, the cheapest comes last.
    products = [{"id": f"{price:02}", "title": "red" + " red" * (12 - price), "price": price} for price in range(1, 13)]
    write_products(tmp_path / "products.jsonl", products)
    by_price = Weights(signals={"number.price": 1.0})
    with shop(tmp_path) as opened:
        shadow = compare_pages(opened, ["red", "nothing"], by_price, lambda *_: None)
        same = compare_pages(opened, ["red"], prior(), lambda *_: None)
        before = {hit.id for hit in opened.search("red", size=10)}
    after = {f"{price:02}" for price in range(3, 13)}
    assert before != after
    assert shadow.queries == 2
    assert shadow.overlap == pytest.approx((len(before & after) / 10 + 1) / 2)
    assert shadow.most_changed == (("red", len(before & after) / 10), ("nothing", 1.0))
    assert shadow.same_first == 0.5
    assert (same.overlap, same.same_first) == (1.0, 1.0)


def test_no_queries_have_no_pages(tmp_path: Path) -> None:
    with shop(tmp_path) as opened:
        assert compare_pages(opened, [], prior(), lambda *_: None).queries == 0
