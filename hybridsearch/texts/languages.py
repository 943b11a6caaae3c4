"""What the package knows of each language, as mappings/languages.json says."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import json
from typing import Any

CJK = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # marks and kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han characters
)
"""The characters of Chinese and Japanese, as a set of a pattern."""


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
    return ", ".join(["hybridsearch 4", *versions])


@functools.cache
def stop_words(of: tuple[str, ...]) -> frozenset[str]:
    """Return the stop words of some languages, as they are written."""
    return frozenset(word for language in of for word in analyses()[language]["stopwords"])
