"""What the package knows of each language, as mappings/languages.json says."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import json
from typing import Any


def is_cjk(language: str) -> bool:
    """Tell whether a language is written without spaces."""
    return bool(analyses()[language]["tokens"] != "snowball")


@functools.cache
def analyses() -> dict[str, dict[str, Any]]:
    """Return how each language is analysed, as mappings/languages.json says."""
    file = importlib.resources.files("hybridsearch.mappings") / "languages.json"
    by_language: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return by_language


@functools.cache
def analysis_version() -> str:
    """Return the versions that the tokens depend on; they are stored with an index."""
    versions = (f"{name} {importlib.metadata.version(name)}" for name in ("snowballstemmer", "jieba"))
    return ", ".join(["hybridsearch 3", *versions])


@functools.cache
def stop_words(of: tuple[str, ...]) -> frozenset[str]:
    """Return the stop words of some languages, as they are written."""
    return frozenset(word for language in of for word in analyses()[language]["stopwords"])
