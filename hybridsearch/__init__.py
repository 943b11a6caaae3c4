"""Hybrid product search with learned weights, on the Elasticsearch you already run, or on no server at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybridsearch._version import __version__

if TYPE_CHECKING:
    from hybridsearch.clients.async_client import AsyncHybridSearch
    from hybridsearch.clients.client import HybridSearch
    from hybridsearch.errors import HybridSearchError
    from hybridsearch.search.plan import Plan
    from hybridsearch.settings import Settings
    from hybridsearch.suggestion import Suggestion, Suggestions
    from hybridsearch.transcript import Transcript
    from hybridsearch.values import Hit, Page

_HOMES = {
    "AsyncHybridSearch": "clients.async_client",
    "Hit": "values",
    "HybridSearch": "clients.client",
    "HybridSearchError": "errors",
    "Page": "values",
    "Plan": "search.plan",
    "Settings": "settings",
    "Suggestion": "suggestion",
    "Suggestions": "suggestion",
    "Transcript": "transcript",
}

__all__ = [
    "AsyncHybridSearch",
    "Hit",
    "HybridSearch",
    "HybridSearchError",
    "Page",
    "Plan",
    "Settings",
    "Suggestion",
    "Suggestions",
    "Transcript",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import hybridsearch` costs a shop's start-up nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hybridsearch' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"hybridsearch.{_HOMES[name]}"), name)
