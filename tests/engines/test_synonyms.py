"""Synonyms on both engines: the same products, in the same order, with rules that are edited without a rebuild."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.doctor import checks
from hybridsearch.search import explain
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]

PRODUCTS: list[dict[str, Any]] = [
    {"id": "tee", "title": "Red tee"},
    {"id": "t-shirt", "title": "Red T-shirt"},
    {"id": "shirt", "title": "Red shirt"},
    {"id": "laptop", "title": "Laptop 14 inch"},
    {"id": "sock", "title": "Sock with a notebook print"},
    {"id": "phone", "title": "红色 手机"},
    *({"id": f"other{number}", "title": f"Umbrella {number}"} for number in range(60)),
]
RULES = "tee, t-shirt\nnotebook => laptop\nbrolly, umbrella\n电话, 手机\n"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "synonyms.txt"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shops(es_url: str, rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The catalogue on the embedded engine and on a server."""
    settings = {"fields": {"title": "title", "languages": ["en", "zh"]}, "synonyms": {"path": str(rules)}}
    with on_both_engines(tmp_path_factory.mktemp("synonyms"), es_url, PRODUCTS, **settings) as both:
        yield both


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tee", ["tee", "t-shirt"]),
        ("t shirt", ["t-shirt", "tee"]),
        ("notebook", ["laptop"]),
        ("notebooks", ["laptop"]),
        ("电话", ["phone"]),
        ("红色电话", ["phone"]),
        ("calcetines", ["sock"]),
        ("ordinateurs portables", ["laptop"]),
        ("靴下", ["sock"]),
    ],
)
def test_synonyms_are_found(shops: Shops, query: str, expected: list[str]) -> None:
    for shop in shops:
        page = shop.search(query)
        assert [hit.id for hit in page][: len(expected)] == expected
        assert set(page.degraded) == set()


@pytest.mark.parametrize(
    "query", ["tee", "red tee", "red t-shirt", "notebook print", "brolly 7", "brolly", "电话", "parapluie rouge"]
)
def test_both_engines_rank_the_same(shops: Shops, query: str) -> None:
    ours, theirs = (shop.search(query, size=100, highlight=True) for shop in shops)
    assert ours.total == theirs.total > 0
    assert [hit.id for hit in ours] == [hit.id for hit in theirs]
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], abs=1e-4)
    assert [hit.highlights for hit in ours] == [hit.highlights for hit in theirs]


def test_rules_are_edited_without_a_rebuild_and_a_broken_file_is_told_of(shops: Shops, rules: Path) -> None:
    def rewrite(text: bytes) -> None:
        rules.write_bytes(text)
        os.utime(rules, ns=(0, rules.stat().st_mtime_ns + 1_000))

    try:
        rewrite(RULES.replace("laptop", "tee").encode())
        for shop in shops:
            assert [hit.id for hit in shop.search("notebook", size=1)] == ["tee"]
        rewrite(b"caf\xe9, bar")
        for shop in shops:
            page = shop.search("notebook", size=1)
            assert [hit.id for hit in page] == ["tee"]
            (why,) = page.degraded
            assert why.startswith("the synonyms are not what their files say: ")
            assert why.endswith("is not UTF-8 (byte 3); save it as UTF-8")
            (line,) = [check for check in checks(shop) if check.name == "synonyms"]
            assert line.state == "failure"
    finally:
        rewrite(RULES.encode())


def test_what_a_rule_found_is_not_said_to_be_lacking(shops: Shops) -> None:
    rules = shops[0].guidance.synonyms[0]
    fields = shops[0].settings.fields
    assert explain.words("red tee", PRODUCTS[1], fields, rules).missing == ()
    assert explain.words("red tee", PRODUCTS[1], fields).missing == ("tee",)
    assert explain.words("notebook", PRODUCTS[4], fields, rules).missing == ("notebook",)


def test_rules_of_one_language_lie_in_a_file_beside_that_of_all(shops: Shops, rules: Path) -> None:
    own = rules.with_name("synonyms.zh.txt")
    assert [shop.search("听筒").total for shop in shops] == [0, 0]
    try:
        own.write_text("听筒 => 手机\n", encoding="utf-8")
        assert [[hit.id for hit in shop.search("听筒")] for shop in shops] == [["phone"], ["phone"]]
    finally:
        own.unlink()


def test_doctor_names_rules_of_which_no_product_has_a_word_and_lines_that_are_none(shops: Shops, rules: Path) -> None:
    rules.write_text(f"{RULES}gamp, parapluie\nalone\n", encoding="utf-8")
    os.utime(rules, ns=(0, rules.stat().st_mtime_ns + 2_000))
    for shop in shops:
        problem, found = [check for check in checks(shop) if check.name == "synonyms"]
        assert (problem.state, found.state) == ("warning", "warning")
        assert problem.found.endswith("synonyms.txt:6: 'alone' has one term, expected others that it stands for: a, b")
        assert (
            found.found
            == "10 terms stand for others; no product has any of these, nor what they stand for: 'gamp', 'parapluie'"
        )
