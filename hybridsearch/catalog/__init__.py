"""Where products come from: files, an existing Elasticsearch index, a database.

A new format is one file and one line here.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hybridsearch.catalog.arranged.arranged import AS_READ, Arrangement
from hybridsearch.catalog.arranged.offers import Offers, Renamed
from hybridsearch.catalog.base import Source
from hybridsearch.catalog.database import Database
from hybridsearch.catalog.files import File, Parser
from hybridsearch.catalog.formats import excel, parquet
from hybridsearch.catalog.formats.array import parse_document
from hybridsearch.catalog.formats.binary import BinaryFile, Format
from hybridsearch.catalog.formats.csv import parse_table
from hybridsearch.catalog.formats.jsonl import parse_lines
from hybridsearch.catalog.formats.xml import parse_feed
from hybridsearch.catalog.living_database import LivingDatabase
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.inputs.rows import field, number, strings, weight
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, OfferSource
from hybridsearch.values import Product, Row

if TYPE_CHECKING:
    from hybridsearch.engines.elasticsearch.transport.client import Client

__all__ = ["SOURCES", "Source", "field", "number", "open_source", "sample", "strings"]

SOURCES: dict[str, Parser] = {
    ".jsonl": parse_lines,
    ".ndjson": parse_lines,
    ".json": parse_document,
    ".csv": parse_table,
    ".tsv": parse_table,
    ".txt": parse_table,
    ".xml": parse_feed,
    ".rss": parse_feed,
    ".atom": parse_feed,
}
"""Parsers by the suffix of the file; `.gz` may follow, and compressed content is recognised without it.

A new format is a parser in a file of its own and a line here; encoding, packing, counting, ids and rejects are the same
for all."""

BINARIES: dict[str, Format] = {
    ".xlsx": excel.FORMAT,
    ".xlsm": excel.FORMAT,
    ".parquet": parquet.FORMAT,
}
"""Formats that are no text, by the suffix of the file."""

ANY = Fields(title="title", offers="offers", numbers=("offers.price",))
"""Roles of offers of which nothing is said."""

SAMPLE_BYTES = 50_000_000
"""Memory of the rows that a configuration is guessed from."""


def open_source(
    catalog: Catalog,
    fields: Fields | None = None,
    *,
    folder: Path = Path(),
    client: Client | None = None,
) -> Source:
    """Return the source that a configuration names; nothing is read yet.

    Args:
        catalog: A path, an index, or a database and a query.
        fields: Says what names the products (an index has ids of its own), and whether rows are grouped; None numbers
            them by their places.
        folder: Where a relative path starts.
        client: For an index.

    Raises:
        CatalogError: The file is missing, or its suffix is unknown.
        ConfigError: An index is named, but there is no server to read it from.
    """
    id_field, key_of_one = (fields.key, fields.key_of_one) if fields else (None, None)
    arranged = Arrangement.of(catalog, fields) if fields else AS_READ
    if catalog.url and catalog.query:
        asked = (catalog.url, catalog.query, id_field, folder, arranged, key_of_one, catalog.key)
        return LivingDatabase(*asked, version=fields.version) if fields and fields.version else Database(*asked)
    if catalog.sources:
        opened = [Renamed(each, open_source(*as_file(each), folder=folder)) for each in catalog.sources]
        return Offers.of(opened, folder / catalog.groups.expanduser() if catalog.groups else None, fields or ANY)
    if catalog.path is None:
        if client is None:
            raise ConfigError(f"'catalog.index' is '{catalog.index}', but no server is known. Set 'engine.url'.")
        # The client takes 0.2 s to import, which a catalogue in a file should not pay for.
        from hybridsearch.catalog.elasticsearch import ElasticsearchIndex

        return ElasticsearchIndex(client, str(catalog.index))
    path = folder / catalog.path.expanduser()
    if path.is_dir():
        raise CatalogError(f"Catalogue {shown(path)} is a folder. Set 'catalog.path' to a file in it.")
    suffix = Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()
    if suffix not in {*SOURCES, *BINARIES}:
        known = ", ".join([*SOURCES, *BINARIES])
        raise CatalogError(f"Catalogue {shown(path)} has the suffix '{suffix}'. Expected one of: {known}.")
    if not path.exists():
        raise CatalogError(f"Catalogue {shown(path)} is missing. Correct 'catalog.path' and try again.")
    if not path.is_file():
        raise CatalogError(f"Catalogue {shown(path)} is a pipe or a device. Write what it gives to a file first.")
    if suffix in BINARIES:
        return BinaryFile(path, id_field, arranged, key_of_one, format=BINARIES[suffix])
    return File(path, id_field, arranged, key_of_one, parse=SOURCES[suffix], encoding=catalog.encoding)


def as_file(source: OfferSource) -> tuple[Catalog, Fields]:
    """Return what one of several catalogues is by itself."""
    return Catalog(path=source.path, encoding=source.encoding), Fields(id=source.id, title=source.id)


def sample(source: Source, size: int = 2_000, reads: int = 50_000) -> list[Row]:
    """Return between `size` and twice as many rows, or all, spread evenly over the first products that are read.

    Of a catalogue with very long rows there are fewer: together they take at most SAMPLE_BYTES, or are one row.
    """
    rows: list[Row] = []
    held = 0
    step = 1
    products = (row for row in source.read() if isinstance(row, Product))
    for place, product in enumerate(islice(products, reads)):
        if place % step == 0:
            rows.append(product.row)
            held += weight(product.row)
        while len(rows) == 2 * size or (held > SAMPLE_BYTES and len(rows) > 1):
            rows, step = rows[::2], 2 * step
            held = sum(map(weight, rows))
    return rows
