"""The words of an index: the request that reads them, and the lexicon that its answer describes. Pure functions."""

from __future__ import annotations

from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.mapping import WORDS
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read, reading
from hybridsearch.engines.elasticsearch.transport.shapes import SEARCH
from hybridsearch.search.words.lexicon import Lexicon

MOST = 65_000
"""Words that are read, those of most products: a server refuses to count more than 65,535 values at once."""


def words_request(index: str, seconds: float) -> Request:
    """Return the request that counts the products of each word; the server may take so many seconds for it."""
    counted = {"words": {"terms": {"field": WORDS, "size": MOST}}}
    timeout = f"{max(1, round(seconds * 1000))}ms"
    body = {"size": 0, "track_total_hits": True, "aggs": counted, "timeout": timeout}
    return Request("POST", f"/{index}/_search", {}, body)


def to_lexicon(body: object) -> Lexicon:
    """Return the words that an answer describes.

    Raises:
        UnexpectedAnswer: It describes none, or not all of them.
    """
    answer = read(SEARCH, body)
    if answer.get("timed_out"):
        raise UnexpectedAnswer("the words of a part of the index")
    with reading("the words"):
        buckets = answer["aggregations"]["words"]["buckets"]
    counts = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
    return Lexicon(counts, answer["hits"]["total"]["value"], whole=len(counts) < MOST)
