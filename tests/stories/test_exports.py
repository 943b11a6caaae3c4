"""Exports as shop systems and people write them: after `init`, all that a shop expects of them is found."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from hybridsearch import HybridSearch
from hybridsearch.cli import DONE, run
from hybridsearch.indexing.dry_run import dry_run
from hybridsearch.sections import ListedRows
from hybridsearch.settings import Settings

COLOURS, SIZES = ("Red", "Blue", "Green"), ("S", "M", "L")
COUNT = 24
Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a context with the shop that `init` and `reindex` make of a file."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def started(name: str, content: bytes, count: int = COUNT) -> Iterator[HybridSearch]:
        (tmp_path / name).write_bytes(content)
        assert run(["init", name]) == DONE
        settings = Settings.load()
        without_pictures = settings.model_dump(exclude={"folder", "vectors"})
        with HybridSearch.open(Settings.parse(without_pictures, folder=tmp_path)) as shop:
            report = shop.reindex()
            assert (report.indexed, report.rejected) == (count, 0)
            yield shop

    return started


def table(*rows: dict[str, Any], delimiter: str = ",", newline: str = "\r\n") -> str:
    """Return a table of rows, which have their fields in one order."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def ids(shop: HybridSearch, words: str = "", **asked: Any) -> set[str]:
    return {hit.id for hit in shop.search(words, size=COUNT, **asked)}


def shopify() -> Iterator[dict[str, Any]]:
    """Yield the rows of an export of Shopify; of every other product the first option is the size."""
    for n in range(COUNT):
        options = ("Color", COLOURS), ("Size", SIZES)
        (name1, values1), (name2, values2) = options if n % 2 else options[::-1]
        product = {"Title": f"The dress of summer {n}", "Option1 Name": name1, "Option2 Name": name2}
        product |= {
            "Status": "active" if n % 4 else "draft",
            "Gift Card": "false",
            "SEO Title": f"The dress {n} | Shop",
            "Cost per item": f"{n / 2 + 1}0",
        }
        for place in range(3):
            variant = {"Option1 Value": values1[place], "Option2 Value": values2[(place + n) % 3]}
            variant |= {"Variant SKU": f"DR-{'ABCDEFGHIJKLMNOPQRSTUVWX'[n]}-{place}", "Variant Price": f"{n + 5}.00"}
            variant |= {"Variant Weight Unit": ("kg", "g")[n % 2]}
            variant |= {"Image Src": f"https://x.example/{n}-{place}.jpg", "Image Position": f"{place + 1}"}
            yield {"Handle": f"dress-{n}", **(product if place == 0 else dict.fromkeys(product, "")), **variant}


def test_an_export_of_shopify(start: Start) -> None:
    with start("shopify.csv", table(*shopify()).encode()) as shop:
        fields = shop.settings.fields
        assert {*fields.facets} >= {"variants.options.Color", "variants.options.Size", "Status"}
        assert (fields.codes, fields.numbers, fields.text) == (("variants.Variant SKU",), ("Variant Price",), ())
        assert "Variant Weight Unit" not in str(fields.model_dump())
        assert shop.search("DR-C-1").hits[0].id == "dress-2"
        red_and_small = {"variants.options.Color": "Red", "variants.options.Size": "S", "Status": "draft"}
        assert ids(shop, filters=red_and_small) == {f"dress-{n}" for n in range(0, COUNT, 12)}


def woocommerce() -> Iterator[dict[str, Any]]:
    """Yield the rows of an export of WooCommerce: products, and behind each its variations."""
    for n in range(COUNT):
        key, title, colours = f"W{n:03}", f"Boots of leather {n}", COLOURS[: 1 + n % 3]
        same = {"Published": 1 if n % 3 else 0, "Tax status": "taxable", "Attribute 1 name": "Color"}
        tags = ["new", "sale, new"][n % 2]
        product = {"SKU": key, "Type": "variable", "Name": title, "Tags": tags, "Parent": "", "Regular price": ""}
        yield same | product | {"Attribute 1 value(s)": ", ".join(colours)}
        for colour in colours:
            variation = {"SKU": f"{key}-{colour}", "Type": "variation", "Name": f"{title} - {colour}", "Parent": key}
            yield same | variation | {"Attribute 1 value(s)": colour, "Regular price": f"{n + 9}.50"}


