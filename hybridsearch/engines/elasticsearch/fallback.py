"""What may still be answered where the server fails on a search: its half by words, or its half by vectors."""

from __future__ import annotations

from collections.abc import Mapping

from elasticsearch import ApiError

from hybridsearch.engines.elasticsearch.connection import error_of
from hybridsearch.search.plan import Plan


def halves(plan: Plan, error: ApiError) -> list[Plan]:
    """Return the plans to try in place of one that failed; the page of each says what it lacks, and why.

    There are none for a plan that has one half alone, nor for a failure that is not about what was asked.
    """
    both = plan.neighbours and (plan.keyword or plan.codes)
    if not both or not of_the_search(error.meta.status, error.body):
        return []
    _, reason = error_of(error.body)
    return [plan.without_vectors(f"no vectors: {reason}"), plan.without_words(f"no keywords: {reason}")]


def of_the_search(status: int, body: object) -> bool:
    """Return whether a failure may lie in a part of the search: not with a server that is busy, away, or shut to us.

    A circuit breaker is what a search meets that takes too much memory; half of it may take little enough.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    causes = error.get("root_cause", []) if isinstance(error, Mapping) else []
    if status == 429:
        return any(cause.get("type") == "circuit_breaking_exception" for cause in causes)
    return status in (400, 500)
