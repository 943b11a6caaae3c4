"""The line products → index: read, encode, write beside the live index, check, swap. Killed anywhere, it goes on."""

from hybridsearch.reindex.build import schema_of, source_of
from hybridsearch.reindex.fill import BATCH, Options
from hybridsearch.reindex.report import Counts, Progress, Report
from hybridsearch.reindex.run import Reindex, reindex

__all__ = [
    "BATCH",
    "Counts",
    "Options",
    "Progress",
    "Reindex",
    "Report",
    "reindex",
    "schema_of",
    "source_of",
]