def test_an_export_of_woocommerce(start: Start) -> None:
    with start("woocommerce.csv", table(*woocommerce()).encode("utf-8-sig")) as shop:
        fields = shop.settings.fields
        assert (fields.id, fields.title, fields.codes) == ("SKU", "Name", ("SKU", "variants.SKU"))
        assert (fields.booleans, fields.numbers) == (("Published",), ("variants.Regular price",))
        assert shop.search("W005-Green").hits[0].id == "W005"
        assert ids(shop, filters={"variants.attributes.Color": "Green"}) == {f"W{n:03}" for n in range(2, COUNT, 3)}
        assert ids(shop, filters={"Tags": "sale"}) == {f"W{n:03}" for n in range(1, COUNT, 2)}


def test_simple_products_of_woocommerce_stand_beside_those_with_variations(start: Start) -> None:
    """Their price, weight and colour are in the fields of variations, though a product says its own weight too."""
    rows = [
        {
            **row,
            "Type": "variation" if row["Parent"] else "variable" if n % 2 else "simple",
            "Regular price": row["Regular price"] or (n + 9 if n % 2 == 0 else ""),
            "Weight (kg)": f"{n / 4 + place}",
            "Attribute 1 value(s)": row["Attribute 1 value(s)"] if n % 2 or row["Parent"] else "Green",
            "Attribute 1 visible": "" if row["Parent"] else 1,
            "Attribute 1 default": "" if row["Parent"] else row["Attribute 1 value(s)"].partition(",")[0],
        }
        for place, row in enumerate(woocommerce())
        if (n := int(row["SKU"][1:4])) % 2 or not row["Parent"]
    ]
    with start("woocommerce.csv", table(*rows).encode()) as shop:
        fields = shop.settings.fields
        assert {*fields.facets} == {"variants.attributes.Color", "Type", "Tags"}
        assert fields.numbers == ("variants.Regular price", "variants.Weight (kg)")
        green = {"variants.attributes.Color": "Green"}
        assert ids(shop, filters=green) == {f"W{n:03}" for n in range(COUNT) if n % 2 == 0 or n % 3 == 2}
        dear = {"variants.Regular price": {"gte": 29}}
        assert ids(shop, filters=dear) == {f"W{n:03}" for n in range(20, COUNT)}


def test_an_export_of_magento(start: Start) -> None:
    rows = [
        {
            "sku": f"MH{n:02}",
            "name": f"Hoodie of cotton {n}",
            "url_key": f"hoodie-of-cotton-{n}",
            "tax_class_name": "Taxable Goods",
            "created_at": f"{1 + n % 12}/{1 + n}/16, 9:30 PM",
            "additional_attributes": ["climate=Cool,pattern=Solid|Dots", "climate=Warm,pattern=Lines|Solid"][n % 2],
            "base_image": f"/m/h/mh{n}-main.jpg",
            "small_image": f"/m/h/mh{n}-main.jpg",
            "additional_images": f"/m/h/mh{n}-a.jpg,/m/h/mh{n}-b.jpg",
        }
        for n in range(COUNT)
    ]
    with start("magento.csv", table(*rows).encode()) as shop:
        fields = shop.settings.fields
        assert (fields.codes, fields.text, fields.dates) == (("sku",), (), ("created_at",))
        assert fields.image == ("base_image", "additional_images")
        assert ids(shop, filters={"attributes.climate": "Warm", "attributes.pattern": "Lines"}) == {
            f"MH{n:02}" for n in range(1, COUNT, 2)
        }
        assert ids(shop, filters={"created_at": "2016-03-03"}) == {"MH02"}


