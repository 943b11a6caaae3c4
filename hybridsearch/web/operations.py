"""The routes of the JSON API: one table, from which they are made and described."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.web import parameters
from hybridsearch.web.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API.

    Attributes:
        parameters: What it takes.
        files: Files of a form that it takes.
        body: Whether it takes events, and no parameters.
    """

    path: str
    methods: tuple[str, ...]
    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    files: tuple[str, ...] = ()
    body: bool = False
    kind: str = "application/json"


OPERATIONS = (
    Operation(
        "/api/search",
        ("GET", "POST"),
        "search",
        "Search, as `hybridsearch search --json`.",
        parameters.SEARCH,
        files=("image", "audio", "video"),
    ),
    Operation("/api/suggest", ("GET",), "suggest", "Complete what is typed so far.", parameters.SUGGEST),
    Operation("/api/similar", ("GET",), "similar", "Products like one.", parameters.SIMILAR),
    Operation("/api/events", ("POST",), "events", "Log what a shopper did: one event, or up to 100.", body=True),
    Operation("/api/openapi.json", ("GET",), "described", "This document."),
    Operation("/health", ("GET",), "health", "Whether searches work now; 503 if not. It needs no token."),
    Operation("/metrics", ("GET",), "counts", "Counts and times for Prometheus.", kind="text/plain"),
)
