"""Arguments of everyday changes: one product or many, one id or many, in the types that Python has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from hybridsearch.catalog.base import LONGEST_ID, product
from hybridsearch.errors import CatalogError, QueryError
from hybridsearch.inputs.json_values import brief, json_value, named
from hybridsearch.inputs.rows import strings, tidy
from hybridsearch.settings import Settings
from hybridsearch.values import Hit, Product, Reject, Row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    RowLike = Row | BaseModel | DataclassInstance
    """What is a product: a mapping, or an object whose attributes are the fields."""

Id = str | int | UUID
"""What names a product: text, or what a catalogue would write as that text."""

ID_KEY = "_id"
"""Key under which a row of an index carries the id of its document, which is stored outside the row."""


def rows(products: object) -> list[object]:
    """Return the rows that were handed over, one or many; a single one of many may still be no product.

    Raises:
        CatalogError: It is neither, or fails when it is read.
    """
    if is_row(products):
        return [products]
    try:
        if isinstance(products, Iterable) and not isinstance(products, str | bytes | bytearray):
            return list(products)
    except Exception as error:  # what yields them is somebody else's
        raise CatalogError(
            f"The products could not be read from {named(products)}: {brief(error)}. Nothing was written."
        ) from error
    raise CatalogError(
        f"Found {named(products)}, expected products. "
        "Give one product, such as {'id': '17', 'title': 'Red hat'}, or a list of products."
    )


def changed(products: object, fields: object, settings: Settings) -> list[object]:
    """Return the rows of a change of single fields: those that were handed over, or one from an id and its fields.

    Raises:
        CatalogError: It is neither.
    """
    if fields is None:
        return rows(products)
    key = text_of(products)
    if key is None or not isinstance(fields, Mapping):
        raise CatalogError(
            f"Found {named(products)} and {named(fields)}, expected an id and fields, such as '17', {{'price': 5}}. "
            "Nothing was written."
        )
    return [{**fields, ID_KEY if settings.catalog.index else settings.fields.key: key}]


def is_row(value: object) -> bool:
    """Say whether a value is an object of fields."""
    try:
        return isinstance(json_value(value), dict)
    except Exception:  # it is an object of somebody else
        return False


def read(row: object, settings: Settings, where: str) -> Product | Reject:
    """Return a row that was handed over as a product, under the name that the catalogue gives it."""
    if type(row) is Hit:
        return Reject(where, row.id, "read", "found a hit, expected a product: give its 'product'")
    if settings.catalog.index is None:
        return product(row, settings.fields.key, where, key_of_one=settings.fields.key_of_one)
    whole_row = product(row, None, where)
    return whole_row if isinstance(whole_row, Reject) else of_index(whole_row.row, settings.fields.key, where)


def of_index(row: Row, id_field: str, where: str) -> Product | Reject:
    """Return a row of an index as a product: named by `_id`, or, where it has none, by the field that is configured.

    `_id` is taken out: Elasticsearch refuses a document with a field of that name.
    """
    if ID_KEY not in row and id_field != ID_KEY:
        return product(row, id_field, where)
    try:
        if ID_KEY not in row:
            raise ValueError("'_id' is missing, expected the id of the document, as in {'_id': '17', …}")
        key = text_of(row[ID_KEY])
        if key is None:
            raise ValueError(f"'_id' is {brief(row[ID_KEY])}, expected an id: text or a number")
        require_possible(key, "'_id'")
    except ValueError as error:
        return Reject(where, None, "read", str(error), row)
    return Product(key, {name: value for name, value in row.items() if name != ID_KEY}, where)


def ids(given: object) -> list[str]:
    """Return the ids that were handed over, one or many.

    Raises:
        QueryError: It is neither, or one of them is no id.
    """
    if (single := text_of(given)) is not None:
        return [single]
    keys = []
    for value in several(given):
        key = text_of(value)
        if key is None:
            raise QueryError(
                f"Found {named(value)} among the ids, expected text or a number. "
                "Nothing was done; correct it and try again."
            )
        keys.append(key)
    return keys


def several(given: object) -> list[object]:
    """Return the ids that were handed over as several.

    Raises:
        QueryError: They are not several, or fail when they are read.
    """
    try:
        if isinstance(given, Iterable) and not isinstance(given, bytes | bytearray | Mapping):
            return list(given)
    except Exception as error:  # what yields them is somebody else's
        raise QueryError(f"The ids could not be read from {named(given)}: {brief(error)}. Nothing was done.") from error
    raise QueryError(f"Found {named(given)}, expected ids: text or numbers. Give one id, or a list of ids.")


def possible_ids(given: object) -> list[str]:
    """Return the ids that were handed over and that a product can have; others name none.

    Raises:
        QueryError: One of them is neither text nor a number.
    """
    return [key for key in ids(given) if is_possible(key)]


def one_id(given: object) -> str:
    """Return the id that was handed over.

    Raises:
        QueryError: It is none that a product can have, or these are several.
    """
    found = ids(given)
    if len(found) != 1 or not is_possible(found[0]):
        raise QueryError(f"{brief(given)} was given, expected the id of one product.")
    return found[0]


def removals(given: object) -> dict[str, Any]:
    """Return the ids of products to remove, each with the version of its removal, or None.

    Raises:
        QueryError: One of them is no id that a product can have.
    """
    versions = versions_of(given)
    keys = ids(given if versions is None else list(versions))
    for key in keys:
        try:
            require_possible(key, "An id")
        except ValueError as error:
            raise QueryError(f"{error}. Nothing was done; correct it and try again.") from error
    return dict.fromkeys(keys) if versions is None else dict(zip(keys, versions.values(), strict=True))


def versions_of(given: object) -> dict[Any, Any] | None:
    """Return removals with their versions, None where there are only ids.

    Raises:
        QueryError: They cannot be read.
    """
    try:
        return dict(given) if isinstance(given, Mapping) else None
    except Exception as error:  # it is an object of somebody else
        raise QueryError(f"The ids could not be read from {named(given)}: {brief(error)}.") from error


def without_versions(removals: Mapping[str, Any]) -> dict[str, int | None]:
    """Return removals of a shop that has no versions.

    Raises:
        QueryError: One was given.
    """
    for key, version in removals.items():
        if version is not None:
            raise QueryError(
                f"Found the version {brief(version)} of the removal of '{key}', but the configuration names no field "
                "of versions. Give ids alone, or name one in 'fields.version'."
            )
    return dict(removals)


def text_of(value: object) -> str | None:
    """Return the text of an id; None where a value is none."""
    try:
        if isinstance(value, str):
            return str.__str__(value)
        plain = tidy(value)
    except Exception:  # it is an object of somebody else
        return None
    return None if isinstance(plain, bool | dict | list) else next(iter(strings(plain)), None)


def require_possible(key: str, name: str) -> None:
    """Check that a product can have an id.

    Raises:
        ValueError: None can.
    """
    if not is_possible(key):
        raise ValueError(f"{name} is {key[:40]!r}, expected an id of 1 to {LONGEST_ID} bytes")


def is_possible(key: str) -> bool:
    """Say whether a product can have an id."""
    try:
        return bool(key.strip()) and len(key.encode()) <= LONGEST_ID
    except UnicodeEncodeError:
        return False
