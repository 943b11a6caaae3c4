"""Parquet: read some rows at a time, columns as fields, with lists and structs inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats.binary import Format
from hybridsearch.catalog.typed import typed_row

BATCH = 100
"""Rows that are held at once; a column of a few texts may be tiny in the file and large in memory."""
BUFFER = 65_536
"""Bytes of a column that are read at once, where the whole column of a row group would be."""
INDEX = "__index_level_"
"""How the column begins in which pandas keeps the numbers of its rows."""


def rows(raw: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Yield the rows with their numbers, from 1.

    Times with a zone are given in UTC; see `typed_row` for the other values.

    Raises:
        ValueError: It is no Parquet, or damaged; or pyarrow is not installed.
    """
    number = 0
    for batch in batches(raw):
        for row in values(batch):
            number += 1
            yield number, row


def batches(raw: BinaryIO) -> Iterator[Any]:
    """Yield the rows in batches of Arrow's."""
    with opened(raw) as file:
        import pyarrow as pa

        schema = pa.schema([field.with_type(plain_type(field.type)) for field in file.schema_arrow])
        columns = [name for name in schema.names if not name.startswith(INDEX)]
        for batch in file.iter_batches(BATCH, use_threads=False, columns=columns):
            wanted = pa.schema([schema.field(name) for name in batch.schema.names])
            yield batch if batch.schema.equals(wanted) else batch.cast(wanted, safe=False)


@contextmanager
def opened(raw: BinaryIO) -> Iterator[Any]:
    """Open a file with pyarrow.

    Raises:
        ValueError: It is no Parquet, or damaged; or pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError('it needs pyarrow; install it with: pip install "hybridsearch[parquet]"') from error
    try:
        yield parquet.ParquetFile(raw, pre_buffer=False, buffer_size=BUFFER)
    except (pa.ArrowException, OSError) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise ValueError(f"it is no Parquet file, or a damaged one: {why}; write it again") from error


def plain_type(kind: Any) -> Any:
    """Return the type of Arrow's that a column is read as: Python has no nanoseconds, and no machine has all zones."""
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_timestamp(kind):
        return pa.timestamp("us" if kind.unit == "ns" else kind.unit, kind.tz and "UTC")
    if is_a.is_time64(kind):
        return pa.time64("us")
    if is_a.is_struct(kind):
        return pa.struct([part.with_type(plain_type(part.type)) for part in kind])
    if is_a.is_map(kind):
        return pa.map_(kind.key_type, kind.item_field.with_type(plain_type(kind.item_type)))
    if is_a.is_list(kind) or is_a.is_large_list(kind):
        made = pa.list_ if is_a.is_list(kind) else pa.large_list
        return made(kind.value_field.with_type(plain_type(kind.value_type)))
    return kind


def values(batch: Any) -> Iterator[dict[str, Any] | Unreadable]:
    """Yield the rows of a batch; one that Python has no values for costs no other."""
    try:
        found = batch.to_pylist(maps_as_pydicts="lossy")
    except (ValueError, OverflowError, TypeError) as error:  # a year 10000, a text that is not UTF-8
        if batch.num_rows == 1:
            yield Unreadable(f"holds what cannot be read: {error}")
            return
        for place in range(batch.num_rows):
            yield from values(batch.slice(place, 1))
        return
    for row in found:
        yield typed_row(row.items())


def count(raw: BinaryIO) -> int | None:
    """Return how many rows the file says that it has."""
    with opened(raw) as file:
        return int(file.metadata.num_rows)


FORMAT = Format(rows, count)
