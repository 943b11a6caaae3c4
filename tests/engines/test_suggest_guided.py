"""Suggestions of shops with rules, synonyms, trees of categories, variants and changes, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.suggestion import Suggestions
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]

PRODUCTS: list[dict[str, Any]] = [
    *(
        {
            "id": f"k{number}",
            "title": f"Kettle {('steel', 'glass')[number % 2]} {number} l",
            "maker": ("Acme", "Kestrel")[number % 2],
            "path": "Home > Kitchen > Kettles",
            "variants": [{"color": "red", "price": 10 + number}, {"color": "blue", "price": 50}],
        }
        for number in range(6)
    ),
    {"id": "secret", "title": "Kettle prototype", "maker": "Acme", "path": "Home > Kitchen > Kettles"},
    {"id": "bed", "title": "Kennel for dogs", "maker": "Acme", "path": "Home > Kennels"},
    {"id": "laptop", "title": "Laptop 14 inch", "maker": "Zeta", "path": "Office"},
    {"id": "sock", "title": "Sock with a notebook print", "maker": "Zeta", "path": "Fashion"},
]
RULES = """
[[rule]]
name = "not yet"
when.contains = ["kettle", "prototype"]
then.hide = ["secret"]

[[rule]]
name = "dogs"
when.query = "kennel"
then.query = "laptop"

[[rule]]
name = "kettles page"
when = { query = "", filters = { path = "Home > Kitchen > Kettles" } }
then.hide = ["secret", "k0"]
"""


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """A catalogue with all of that."""
    folder = tmp_path_factory.mktemp("suggest-guided")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    (folder / "synonyms.txt").write_text("notebook => laptop\nbrolly, kettle\n", encoding="utf-8")
    fields = {
        "title": "title",
        "facets": ["maker", "path", "variants.color"],
        "numbers": ["variants.price"],
        "formats": {"path": {"levels": ">"}},
    }
    more = {
        "rules": {"path": str(folder / "rules.toml")},
        "synonyms": {"path": str(folder / "synonyms.txt")},
        "suggest": {"brands": ["maker"]},
    }
    with on_both_engines(folder, es_url, PRODUCTS, fields=fields, **more) as both:
        yield both


def shown(found: Suggestions) -> list[tuple[str, str, int]]:
    return [(each.text, each.kind, each.count) for each in found]


def test_what_a_rule_hides_is_neither_counted_nor_shown(shops: Shops) -> None:
    for shop in shops:
        found = shop.suggest("kett")
        assert ("kettle", "word", 6) in shown(found)
        assert not any("prototype" in each.text for each in found)
        assert "secret" not in {hit.id for hit in found.products}
        assert shown(shop.suggest("protot")) == []


def test_a_rule_for_a_category_page_counts_for_its_suggestion(shops: Shops) -> None:
    for shop in shops:
        path = "Home > Kitchen > Kettles"
        category = next(each for each in shop.suggest("kettl") if each.kind == "category")
        assert (category.text, category.count, category.filters) == (path, 5, {"path": path})
        assert shop.search(category.query, filters=category.filters).total == 5


def test_where_a_rule_searches_for_something_else_that_is_counted(shops: Shops) -> None:
    for shop in shops:
        assert ("kennel", "word", 1) in shown(shop.suggest("kenn"))
        assert [hit.id for hit in shop.search("kennel")] == ["laptop"]


def test_what_a_word_stands_for_is_counted(shops: Shops) -> None:
    for shop in shops:
        (notebook,) = (each for each in shop.suggest("noteb") if each.text == "notebook")
        assert notebook.count == 1
        assert [hit.id for hit in shop.search("notebook")] == ["laptop"]
        assert ("brolly glass", "word", 3) in shown(shop.suggest("brolly gla"))


def test_of_a_tree_only_the_last_level_is_completed(shops: Shops) -> None:
    for shop in shops:
        assert [each.text for each in shop.suggest("kitch") if each.kind == "category"] == ["Home > Kitchen"]
        assert [each.text for each in shop.suggest("hom") if each.kind == "category"] == ["Home"]


def test_filters_on_variants_are_those_of_one_variant(shops: Shops) -> None:
    red: dict[str, Any] = {"variants.color": "red", "variants.price": {"lt": 12}}
    for shop in shops:
        found = shop.suggest("kett", filters=red)
        assert ("kettle", "word", 2) in shown(found)
        assert [hit.variant for hit in found.products] == [{"color": "red", "price": 10}, {"color": "red", "price": 11}]


def test_what_is_written_is_suggested_at_once_where_the_words_are_known(tmp_path: Path, es_url: str) -> None:
    rows = [{"id": "1", "title": "Green kettle"}, {"id": "2", "title": "Green pot"}]
    with on_both_engines(tmp_path, es_url, rows, fields={"title": "title"}) as both:
        for shop in both:
            assert shown(shop.suggest("green")) == [
                ("green", "word", 2), ("green kettle", "word", 1), ("green pot", "word", 1)
            ]  # fmt: skip
            shop.delete("2")
            if shop is both[1]:
                shop.engine.refresh(shop.engine.generations()[-1].name)
            assert shown(shop.suggest("green")) == [("green", "word", 1), ("green kettle", "word", 1)]
