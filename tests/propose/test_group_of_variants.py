"""Feeds in which each variant has a row, an id and a title of its own, as Google Merchant Center takes them.

This is about `group_of_variants` of `together`, and the titles that `grouping` gives.
"""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from hybridsearch import HybridSearch
from hybridsearch.catalog.arranged.grouping import Grouping, in_common
from hybridsearch.cli import DONE, init, run
from hybridsearch.propose.configuration import propose
from hybridsearch.propose.together import Group, group_of_variants
from hybridsearch.roles import Fields
from hybridsearch.settings import Settings
from hybridsearch.values import Product
from tests.shops import quietly

pytestmark = pytest.mark.beside_one_server

THINGS = ("Polo shirt", "Rain jacket", "Wool beanie", "Linen trousers", "Running shoes", "Leather belt")
MAKERS = ("Nordhem", "Kaldvik", "Acme", "Oststrand")
COLOURS, SIZES = ("red", "blue", "green"), ("S", "M", "L")


def offers() -> list[dict[str, str]]:
    """Return the rows of 60 products: of 50 in two or three colours and up to three sizes, and of 10 without."""
    rows = []
    for n in range(60):
        thing, maker = f"{THINGS[n % 6]} {'ABCDEFGHIJ'[n // 6]}{n}", MAKERS[n % 4]
        said = {"description": f"{thing} by {maker}, made to last.", "brand": maker, "availability": "in stock"}
        if n % 6 == 5:
            row = {"id": f"SKU-{n:03}", "title": f"{thing} - brown", "price": f"{n + 10}.00 EUR", "color": "brown"}
            rows.append({**row, **said, "image_link": f"https://cdn.example/{n}.jpg"})
            continue
        for c, colour in enumerate(COLOURS[: 2 + n % 2]):
            for s, size in enumerate(SIZES[: 1 + n % 3]):
                own = {
                    "id": f"SKU-{n:03}-{c}{s}",
                    "title": f"{thing} - {colour}, {size}",
                    "color": colour,
                    "size": size,
                }
                link = f"https://cdn.example/{n}-{colour}.jpg"
                more = {"item_group_id": f"G{n:03}", "price": f"{n + 10 + c}.50 EUR", "image_link": link}
                rows.append({**own, **said, **more})
    return rows


