"""What `init` proposes.

From `cells`, `columns`, `roles`, `ratings`, `languages`, `patterns`, `words`, `reasons` to `toml_file`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch.errors import CatalogError
from hybridsearch.fields import Format
from hybridsearch.inputs.rows import tidy
from hybridsearch.propose.configuration import propose
from hybridsearch.propose.languages import language_of
from hybridsearch.propose.toml_file import to_toml
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, VectorLeg
from hybridsearch.settings import Settings

FILE = Catalog(path=Path("shop.jsonl"))
COLORS = ["red", "blue", "green", "black"]


def shop(count: int = 40, **columns: Any) -> list[dict[str, Any]]:
    """Return products with these further columns; a list gives its values in turn, a text may hold the row's number."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row: dict[str, Any] = {"id": f"p{number}", "title": f"The dress of summer number {number}"}
        for name, value in columns.items():
            row[name] = value[number % len(value)] if isinstance(value, list) else value.format(number)
        rows.append(row)
    return rows


def having(name: str, values: list[Any]) -> list[dict[str, Any]]:
    """Return products with one further column that has these values in turn."""
    return [row | {name: values[number % len(values)]} for number, row in enumerate(shop())]


def guessed(rows: list[dict[str, Any]], kinds: Mapping[str, str] | None = None) -> Fields:
    return propose(rows, kinds).fields


def test_ordinary_shop_is_understood() -> None:
    rows = shop(
        sku="AB-{:05}",
        description="A long text about the cotton of product {} and how it is worn",
        brand=["Acme", "Zeta"],
        color=COLORS,
        price=[9.5, 20, 31],
        image="pictures/{}.jpg",
        added="2026-01-02T03:04:05",
        page="https://shop.example/p/{}",
    )
    assert guessed(rows) == Fields(
        id="id",
        title="title",
        text=("description",),
        codes=("sku",),
        facets=("brand", "color"),
        numbers=("price",),
        image="image",
        languages=("en",),
    )


def test_every_role_has_its_reason() -> None:
    proposal = propose(shop(color=COLORS, image="{}.png"))
    assert proposal.why == {
        "id": "id (40 different values in 40 products)",
        "title": "title (short text, 29 characters on average, in 100%)",
        "facets": "few different values: color (4)",
        "image": "files of pictures, in 100%",
        "languages": "by telling words and letters: en 100%",
        "vectors": "finds by what is in the picture, in words or by photo",
    }


def test_pictures_bring_a_vector_leg() -> None:
    assert propose(shop(image="{}.png")).leg == VectorLeg(name="image", encoder="starter")
    assert propose(shop()).leg is None


def test_of_several_sizes_of_a_picture_the_middle_one_is_read() -> None:
    address = "http://pictures.example/{}.jpg"
    proposal = propose(shop(img_high=address, img_thumb=address, img_500x500=address))
    assert proposal.fields.image == "img_500x500"
    assert "Pictures are fetched from their addresses" in proposal.notes[0]


@pytest.mark.parametrize("form", ["films/{}.mp4", "https://shop.example/v/{}.webm?x=1", "{}.MOV", ["{}.mp4", "{}.avi"]])
def test_videos_are_proposed_by_what_files_are_called_and_bring_a_vector_leg(form: Any) -> None:
    forms = form if isinstance(form, list) else [form]
    rows = [row | {"media": forms[n % len(forms)].format(n)} for n, row in enumerate(shop())]
    proposal = propose(rows)
    assert proposal.fields.video == "media"
    assert (proposal.fields.image, proposal.fields.text) == (None, ())
    assert proposal.why["video"] == f"{'addresses' if 'http' in forms[0] else 'files'} of videos, in 100%"
    assert proposal.leg == VectorLeg(name="image", encoder="starter")


