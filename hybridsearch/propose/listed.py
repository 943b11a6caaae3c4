"""Whether products list the rows that are their variants, and whether some rows are translations of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.catalog.arranged.listed import INNER, SEPARATOR, SIGN, Listed
from hybridsearch.catalog.arranged.pairs import parsed
from hybridsearch.inputs.rows import strings
from hybridsearch.propose.columns import MOSTLY, Column
from hybridsearch.propose.roles import rank
from hybridsearch.propose.together import FEWEST, NAMED
from hybridsearch.propose.words import ID, VIEW
from hybridsearch.sections import Catalog, ListedRows, Pairs
from hybridsearch.values import Row

MOST_VIEWS = 50
"""Languages or views of a shop."""


@dataclass(frozen=True, slots=True)
class Views:
    """Which rows are translations.

    Attributes:
        field: That names their view.
        key: The field that names a product.
    """

    field: str
    key: str


@dataclass(frozen=True, slots=True)
class ListedVariants:
    """How products list their variants.

    Attributes:
        field: With the list.
        key: The field that names a row, and is called so in the list.
        names: Of the properties that the list says of variants.
    """

    field: str
    key: str
    names: frozenset[str]

    def written(self, catalog: Catalog, sampled: Sequence[Column]) -> Catalog:
        """Return the section that says so; the properties are put beside those that rows have in a text."""
        pairs = tuple(pair for pair in catalog.pairs if not self.labels(pair, sampled))
        into = next((pair.into for pair in pairs if pair.text), None)
        return catalog.model_copy(update={"pairs": pairs, "children": ListedRows(field=self.field, into=into)})

    def labels(self, pair: Pairs, sampled: Sequence[Column]) -> bool:
        """Tell whether a text names what the variants differ in, and says of no product what it is."""
        column = next((column for column in sampled if column.name == pair.text), None)
        return column is not None and self.names >= {
            name for text in column.written for name, _ in parsed(text, pair.separator, pair.sign)
        }


def views_of(rows: Sequence[Row], sampled: Sequence[Column]) -> Views | None:
    """Return how rows are told to be translations of others with the same id; None where none is.

    No two rows have both the id and the view in common; several rows have an id in common, and none has one of its own.
    """
    if any(key.unique for key in keys(sampled)):
        return None
    views = [column for column in sampled if column.says(VIEW) is not None and column.single]
    for view in views:
        for key in keys(sampled):
            if view.name != key.name and view.distinct <= MOST_VIEWS and are_translations(len(rows), view, key):
                return Views(view.name, key.name)
    return None


def are_translations(rows: int, view: Column, key: Column) -> bool:
    """Tell whether the id and the view name each row together, and the id does not."""
    of_row, named = said(view), said(key)
    both = {(named.get(place, str(place)), of_row.get(place, "")) for place in range(rows)}
    return len(both) == rows and len(named) - key.distinct >= FEWEST


def listed_variants(sampled: Sequence[Column]) -> ListedVariants | None:
    """Return how products list their variants: texts that begin with `sku=`, with one for each of several."""
    for column in sampled:
        if column.textual and (key := next((key for key in keys(sampled) if begins_with(column, key)), None)):
            entries = Listed(column.name, key.name).entries({column.name: list(column.written)})
            return ListedVariants(column.name, key.name, frozenset(name for each in entries.values() for name in each))
    return None


def begins_with(column: Column, key: Column) -> bool:
    """Tell whether what stands between the bars of a column are properties, the first of them the id of a row."""
    entries = [entry for text in column.written for entry in text.split(SEPARATOR)]
    said = [parsed(entry, INNER, SIGN) for entry in entries]
    fitting = sum(len(found) > 1 and found[0][0] == key.name for found in said)
    return len(column.written) >= FEWEST and fitting >= MOSTLY * len(entries)


def keys(sampled: Sequence[Column]) -> Iterator[Column]:
    """Yield the columns that name nearly every row, those first that are called so most likely."""
    fitting = [c for c in sampled if c.says(ID) is not None and c.single and c.filled > NAMED]
    yield from sorted(fitting, key=lambda column: rank(column, ID))


def said(column: Column) -> Mapping[int, str]:
    """Return the text of each row that has one."""
    cells = zip(column.places, map(strings, column.values), strict=True)
    return {place: texts[0] for place, texts in cells if texts}
