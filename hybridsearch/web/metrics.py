"""Counts what is searched, how long it takes and what fails, as Prometheus reads it: never a query, never a person."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds at which the parts of the histogram end."""
CALLS = ("search", "suggest", "similar", "events")
"""What is counted; a label is never what somebody sent."""


class Metrics:
    """The counts of one process; one event loop uses it."""

    def __init__(self) -> None:
        self._done: Counter[str] = Counter()
        self._errors: Counter[tuple[str, str]] = Counter()
        self._degraded: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._parts: Counter[tuple[str, int]] = Counter()

    def done(self, call: str, seconds: float, *, degraded: bool = False) -> None:
        """Count an answer."""
        self._done[call] += 1
        self._degraded[call] += degraded
        self._seconds[call] += seconds  # type: ignore[assignment]  # a Counter adds up any numbers
        self._parts[call, bisect_left(BOUNDS, seconds)] += 1

    def failed(self, call: str, error: BaseException) -> None:
        """Count an error by its class."""
        self._errors[call, type(error).__name__] += 1

    def text(self) -> str:
        """Return all counts in the text format of Prometheus."""
        lines = ["# HELP hybridsearch_requests_total Answers.", "# TYPE hybridsearch_requests_total counter"]
        lines += [f'hybridsearch_requests_total{{call="{call}"}} {self._done[call]}' for call in CALLS]
        lines += ["# HELP hybridsearch_degraded_total Answers from less than was planned."]
        lines += ["# TYPE hybridsearch_degraded_total counter"]
        lines += [f'hybridsearch_degraded_total{{call="{call}"}} {self._degraded[call]}' for call in CALLS]
        lines += ["# HELP hybridsearch_errors_total Requests that ended in an error."]
        lines += ["# TYPE hybridsearch_errors_total counter"]
        for (call, kind), count in sorted(self._errors.items()):
            lines.append(f'hybridsearch_errors_total{{call="{call}",error="{kind}"}} {count}')
        lines += [
            "# HELP hybridsearch_request_seconds How long answers took.",
            "# TYPE hybridsearch_request_seconds histogram",
        ]
        for call in CALLS:
            lines += self._histogram(call)
        return "\n".join(lines) + "\n"

    def _histogram(self, call: str) -> list[str]:
        """Return the lines of the histogram of a call."""
        lines, counted = [], 0
        for place, bound in enumerate((*map(str, BOUNDS), "+Inf")):
            counted += self._parts[call, place]
            lines.append(f'hybridsearch_request_seconds_bucket{{call="{call}",le="{bound}"}} {counted}')
        lines.append(f'hybridsearch_request_seconds_sum{{call="{call}"}} {float(self._seconds[call]):.6f}')
        lines.append(f'hybridsearch_request_seconds_count{{call="{call}"}} {counted}')
        return lines