def test_files_of_three_dimensional_models_are_neither_text_nor_codes() -> None:
    rows = [row | {"model": f"solid/{n}.glb", "ar": f"https://shop.example/{n}.usdz"} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert (fields.text, fields.codes, fields.image, fields.video) == ((), (), None, None)


def test_nested_fields_have_dotted_names() -> None:
    rows = [row | {"attrs": {"color": COLORS[n % 4], "sizes": [{"price": n}]}} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert fields.facets == ("attrs.color",)
    assert fields.numbers == ("attrs.sizes.price",)


def test_id_is_the_field_that_never_repeats() -> None:
    rows = [{"product_id": n // 2, "handle": f"h{n}", "title": f"Red dress {n}"} for n in range(20)]
    assert guessed(rows).id == "handle"


def test_repeated_ids_are_told() -> None:
    rows = [{"id": n // 2, "title": f"Red dress {n}"} for n in range(20)]
    assert propose(rows).notes == ("'id' is missing in 0 products and repeated in 10; the last one wins.",)


def test_catalogue_without_ids_is_told() -> None:
    notes = propose([{"title": "Red dress in cotton"}] * 9).notes
    assert notes == ("No field has a value of its own in every product; products without an id are rejected.",)


def test_number_that_would_reject_products_is_not_proposed() -> None:
    rows = shop()
    for number, row in enumerate(rows):
        row["price"] = "free" if number == 7 else f"{number},99"
    proposal = propose(rows)
    assert proposal.fields.numbers == ()
    assert proposal.notes[0] == "'price' is not proposed as a number: it also holds 'free'."


def test_prices_with_decimals_are_numbers_and_no_codes() -> None:
    rows = [row | {"price": f"{7 + n}.{n:02}", "weight": f"{n % 9}.{100 + n}"} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert (fields.codes, fields.numbers, fields.formats) == ((), ("price", "weight"), {})


def test_the_format_of_a_column_is_written_down_and_reads_the_column(tmp_path: Path) -> None:
    rows = [{"nr": f"A{n}", "titel": f"Roter Stuhl {n}", "Preis netto": f"{n}.299,00 €"} for n in range(1, 10)]
    proposal = propose(rows)
    assert proposal.fields.formats == {"Preis netto": Format(decimal=",", unit="EUR")}
    assert proposal.why["numbers"] == "to filter and sort by: Preis netto (1,299 to 9,299)"
    written = to_toml(proposal, FILE)
    assert '[fields.formats]\n# 1.299,00 € is 1299\n"Preis netto" = { decimal = ",", unit = "EUR" }\n' in written
    assert Settings.parse(tomllib.loads(written), folder=tmp_path).fields == proposal.fields


def test_cells_of_several_values_are_read_one_by_one() -> None:
    colours = ["red, blue | green", "blue, red", "green | blue", "red"]
    picture = "https://shop.example/{}.jpg;https://shop.example/{}-back.jpg"
    proposal = propose(
        [row | {"colour": colours[n % 4], "image": picture.format(n, n)} for n, row in enumerate(shop())]
    )
    assert proposal.fields.facets == ("colour",)
    assert proposal.why["facets"] == "few different values: colour (3)"
    expected = {"colour": Format(separators=("|", ",")), "image": Format(separators=(";",))}
    assert proposal.fields.formats == expected
    written = to_toml(proposal, FILE)
    assert "# red, blue | green holds red and blue and green\n" in written
    assert Settings.parse(tomllib.loads(written), folder=Path()).fields.formats == expected


def test_numbers_that_name_the_product_are_no_quantity() -> None:
    fields = guessed([row | {"part_number": 10_000 + n, "stock": 7 * n} for n, row in enumerate(shop())])
    assert fields.numbers == ("stock",)


def test_the_title_is_not_what_search_engines_are_shown() -> None:
    rows = [{"id": n, "meta_title": f"Buy the red dress {n} | Shop", "name": f"The red dress {n}"} for n in range(20)]
    assert guessed(rows).title == "name"


def test_measures_are_both_facets_and_numbers() -> None:
    fields = guessed(shop(storage=["64 GB", "128 GB", "256 GB"]))
    assert (fields.facets, fields.numbers, fields.text) == (("storage",), ("storage",), ())
    assert fields.formats == {"storage": Format(unit="gb")}


@pytest.mark.parametrize("values", [["1.299,00", "12.50"], ["3.5 kg", "500 ml"], ["12.50 €", "$12.50"]])
def test_a_column_that_is_written_in_two_ways_is_named_and_not_proposed(values: list[str]) -> None:
    proposal = propose(having("price", values))
    assert proposal.fields.numbers == ()
    assert "'price' is not proposed as a number: it also holds" in proposal.notes[0]


def test_numbers_that_may_be_read_in_two_ways_are_told() -> None:
    proposal = propose(having("price", ["1,299", "2,450"]))
    assert proposal.fields.formats == {"price": Format(decimal=".")}
    assert proposal.notes == (
        "'price' does not say what its marks mean: '1,299' is taken for 1,299; "
        'if it is 1.299, write { decimal = "," } for it under [fields.formats].',
    )


def test_digits_of_a_barcode_are_a_code_and_no_number() -> None:
    fields = guessed(shop(ean="40062381{:05}"))
    assert (fields.codes, fields.numbers) == (("ean",), ())


@pytest.mark.parametrize(
    ("name", "values", "kinds"),
    [
        ("released", ["2025-01-31", "2024-12-01", "1969-07-20"], None),
        ("anything", ["2025-01-31T09:30:00Z", "2024-12-01 10:00:00+01:00", None], None),
        ("created_at", [1_735_689_600, 1_704_067_200], {"created_at": "long"}),
        ("updated", ["1735689600000", "1704067200000"], None),
        ("season", ["2025", "2024"], {"season": "date"}),
        ("added", ["2025/01/31", "2024/12/01"], {"added": "date"}),
        ("seen", ["2025-01-31T09:30:00.123456789Z"], {"seen": "date_nanos"}),
    ],
)
def test_columns_of_dates_are_proposed_as_dates(name: str, values: list[Any], kinds: dict[str, str] | None) -> None:
    assert guessed(having(name, values), kinds).dates == (name,)


@pytest.mark.parametrize(
    ("name", "values", "kinds"),
    [
        ("year", [2024, 2025], None),
        ("released", ["2024", "2025"], None),
        ("price", [1_735_689_600, 20], None),
        ("views", [1_735_689_600, 1_704_067_200], None),
        ("version", ["2.1.0", "2.2.0", "10.11.12"], None),
        ("ean", ["4006381333931", "4006381333948"], None),
        ("ean8", ["20250131", "20241201"], None),
        ("released", ["2025-01-31"], None),
        ("released", ["2025-01-31", "2024-12-01", "soon", "2024-12-02", "2024-12-03", "2024-12-04"], None),
        ("released", ["31.01.2025", "01/13/2024"], {"released": "date"}),
        ("released", ["01/02/2025", "03/04/2024"], {"released": "date"}),
        ("phone", ["12-34-5678", "13-14-1516"], None),
        ("released", [["2025-01-31", "2024-12-01"]], None),
    ],
)
def test_what_only_looks_like_a_date_is_not_proposed(
    name: str, values: list[Any], kinds: dict[str, str] | None
) -> None:
    assert guessed(having(name, values), kinds).dates == ()


@pytest.mark.parametrize(
    ("name", "values", "kinds"),
    [
        ("stock", [True, False, None], None),
        ("lieferbar", ["ja", "nein"], None),
        ("disponible", ["sí", "no", "", "no"], None),
        ("送料無料", ["はい", "いいえ"], None),
        ("is_new", [0, 1], None),
        ("active", ["1", "0"], None),
        ("is_in_stock", ["1.0000", "0.0000"], None),
        ("shown", ["true", True, "false"], {"shown": "boolean"}),
        ("shown", [True], {"shown": "boolean"}),
    ],
)
def test_columns_of_answers_are_proposed_as_booleans(
    name: str, values: list[Any], kinds: dict[str, str] | None
) -> None:
    fields = guessed(having(name, values), kinds)
    assert (fields.booleans, fields.facets, fields.numbers) == ((name,), (), ())


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("stock", [0, 1], "numbers"),
        ("gender", ["f", "m", "n"], "facets"),
        ("gift", ["yes", "no", "maybe"], "facets"),
        ("gift", [True], None),
        ("gifts", [["yes", "no"], ["no"]], "facets"),
    ],
)
def test_what_only_looks_like_an_answer_is_not_proposed(name: str, values: list[Any], role: str | None) -> None:
    fields = guessed(having(name, values))
    assert fields.booleans == ()
    assert [kind for kind in ("facets", "numbers") if name in fields.of(kind)] == ([role] if role else [])


def test_dates_and_booleans_have_their_reasons() -> None:
    proposal = propose(shop(released=["2025-01-31T23:59:00", "1969-07-20"], gift=["yes", "no", "no", "no"]))
    assert proposal.why["dates"] == "to filter by period and sort by: released (1969-07-20 to 2025-01-31)"
    assert proposal.why["booleans"] == "true or false: gift (25% true)"


def test_dates_that_would_reject_products_are_told() -> None:
    notes = propose(shop(added=["31.01.2025", "01.13.2024", "30.11.2024"])).notes
    expected = "expected a date such as 2025-01-31 or 2025-01-31T09:30:00Z."
    assert notes == (f"'added' is not proposed as a date: it holds '01.13.2024', {expected}",)


def test_dates_that_may_have_the_day_or_the_month_first_are_told() -> None:
    notes = propose(shop(added=["01/02/2025", "03/04/2024"])).notes
    assert notes == (
        "'added' is not proposed as a date: '01/02/2025' may have its day or its month first; name it under dates, "
        'and write { date = "DMY" } or { date = "MDY" } for it under [fields.formats].',
    )


def test_the_order_of_dates_is_written_down_and_reads_the_column() -> None:
    proposal = propose(shop(added=["01/02/2025", "03/14/2024"]))
    assert proposal.fields.dates == ("added",)
    assert proposal.why["dates"] == "to filter by period and sort by: added (2024-03-14 to 2025-01-02)"
    assert '[fields.formats]\n# 01/02/2025 is 2025-01-02\nadded = { date = "MDY" }\n' in to_toml(proposal, FILE)


@pytest.mark.parametrize(
    ("name", "values", "order"),
    [
        ("created_at", ["4/20/16", "5/3/17, 9:30 PM"], "MDY"),
        ("erstellt", ["20.04.16", "03.05.17"], "DMY"),
        ("Neu im Sortiment", ["3. März 2024", "24. Dez. 2023"], "DMY"),
        ("mise en ligne", ["12 mars 2024", "1er août 2023"], "DMY"),
        ("alta", ["3 de marzo de 2024", "12 de enero de 2023"], "DMY"),
        ("listed", ["Mar 3, 2024", "Dec 24, 2023"], "MDY"),
        ("発売日", ["2024年3月3日", "2023年12月24日"], "YMD"),
    ],
)
def test_short_years_and_names_of_months_are_dates(name: str, values: list[str], order: Any) -> None:
    fields = guessed(having(name, values))
    assert (fields.dates, fields.formats) == ((name,), {name: Format(date=order)})


def test_days_filled_up_with_zeros_in_years_that_come_again_are_dates() -> None:
    rows = [row | {"Neu ab": f"{1 + n % 28:02}.{1 + n % 12:02}.2{n % 3}"} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert (fields.dates, fields.codes, fields.formats) == (("Neu ab",), (), {"Neu ab": Format(date="DMY")})


@pytest.mark.parametrize("values", [["4/20/16", "5/3/17"], ["10.11.12", "13.11.12"], ["01.02.03", "02.02.04"]])
def test_three_numbers_are_no_date_unless_the_name_says_so(values: list[str]) -> None:
    assert guessed(having("version", values)).dates == ()


def test_names_that_often_are_codes_are_both_text_and_codes() -> None:
    fields = guessed(shop(name=["WH-1000XM5", "Noise cancelling headphones", "DV7-1211ea", "Patch cable"], count=4))
    assert "name" in fields.codes
    assert "name" in fields.text


@pytest.mark.parametrize(
    ("titles", "languages"),
    [
        (["The lamp for the kitchen", "A lamp with a shade"], ("en",)),
        (["Lampe für die Küche", "Stuhl mit Lehne"], ("de",)),
        (["Lampe pour la cuisine", "Chaise avec dossier"], ("fr",)),
        (["Lámpara para el baño", "Silla con respaldo"], ("es",)),
        (["キッチンのランプ", "椅子と机"], ("ja",)),
        (["Nike 跑步鞋 男", "厨房灯"], ("zh",)),
        (["Red lamp", "Lamp for the hall", "Stuhl mit Lehne", "Lampe für das Bad"], ("de", "en")),
        (["Lamp", "Chair"], ("en",)),
    ],
)
def test_languages_are_told_from_the_titles(titles: list[str], languages: tuple[str, ...]) -> None:
    rows = [{"id": str(n), "title": f"{titles[n % len(titles)]} {n}"} for n in range(20)]
    assert guessed(rows).languages == languages


def test_field_that_names_the_language_decides() -> None:
    fields = guessed(shop(locale=["us", "us", "de-AT", "jp"]))
    assert fields.languages == ("en", "de", "ja")


@pytest.mark.parametrize("text", ["Die Hard with a Vengeance", "USB I/O card for the PC"])
def test_english_with_words_of_other_languages_is_not_taken_for_them(text: str) -> None:
    assert language_of(text) in {"en", None}


def test_index_names_its_products_itself_and_keywords_are_facets() -> None:
    rows = shop(shape=[f"shape {n}" for n in range(20)])
    assert guessed(rows, {}).facets == ()
    fields = guessed(rows, {"title": "text", "shape": "keyword"})
    assert (fields.id, fields.facets) == ("_id", ("shape",))


def test_embedding_is_neither_number_nor_text() -> None:
    assert guessed([row | {"look": [0.5] * 64} for row in shop()]) == guessed(shop())


def test_photos_alone_can_be_searched() -> None:
    rows = [{"file": f"{n}.jpg", "category": COLORS[n % 4]} for n in range(20)]
    assert guessed(rows) == Fields(id="file", image="file", facets=("category",))


@pytest.mark.parametrize("rows", [[], [{"price": 1}, {"price": 2}]])
def test_nothing_to_search_is_an_error(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(CatalogError, match=r"Write \[fields\] by hand"):
        propose(rows, name="shop.jsonl")


def test_file_is_written_with_a_reason_above_each_guess(tmp_path: Path) -> None:
    written = to_toml(propose(shop(image="{}.png")), FILE)
    (tmp_path / "hybridsearch.toml").write_text(written, encoding="utf-8")
    assert Settings.load(tmp_path / "hybridsearch.toml").catalog == FILE
    assert written == (
        """\
# Proposed by hybridsearch init; names are those of the catalogue.
# Pictures are files: set 'catalog.images' if they are not beside the catalogue.

[catalog]
path = "shop.jsonl"

[fields]
# id (40 different values in 40 products)
id = "id"
# title (short text, 29 characters on average, in 100%)
title = "title"
# files of pictures, in 100%
image = "image"
# by telling words and letters: en 100%
languages = ["en"]

[engine]
# the embedded engine, in a folder beside this file; for a server: url = "http://localhost:9200"
index = "products"

[[vectors]]
# finds by what is in the picture, in words or by photo
name = "image"
encoder = "starter"
reads = "image"
"""
    )


def test_index_gets_an_alias_beside_it() -> None:
    written = tomllib.loads(to_toml(propose(shop(), {}), Catalog(index="shop-2026"), "http://localhost:9200"))
    assert written["catalog"] == {"index": "shop-2026"}
    assert written["engine"] == {"url": "http://localhost:9200", "index": "shop-2026-hybrid"}


@examples(deadline=None)
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.floats(0, 1) | st.booleans()), min_size=1))
def test_whatever_the_names_the_file_can_be_loaded(rows: list[dict[str, Any]]) -> None:
    proposal = propose([{"title": "The red dress", **tidy(row)} for row in rows])
    settings = Settings.parse(tomllib.loads(to_toml(proposal, FILE)), folder=Path())
    assert settings.fields == proposal.fields


def test_latin_titles_without_a_telling_word_are_not_lost_beside_chinese_ones() -> None:
    rows = [
        {"id": str(number), "title": title} for number, title in enumerate(["Red coat", "Blue dress", "Nike 跑步鞋"])
    ]
    assert set(propose(rows).fields.languages) == {"en", "zh"}


def test_what_a_shop_system_says_of_every_product_is_no_text() -> None:
    proposal = propose(shop(tracker=["inventory"], tax=["taxable"]))
    assert proposal.fields.text == ()
    assert proposal.left_out == {"one value alone": ["tracker", "tax"]}


def test_the_places_of_pictures_are_no_numbers() -> None:
    rows = [row | {"Image Position": [*range(1, 2 + n % 3)], "Position": n % 5} for n, row in enumerate(shop())]
    assert propose(rows, key="id", catalog=FILE).fields.numbers == ()


def test_lists_that_do_not_count_up_are_numbers() -> None:
    rows = [row | {"price": [1, 3, 5 + n]} for n, row in enumerate(shop())]
    assert propose(rows, key="id", catalog=FILE).fields.numbers == ("price",)


def test_codes_without_digits_are_codes_where_their_column_is_named_so() -> None:
    words = [f"{a}{b}-BL-M" for a in "ABCDEFGH" for b in "KLMNO"]
    rows = [row | {"Variant SKU": word, "Handle": word} for row, word in zip(shop(), words, strict=True)]
    assert guessed(rows).codes == ("Variant SKU",)


def test_a_code_that_variants_share_is_a_code_and_no_facet() -> None:
    rows = [row | {"mpn": f"M00{n // 5}X", "item_group_id": f"G00{n // 5}"} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert (fields.codes, fields.facets, fields.text) == (("mpn",), (), ())


def test_an_address_that_is_made_of_the_title_is_no_code() -> None:
    rows = [row | {"url_key": f"the-dress-of-summer-number-{n}-x{n}"} for n, row in enumerate(shop())]
    fields = guessed(rows)
    assert (fields.codes, fields.text) == ((), ())


def test_a_column_whose_name_asks_has_answers() -> None:
    assert guessed(having("Sold individually?", ["1", "0"])).booleans == ("Sold individually?",)


def test_one_product_has_a_price_and_a_brand() -> None:
    row = {"id": 1, "title": "Red umbrella", "price": 19.9, "brand": "Acme", "is_new": 1, "released": "2024-01-31"}
    fields = guessed([row])
    assert (fields.numbers, fields.facets) == (("price",), ("brand",))
    assert (fields.booleans, fields.dates) == (("is_new",), ("released",))


def test_words_for_nothing_make_no_text_of_a_number() -> None:
    assert guessed(having("price", ["N/A", 5.5, "-", "NULL", "7.50"])).numbers == ("price",)


def test_a_price_that_cannot_be_read_is_told() -> None:
    notes = propose(having("price", ["from 5", "from 7"])).notes
    assert any("'price' is not proposed as a number: it also holds 'from 5'" in note for note in notes)


def test_days_without_marks_are_dates_where_their_column_is_called_so() -> None:
    days = [f"202403{day:02}" for day in range(1, 29)]
    assert guessed(having("released", days)).dates == ("released",)
    assert guessed(having("number", days)).dates == ()


def test_a_title_may_be_shared_by_variants_where_it_is_called_one() -> None:
    rows = [{"id": f"{n}", "name": f"Polo shirt {n // 4}", "brand name": f"Maker {n // 8}"} for n in range(40)]
    assert guessed(rows).title == "name"


def test_a_name_of_japanese_with_a_digit_is_no_code() -> None:
    rows = [{"id": f"p{n}", "商品名": f"薄手の綿のソファーカバー{n}", "販売価格": f"{n + 100}円"} for n in range(40)]
    fields = guessed(rows)
    assert (fields.title, fields.codes) == ("商品名", ())


@pytest.mark.parametrize("name", ["Cost per item", "EK netto", "prix_achat", "原価"])
def test_what_a_product_costs_the_shop_is_not_shown_beside_what_it_costs_a_buyer(name: str) -> None:
    rows = having(name, [10 + n for n in range(40)])
    assert guessed(rows).numbers == (name,)
    assert guessed([{**row, "price": 50 + n} for n, row in enumerate(rows)]).numbers == ("price",)
    assert guessed([{**row, "VK": f"{50 + n} €"} for n, row in enumerate(rows)]).numbers == ("VK",)


@pytest.mark.parametrize("values", [["kg", "g"], ["EUR", "USD"], ["ml", "l"]])
def test_in_what_another_column_is_counted_is_neither_facet_nor_text(values: list[str]) -> None:
    rows = having("weight_unit", [values[n % 2] for n in range(40)])
    proposal = propose(rows)
    assert "weight_unit" not in proposal.fields.names
    assert proposal.left_out["units"] == ["weight_unit"]
    assert "size" in guessed(having("size", ["M", "L"] * 20)).facets


@pytest.mark.parametrize("value", ["draft", "Not Visible Individually", "Hidden", "非公開"])
def test_products_that_shoppers_may_not_be_meant_to_see_are_told(value: str) -> None:
    notes = propose(having("status", ["active", "active", "active", value] * 10)).notes
    assert any(f"'status' is '{value}' in 10 of 40 products that were looked at" in note for note in notes)


def test_a_word_in_a_text_hides_no_product() -> None:
    notes = propose(having("finish", ["with a hidden zip at the side", "plain"] * 20)).notes
    assert not any("looked at" in note for note in notes)


def test_a_few_products_have_a_type_and_a_status() -> None:
    rows = [row | {"Type": f"kind {n}", "Status": ["active", "draft"][n % 2]} for n, row in enumerate(shop(6))]
    assert guessed(rows).facets == ("Type", "Status")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["image_link", "additional_image_link"], ("image_link", "additional_image_link")),
        (["base_image", "small_image", "additional_images"], ("base_image", "additional_images")),
        (["image1", "image2", "image_3"], ("image1", "image2", "image_3")),
        (["bild", "bild 2", "logo2"], ("bild", "bild 2")),
        (["img_high", "img_500x500"], "img_500x500"),
    ],
)
def test_columns_of_further_pictures_follow_the_first_and_other_sizes_do_not(names: list[str], expected: Any) -> None:
    rows = [row | {name: f"{name}-{n}.jpg" for name in names} for n, row in enumerate(shop())]
    assert guessed(rows).image == expected


@pytest.mark.parametrize(
    ("columns", "ratings"),
    [
        ({"rating": [4.5, 3.2, 5], "rating_count": [3, 200, 17]}, {"rating": "rating_count"}),
        ({"averageRating": [4.5, 3.2, 5], "reviews": [3, 200, 17]}, {"averageRating": "reviews"}),
        ({"Bewertung": ["4,5", "3,2", "5,0"], "Anzahl Bewertungen": [3, 4, 99]}, {"Bewertung": "Anzahl Bewertungen"}),
        ({"rating": [4.5, 3.2, 5], "stock_count": [3, 200, 17]}, {}),
        ({"price": [4.5, 3.2, 5], "reviews": [3, 200, 17]}, {}),
        ({"score": [70, 80.5, 95], "votes": [3, 200, 17]}, {}),
        ({"reviews": [3, 200, 17]}, {}),
    ],
)
def test_a_mean_rating_and_how_many_there_are_belong_together(columns: Any, ratings: dict[str, str]) -> None:
    """The module is `ratings`."""
    proposal = propose(shop(**columns))
    assert proposal.fields.ratings == ratings
    written = tomllib.loads(to_toml(proposal, FILE))
    assert written["fields"].get("ratings", {}) == ratings
    assert Settings.parse(written, folder=Path()).fields.ratings == ratings


def test_ratings_of_variants_are_none_of_a_product() -> None:
    rows = [
        row | {"variants": [{"rating": 4.5, "reviews": 3, "size": "S"}, {"rating": 4.1, "reviews": 30, "size": "M"}]}
        for row in shop()
    ]
    assert guessed(rows).ratings == {}


def test_a_file_without_names_of_columns_is_told() -> None:
    rows = [{"1": str(number), "Red shoe": f"Blue shoe {number}", "19.90": f"{number}.50"} for number in range(2, 9)]
    assert any(note.startswith("'19.90' looks like a value and no name of a column.") for note in propose(rows).notes)
    sizes = [{"id": str(number), "title": f"Shoe {number}", "38": "1", "2024": "7"} for number in range(2, 9)]
    assert not any("looks like a value" in note for note in propose(sizes).notes)
