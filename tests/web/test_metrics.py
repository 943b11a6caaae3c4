"""Counts in the text format of Prometheus."""

from hybridsearch.web.metrics import Metrics


def test_a_histogram_counts_what_took_as_long_or_less() -> None:
    metrics = Metrics()
    for seconds in (0.004, 0.005, 0.2, 99.0):
        metrics.done("search", seconds, degraded=seconds > 1)
    metrics.failed("search", ValueError("what somebody sent"))
    lines = metrics.text().splitlines()
    bucket = 'hybridsearch_request_seconds_bucket{call="search",le="%s"} %d'
    for bound, count in (("0.005", 2), ("0.1", 2), ("0.25", 3), ("10.0", 3), ("+Inf", 4)):
        assert bucket % (bound, count) in lines
    assert 'hybridsearch_request_seconds_sum{call="search"} 99.209000' in lines
    assert 'hybridsearch_degraded_total{call="search"} 1' in lines
    assert 'hybridsearch_errors_total{call="search",error="ValueError"} 1' in lines
    assert "somebody" not in metrics.text()
    assert all(line.startswith(("# ", "hybridsearch_")) for line in lines)
