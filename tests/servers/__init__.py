"""A real Elasticsearch for the tests: fetched once, started on free ports, stopped at the end."""
