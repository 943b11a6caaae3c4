"""Where products come from: the table `[catalog]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hybridsearch import credentials
from hybridsearch.fields.formats import Format, Separator
from hybridsearch.sections.base import Section

DatabaseAddress = Annotated[str, AfterValidator(credentials.database_address)]


def known_encoding(name: str) -> str:
    """Require the name of an encoding of text."""
    try:
        "".encode(name)
    except LookupError as error:
        raise ValueError(f"'{name}' is no encoding that is known; expected one such as cp1252 or gb18030") from error
    return name


class Pairs(Section):
    """Where a row has names and values of a product's properties: a [[catalog.pairs]].

    They stand in two fields, or all in one text.
    """

    into: Annotated[str, Field(min_length=1)]
    """The object whose fields they become."""
    names: str | None = None
    values: str | None = None
    """Fields, such as `Option1 Name` and `Option1 Value`; of a list of objects, `props.name` and `props.value`."""
    text: str | None = None
    """A field with texts such as `color=red,size=M`."""
    separator: Separator = ","
    sign: Separator = "="

    @model_validator(mode="after")
    def _one_place(self) -> Pairs:
        if (self.names is None) != (self.values is None) or (self.names is None) == (self.text is None):
            raise ValueError("give 'names' and 'values' together, or 'text'")
        return self


class ListedRows(Section):
    """Which field of a product lists the rows that are its variants: `[catalog.children]`."""

    field: Annotated[str, Field(min_length=1)]
    """Texts such as `sku=A,size=S|sku=B,size=M`, in which a row is named as `fields.id` is called, or ids alone."""
    into: str | None = None
    """The object of a variant that the rest, here the size, is put into; left out: it becomes fields of the variant."""


class OfferSource(Section):
    """One of several catalogues whose rows are offers: a [[catalog.sources]]."""

    path: Path
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """By which groups and offers name it; left out: the name of the file up to its first dot."""
    id: str = "id"
    """Field that names its rows."""
    columns: dict[str, str] = Field(default={})
    """What its fields are called, by the names that the fields of all catalogues have."""
    formats: dict[str, Format] = Field(default={})
    """How its numbers are written, by those names."""
    encoding: Annotated[str, AfterValidator(known_encoding)] | None = None

    @property
    def called(self) -> str:
        """What it is called."""
        return self.name or self.path.name.partition(".")[0]


class Catalog(Section):
    """Where products come from: a file, files of several sellers, an existing Elasticsearch index, or a database."""

    path: Path | None = None
    index: str | None = None
    url: DatabaseAddress | None = None
    """Of the database, as SQLAlchemy takes it; a relative path of SQLite starts at the folder of the configuration."""
    query: Annotated[str, Field(min_length=1)] | None = None
    """The SELECT that gives a row for each product."""
    key: Annotated[str, Field(min_length=1)] | None = None
    """Column in whose order the rows of the query are read in pages; left out: with one cursor."""
    encoding: Annotated[str, AfterValidator(known_encoding)] | None = None
    """Of a file of text; left out: UTF-8, UTF-16 with a byte-order mark, or what XML declares."""
    images: Path | None = None
    """Folder that relative picture paths start from; left out: the folder of the first file."""
    fetch: bool = True
    """Whether pictures may be fetched from URLs."""
    parent: str | None = None
    """Field in which a row of a file names the product, by its id, that it is a variant of."""
    named_by: tuple[str, ...] = ()
    """Fields by which `parent` may name a product besides, such as `ID` where some have no `SKU`; also as `id:17`."""
    children: ListedRows | None = None
    """Where a product of a file lists the rows that are its variants."""
    views: str | None = None
    """Field that is filled in the rows of a file that translate another one of their id, such as `store_view_code`."""
    gather: bool = False
    """Whether the rows of one id or group may stand apart in the file: all are put into a temporary one first."""
    pairs: tuple[Pairs, ...] = ()
    """Where rows have names and values of properties."""
    sources: tuple[OfferSource, ...] = ()
    """Files of several sellers, whose rows are offers."""
    groups: Path | None = None
    """Which rows of these are one product, as `hybridsearch match` writes it; left out: each is one of its own."""

    @model_validator(mode="after")
    def _one_source(self) -> Catalog:
        if sum(source is not None for source in (self.path, self.index, self.query, self.sources or None)) != 1:
            raise ValueError(
                "give one of 'path' (a file), 'index' (an existing Elasticsearch index), 'query' (to a database) and "
                "'sources' (files of several sellers)"
            )
        called = [each.called for each in self.sources]
        if twice := next((name for name in called if called.count(name) > 1), None):
            raise ValueError(f"two of 'sources' are called '{twice}'; give each a 'name' of its own")
        if self.groups and not self.sources:
            raise ValueError("'groups' says which rows of 'sources' are one product; name these, or leave it out")
        if self.sources and (self.pairs or self.encoding):
            raise ValueError("'pairs' and 'encoding' are for one file; each of 'sources' has an 'encoding' of its own")
        if (self.url is None) != (self.query is None):
            raise ValueError("give 'url' and 'query' together: the database, and the SELECT that gives its products")
        if self.key and self.query is None:
            raise ValueError("'key' is the column by which the rows of a 'query' are read in pages; leave it out")
        if self.path is None and self.parent:
            raise ValueError(
                "'parent' is for the rows of a file: of an index or a database each is a product; leave it out"
            )
        if self.parent and self.children:
            raise ValueError("'parent' and 'children' both say which rows are variants; leave one of them out")
        if self.query and self.gather:
            raise ValueError(
                "'gather' is for the rows of one file: a database sorts them by the column that 'key' names"
            )
        rows_of_files = {"children": self.children, "views": self.views, "gather": self.gather}
        if self.path is None and (given := next((name for name, value in rows_of_files.items() if value), None)):
            raise ValueError(f"'{given}' is for the rows of one file: of an index or a database each is a product")
        if self.named_by and not self.parent:
            raise ValueError(
                "'named_by' says how 'parent' names products, which is missing; give it, or leave both out"
            )
        if self.index is not None and self.pairs:
            raise ValueError("'pairs' are not for an index, whose documents are kept as they are; leave them out")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The fields by which rows become products, and that some product has then: those of `views` have none."""
        paired = (name for pair in self.pairs for name in (pair.names, pair.values, pair.text))
        listed = self.children.field if self.children else None
        return tuple(dict.fromkeys(filter(None, [self.parent, listed, *self.named_by, *paired])))