def as_tsv(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return "\n".join("\t".join(cells) for cells in [names, *([row.get(name, "") for name in names] for row in rows)])


def as_xml(rows: list[dict[str, str]]) -> str:
    items = (
        "".join(f"<g:{name}>{escape(value)}</g:{name}>" for name, value in row.items()).join(("<item>", "</item>"))
        for row in rows
    )
    head = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Acme</title>'
    return f"{head}\n{chr(10).join(items)}\n</channel></rss>"


def unsorted(rows: list[dict[str, str]]) -> str:
    """Return a table of rows by size and colour, so that those of one product lie far apart."""
    return as_tsv(sorted(rows, key=lambda row: (row.get("size", ""), row["color"])))


@pytest.mark.parametrize(
    ("name", "written", "apart"),
    [("feed.tsv", as_tsv, False), ("feed.xml", as_xml, False), ("unsorted.tsv", unsorted, True)],
)
def test_init_makes_products_of_a_feed_of_offers_on_both_engines(
    name: str, written: Any, apart: bool, tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(written(offers()), encoding="utf-8")
    assert run(["init", name]) == DONE
    settings = Settings.load()
    assert settings.catalog.gather is apart
    fields = settings.fields
    assert (fields.group, fields.id, fields.title) == ("item_group_id", "id", "title")
    assert {"variants.color", "variants.size"} <= {*fields.facets}
    assert (fields.numbers, "variants.title" in fields.text) == (("variants.price",), True)
    data = settings.model_dump(exclude={"folder", "engine", "vectors"})
    with HybridSearch.open(Settings.parse({**data, "engine": engine}, folder=tmp_path)) as shop:
        report = shop.reindex(options=quietly())
        assert (report.indexed, report.rejected, report.duplicates) == (60, 0, 0)
        whole = shop.get(["G002", "SKU-005"])
        assert (whole["G002"]["title"], len(whole["G002"]["variants"])) == ("Wool beanie A2", 6)
        assert (whole["SKU-005"]["title"], len(whole["SKU-005"]["variants"])) == ("Leather belt A5 - brown", 1)
        wanted = {"variants.color": "blue", "variants.size": "M", "variants.price": {"lte": 12.5}}
        assert [hit.id for hit in shop.search("rain jacket", filters=wanted)] == ["G001"]
        first = shop.search("wool beanie a2 blue", size=1)[0]
        assert (first.id, (first.variant or {})["title"][:21]) == ("G002", "Wool beanie A2 - blue")
        (last,) = (variant for variant in whole["G002"]["variants"] if variant["id"] == "SKU-002-12")
        assert shop.search("SKU-002-12", size=1)[0].variant == last
        assert shop.update("SKU-005", {"title": "Belt of leather"}).written == 1
        assert shop.upsert([{"id": "NEW-1", "title": "Felt hat"}]).written == 1
        assert shop.get(["SKU-005"])["SKU-005"]["title"] == "Belt of leather"
        assert shop.get(["NEW-1"])["NEW-1"]["title"] == "Felt hat"


def rows(*cells: tuple[str, str], name: str = "item_group_id") -> list[dict[str, Any]]:
    return [{"id": f"S{n}", name: group, "title": title} for n, (group, title) in enumerate(cells)]


POLOS = [("a", "Polo red"), ("a", "Polo blue"), ("", "Hat"), ("b", "Coat red"), ("b", "Coat blue"), ("", "Bag")]


@pytest.mark.parametrize("name", ["item_group_id", "group id", "itemGroupId", "groupid"])
def test_rows_of_one_group_that_follow_each_other_are_a_product(name: str) -> None:
    assert group_of_variants(rows(*POLOS, name=name)) == Group(name, "id", "title")


@pytest.mark.parametrize("name", ["Gruppe", "groupe", "product group"])
def test_a_group_that_is_called_no_id_has_digits(name: str) -> None:
    numbered = [(group and f"{group}17", title) for group, title in POLOS]
    assert group_of_variants(rows(*numbered, name=name)) == Group(name, "id", "title")
    assert group_of_variants(rows(*POLOS, name=name)) is None


@pytest.mark.parametrize(
    "cells",
    [
        [("a", "Polo red"), ("a", "Polo blue"), ("b", "Coat red"), ("c", "Hat")],
        [("Men", "Polo red"), ("Men", "Warm coat"), ("Women", "Wool hat"), ("Women", "Blue bag")],
        [],
    ],
)
def test_groups_that_are_called_unlike_are_no_products(cells: list[tuple[str, str]]) -> None:
    assert group_of_variants(rows(*cells)) is None


NAMESAKES = [
    ("A101", "Polo shirt"),
    ("A101", "Polo shirt"),
    ("B102", "Wool hat"),
    ("C103", "Rain coat"),
    ("C103", "Rain coat"),
]


def test_a_word_that_stands_for_a_title_which_several_rows_have_groups_them_whatever_it_is_called() -> None:
    assert group_of_variants(rows(*NAMESAKES, name="article")) == Group("article", "id", "title")


@pytest.mark.parametrize(
    "cells",
    [
        [(code, title) for code, title in NAMESAKES if code != "C103"],  # once may be a mistake
        [*NAMESAKES, ("A101", "Polo shirt")],  # apart
        [*NAMESAKES, ("D104", "Wool hat")],
        [*NAMESAKES, ("C103", "Rain hat")],
        [(f"{code} of the shop", title) for code, title in NAMESAKES],
    ],
)
def test_what_stands_for_no_title_groups_nothing(cells: list[tuple[str, str]]) -> None:
    assert group_of_variants(rows(*cells, name="article")) is None


def test_a_brand_with_a_number_and_a_name_groups_no_products_that_have_titles_of_their_own() -> None:
    branded = [{**row, "brand_id": f"B{n // 4}00", "brand_name": f"Maker {n // 4}"} for n, row in enumerate(offers())]
    assert (
        group_of_variants([{**row, "title": f"Shirt {n}", "item_group_id": ""} for n, row in enumerate(branded)])
        is None
    )


def test_another_column_of_that_kind_is_no_group() -> None:
    assert group_of_variants(rows(*POLOS, name="category_id")) is None


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Polo shirt - red, S", "Polo shirt - blue, L"], "Polo shirt"),
        (["Polo shirt - red, S", "Polo shirt - red, L"], "Polo shirt - red"),
        (["Polo shirt (red)", "Polo shirt (blue)"], "Polo shirt"),
        (["Polo shirt", "Polo shirt, blue"], "Polo shirt"),
        (["连衣裙，红色", "连衣裙，蓝色"], "连衣裙"),
        (["Acme - Polo red", "Acme - Polo blue"], "Acme - Polo red"),
        (["T-shirt red", "T-shirt blue"], "T-shirt red"),
        (["Cable 1,5 m", "Cable 1,8 m"], "Cable 1,5 m"),
        (["Red polo", "Blue polo"], "Red polo"),
        (["- red", "- blue"], "- red"),
    ],
)
def test_the_title_is_the_common_beginning_up_to_a_separator_or_the_first(titles: list[str], expected: str) -> None:
    assert in_common(titles, {"brand": "Acme", "title": titles}) == expected


def test_without_fields_of_variants_a_product_keeps_all_titles() -> None:
    """The words of all of them find it: no variant has them."""
    read = [Product("a", {"group": "a", "title": title}, "", place=n) for n, title in enumerate(["Hat - red", "Hat"])]
    (hat,) = Grouping.of(Fields(title="title", group="group")).grouped(read)  # type: ignore[union-attr]
    assert hat.row == {"group": "a", "title": ["Hat - red", "Hat"]}


def test_rows_that_stand_apart_are_of_one_group_where_it_is_called_an_id_and_else_it_is_said() -> None:
    apart = [("a", "Polo red"), ("b", "Coat red"), ("a", "Polo blue"), ("b", "Coat blue")]
    assert group_of_variants(rows(*apart)) == Group("item_group_id", "id", "title")
    weaker = [{**row, "group": f"G{row['item_group_id']}1"} for row in rows(*apart)]
    for row in weaker:
        del row["item_group_id"]
    assert group_of_variants(weaker) is None
    assert "Rows of one 'group' are called alike and stand apart." in " ".join(propose(weaker).notes)


def test_groups_whose_rows_lie_too_far_apart_for_the_first_of_them_are_found_in_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(init, "FIRST", 60)
    rows = sorted(offers(), key=lambda row: row["color"])[20:]
    Path("feed.tsv").write_text(as_tsv(rows), encoding="utf-8")
    assert run(["init", "feed.tsv"]) == DONE
    settings = Settings.load()
    assert (settings.catalog.gather, settings.fields.group) == (True, "item_group_id")
    assert {"variants.color", "variants.size"} <= {*settings.fields.facets}
    assert "stand apart in the file" in Path("hybridsearch.toml").read_text(encoding="utf-8")
