"""Paths and mapping of our fields in an Elasticsearch index, and the body of a document."""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Iterable, Mapping
from typing import Any

from hybridsearch.document import RESERVED
from hybridsearch.engines.elasticsearch.transport.answers import reading
from hybridsearch.engines.elasticsearch.transport.shapes import HitWithFields, Index
from hybridsearch.errors import EngineError
from hybridsearch.fields import KINDS, restored
from hybridsearch.roles import BUYERS_SAY
from hybridsearch.schema import Leg, Schema, in_reviews
from hybridsearch.texts import text
from hybridsearch.values import Document, Indexed, Vector

ID = f"{RESERVED}.id"
CODES = f"{RESERVED}.codes"
WORDS = f"{RESERVED}.words"
VARIANTS = f"{RESERVED}.variants"
TEXTS = ("title", "text", "pairs")
META = "hybridsearch"
"""Key of our entry in the mapping's `_meta`."""
ROUNDED = {8: "vector", 4: "vector_of_4_bits", 1: "vector_of_1_bit"}
"""Field type of a leg by the bits that it keeps of each number;"""
ROUNDS = (8, 18)
"""the first version that compares whole vectors of what it finds by fewer than 8."""
PRIVATE_SETTINGS = (
    "uuid",
    "creation_date",
    "creation_date_string",
    "provided_name",
    "version",
    "resize",
    "routing_path",
    "history",
    "verified_before_close",
    "blocks",
)
"""Index settings that the server gives itself, or that belong to one index only: not carried to a new one."""

VECTORS_LEFT_OUT = (9, 2)
"""From this version on `_source` comes without vectors unless they are asked for; earlier ones refuse to be asked."""

FIELD_LIMIT = 1_000
"""Elasticsearch's default for `index.mapping.total_fields.limit`."""
OUR_FIELDS = 500
"""How much that limit is raised beside a shop's own fields; more than any configuration maps."""


def text_path(name: str, language: str) -> str:
    """Return the path of a text field in one language."""
    return f"{RESERVED}.{name}.{language}"


def field_path(role: str, name: str) -> str:
    """Return the path of a field of one of the `KINDS`."""
    return f"{RESERVED}.{role}.{name}"


def variant_path(role: str, name: str) -> str:
    """Return the path of a field of variants."""
    return f"{VARIANTS}.{role}.{name}"


def moments_path(leg: str) -> str:
    """Return the path of what is kept of the frames of a video, for a leg."""
    return f"{RESERVED}.moments.{leg}"


def vector_path(leg: str) -> str:
    """Return the path of a vector leg."""
    return f"{RESERVED}.vectors.{leg}"


@functools.cache
def field_types() -> dict[str, dict[str, Any]]:
    """Return the field types of mappings/fields.json."""
    file = importlib.resources.files("hybridsearch.mappings") / "fields.json"
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def to_mapping(schema: Schema, own: Mapping[str, Any] | None = None, *, knn_has_k: bool = True) -> dict[str, Any]:
    """Return the mapping of a new index.

    Args:
        schema: What the index holds.
        own: The mapping of the shop's existing index, kept as it is; None when the catalogue is a file, whose rows are
            stored but not indexed beside our fields.
        knn_has_k: Whether the server's knn clause takes `k` (8.15 and later).
    """
    mapping: dict[str, Any] = dict(own) if own is not None else {"dynamic": False}
    mapping["_meta"] = {**mapping.get("_meta", {}), META: schema.to_json()}
    unsearched: dict[str, Any] = {BUYERS_SAY: {"type": "object", "enabled": False}} if schema.fields.reviews else {}
    mapping["properties"] = {**mapping.get("properties", {}), **unsearched, RESERVED: our_fields(schema, knn_has_k)}
    return mapping


def our_fields(schema: Schema, knn_has_k: bool) -> dict[str, Any]:
    """Return the mapping of the one object that holds our fields."""
    types, fields = field_types(), schema.fields
    texts: dict[str, Any] = dict.fromkeys(fields.languages, types["text"])
    reviews = dict.fromkeys(map(in_reviews, fields.languages if fields.reviews else ()), types["text"])
    vectors: dict[str, Any] = {leg.name: vector_type(leg, knn_has_k) for leg in schema.legs}
    frames = dict.fromkeys((leg.name for leg in schema.legs if leg.frames), types["moments"])
    inside = fields_by_role(fields.in_variants)
    return objects(
        {
            "id": types["id"],
            "codes": types["code"],
            "words": types["word"],
            **{name: objects({**texts, **(reviews if name == "text" else {})}) for name in TEXTS},
            "grams": objects({text.ALL: types["text"]}),
            **fields_by_role({role: fields.of_products(role) for role in KINDS}),
            **({"variants": {"type": "nested", "include_in_root": True, **objects(inside)}} if inside else {}),
            "vectors": objects(vectors),
            **({"moments": objects(frames)} if frames else {}),
        }
    )


