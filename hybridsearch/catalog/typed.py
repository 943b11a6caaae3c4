"""Values of columns that have types, as in Parquet or a database, where JSON has none or another one."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any


def typed_row(columns: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a row, of which `tidy` makes JSON; a null and a NaN are missing values.

    Bytes that are UTF-8 become text, others a `data:` URI, such as of a picture; a length of time becomes seconds. Of
    columns with the same name the last filled one counts.
    """
    values = ((name, typed(value)) for name, value in columns)
    return {name: value for name, value in values if value is not None}


def typed(value: Any) -> Any:
    """Return a value, and what is in it, as `typed_row` says."""
    if isinstance(value, float | Decimal) and math.isnan(value):
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return text_or_data(bytes(value))
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return value


def text_or_data(value: bytes) -> str:
    """Return bytes as the text that they are, or else as a `data:` URI."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "data:application/octet-stream;base64," + base64.b64encode(value).decode()
