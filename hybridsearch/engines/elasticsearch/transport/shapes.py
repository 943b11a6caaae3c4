"""The shape of each answer that is read, as far as it is read."""

# ruff: noqa: D101 - the names of the fields are the server's, and say it all

from __future__ import annotations

from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic does not take those of Python 3.11
    TypeVar,
)

from pydantic import FailFast, Field, InstanceOf, TypeAdapter
from typing_extensions import TypedDict

Count = Annotated[int, Field(ge=0)]
Object = InstanceOf[dict]  # type: ignore[type-arg] # names and values of any kind, which are not copied


Item = TypeVar("Item")
Many = Annotated[list[Item], FailFast()]
"""A list of any length, in which the first error is the last that is looked for."""


class Version(TypedDict):
    number: Annotated[str, Field(pattern=r"^\d{1,6}\.\d{1,6}(\.\d{1,6})?([-+].*)?$")]


class Info(TypedDict):
    version: Version


class IndexSettings(TypedDict):
    index: Object


class Index(TypedDict):
    mappings: Object
    settings: IndexSettings
    aliases: NotRequired[dict[str, Object]]


class Aliased(TypedDict):
    aliases: dict[str, Object]


class Total(TypedDict):
    value: Count


class Hit(TypedDict):
    _id: str
    _score: NotRequired[float | None]
    _source: NotRequired[Object]
    _routing: NotRequired[str]
    fields: NotRequired[Object]
    matched_queries: NotRequired[dict[str, float] | None]


class Hits(TypedDict):
    hits: Many[Hit]


class HitWithFields(Hit):
    """A field holds a list of its values."""

    fields: NotRequired[dict[str, list[Any]]]


class HitsWithFields(TypedDict):
    hits: Many[HitWithFields]


class HitInOrder(Hit):
    """What it is put in order by, as the server has it."""

    sort: NotRequired[list[str | float | None]]


class Page(TypedDict):
    hits: Many[HitInOrder]
    total: Total


class Buckets(TypedDict):
    buckets: Many[Bucket]
    sum_other_doc_count: NotRequired[Count]


class Statistics(TypedDict):
    min: float | None
    max: float | None
    avg: float | None


class Products(TypedDict):
    doc_count: Count


class Bucket(TypedDict):
    key: Any
    doc_count: Count
    products: NotRequired[Products]


class Each(TypedDict):
    buckets: Many[Products]


class Beside(TypedDict):
    each: Each


class InOneCase(TypedDict):
    values: Buckets


class InAnyCase(TypedDict):
    same: InOneCase


class Cause(TypedDict):
    type: NotRequired[str | None]
    reason: NotRequired[str | None]
    caused_by: NotRequired[Cause | None]


class Failure(TypedDict):
    reason: Cause


class Shards(TypedDict):
    total: NotRequired[int]
    failed: NotRequired[int]
    failures: NotRequired[Many[Failure]]


class Completeness(TypedDict):
    timed_out: NotRequired[bool]
    _shards: NotRequired[Shards]


class Search(Completeness):
    hits: Page
    aggregations: NotRequired[dict[str, Object]]


class Found(Completeness):
    hits: Hits


class WithFields(Completeness):
    hits: HitsWithFields


class Logged(TypedDict):
    """A change as the log holds it."""

    row: NotRequired[Object | Annotated[list[Object], Field(min_length=1)] | None]
    version: NotRequired[int | None]


class SortedHit(Hit):
    _index: str
    sort: Annotated[list[int], Field(min_length=1)]


class SortedHits(TypedDict):
    hits: Many[SortedHit]


class Sorted(TypedDict):
    hits: SortedHits
    pit_id: NotRequired[str]


class StoredDoc(TypedDict):
    """A document by id; one that is not found has the id alone."""

    _id: str
    found: NotRequired[bool]
    _source: NotRequired[Object]
    _version: NotRequired[int]
    _seq_no: NotRequired[int]
    _primary_term: NotRequired[int]


class Docs(TypedDict):
    docs: Many[StoredDoc]


class Placed(TypedDict):
    """What was written, and its place in the order of writes."""

    _seq_no: int
    _primary_term: int


class Owner(TypedDict):
    owner: str
    host: str
    process: Annotated[int, Field(ge=1, lt=2**31)]
    token: str


class Leased(Placed):
    _source: Owner


class Sequence(TypedDict):
    max_seq_no: int
    local_checkpoint: int


class Copy(TypedDict):
    seq_no: Sequence
    routing: NotRequired[Object]


class Shard(TypedDict):
    uuid: str
    shards: dict[str, Annotated[list[Copy], Field(min_length=1)]]


class ShardStats(TypedDict):
    indices: dict[str, Shard]


class SourceField(TypedDict):
    enabled: NotRequired[bool]


class MappedField(TypedDict):
    type: NotRequired[str]
    properties: NotRequired[dict[str, MappedField]]


class Mapping(TypedDict):
    properties: NotRequired[dict[str, MappedField]]
    _source: NotRequired[SourceField]


class Mapped(TypedDict):
    mappings: Mapping


class Size(TypedDict):
    size_in_bytes: Count


class Primaries(TypedDict):
    store: NotRequired[Size]


class IndexStats(TypedDict):
    health: NotRequired[str]
    primaries: Primaries


class Stats(TypedDict):
    indices: NotRequired[dict[str, IndexStats]]


class Counted(TypedDict):
    count: Count


class Health(TypedDict):
    status: str
    timed_out: NotRequired[bool]
    number_of_data_nodes: NotRequired[int]
    active_primary_shards: NotRequired[int]
    active_shards: NotRequired[int]
    initializing_shards: NotRequired[int]


class LicenceDetails(TypedDict):
    type: str
    status: str


class Licence(TypedDict):
    license: LicenceDetails


class Pit(TypedDict):
    id: str


class Error(Cause):
    root_cause: NotRequired[Many[Cause]]
    failed_shards: NotRequired[Many[Failure]]


class Refused(TypedDict):
    error: Error | str


class Outcome(TypedDict):
    status: Annotated[int, Field(ge=200, lt=600)]
    error: NotRequired[Cause]
    result: NotRequired[str]


class Bulk(TypedDict):
    items: list[Annotated[dict[str, Outcome], Field(min_length=1, max_length=1)]]


INFO = TypeAdapter(Info)
MAPPINGS = TypeAdapter(dict[str, Mapped])
INDICES = TypeAdapter(dict[str, Index])
ALIASES = TypeAdapter(dict[str, Aliased])
COMPLETENESS = TypeAdapter(Completeness)
SEARCH = TypeAdapter(Search)
BUCKETS = TypeAdapter(Buckets)
STATISTICS = TypeAdapter(Statistics)
CASES = TypeAdapter(InAnyCase)
BESIDE = TypeAdapter(Beside)
FOUND = TypeAdapter(Found)
WITH_FIELDS = TypeAdapter(WithFields)
LOGGED = TypeAdapter(Logged)
SORTED = TypeAdapter(Sorted)
DOCS = TypeAdapter(Docs)
DOC = TypeAdapter(StoredDoc)
PLACED = TypeAdapter(Placed)
LEASED = TypeAdapter(Leased)
SHARD_STATS = TypeAdapter(ShardStats)
STATS = TypeAdapter(Stats)
COUNTED = TypeAdapter(Counted)
HEALTH = TypeAdapter(Health)
LICENCE = TypeAdapter(Licence)
PIT = TypeAdapter(Pit)
REFUSED = TypeAdapter(Refused)
BULK = TypeAdapter(Bulk)
