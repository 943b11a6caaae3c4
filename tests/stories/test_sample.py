"""The sample catalogue is whole: its files agree with each other and its pictures open."""

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import hybridsearch.sample

SAMPLE = Path(hybridsearch.sample.__file__).parent
LOCALES = {"en", "de", "fr", "es", "ja", "zh"}


@cache
def products() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def judgments() -> list[dict[str, str]]:
    with (SAMPLE / "judgments.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def test_there_are_at_least_400_products_in_six_languages() -> None:
    assert len(products()) >= 400
    assert {row["locale"] for row in products()} == LOCALES
    assert min(Counter(row["locale"] for row in products()).values()) >= 50


@pytest.mark.parametrize("field", ["id", "sku", "ean"])
def test_codes_are_unique(field: str) -> None:
    assert len({row[field] for row in products()}) == len(products())


def test_eans_lie_in_the_in_house_range_and_carry_a_valid_check_digit() -> None:
    for row in products():
        digits = [int(digit) for digit in row["ean"]]
        assert 20 <= digits[0] * 10 + digits[1] <= 29
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_every_picture_named_exists_opens_and_is_small() -> None:
    named = {row["image"] for row in products() if "image" in row}
    assert named == {f"images/{path.name}" for path in (SAMPLE / "images").iterdir()}
    for name in named:
        with Image.open(SAMPLE / name) as picture:
            picture.load()
            assert max(picture.size) <= 128
    assert sum((SAMPLE / name).stat().st_size for name in named) < 1_200_000


def test_some_products_lack_a_picture_a_description_or_a_brand() -> None:
    assert 15 <= sum("image" not in row for row in products()) <= 30
    assert 15 <= sum("description" not in row for row in products()) <= 30
    assert 3 <= sum("description" not in row and "brand" not in row for row in products()) <= 10


def test_variants_of_a_group_share_kind_and_price_and_differ_in_colour() -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in products():
        groups.setdefault(row["group"], []).append(row)
    assert sum(len(rows) > 1 for rows in groups.values()) > 50
    for rows in groups.values():
        assert len({(row["category"], row["price"]) for row in rows}) == 1
        assert len({row["color"] for row in rows}) == len(rows)


def test_judgments_name_products_that_exist_and_grade_by_kind_and_colour() -> None:
    by_id = {row["id"]: row for row in products()}
    right: dict[str, set[tuple[str, str]]] = {}
    for row in judgments():
        product = by_id[row["product_id"]]
        if row["grade"] == "2":
            right.setdefault(row["query"], set()).add((product["category"], product["color"]))
    assert {row["grade"] for row in judgments()} == {"1", "2"}
    assert all(len(pairs) == 1 for pairs in right.values())


def test_at_least_sixty_queries_cover_the_six_languages() -> None:
    queries = {(row["locale"], row["query"]) for row in judgments()}
    assert len(queries) >= 60
    assert {locale for locale, _ in queries} == LOCALES


def test_the_query_photo_is_not_in_the_catalogue() -> None:
    with Image.open(SAMPLE / "photo.jpg") as photo:
        assert min(photo.size) >= 200
    assert all(row.get("image") != "photo.jpg" for row in products())
