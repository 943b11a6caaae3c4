"""The rows of a query in the order of one of its columns, page by page: nothing stays open between two pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from hybridsearch.catalog.typed import typed_row
from hybridsearch.errors import CatalogError

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, Connection, Select

ROWS = 1_000
"""Of a page, and those that have the last one's key besides: a page is held as a whole."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds before each further try to read a page: two minutes, in which a server starts again."""

Connected = Callable[[], AbstractContextManager["Connection"]]
"""Opens a connection; what goes wrong with it is a CatalogError."""
Pause = Callable[[float], bool | None]
"""Waits for this many seconds; True means that nobody waits for the rows any more."""
Page = tuple[list[dict[str, Any]], Any]
"""Rows with their columns, and the highest key, up to which they are all there; None of the last page."""


def in_pages(
    chosen: Select[Any], key: ColumnElement[Any], connected: Connected, pause: Pause
) -> Iterator[dict[str, Any]]:
    """Yield the rows that a query chooses in the order of a key, after those that have none.

    Each page is read over a connection of its own, and what the database says by then. A page behind the first one is
    tried again where the connection breaks off.

    Args:
        chosen: The query, without an order.
        key: One of its columns. Rows with the same one are on one page.
        connected: Opens a connection.
        pause: Waits between two tries.

    Raises:
        CatalogError: A page cannot be read, or comes again.
    """
    for condition in (key.is_(None), key.is_not(None)):
        rows, end = page(chosen.where(condition), key, connected)
        yield from rows
    while (last := end) is not None:
        rest = chosen.where(key > as_given(last))
        rows, end = patiently(lambda rest=rest: page(rest, key, connected), pause)  # type: ignore[misc]
        if end is not None and end == last:
            raise CatalogError(
                f"'catalog.key' is '{key.name}', of which the database finds {end!r} above itself: it keeps another "
                "number than it gives. Name a column of whole numbers or texts."
            )
        yield from rows


def page(rest: Select[Any], key: ColumnElement[Any], connected: Connected) -> Page:
    """Return the first rows of a query in the order of a key."""
    ordered = rest.order_by(key)
    with connected() as connection:
        end = connection.execute(ordered.with_only_columns(key).offset(ROWS - 1).limit(1)).scalar()
        found = connection.execute(ordered if end is None else ordered.where(key <= as_given(end)))
        names = list(found.keys())
        return [typed_row(zip(names, row, strict=True)) for row in found], end


def as_given(value: Any) -> BindParameter[Any]:
    """Return a value that a driver gave as a parameter of no type: its text may be of any type of the database."""
    from sqlalchemy import bindparam
    from sqlalchemy.types import NULLTYPE

    return bindparam(None, value, type_=NULLTYPE)


def patiently(read: Callable[[], Page], pause: Pause) -> Page:
    """Read a page, again where the connection breaks off or none is to be had."""
    for seconds in PAUSES:
        try:
            return read()
        except CatalogError as error:
            if not broke_off(error.__cause__) or pause(seconds):
                raise
    return read()


def broke_off(cause: BaseException | None) -> bool:
    """Tell whether something went wrong with a connection, and not with what was asked."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    return isinstance(cause, InterfaceError | OperationalError) or getattr(cause, "connection_invalidated", False)
