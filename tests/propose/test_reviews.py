"""Which field is proposed as the list of reviews, and how it is written down."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.propose.configuration import propose
from hybridsearch.propose.reviews import reviews_in
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.sections import Catalog, Reviews
from hybridsearch.settings import Settings


def rows(reviews: Any, name: str = "reviews") -> list[dict[str, Any]]:
    return [{"id": str(n), "title": f"Trail shoe number {n}", "price": n + 0.25, name: reviews} for n in range(30)]


def proposed(reviews: Any) -> dict[str, Any]:
    written = to_toml(propose(rows(reviews)), Catalog(path=Path("products.jsonl")))
    Settings.parse(tomllib.loads(written), folder=Path())
    return tomllib.loads(written)


def test_a_list_of_objects_with_the_usual_names_is_named_alone() -> None:
    fields = proposed([{"text": "Runs small", "rating": 4}])["fields"]
    assert (fields["reviews"], fields["numbers"]) == ("reviews", ["price"])
    assert "facets" not in fields


def test_other_names_are_written_in_a_table_of_their_own() -> None:
    said = {"body": "Runs small", "stars": 4, "created": "2026-01-02", "reviewerName": "Ada"}
    assert proposed([said])["fields"]["reviews"] == {
        "field": "reviews", "text": ["body"], "rating": "stars", "date": "created", "author": "reviewerName",
    }  # fmt: skip


def test_the_parts_of_reviews_are_no_fields_without_a_role() -> None:
    assert "reviews" not in str(propose(rows([{"text": "Runs small", "rating": 4}])).left_out)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("avis", ["Taille un peu petit"], Reviews(field="avis")),
        ("Bewertungen", [{"text": "Gut"}], Reviews(field="Bewertungen")),
        ("reviews", 17, None),
        ("reviews", ["new", "hot"], None),
        ("reviews", [{"rating": 4}], None),
        ("reviews", [], None),
        ("tags", ["a list of many words"], None),
    ],
)
def test_only_lists_of_what_people_wrote_are_reviews(name: str, value: Any, expected: Reviews | None) -> None:
    assert reviews_in(rows(value, name)) == expected
