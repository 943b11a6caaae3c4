"""The shop's own current query: a search body that runs on the index that the catalogue is read from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from elasticsearch import BadRequestError

from hybridsearch.disk.paths import shown
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.engines.elasticsearch.request.page import incomplete
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.connection import error_of, explained
from hybridsearch.engines.elasticsearch.transport.shapes import FOUND, Found
from hybridsearch.errors import ConfigError
from hybridsearch.inputs.json_text import read_json
from hybridsearch.learning.result_lists import ResultCache, ResultList
from hybridsearch.runtime.progress import Progress
from hybridsearch.settings import Settings

PLACEHOLDER = "{{query}}"
"""Stands for the shopper's words in the body."""


class KeywordQuery:
    """Runs the shop's query on the shop's index, with the shopper's words in it.

    Args:
        settings: `catalog.index` names the index.
        body: From `load`.

    Raises:
        ConfigError: The catalogue is not an index.
    """

    def __init__(self, settings: Settings, body: Mapping[str, Any]) -> None:
        if not settings.catalog.index:
            raise ConfigError(
                "The shop's own query needs the shop's own index, but the catalogue is a file. "
                "Set 'catalog.index' instead of 'catalog.path', or leave out --keyword-query to compare with BM25."
            )
        self.index = settings.catalog.index
        self._body = body
        section = settings.engine.model_copy(update={"index": self.index})
        self._engine = ElasticsearchEngine(section, settings.folder)

    def collect(
        self, queries: Sequence[str], depth: int, cache: ResultCache, progress: Progress
    ) -> Iterator[ResultList | None]:
        """Yield the first hits for each query, without signals; None for an incomplete answer.

        Args:
            queries: Words as typed; an empty text has no hits.
            depth: How many hits are asked for.
            cache: Where answers are kept.
            progress: Is told after every query how many are done.

        Raises:
            EngineError: The engine cannot be reached.
            ConfigError: It refused the body.
        """
        version = self._engine.content_version()
        for number, words in enumerate(queries, 1):
            body = {**filled(self._body, words), "size": depth, "from": 0, "_source": False}
            # The size belongs to the key, and keeps these answers apart from those of plans.
            key = hashlib.blake2b(json.dumps([version, body]).encode(), digest_size=20).digest()
            results = cache.get(key, 0) if words else ids_only(())
            if results is None:
                answer = self._search(body)
                if not incomplete(answer):
                    results = ids_only(tuple(hit["_id"] for hit in answer["hits"]["hits"]))
                    cache.put(key, results)
            progress("asking", number, len(queries))
            yield results

    def _search(self, body: dict[str, Any]) -> Found:
        with explained(self._engine.url, self.index):
            try:
                return read(FOUND, self._engine.client.search(index=self.index, body=body))
            except BadRequestError as error:
                why = error_of(error.body)[1]
                raise ConfigError(
                    f"Elasticsearch refused the shop's own query: {why}. Correct the file of --keyword-query."
                ) from error

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load(path: Path) -> Mapping[str, Any]:
    """Read the body of a search request.

    Raises:
        ConfigError: It cannot be read, is not a JSON object, or PLACEHOLDER is not in it.
    """
    try:
        body = read_json(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"Cannot read the query {shown(path)}: {why}. Expected the JSON body of a search.") from error
    if not isinstance(body, dict) or filled(body, "a") == filled(body, "b"):
        raise ConfigError(
            f"The query {shown(path)} has no {PLACEHOLDER} in it. "
            f"Expected the JSON body of a search, with {PLACEHOLDER} where the shopper's words belong."
        )
    return body


def filled(value: Any, words: str) -> Any:
    """Return a JSON value with PLACEHOLDER replaced by the words, which remain inside the same text."""
    if isinstance(value, str):
        return value.replace(PLACEHOLDER, words)
    if isinstance(value, Mapping):
        return {name: filled(member, words) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(member, words) for member in value]
    return value


def ids_only(ids: tuple[str, ...]) -> ResultList:
    """Return a result list without signals."""
    return ResultList(ids, np.zeros((len(ids), 0), np.float32))
