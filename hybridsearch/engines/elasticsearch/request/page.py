"""From the answer of a server to the page that it describes. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hybridsearch.engines.elasticsearch.mapping import moments_path, vector_path
from hybridsearch.engines.elasticsearch.request.aggregations import facets, written
from hybridsearch.engines.elasticsearch.request.beside import numbers
from hybridsearch.engines.elasticsearch.request.orders import keys
from hybridsearch.engines.elasticsearch.request.request import PROOF
from hybridsearch.engines.elasticsearch.transport import shapes
from hybridsearch.engines.elasticsearch.transport.answers import read, reading
from hybridsearch.engines.elasticsearch.transport.shapes import BESIDE, SEARCH
from hybridsearch.search.plan import Plan
from hybridsearch.search.results import Results, page_of
from hybridsearch.values import Hit, Page, Vector


def spelled(plan: Plan, body: object) -> list[list[str]]:
    """Return for each of the filters that are compared values of the index that may differ from its own in case only.

    Raises:
        UnexpectedAnswer: The answer does not say.
    """
    return written(plan, read(SEARCH, body).get("aggregations", {})) if plan.compared else []


def to_page(plan: Plan, body: object, written: Sequence[Iterable[str]] = ()) -> Page:
    """Return the page that an answer of Elasticsearch describes.

    Args:
        plan: What was asked.
        body: The answer.
        written: For each of the filters that are compared, how the index writes its values in any case.

    Raises:
        UnexpectedAnswer: It describes none.
    """
    answer = read(SEARCH, body)
    hits, counted = answer["hits"], answer.get("aggregations", {})
    shown = hits["hits"][: plan.size]
    values, details = facets(plan, counted)
    found = Results(
        [to_hit(hit, plan.filmed) for hit in hits["hits"]],
        hits["total"]["value"],
        values,
        details=details,
        written=written,
        keys=keys(plan, shown[-1]) if plan.is_steady and shown else (),
        vectors=[to_vectors(plan.shown_legs, hit) for hit in hits["hits"]] if plan.shown_legs else (),
        counted=numbers(plan, counted),
        proved=not plan.proofs
        or all(bucket["doc_count"] for bucket in read(BESIDE, counted.get(PROOF))["each"]["buckets"]),
        degraded=incomplete(answer),
    )
    return page_of(plan, found)


def to_hit(hit: shapes.Hit, filmed: Sequence[str] = ()) -> Hit:
    """Return a hit with its signals, the largest first, and with what some legs keep of its video."""
    named = hit.get("matched_queries") or {}
    signals = sorted(((name, value) for name, value in named.items() if value > 0), key=lambda pair: -pair[1])
    fields = hit.get("fields", {})
    with reading("the frames of a video"):
        moments = {leg: str(fields[path][0]) for leg in filmed if (path := moments_path(leg)) in fields}
    return Hit(hit["_id"], hit.get("_score") or 0.0, dict(signals), hit.get("_source", {}), moments=moments)


def to_vectors(legs: Sequence[str], hit: shapes.Hit) -> dict[str, Vector]:
    """Return the vectors of a hit by leg; one that it does not have is absent."""
    fields = hit.get("fields", {})
    with reading("the vectors"):
        return {leg: Vector(fields[vector_path(leg)]) for leg in legs if vector_path(leg) in fields}


def incomplete(answer: shapes.Completeness) -> list[str]:
    """Return why the server's answer may lack products: it answers 200 anyway."""
    shards: shapes.Shards = answer.get("_shards", {})
    reasons = []
    if answer.get("timed_out"):
        reasons.append("Elasticsearch ran out of time and answered with what it had")
    if failed := shards.get("failed", 0):
        reasons.append(f"{failed} of {shards.get('total', failed)} shards failed")
    return reasons
