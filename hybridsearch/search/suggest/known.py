"""What suggestions are made from: the plan that reads it from an index, and what its answer says. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from hybridsearch.document import title
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Sampled
from hybridsearch.search.plan import Plan
from hybridsearch.search.suggest.beginnings import Beginnings
from hybridsearch.search.suggest.concordance import Concordance
from hybridsearch.search.suggest.sampled import below
from hybridsearch.search.suggest.suggest import BRAND, CATEGORY, Known
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Page

TITLES = 10_000
"""That are read: the most that a server gives at once, some 2 MB. Of more products a sample, the same for ten minutes
as for a year: it follows from their ids."""
VALUES = 10_000
"""Of a facet, those of the most products."""
NAMES = {
    CATEGORY: (
        *("category", "categories", "taxonomy", "breadcrumb", "breadcrumbs", "department", "departments"),
        *("product_type", "product type", "google_product_category", "kategorie", "kategorien", "warengruppe"),
        *("catégorie", "catégories", "rubrique", "categoría", "categorías", "分类", "类别", "类目"),
        *("カテゴリ", "カテゴリー"),
    ),
    BRAND: (
        *("brand", "brands", "manufacturer", "maker", "vendor", "supplier", "marke", "hersteller", "marque"),
        *("fabricant", "marca", "fabricante", "品牌", "ブランド", "メーカー"),
    ),
}
"""What facets of categories and brands are called where the configuration does not say which they are."""


def facets_of(fields: Fields, chosen: Mapping[str, Sequence[str] | None]) -> dict[str, tuple[str, ...]]:
    """Return the facets that are categories, and those that are brands.

    Args:
        fields: Of the index.
        chosen: Those of the configuration, by kind; None: by their names, and a tree is a category.
    """
    there = fields.of_products("facets")
    return {
        kind: tuple(name for name in there if (is_named(name, kind, fields) if names is None else name in names))
        for kind, names in ((kind, chosen.get(kind)) for kind in NAMES)
    }


def is_named(name: str, kind: str, fields: Fields) -> bool:
    """Tell whether a facet is of a kind by its name, or by its values."""
    return name.lower() in NAMES[kind] or (kind == CATEGORY and bool(fields.format(name).levels))


def reading(fields: Fields, facets: Mapping[str, Sequence[str]], documents: int = 0) -> Plan:
    """Return the plan that reads titles and values.

    Args:
        fields: Of the index.
        facets: Those that are categories, and those that are brands.
        documents: How many products the index has; 0 where that is not known, and the first ones are read.
    """
    sample = below(TITLES, documents)
    counted = tuple(Facet(name, size=VALUES) for name in dict.fromkeys(itertools.chain(*facets.values())))
    return Plan(
        kind="browse",
        reason="what suggestions are made from",
        filters=() if sample is None else (Sampled(sample),),
        facets=counted,
        size=TITLES if fields.title else 0,
        only=(fields.title,) if fields.title else (),
    )


def known(
    page: Page, schema: Schema, facets: Mapping[str, Sequence[str]], lexicon: Lexicon | None, queries: Beginnings
) -> Known:
    """Return what suggestions are made from, given the answer to `reading`."""
    fields = schema.fields
    titles: Iterable[str] = (title(hit.product, fields) for hit in page)
    values = {
        kind: {name: Beginnings(page.facets[name], last_level(fields, name)) for name in names}
        for kind, names in facets.items()
    }
    return Known(lexicon, Concordance(titles), queries, values)


def last_level(fields: Fields, name: str) -> Callable[[str], str]:
    """Return what gives the last level of a path, of any other value the whole."""
    form = fields.format(name)
    return (lambda value: value.rpartition(form.joint)[2]) if form.levels else str
