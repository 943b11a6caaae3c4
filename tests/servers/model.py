"""A model of Elasticsearch in memory: versions, deletions that are forgotten, refresh, aliases, partial bulk requests.

It knows the requests of this library and no others, and answers as 9.4.3 does. It serves the simulation, in the same
thread, and the scripted server, where a script spoils some of its answers.
"""

from __future__ import annotations

import fnmatch
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.fake import Received, Reply

GC_DELETES = 60.0
"""Seconds after which Elasticsearch forgets the version of a deletion."""
Answer = tuple[int, Any]


@dataclass(slots=True)
class Doc:
    source: dict[str, Any]
    version: int
    seq: int
    routing: str | None = None


@dataclass(slots=True)
class Index:
    mappings: dict[str, Any]
    settings: dict[str, Any]
    aliases: dict[str, Any]
    docs: dict[str, Doc] = field(default_factory=dict)
    visible: dict[str, Doc] = field(default_factory=dict)
    deleted: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Version and time of each deletion."""
    seq: int = -1

    @property
    def hidden(self) -> bool:
        return bool(self.settings.get("hidden"))


@dataclass(slots=True)
class Model:
    """The server's state. `now` is its clock; `luck` decides when it refreshes by itself."""

    indices: dict[str, Index] = field(default_factory=dict)
    now: float = 0.0
    luck: random.Random = field(default_factory=lambda: random.Random(0))
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    swapped: Callable[[str], None] = lambda index: None
    """Is told of every index that an alias moves to."""

    def reply(self, asked: Received) -> Reply:
        """Answer a request of the scripted server."""
        with self.one_at_a_time:
            status, body = self.handle(asked.method, asked.path, asked.body)
        return Reply(body, status)

    def handle(self, method: str, target: str, body: bytes) -> Answer:
        """Answer a request."""
        parts = urlsplit(target)
        path = [part for part in parts.path.split("/") if part]
        params = dict(parse_qsl(parts.query))
        for index in self.indices.values():
            if index.settings.get("refresh_interval") != "-1" and self.luck.random() < 0.3:
                index.visible = dict(index.docs)
        if not path:
            return 200, {"version": {"number": "9.4.3"}, "tagline": "You Know, for Search"}
        if path[0] == "_aliases":
            return self.update_aliases(json.loads(body)["actions"])
        if path[0] == "_alias":
            aliases = {
                n: {"aliases": {path[1]: i.aliases[path[1]]}} for n, i in self.indices.items() if path[1] in i.aliases
            }
            return (200, aliases) if aliases else (404, {"error": f"alias [{path[1]}] missing", "status": 404})
        if path[:2] == ["_cluster", "health"]:
            return 200, {"status": "green"}
        if len(path) == 1:
            return self.of_index(method, path[0], body)
        action = getattr(self, f"do{path[1]}")
        if path[1] == "_bulk":
            return self.do_bulk(path[0], params, body)
        if path[1] in ("_doc", "_create"):
            return self.single_document(method, path, params, body)
        names = list(self.resolve(path[0]))
        if not names and "*" not in path[0]:
            return missing(path[0])
        asked = json.loads(body or b"{}")
        result: Answer = self.do_mget(names, asked, params) if path[1] == "_mget" else action(names, asked)
        return result

    def resolve(self, pattern: str) -> Iterator[str]:
        for name, index in self.indices.items():
            wild = "*" in pattern and not index.hidden and fnmatch.fnmatch(name, pattern)
            if wild or pattern == name or pattern in index.aliases:
                yield name

    def of_index(self, method: str, name: str, body: bytes) -> Answer:
        names = list(self.resolve(name))
        if method == "PUT":
            if name in self.indices:
                return failure(400, "resource_already_exists_exception", f"index [{name}] already exists")
            made = json.loads(body or b"{}")
            settings = made.get("settings", {}).get("index", {})
            wanted = {"number_of_shards": "1", "number_of_replicas": "1", **settings}
            self.indices[name] = Index(made.get("mappings", {}), wanted, made.get("aliases", {}))
            return 200, {"acknowledged": True}
        if method == "DELETE":
            if name not in self.indices:
                return 200, {"acknowledged": True}
            del self.indices[name]
            return 200, {"acknowledged": True}
        if not names and "*" not in name:
            return missing(name)
        shown = {
            index_name: {
                "aliases": self.indices[index_name].aliases,
                "mappings": self.indices[index_name].mappings,
                "settings": {"index": {key: str(value) for key, value in self.indices[index_name].settings.items()}},
            }
            for index_name in names
        }
        return 200, shown

    def update_aliases(self, actions: list[dict[str, Any]]) -> Answer:
        before = {name: dict(index.aliases) for name, index in self.indices.items()}
        for action in actions:
            ((kind, rest),) = action.items()
            index = self.indices.get(rest["index"])
            if index is None or (kind == "remove" and rest.get("must_exist") and rest["alias"] not in index.aliases):
                for name, aliases in before.items():
                    self.indices[name].aliases = aliases
                return failure(404, "aliases_not_found_exception", "nothing was changed")
            if kind == "add":
                index.aliases[rest["alias"]] = {}
                self.swapped(rest["index"])
            elif kind == "remove":
                index.aliases.pop(rest["alias"], None)
            else:
                del self.indices[rest["index"]]
        return 200, {"acknowledged": True}

    def do_settings(self, names: list[str], body: dict[str, Any]) -> Answer:
        for name in names:
            for key, value in body["index"].items():
                self.indices[name].settings.pop(key, None)
                if value is not None:
                    self.indices[name].settings[key] = value
        return 200, {"acknowledged": True}

    def do_mapping(self, names: list[str], body: dict[str, Any]) -> Answer:
        for name in names:
            self.indices[name].mappings.update(body)
        return 200, {"acknowledged": True}

    def do_refresh(self, names: list[str], _: dict[str, Any]) -> Answer:
        for name in names:
            self.indices[name].visible = dict(self.indices[name].docs)
        return 200, {"_shards": {"failed": 0}}

    def do_count(self, names: list[str], _: dict[str, Any]) -> Answer:
        return 200, {"count": sum(len(self.indices[name].visible) for name in names)}

    def do_stats(self, names: list[str], _: dict[str, Any]) -> Answer:
        stats = {}
        for name in names:
            index = self.indices[name]
            shard = {"seq_no": {"max_seq_no": index.seq, "local_checkpoint": index.seq}}
            size = {"store": {"size_in_bytes": 100 * len(index.docs)}}
            stats[name] = {"uuid": name, "primaries": size, "shards": {"0": [shard]}}
        return 200, {"indices": stats}

    def do_search(self, names: list[str], body: dict[str, Any]) -> Answer:
        query = body.get("query", {})
        hits: list[Any] = []
        for name in names:
            for key, doc in self.indices[name].visible.items():
                if "ids" in query and key not in query["ids"]["values"]:
                    continue
                bounds = query.get("range", {}).get("_seq_no")
                if bounds and not bounds["gt"] < doc.seq <= bounds["lte"]:
                    continue
                hit = {"_index": name, "_id": key, "_score": 1.0, "_source": doc.source, "sort": [doc.seq]}
                hits.append(hit)
        hits.sort(key=lambda hit: int(hit["sort"][0]))
        result = {"total": {"value": len(hits)}, "hits": hits[: body.get("size", 10)]}
        buckets = [{"key": name, "doc_count": len(self.indices[name].visible)} for name in names]
        counts = {name: {"buckets": buckets} for name in body.get("aggregations", ())}
        counts |= {name: nothing(asked) for name, asked in body.get("aggs", {}).items()}
        return 200, {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": result, "aggregations": counts}

    def do_mget(self, names: list[str], body: dict[str, Any], params: Mapping[str, str]) -> Answer:
        docs, left_out = self.indices[names[0]].docs, params.get("_source_excludes")

        def found(key: str) -> dict[str, Any]:
            if key not in docs:
                return {"_id": key, "found": False}
            source = {name: value for name, value in docs[key].source.items() if name != left_out}
            place = {"_version": docs[key].version, "_seq_no": docs[key].seq, "_primary_term": 1}
            return {"_id": key, "found": True, **place, "_source": source}

        wanted = body["ids"] if "ids" in body else [doc["_id"] for doc in body["docs"]]
        return 200, {"docs": [found(key) for key in wanted]}

    def do_delete_by_query(self, *_: Any) -> Answer:
        return 200, {"deleted": 0}  # nothing expires in the model

    def do_doc(self) -> None: ...

    do_create = do_doc

    def single_document(self, method: str, path: list[str], params: Mapping[str, str], body: bytes) -> Answer:
        index = self.indices.get(path[0])
        if index is None:
            return missing(path[0])
        doc = index.docs.get(path[2])
        if method == "GET":
            if doc is None:
                return 404, {"_id": path[2], "found": False}
            return 200, {"_id": path[2], "found": True, "_source": doc.source, "_seq_no": doc.seq, "_primary_term": 1}
        wanted = params.get("if_seq_no")
        if (path[1] == "_create" and doc) or (wanted is not None and (doc is None or str(doc.seq) != wanted)):
            return failure(409, "version_conflict_engine_exception", "version conflict")
        index.seq += 1
        if method == "DELETE":
            index.docs.pop(path[2], None)
        else:
            index.docs[path[2]] = Doc(json.loads(body), 1, index.seq)
        return 200, {"_id": path[2], "_seq_no": index.seq, "_primary_term": 1}

    def do_bulk(self, name: str, params: Mapping[str, str], body: bytes) -> Answer:
        lines = iter(map(json.loads, body.splitlines()))
        items = []
        for action in lines:
            ((kind, meta),) = action.items()
            source = None if kind == "delete" else next(lines)
            items.append({kind: self.apply(name, params, meta, source, new=kind == "create")})
        return 200, {"errors": any("error" in outcome for item in items for outcome in item.values()), "items": items}

    def apply(
        self, name: str, params: Mapping[str, str], meta: dict[str, Any], source: dict[str, Any] | None, *, new: bool
    ) -> dict[str, Any]:
        """Do one line of a bulk request and return its outcome."""
        names = list(self.resolve(name))
        if params.get("require_alias") == "true" and (not names or name in self.indices):
            why = f"no such index [{name}] and [require_alias] request flag is [true]"
            return {"status": 404, "error": {"type": "index_not_found_exception", "reason": why}}
        if not names:  # as a server with auto_create_index does
            self.indices[name] = Index({}, {}, {})
            names = [name]
        index, key = self.indices[names[0]], meta["_id"]
        version = self.version_of(index, key)
        there = index.docs.get(key)
        if (new and there) or ("if_seq_no" in meta and (there is None or there.seq != meta["if_seq_no"])):
            conflict = {"type": "version_conflict_engine_exception", "reason": "another write came before"}
            return {"status": 409, "error": conflict}
        if "version" in meta:
            if version is not None and meta["version"] < version:
                conflict = {"type": "version_conflict_engine_exception", "reason": f"current version is [{version}]"}
                return {"status": 409, "error": conflict}
            version = meta["version"]
        else:
            version = (version or 0) + 1
        index.seq += 1
        if source is None:
            was = index.docs.pop(key, None)
            index.deleted[key] = version, self.now
            return {"status": 200 if was else 404}
        index.docs[key] = Doc(source, version, index.seq, meta.get("routing"))
        index.deleted.pop(key, None)
        return {"status": 201}

    def version_of(self, index: Index, key: str) -> int | None:
        if key in index.docs:
            return index.docs[key].version
        version, when = index.deleted.get(key, (0, float("-inf")))
        return version if self.now - when < GC_DELETES else None


def failure(status: int, kind: str, why: str) -> Answer:
    cause = {"type": kind, "reason": why}
    return status, {"error": {**cause, "root_cause": [cause]}, "status": status}


def missing(name: str) -> Answer:
    return failure(404, "index_not_found_exception", f"no such index [{name}]")


def nothing(aggregation: dict[str, Any]) -> dict[str, Any]:
    """Answer an aggregation over numbers as if no document had any."""
    if "stats" in aggregation:
        return {"count": 0, "min": None, "max": None, "avg": None}
    return {"doc_count": 0, **{name: nothing(inner) for name, inner in aggregation.get("aggs", {}).items()}}
