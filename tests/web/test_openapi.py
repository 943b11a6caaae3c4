"""The OpenAPI document says what the routes take: it is made from the tables that they are made of and read by.

These are `operations` and `parameters`.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.web import openapi, parameters
from hybridsearch.web.operations import OPERATIONS
from tests.web.builders import asking


def test_each_route_for_programs_is_described_with_its_methods(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        found = client.get("/api/openapi.json").json()
        routes: Any = client.app.routes  # type: ignore[attr-defined]
        there = {
            route.path: sorted(method.lower() for method in route.methods - {"HEAD"})
            for route in routes
            if route.path.startswith("/api/") or route.path in ("/health", "/metrics")
        }
        assert {path: sorted(methods) for path, methods in found["paths"].items()} == there


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.parameters], ids=lambda each: each.name)
def test_a_route_takes_each_parameter_that_is_described_and_no_other(tmp_path: Path, operation: Any) -> None:
    described = [each["name"] for each in openapi.described(operation, "GET")["parameters"]]
    samples: dict[str, Any] = {
        "id": "1",
        "page": 1,
        "size": 2,
        "strict": "true",
        "timeout": 5,
        "variant": "a",
        "sort": "price:asc",
    }
    samples |= {"filter": "price>1", "any": "brand=Acme", "exists": "brand", "missing": "price", "facet": "brand"}
    with asking(tmp_path) as client:
        for name in described:
            asked = (
                {"id": "1", name: samples.get(name, "")}
                if operation.name == "similar"
                else {name: samples.get(name, "")}
            )
            answered = client.get(operation.path, params=asked)
            assert answered.status_code == 200, (name, answered.text)
        assert client.get(operation.path, params={"id": "1", "other": "x"}).status_code == 400


@given(
    st.dictionaries(
        st.sampled_from([each.name for each in parameters.SEARCH]), st.lists(st.text(max_size=20), max_size=3)
    )
)
def test_any_texts_are_arguments_of_a_search_or_one_error(given: dict[str, list[str]]) -> None:
    try:
        arguments = parameters.searching(parameters.read(given, parameters.SEARCH))
    except QueryError:
        return
    assert 0 <= arguments.get("size", 10) <= parameters.LARGEST
