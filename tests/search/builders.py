"""Fields of an index, for tests of what a query may ask of them."""

from hybridsearch.fields import Format
from hybridsearch.roles import Fields

FIELDS = Fields(
    title="title",
    facets=("brand", "size", "season", "gift", "category"),
    numbers=("price", "size", "stamp"),
    dates=("released", "season", "stamp"),
    booleans=("in_stock", "gift"),
    formats={"category": Format(levels=">")},
)
"""Some have several kinds."""