def fields_by_role(names: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Return the mapping of the fields of products, or of variants, by role."""
    return {role: objects(dict.fromkeys(some, field_types()[KINDS[role].name])) for role, some in names.items()}


def objects(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping of an object that has these fields and no other; a dotted name is an object of its own."""
    nested: dict[str, Any] = {}
    inside: dict[str, dict[str, Any]] = {}
    for name, mapping in properties.items():
        first, dot, rest = name.partition(".")
        if dot:
            inside.setdefault(first, {})[rest] = mapping
        else:
            nested[name] = mapping
    nested |= {name: objects(fields) for name, fields in inside.items()}
    return {"dynamic": "strict", "properties": nested}


def vector_type(leg: Leg, knn_has_k: bool) -> dict[str, Any]:
    """Return the mapping of a vector leg.

    Without `k` a graph is explored no further than neighbours are wanted, so that only `flat` is exact there.
    """
    exact = "exact_vector" if knn_has_k else "exact_vector_before_8_15"
    return {**field_types()[exact if leg.exact else ROUNDED[leg.bits]], "dims": leg.dims}


def require_rounding(schema: Schema, version: tuple[int, ...]) -> None:
    """Refuse legs that keep fewer bits than a server of a version can compare whole vectors behind.

    Raises:
        EngineError: There is one.
    """
    odd = next((leg for leg in schema.legs if leg.bits != 8 and version < ROUNDS), None)
    if odd is not None:
        oldest, found = (".".join(map(str, each)) for each in (ROUNDS, version))
        raise EngineError(
            f"Leg '{odd.name}' has 'bits = {odd.bits}', which needs Elasticsearch {oldest} or later; "
            f"the server is {found}. Upgrade it, or leave out 'bits'."
        )


def read_schema(mapping: Mapping[str, Any], index: str) -> Schema | None:
    """Return the schema that an index's mapping holds, or None when it is not one of ours."""
    with reading(f"'_meta' of index '{index}'"):
        data = mapping.get("_meta", {}).get(META)
    return Schema.from_json(data, index) if data else None


def shards_of(index: Index) -> int:
    """Return the number of shards of an index."""
    with reading("the number of shards"):
        return max(1, int(index["settings"]["index"]["number_of_shards"]))


def replicas_of(index: Index) -> int:
    """Return how many copies each shard of an index is to have besides itself."""
    with reading("the number of replicas"):
        return int(index["settings"]["index"].get("number_of_replicas", 1))


def carried(index: Index) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return mapping and settings of the shop's index that its successor gets too."""
    with reading("the index"):
        return carried_mapping(index["mappings"]), carried_settings(index)


def carried_settings(index: Index) -> dict[str, Any]:
    """Return the settings of the shop's index that its successor gets too, with room for our fields."""
    settings = {name: value for name, value in index["settings"]["index"].items() if name not in PRIVATE_SETTINGS}
    if META not in index["mappings"].get("_meta", {}):
        limits = settings.get("mapping", {})
        fields = int(limits.get("total_fields", {}).get("limit", FIELD_LIMIT)) + OUR_FIELDS
        settings["mapping"] = {**limits, "total_fields": {**limits.get("total_fields", {}), "limit": fields}}
        if nested := limits.get("nested_fields", {}).get("limit"):
            settings["mapping"]["nested_fields"] = {"limit": int(nested) + 1}
    return settings


def carried_mapping(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping of the shop's index without our part."""
    meta = {name: value for name, value in mapping.get("_meta", {}).items() if name != META}
    properties = {name: value for name, value in mapping.get("properties", {}).items() if name != RESERVED}
    rest = {name: value for name, value in mapping.items() if name not in ("_meta", "properties")}
    return rest | ({"_meta": meta} if meta else {}) | {"properties": properties}


def from_source(key: str, source: Mapping[str, Any], routing: str | None) -> Document:
    """Read what `to_source` wrote."""
    with reading(f"product '{key[:100]}'"):
        return to_document(key, source, source.get(RESERVED, {}), routing)


def to_document(key: str, source: Mapping[str, Any], ours: Mapping[str, Any], routing: str | None) -> Document:
    """Return the document of a body, and of our part in it."""
    return Document(
        id=key,
        row={name: value for name, value in source.items() if name != RESERVED},
        text={name: ours[name] for name in (*TEXTS, "grams") if name in ours},
        codes=tuple(ours.get("codes", ())),
        words=tuple(ours.get("words", ())),
        fields=restored(ours),
        variants=tuple(map(restored, ours.get("variants", ()))),
        vectors={leg: Vector(values) for leg, values in ours.get("vectors", {}).items()},
        routing=routing,
        moments=ours.get("moments", {}),
    )


def to_indexed(hit: HitWithFields, legs: Mapping[str, str]) -> Indexed:
    """Return a product that was searched for with its vectors, of legs that are called so at their paths."""
    values = hit.get("fields", {})
    with reading(f"product '{hit['_id'][:100]}'"):
        vectors = {leg: Vector(values[path]) for path, leg in legs.items() if values.get(path)}
    return Indexed(hit["_id"], hit.get("_source", {}), vectors)


def to_source(document: Document) -> dict[str, Any]:
    """Return the body of a document: the shop's row, and ours beside it under one name."""
    ours: dict[str, Any] = {"id": document.id, **document.text, **document.fields}
    if document.codes:
        ours["codes"] = document.codes
    if document.variants:
        ours["variants"] = document.variants
    if document.words:
        ours["words"] = document.words
    if document.vectors:
        ours["vectors"] = {leg: vector.array for leg, vector in document.vectors.items()}
    if document.moments:
        ours["moments"] = document.moments
    return {**document.row, RESERVED: ours}