def configurables() -> Iterator[dict[str, Any]]:
    """Yield the rows of an export of Magento 2: simple products, the configurable one that lists them, its views."""
    same: dict[str, Any] = {"attribute_set_code": "Top", "product_websites": "base", "tax_class_name": "Taxable Goods"}
    same |= {"categories": "Default Category/Men,Default Category/Men/Tops", "product_online": 1}
    for n in range(COUNT):
        key, title = f"MH{n:02}", f"The hoodie of cotton {n}"
        product = {"description": f"<p>A warm hoodie for the winter, with a zip, number {n}.</p>", "weight": "0.5000"}
        variations = [(colour, size) for colour in COLOURS[: 1 + n % 3] for size in SIZES[n % 2 :]]
        listed = [f"sku={key}-{size}-{colour},size={size},color={colour}" for colour, size in variations]
        for colour, size in variations:
            yield {
                "sku": f"{key}-{size}-{colour}",
                "store_view_code": "",
                "product_type": "simple",
                **same,
                "name": f"{title}-{size}-{colour}",
                **product,
                "visibility": "Not Visible Individually",
                "price": f"{n + 30}.000000",
                "base_image": f"/m/h/{key}-{colour}.jpg".lower(),
                "qty": f"{n}.0000",
                "additional_attributes": f"color={colour},size={size}",
            }
        yield {
            "sku": key,
            "store_view_code": "",
            "product_type": "configurable",
            **same,
            "name": title,
            **product,
            "visibility": "Catalog, Search",
            "price": "",
            "base_image": f"/m/h/{key}.jpg".lower(),
            "additional_attributes": ["climate=Cool|Indoor,pattern=Solid", "climate=Warm,pattern=Lines"][n % 2],
            "configurable_variations": "|".join(listed),
            "configurable_variation_labels": "size=Size,color=Color",
        }
        for code, name in (("de", "Kapuzenpullover für den Winter"), ("fr", "Le pull à capuche pour les hommes")):
            yield {"sku": key, "store_view_code": code, "product_type": "configurable", "name": f"{name} {n}"}


@pytest.mark.parametrize("shuffled", [False, True])
def test_an_export_of_configurable_products_of_magento(start: Start, shuffled: bool) -> None:
    rows = [*configurables()]
    if shuffled:
        Random(7).shuffle(rows)
    names = dict.fromkeys(name for row in configurables() for name in row)
    with start("magento.csv", table(*({name: row.get(name, "") for name in names} for row in rows)).encode()) as shop:
        catalog, fields = shop.settings.catalog, shop.settings.fields
        assert (catalog.views, catalog.children) == (
            "store_view_code",
            ListedRows(field="configurable_variations", into="attributes"),
        )
        assert dry_run(shop).absent == []
        assert (fields.id, fields.title, fields.image) == ("sku", "name", ("base_image", "variants.base_image"))
        assert fields.codes[:2] == ("sku", "variants.sku")
        assert fields.numbers == ("variants.price", "variants.qty")
        assert not {"variants.visibility", "attributes.color", "variants.description"} & {*fields.names}
        assert {*fields.facets} >= {"variants.attributes.color", "variants.attributes.size", "attributes.climate"}
        green_and_small = {"variants.attributes.color": "Green", "variants.attributes.size": "S"}
        assert ids(shop, filters=green_and_small) == {f"MH{n:02}" for n in range(2, COUNT, 6)}
        assert ids(shop, filters={"variants.price": {"gte": 52}}) == {"MH22", "MH23"}
        (hit,) = shop.search("MH07-L-Blue", size=1)
        assert (hit.id, (hit.variant or {})["sku"], hit.product["name"]) == (
            "MH07",
            "MH07-L-Blue",
            "The hoodie of cotton 7",
        )
        assert ids(shop, "Kapuzenpullover 7") >= {"MH07"}
        assert hit.product["translations"]["fr"]["name"] == "Le pull à capuche pour les hommes 7"


