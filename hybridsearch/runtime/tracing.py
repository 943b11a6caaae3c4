"""Spans of OpenTelemetry, where the program traces; without that they cost a call."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

NAME = "hybridsearch"


class Span(Protocol):
    """What a span is told."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Remember a fact: text, a number, a truth value, or a list of one of these."""
        ...


class Nowhere:
    """The span where nothing traces."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Forget it."""


NOWHERE = Nowhere()


@contextlib.contextmanager
def span(name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[Span]:
    """Open a span `hybridsearch.NAME` for as long as the context lasts; an error that leaves it is recorded there.

    Args:
        name: What is done.
        attributes: Facts that are known beforehand, by name without `hybridsearch.`; never what a shopper typed.
    """
    trace = api()
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # nobody listens yet
        yield NOWHERE
        return
    known = {f"{NAME}.{key}": value for key, value in (attributes or {}).items()}
    with trace.get_tracer(NAME).start_as_current_span(f"{NAME}.{name}", attributes=known) as opened:
        yield Prefixed(opened)


class Prefixed:
    """A span whose attributes all begin with the name of this library."""

    def __init__(self, opened: Span) -> None:
        self._opened = opened

    def set_attribute(self, key: str, value: Any) -> None:
        """Remember a fact."""
        self._opened.set_attribute(f"{NAME}.{key}", value)


@functools.cache
def api() -> Any:
    """Return OpenTelemetry's module of traces, or None where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace
