"""What suggestions are made from: which facets are categories and brands, and what is read of an index."""

from hybridsearch.fields import Format
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Sampled
from hybridsearch.search.plan import Plan
from hybridsearch.search.suggest.beginnings import Beginnings
from hybridsearch.search.suggest.known import TITLES, VALUES, facets_of, known, reading
from hybridsearch.values import Hit, Page

TREE = Format(levels=">")
FIELDS = Fields(title="name", facets=("Brand", "path", "color", "variants.brand"), formats={"path": TREE})


def test_facets_are_categories_and_brands_by_their_names_and_trees_are_categories() -> None:
    assert facets_of(FIELDS, {}) == {"category": ("path",), "brand": ("Brand",)}
    assert facets_of(Fields(title="t", facets=("Kategorie", "ブランド", "size")), {}) == {
        "category": ("Kategorie",),
        "brand": ("ブランド",),
    }


def test_the_configuration_says_otherwise() -> None:
    assert facets_of(FIELDS, {"category": ("color",), "brand": ()}) == {"category": ("color",), "brand": ()}


def test_titles_and_values_are_read_by_one_plan() -> None:
    facets = {"category": ("path",), "brand": ("Brand", "path")}
    assert reading(FIELDS, facets) == Plan(
        "browse",
        "what suggestions are made from",
        facets=(Facet("path", size=VALUES), Facet("Brand", size=VALUES)),
        size=TITLES,
        only=("name",),
    )
    assert reading(Fields(text=("note",)), {}).size == 0


def test_of_more_titles_than_are_read_a_sample_is() -> None:
    assert reading(FIELDS, {}, TITLES) == reading(FIELDS, {})
    assert reading(FIELDS, {}, 4 * TITLES).filters == (Sampled(int(2**24 * 0.97 / 4)),)


def test_of_the_answer_titles_are_kept_and_values_by_their_last_level() -> None:
    hits = (Hit("1", 0.0, {}, {"name": "Red kettle"}), Hit("2", 0.0, {}, {}))
    page = Page("", hits, 2, {"path": {"Home > Kitchen": 1, "Home": 2}, "Brand": {"Acme": 2}})
    found = known(page, Schema(FIELDS), {"category": ("path",), "brand": ("Brand",)}, None, Beginnings({}))
    assert found.titles.continuations("red", 9) == ("red kettle",)
    assert found.values["category"]["path"].of("kit") == ("Home > Kitchen",)
    assert found.values["brand"]["Brand"].of("ac") == ("Acme",)
