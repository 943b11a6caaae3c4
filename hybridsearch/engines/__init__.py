"""Where an index can live. A new engine is one folder and one line here."""

from __future__ import annotations

from collections.abc import Callable

from hybridsearch.engines.base import Engine
from hybridsearch.settings import Settings


def embedded(settings: Settings, replace_index: bool) -> Engine:  # noqa: ARG001 - there is never an index to replace
    """Return the engine in a folder beside the configuration."""
    from hybridsearch.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(settings.home, settings.engine.index, keep=settings.engine.keep)


def elasticsearch(settings: Settings, replace_index: bool) -> Engine:
    """Return the engine on a server."""
    from hybridsearch.engines.elasticsearch import ElasticsearchEngine

    return ElasticsearchEngine(
        settings.engine, settings.folder, source=settings.catalog.index, replace_index=replace_index
    )


ENGINES: dict[str, Callable[[Settings, bool], Engine]] = {"embedded": embedded, "elasticsearch": elasticsearch}


def open_engine(settings: Settings, *, replace_index: bool = False) -> Engine:
    """Return the engine that the configuration asks for: the server at its URL, or else the embedded one."""
    return ENGINES["elasticsearch" if settings.engine.url else "embedded"](settings, replace_index)