def test_a_feed_of_google(start: Start) -> None:
    def item(n: int) -> str:
        parts = {"id": n, "title": f"Shirt of linen {n}", "image_link": f"https://x.example/{n}.jpg"}
        parts |= {
            "availability": ["in_stock", "preorder"][n % 2],
            "mpn": f"M{n // 4:03}X",
            "item_group_id": f"G{n // 4:03}",
        }
        parts |= {"price": f"{n + 5}.90 EUR", "condition": "new"}
        more = "".join(
            f"<g:additional_image_link>https://x.example/{n}-{k}.jpg</g:additional_image_link>" for k in "ab"
        )
        return f"<item>{''.join(f'<g:{name}>{value}</g:{name}>' for name, value in parts.items())}{more}</item>"

    space = 'xmlns:g="http://base.google.com/ns/1.0"'
    feed = f"<rss {space}><channel>{''.join(map(item, range(COUNT)))}</channel></rss>"
    with start("google.xml", feed.encode(), COUNT // 4) as shop:
        fields = shop.settings.fields
        assert fields.image == ("image_link", "additional_image_link")
        assert (fields.group, fields.id, fields.codes) == ("item_group_id", "id", ("item_group_id", "mpn"))
        assert (fields.facets, fields.text) == (("variants.availability",), ("variants.title",))
        assert ids(shop, "M002X") == {"G002"}
        assert ids(shop, filters={"variants.price": {"gte": 25}}) == {"G005"}


def furniture(price: Callable[[int], str]) -> list[dict[str, Any]]:
    """Return rows in German: prices, weights, dates, answers and pictures as people write them."""
    return [
        {
            "Art.-Nr.": f"MÖ-{1000 + n}",
            "Bezeichnung": f"Schöner Stuhl für das Zimmer {n}",
            "VK brutto": price(n),
            "EK netto": f"{n},10",
            "Gewicht": f"{n},25 kg",
            "Lieferbar": "ja" if n % 2 else "nein",
            "Neu seit": f"{10 + n % 18}.{1 + n % 12:02}.{23 + n % 2}",
            "Bilder": f"https://x.example/{n}-a.jpg, https://x.example/{n}-b.jpg",
        }
        for n in range(COUNT)
    ]


@pytest.mark.parametrize(
    ("price", "form"),
    [
        (lambda n: f"1.{100 + n},50 €", {"encoding": "cp1252"}),
        (lambda n: f"1\u202f{100 + n},50\xa0€", {"encoding": "utf-8-sig"}),
        (lambda n: f"1 {100 + n},50", {"encoding": "mac_roman", "newline": "\r"}),
        (lambda n: f"{1100 + n},50", {"encoding": "utf-16"}),
    ],
)
def test_tables_as_people_write_them(start: Start, price: Callable[[int], str], form: dict[str, str]) -> None:
    content = table(*furniture(price), delimiter=";", newline=form.get("newline", "\r\n")).encode(form["encoding"])
    with start("shop.csv", content) as shop:
        fields = shop.settings.fields
        assert (fields.id, fields.title, fields.booleans) == ("Art.-Nr", "Bezeichnung", ("Lieferbar",))
        assert fields.numbers == ("VK brutto", "Gewicht")
        assert fields.format("Bilder").separators == (",",)
        assert ids(shop, filters={"VK brutto": 1107.5}) == {"MÖ-1007"}
        assert ids(shop, filters={"Gewicht": {"lte": 1.25}}) == {"MÖ-1000", "MÖ-1001"}
        assert ids(shop, filters={"Neu seit": "2024-04-13"}) == {"MÖ-1003"}
        assert ids(shop, "schöner Stuhl") == {f"MÖ-{1000 + n}" for n in range(COUNT)}


def test_a_table_of_a_shop_in_japan(start: Start) -> None:
    """In the encoding of its Windows, with units beside the numbers and names that are one word."""
    rows = [
        {
            "商品番号": f"JP-{n:04}",
            "商品名": f"{('薄手の', '厚手の', '人気の')[n % 3]}綿のソファーカバー{n}",
            "商品説明": ("夏に涼しい素材です。", "丈夫で長持ちします。")[n % 2],
            "販売価格": f"{1000 + n:,}円",
            "原価": f"{500 + n:,}円",
            "色": ("赤、青", "青、緑", "青", "赤")[n % 4],
            "在庫": ("有", "無")[n % 2],
            "発売日": f"2024年{1 + n % 12}月{1 + n}日",
        }
        for n in range(COUNT)
    ]
    with start("shop.csv", table(*rows).encode("cp932")) as shop:
        catalog, fields = shop.settings.catalog, shop.settings.fields
        assert (catalog.encoding, fields.id, fields.title) == ("cp932", "商品番号", "商品名")
        assert (fields.numbers, fields.facets, fields.text) == (("販売価格",), ("色",), ("商品説明",))
        assert ids(shop, filters={"販売価格": 1007, "在庫": False}) == {"JP-0007"}
        assert ids(shop, filters={"色": "緑"}) == {f"JP-{n:04}" for n in range(1, COUNT, 4)}
        assert ids(shop, filters={"発売日": "2024-03-03"}) == {"JP-0002"}


def workbook(rows: list[dict[str, Any]]) -> bytes:
    """Return a workbook with a title above its names, and lists as texts."""
    file, book = io.BytesIO(), Workbook()
    book.active.append(["Our chairs"])
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append([", ".join(value) if isinstance(value, list) else value for value in row.values()])
    book.save(file)
    return file.getvalue()


def parquet_file(rows: list[dict[str, Any]]) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "written"), [("shop.xlsx", workbook), ("shop.parquet", parquet_file)])
def test_files_with_types(start: Start, name: str, written: Callable[[list[dict[str, Any]]], bytes]) -> None:
    rows = [
        {
            "sku": f"CH-{1000 + n}",
            "title": f"Chair of oak number {n}",
            "price": 1_100.5 + n,
            "in stock": n % 2 == 0,
            "since": date(2024, 1 + n % 12, 1 + n),
            "pictures": [f"https://x.example/{n}-{side}.jpg" for side in "ab"],
        }
        for n in range(COUNT)
    ]
    with start(name, written(rows)) as shop:
        fields = shop.settings.fields
        assert (fields.id, fields.title, fields.image) == ("sku", "title", "pictures")
        assert (fields.numbers, fields.booleans, fields.dates) == (("price",), ("in stock",), ("since",))
        assert ids(shop, filters={"price": {"gte": 1_122.5}, "in stock": True}) == {"CH-1022"}
        assert ids(shop, filters={"since": "2024-03-03"}) == {"CH-1002"}


