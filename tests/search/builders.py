"""Fields of an index, for tests of what a query may ask of them."""

from hybridsearch.sections import Fields

FIELDS = Fields(
    title="title",
    facets=("brand", "size", "season", "gift"),
    numbers=("price", "size", "stamp"),
    dates=("released", "season", "stamp"),
    booleans=("in_stock", "gift"),
)
"""Some have several kinds."""
