"""Where an index can live, chosen by the scheme of its URL. A new engine is one folder and one line in `ENGINES`."""

from __future__ import annotations

from collections.abc import Callable

from hybridsearch.engines.base import Engine
from hybridsearch.errors import ConfigError
from hybridsearch.plugins import find_part
from hybridsearch.settings import Settings

GROUP = "hybridsearch.engines"
"""The entry points in which other packages declare their engines."""


def open_embedded(settings: Settings) -> Engine:
    """Return the engine in a folder beside the configuration."""
    from hybridsearch.engines.embedded import EmbeddedEngine

    section = settings.engine
    return EmbeddedEngine(settings.home, section.index, keep=section.keep, approximate=section.approximate)


def open_elasticsearch(settings: Settings, replace_index: bool) -> Engine:
    """Return the engine on a server."""
    from hybridsearch.engines.elasticsearch import ElasticsearchEngine

    return ElasticsearchEngine(
        settings.engine, settings.folder, source=settings.catalog.index, replace_index=replace_index
    )


ENGINES: dict[str, Callable[[Settings, bool], Engine]] = {"http": open_elasticsearch, "https": open_elasticsearch}
"""What opens an engine, by the scheme of its URL; an entry point of another package adds one too."""


def open_engine(settings: Settings, *, replace_index: bool = False) -> Engine:
    """Return the engine that the configuration asks for: by the scheme of the first URL, or without one the embedded.

    Raises:
        ConfigError: There is no engine for the scheme, or it cannot be opened.
    """
    if not settings.engine.urls:
        return open_embedded(settings)
    scheme, mark, _ = settings.engine.urls[0].partition("://")
    if not mark:
        raise ConfigError("'engine.url' has no scheme, expected something like 'http://localhost:9200'.")
    try:
        open_of_scheme = find_part(scheme.lower(), ENGINES, GROUP)
    except LookupError as error:
        raise ConfigError(
            f"'engine.url' should be something like 'http://localhost:9200', but its scheme {error}"
        ) from error
    return open_of_scheme(settings, replace_index)
