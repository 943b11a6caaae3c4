"""What is said of an index's own analyzers and synonyms."""

from typing import Any

import pytest

from hybridsearch.catalog.analysis import remarks


def test_an_index_without_an_analysis_of_its_own_needs_no_word() -> None:
    assert list(remarks({})) == []
    assert list(remarks({"filter": {"short": {"type": "length", "max": "5"}}})) == []


def test_analyzers_are_named_and_where_they_stay() -> None:
    (said,) = remarks({"analyzer": {f"a{number}": {} for number in range(7)}})
    assert said.startswith("The analyzers of the index (a0, a1, a2, a3, a4 …) stay with its own fields")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"synonyms": ["notebook, laptop", "tee => t-shirt"]}, "'same' with 2 rules such as 'notebook, laptop'"),
        ({"synonyms": "notebook, laptop"}, "'same' with 1 rule such as 'notebook, laptop'"),
        ({"synonyms": []}, "'same' with 0 rules"),
        ({"synonyms_path": "analysis/same.txt"}, "'same' with those of the file 'analysis/same.txt' on the server"),
        ({"synonyms_set": "shop"}, "'same' with those of the set 'shop'"),
    ],
)
def test_synonyms_that_no_search_uses_are_named(given: dict[str, Any], expected: str) -> None:
    for kind in ("synonym", "synonym_graph"):
        (said,) = remarks({"filter": {"same": {"type": kind, **given}}})
        assert said == f"The synonyms of the index are not used by searches yet, only by your own queries: {expected}."
