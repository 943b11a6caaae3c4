"""What can still be answered when the server fails on a search: the keyword part alone, or the vector part alone."""

from __future__ import annotations

from elasticsearch import ApiError

from hybridsearch.engines.elasticsearch.transport.connection import causes_of, error_of
from hybridsearch.search.plan import Plan


def fallback_plans(plan: Plan, error: ApiError) -> list[Plan]:
    """Return the plans to try instead of one that failed; their pages say what is missing, and why.

    There are none for a plan of keywords alone or vectors alone, nor for a failure that the search did not cause.
    """
    has_both = plan.neighbours and (plan.keyword or plan.codes)
    if not has_both or not caused_by_search(error.meta.status, error.body):
        return []
    _, reason = error_of(error.body)
    return [plan.without_vectors(f"no vectors: {reason}"), plan.without_words(f"no keywords: {reason}")]


def caused_by_search(status: int, body: object) -> bool:
    """Return whether a part of the search may have caused a failure: not when the server is busy, away, or refuses us.

    A circuit breaker stops a search that takes too much memory; a part of it may take little enough.
    """
    if status == 429:
        return "circuit_breaking_exception" in causes_of(body)
    return status in (400, 500)
