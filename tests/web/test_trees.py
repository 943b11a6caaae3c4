"""Trees on the page: which levels are asked for and how they nest (`trees`), and what of it is shown on both engines.

With variants: the one that fits best, with its price, picture and code.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hybridsearch.fields.formats import Format
from hybridsearch.roles import Fields
from hybridsearch.values import FacetDetails
from hybridsearch.web import trees, view
from tests.shops import write_products
from tests.web.builders import asking

pytestmark = pytest.mark.beside_one_server

FORM = Format(levels=">")
STEPS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" > ".join)
POLO = {
    "id": "1",
    "title": "Polo shirt",
    "shelf": "Clothing > Shirts > Polo",
    "variants": [
        {"sku": "PS-R", "color": "red", "price": 20, "image": "red.png"},
        {"sku": "PS-B", "color": "blue", "price": 35, "image": "blue.png"},
        {"sku": "PS-G", "color": "green", "price": 45},
    ],
}
ROWS = [
    POLO,
    {
        "id": "2",
        "title": "T-shirt",
        "shelf": "Clothing > Shirts",
        "variants": [{"sku": "TS", "color": "red", "price": 9}],
    },
    {"id": "3", "title": "Cup", "shelf": "Home > Kitchen", "variants": [{"sku": "CU", "color": "white", "price": 5}]},
]
SHOP: dict[str, Any] = {
    "catalog": {"path": "shelves.jsonl"},
    "fields": {
        "title": "title",
        "codes": ["variants.sku"],
        "facets": ["shelf", "variants.color"],
        "numbers": ["variants.price"],
        "image": "variants.image",
        "formats": {"shelf": {"levels": ">"}},
    },
}


def labels(nodes: tuple[trees.Node, ...]) -> list[Any]:
    """Return the labels of nodes, with the list of those below."""
    return [(node.label, node.count, labels(node.below)) if node.below else (node.label, node.count) for node in nodes]


@pytest.mark.parametrize(
    ("chosen", "below", "depth"),
    [
        ([], "", 2),
        (["Home"], "", 2),
        (["Home>Kitchen"], "Home", 2),
        (["Home > Kitchen > Pans"], "Home > Kitchen", 2),
        (["Home > Kitchen > Pans", "Home > Garden"], "Home", 3),
        (["Home > Kitchen", "Sale"], "", 3),
    ],
)
def test_nodes_beside_what_is_chosen_are_asked_for_and_one_level_below(
    chosen: list[str], below: str, depth: int
) -> None:
    assert trees.options(FORM, chosen) == {"below": below, "depth": depth, "size": trees.NODES}


def test_counts_nest_below_the_nodes_that_they_lie_in() -> None:
    counts = {"Home > Kitchen": 3, "Home > Garden": 2, "Home > Kitchen > Pans": 1}
    nodes = trees.nested(FORM, counts, FacetDetails(nodes={"Home": 5}), ["Home > Kitchen", "Home > Attic"])
    assert labels(nodes) == [("Home", 5, [("Kitchen", 3, [("Pans", 1)]), ("Garden", 2), ("Attic", 0)])]
    assert [(node.chosen, node.open) for node in (nodes[0], *nodes[0].below)] == [
        (False, True),
        (True, True),
        (False, False),
        (True, True),
    ]


@given(st.dictionaries(STEPS, st.integers(1, 9)), st.lists(STEPS, max_size=3))
def test_each_node_stands_once_whatever_is_counted_and_chosen(counts: dict[str, int], chosen: list[str]) -> None:
    choices = list(view.flattened("shelf", trees.nested(FORM, counts, FacetDetails(), chosen)))
    found = [choice.filter for choice in choices]
    assert len(found) == len(set(found))
    assert {f"shelf={path}" for path in (*counts, *chosen)} <= set(found)
    assert {choice.filter for choice in choices if choice.chosen} == {f"shelf={path}" for path in chosen}


def test_of_nodes_that_lie_in_each_other_the_inner_one_is_meant() -> None:
    fields = Fields.model_validate(SHOP["fields"])
    written = ["shelf=Clothing", "variants.color=red", "shelf=Clothing>Shirts", "shelf=Home", "shelf=Clothing"]
    assert view.narrowed(written, fields) == ("variants.color=red", "shelf=Clothing>Shirts", "shelf=Home")


def test_a_tree_unfolds_to_what_is_chosen_with_counts_of_each_level(tmp_path: Path, engine: dict[str, Any]) -> None:
    write_products(tmp_path / "shelves.jsonl", ROWS)
    for color in ("red", "blue"):
        Image.new("RGB", (40, 30), color).save(tmp_path / f"{color}.png")
    with asking(tmp_path, engine=engine, **SHOP) as client:
        page = client.get("/").text
        assert re.findall(r'value="shelf=([^"]+)"> (\w+) <span class="number">(\d)', page) == [
            ("Clothing", "Clothing", "2"),
            ("Clothing &gt; Shirts", "Shirts", "2"),
            ("Home", "Home", "1"),
            ("Home &gt; Kitchen", "Kitchen", "1"),
        ]
        assert 'class="level"' in page
        assert not re.search(r'class="level"[^>]* open', page)
        page = client.get("/", params={"filter": ["shelf=Clothing", "shelf=Clothing > Shirts"]}).text
        assert re.findall(r'value="shelf=([^"]+)" checked', page) == ["Clothing &gt; Shirts"]
        assert len(re.findall(r'class="level"[^>]* open', page)) == 2
        assert 'value="shelf=Clothing &gt; Shirts &gt; Polo"' in page
        assert page.count('class="card"') == 2
        # variants
        page = client.get("/", params={"q": "polo", "filter": "variants.color=blue"}).text
        assert re.findall(r'class="price">([\d.]+)', page) == ["35"]
        assert "blue · PS-B" in page
        assert 'src="/picture/1?variant=1"' in page
        small = {number: client.get(f"/picture/1?variant={number}").content for number in (0, 1, 2, 9)}
        assert small[0] != small[1]
        assert small[2] == small[9] == client.get("/picture/1").content == small[0]  # it has none of its own
        assert client.get("/picture/1?variant=-1").content == small[0]
        within = client.get("/", params={"from.variants.price": "30", "to.variants.price": "40"}).text
        assert re.findall(r'id="p-(\d)"', within) == ["1"]
        assert 'value="variants.price:asc"' in within
        assert ">price, low to high<" in within