WORDS = {
    "en": ("Yes", "No"),
    "de": ("Ja", "Nein"),
    "fr": ("Oui", "Non"),
    "es": ("Sí", "No"),
    "ja": ("はい", "いいえ"),
    "zh": ("是", "否"),
    "a tick": ("✓", "✗"),
    "a ring": ("○", "×"),
}


def test_answers_in_six_languages_and_signs(start: Start) -> None:
    rows = [
        {"id": n, "title": f"The red hat {n}"} | {lang: both[n % 2] for lang, both in WORDS.items()}
        for n in range(COUNT)
    ]
    with start("shop.csv", table(*rows).encode()) as shop:
        assert {*shop.settings.fields.booleans} == {*WORDS}
        for language in WORDS:
            assert ids(shop, filters={language: True}) == {str(n) for n in range(0, COUNT, 2)}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"total": COUNT, "products": rows, "page": 1}])
@pytest.mark.parametrize("indent", [None, 2])
def test_arrays_of_json(start: Start, wrap: Callable[[Any], Any], indent: int | None) -> None:
    fit = [{"name": "Fabric", "value": "wool"}]
    rows = [
        {"id": n, "title": f"The blue coat {n}", "props": [{"name": "Fit", "value": ["slim", "wide"][n % 2]}, *fit]}
        for n in range(COUNT)
    ]
    with start("shop.json", json.dumps(wrap(rows), indent=indent).encode()) as shop:
        assert ids(shop, filters={"props_by_name.Fit": "wide"}) == {str(n) for n in range(1, COUNT, 2)}
