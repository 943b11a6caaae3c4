"""What a backend may hand over: one product or many, one id or many; and the `run_arguments` of a rebuild."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from hybridsearch.errors import CatalogError, QueryError
from hybridsearch.indexing.arguments import ids, possible_ids, read, removals, rows
from hybridsearch.settings import Settings
from hybridsearch.values import Hit, Page, Product, Reject
from tests.test_json_values import Named, database_row

NUMBER = UUID("12345678-1234-5678-1234-567812345678")
HAT = {"id": "17", "title": "Red hat"}


@dataclass
class Hat:
    id: int
    title: str


@pytest.mark.parametrize(
    "given",
    [
        "17",
        17,
        17.0,
        np.int64(17),
        ["17"],
        [17],
        ("17",),
        {"17"},
        np.array([17]),
        np.array(17),
        {17: None}.keys(),
        (key for key in ["17"]),
    ],
    ids=repr,
)
def test_one_id_is_one_id(given: Any) -> None:
    assert ids(given) == ["17"]


def test_several_ids_are_their_texts_in_order() -> None:
    assert ids([17, "4", NUMBER, " a ", 1.5]) == ["17", "4", str(NUMBER), " a ", "1.5"]
    assert ids([]) == []
    assert removals({17: 3, "4": None}) == {"17": 3, "4": None}
    assert removals(["17", 17]) == {"17": None}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "Found None, expected ids: text or numbers. Give one id, or a list of ids."),
        (b"17", "Found bytes b'17', expected ids: text or numbers. Give one id, or a list of ids."),
        (True, "Found bool True, expected ids: text or numbers. Give one id, or a list of ids."),
        (["17", None], "Found None among the ids, expected text or a number."),
        (["17", True], "Found bool True among the ids, expected text or a number."),
        (["17", b"4"], "Found bytes b'4' among the ids, expected text or a number."),
        ([["17"]], "Found list ['17'] among the ids, expected text or a number."),
        ([HAT], "Found dict {'id': '17', 'title': 'Red hat'} among the ids, expected text or a number."),
        (["17", float("nan")], "Found float nan among the ids, expected text or a number."),
    ],
)
def test_what_is_no_id_is_refused(given: Any, sentence: str) -> None:
    among = " Nothing was done; correct it and try again." if "among" in sentence else ""
    for reading in (possible_ids, removals):
        with pytest.raises(QueryError) as refused:
            reading(given)
        assert str(refused.value) == sentence + among


def test_a_mapping_is_ids_with_versions_for_a_removal_and_nothing_else() -> None:
    assert removals({"17": None}) == {"17": None}
    with pytest.raises(QueryError, match=r"Found dict \{'id': '17'\}, expected ids: text or numbers"):
        possible_ids({"id": "17"})


@pytest.mark.parametrize("key", ["", "  ", "x" * 513, "é" * 257, "\ud800"])
def test_an_id_that_no_product_can_have_names_none_and_cannot_be_removed(key: str) -> None:
    assert possible_ids([key, "17"]) == ["17"]
    with pytest.raises(QueryError) as refused:
        removals(["17", key])
    assert str(refused.value) == (
        f"An id is {key[:40]!r}, expected an id of 1 to 512 bytes. Nothing was done; correct it and try again."
    )


ONE_ROW: list[Callable[[], Any]] = [lambda: HAT, lambda: Hat(17, "Red hat"), lambda: Named("17", ()), database_row]


@pytest.mark.parametrize("row", ONE_ROW)
def test_one_product_is_one_product(row: Callable[[], Any], tmp_path: Path) -> None:
    settings = Settings.parse({"catalog": {"path": "products.jsonl"}}, folder=tmp_path)
    for given in (row(), [row()], (each for each in [row()])):
        (found,) = (read(handed_over, settings, "product 1") for handed_over in rows(given))
        assert isinstance(found, Product)
        assert found.id == "17"
        assert type(found.row) is dict


@pytest.mark.parametrize("given", ["text", b"text", bytearray(b"text"), None, 17, float("nan"), NUMBER, Hat])
def test_what_is_no_product_and_no_products_is_refused(given: Any) -> None:
    with pytest.raises(CatalogError) as refused:
        rows(given)
    assert str(refused.value).endswith(
        ", expected products. Give one product, such as {'id': '17', 'title': 'Red hat'}, or a list of products."
    )


def test_a_page_is_no_list_of_products(tmp_path: Path) -> None:
    """A hit looks like a product that has an id and a score; written, it would take the place of its product."""
    settings = Settings.parse({"catalog": {"path": "products.jsonl"}}, folder=tmp_path)
    hit = Hit("17", 1.0, {}, HAT)
    for given in (hit, [hit], Page("hat", (hit,), 1)):
        (found,) = (read(row, settings, "product 1") for row in rows(given))
        assert found == Reject("product 1", "17", "read", "found a hit, expected a product: give its 'product'")


@pytest.fixture
def of_index(tmp_path: Path) -> Callable[[Any, str], Product | Reject]:
    """Reads a row as of a catalogue that is an index."""

    def reading(row: Any, id_field: str) -> Product | Reject:
        data = {
            "catalog": {"index": "hats"},
            "fields": {"id": id_field, "title": "title"},
            "engine": {"url": "http://localhost:9200"},
        }
        return read(row, Settings.parse(data, folder=tmp_path), "product 1")

    return reading


@pytest.mark.parametrize(
    ("row", "id_field", "expected"),
    [
        ({"_id": "17", "title": "hat"}, "_id", ("17", {"title": "hat"})),
        ({"_id": 17, "title": "hat"}, "_id", ("17", {"title": "hat"})),
        ({"_id": " 17", "id": "4"}, "id", (" 17", {"id": "4"})),
        ({"id": 4, "title": "hat"}, "id", ("4", {"id": 4, "title": "hat"})),
    ],
)
def test_a_row_of_an_index_is_named_by_the_id_of_its_document(
    of_index: Callable[[Any, str], Product | Reject], row: Any, id_field: str, expected: Any
) -> None:
    found = of_index(row, id_field)
    assert isinstance(found, Product)
    assert (found.id, found.row) == expected


MISSING = "'_id' is missing, expected the id of the document, as in {'_id': '17', …}"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"title": "hat"}, MISSING),
        ({"id": "17"}, MISSING),
        ({"_id": None}, "'_id' is None, expected an id: text or a number"),
        ({"_id": ["17"]}, "'_id' is ['17'], expected an id: text or a number"),
        ({"_id": True}, "'_id' is True, expected an id: text or a number"),
        ({"_id": ""}, "'_id' is '', expected an id of 1 to 512 bytes"),
        ({"_id": b"17"}, "holds bytes b'17', expected text, numbers, lists and objects"),
        ("hat", "found str 'hat', expected an object of fields"),
    ],
)
def test_a_row_of_an_index_without_that_id_is_a_reject(
    of_index: Callable[[Any, str], Product | Reject], row: Any, reason: str
) -> None:
    found = of_index(row, "_id")
    assert isinstance(found, Reject)
    assert found.reason == reason
