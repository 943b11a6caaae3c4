"""The engine without a server: SQLite for documents, compiled postings and memory-mapped vectors beside it."""

from hybridsearch.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
