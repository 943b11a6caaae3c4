"""What a query gives becomes a vector, source by source."""

from hybridsearch.encoders.sources import ENCODABLE
from hybridsearch.query_sources import QUERY_SOURCES


def test_every_source_of_queries_can_be_encoded() -> None:
    assert set(ENCODABLE) == set(QUERY_SOURCES)
