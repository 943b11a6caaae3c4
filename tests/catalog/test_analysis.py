"""What is said of an index's own analyzers and synonyms."""

from typing import Any

import pytest

from hybridsearch.catalog.analysis import remarks, synonyms


def test_an_index_without_an_analysis_of_its_own_needs_no_word() -> None:
    assert list(remarks({})) == []
    assert list(remarks({"filter": {"short": {"type": "length", "max": "5"}}})) == []


def test_analyzers_are_named_and_where_they_stay() -> None:
    (said,) = remarks({"analyzer": {f"a{number}": {} for number in range(7)}})
    assert said.startswith("The analyzers of the index (a0, a1, a2, a3, a4 …) stay with its own fields")


def synonyms_of(**given: Any) -> dict[str, Any]:
    return {"filter": {"same": {"type": "synonym_graph", **given}}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"synonyms": ["notebook, laptop", "tee => t-shirt"]}, ["notebook, laptop", "tee => t-shirt"]),
        ({"synonyms": "notebook, laptop"}, ["notebook, laptop"]),
        ({"synonyms": ["a, b\n# c", "a, b", " "]}, ["a, b", "# c"]),
        ({"synonyms": []}, []),
        ({"synonyms": ["s(100000001,1,'abstain',v,1,0)."], "format": "wordnet"}, []),
    ],
)
def test_rules_in_the_settings_are_read(given: dict[str, Any], expected: list[str]) -> None:
    assert synonyms(synonyms_of(**given)) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"synonyms_path": "analysis/same.txt"}, "'same' with those of the file 'analysis/same.txt' on the server"),
        ({"synonyms_set": "shop"}, "'same' with those of the set 'shop'"),
        ({"synonyms": ["s(1,1,'a',v,1,0)."], "format": "wordnet"}, "'same' with those of WordNet"),
        ({"synonyms": []}, "'same' with none"),
    ],
)
def test_synonyms_that_no_search_can_use_are_named(given: dict[str, Any], expected: str) -> None:
    (said,) = remarks(synonyms_of(**given))
    assert said == (
        f"These synonyms of the index can only be used by your own queries: {expected}. "
        "Copy the rules into a file, and name it under [synonyms]."
    )
    assert list(remarks(synonyms_of(synonyms=["a, b"]))) == []
