"""Where names and values of properties stand, and what `arrangement` says of it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.propose.arrangement import arrange
from hybridsearch.propose.configuration import propose
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.sections import Catalog, Pairs
from hybridsearch.settings import Settings

FILE = Catalog(path=Path("shop.csv"))
COLOURS = ["red", "blue", "green"]


def found(*rows: dict[str, Any], repeated: int = 4) -> tuple[Pairs, ...]:
    """Return where properties are found to stand in products of these rows in turn."""
    return arrange([{"id": n, **rows[n % len(rows)]} for n in range(repeated * len(rows))], FILE)[0].pairs


@pytest.mark.parametrize(
    ("names", "values", "into"),
    [
        ("Option1 Name", "Option1 Value", "options"),
        ("Attribute 1 name", "Attribute 1 value(s)", "attributes"),
        ("Merkmal 2 Name", "Merkmal 2 Wert", "merkmals"),
        ("attribute_code", "attribute_value", "attributes"),
    ],
)
def test_columns_that_are_called_alike_are_names_and_values(names: str, values: str, into: str) -> None:
    rows = [{names: name, values: colour} for name in ("Color", "Size") for colour in COLOURS]
    assert found(*rows) == (Pairs(into=into, names=names, values=values),)


def test_objects_in_a_list_have_names_and_values() -> None:
    rows = [
        {"attributes": [{"name": "Color", "value": colour}, {"name": "Fit", "value": "slim"}]} for colour in COLOURS
    ]
    assert found(*rows) == (Pairs(into="attributes_by_name", names="attributes.name", values="attributes.value"),)


@pytest.mark.parametrize(
    ("texts", "separator", "sign"),
    [
        (["color=red,size=M", "color=blue,size=L,new=Yes", "new=No"], ",", "="),
        (["Color: red; Size: M", "Color: blue, dark; Size: L"], ";", ": "),
        (["color=red|blue\nsize=M", "size=L\ncolor=red"], "\n", "="),
    ],
)
def test_texts_may_hold_names_and_values(texts: list[str], separator: str, sign: str) -> None:
    expected = Pairs(into="mores", text="more", separator=separator, sign=sign)
    assert found(*({"more": text} for text in texts)) == (expected,)


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": f"A red hat {n}", "value": n} for n in range(12)],
        [{"supplier name": f"Firm {n}", "supplier value": n} for n in range(12)],
        [{"option name": "Color", "price": 5}],
        [{"text": f"Note: a hat {n}, made of wool"} for n in range(12)],
        [{"text": "Warm, soft, red"}],
        [{"text": f"w{n}=1,h{n}=2"} for n in range(12)],
        [{"text": "sku=A,size=M|sku=B,size=L"}],
    ],
)
def test_what_only_looks_like_it_is_none(rows: list[dict[str, Any]]) -> None:
    assert found(*rows, repeated=1) == ()


def test_the_configuration_says_it_and_its_fields_get_roles() -> None:
    rows = [
        {"id": n, "title": f"The dress {n}", "Option1 Name": "Color", "Option1 Value": COLOURS[n % 3]}
        for n in range(30)
    ]
    section, key = arrange(rows, FILE)
    assert (key, section.pairs) == (None, (Pairs(into="options", names="Option1 Name", values="Option1 Value"),))
    proposal = propose([{**row, "options": {"Color": row["Option1 Value"]}} for row in rows], catalog=section)
    assert (proposal.fields.facets, proposal.fields.text) == (("options.Color",), ())
    assert proposal.left_out == {"names and values of properties": ["Option1 Name", "Option1 Value"]}
    note = "Names and values in 'Option1 Name' and 'Option1 Value' become fields that begin with 'options.'."
    assert proposal.notes == (note,)
    written = to_toml(proposal, section)
    assert '[[catalog.pairs]]\ninto = "options"\nnames = "Option1 Name"\nvalues = "Option1 Value"\n' in written
    assert Settings.parse(tomllib.loads(written), folder=Path()).catalog == section


def test_documents_of_an_index_are_taken_as_they_are() -> None:
    rows = [{"Option1 Name": "Color", "Option1 Value": colour} for colour in COLOURS * 3]
    assert arrange(rows, Catalog(index="shop")) == (Catalog(index="shop"), None)
