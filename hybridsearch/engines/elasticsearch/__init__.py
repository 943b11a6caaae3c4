"""The engine on a stock Elasticsearch 8.14 to 9.x with the basic licence."""

from hybridsearch.engines.elasticsearch.engine import ElasticsearchEngine

__all__ = ["ElasticsearchEngine"]
