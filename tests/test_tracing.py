"""Spans of searches and rebuilds, as a real exporter receives them; and what is left where there is none."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import QueryError
from tests.shops import quietly, settings

pytestmark = pytest.mark.beside_one_server

LEG = {"name": "words", "encoder": "starter", "reads": ["title"]}
EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module", autouse=True)
def provider() -> None:
    """A provider may be set once in a process; the module is imported once."""
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(made)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    EXPORTER.clear()
    yield EXPORTER
    EXPORTER.clear()


def tree(found: tuple[ReadableSpan, ...]) -> set[tuple[str, str | None]]:
    """Return the name of each span of ours, with that of its parent."""
    names = {span.context.span_id: span.name for span in found if span.context}
    return {(span.name, names.get(span.parent.span_id) if span.parent else None) for span in found}


EXPECTED = {
    ("hybridsearch.search", None),
    ("hybridsearch.plan", "hybridsearch.search"),
    ("hybridsearch.encode", "hybridsearch.plan"),
    ("hybridsearch.engine", "hybridsearch.search"),
}


def test_a_search_is_a_span_with_its_parts_below_it(
    tmp_path: Path, engine: dict[str, Any], spans: InMemorySpanExporter
) -> None:
    with HybridSearch.open(settings(tmp_path, vectors=[LEG], engine=engine)) as shop:
        shop.reindex(options=quietly())
        stages = {name for name, parent in tree(spans.get_finished_spans()) if parent == "hybridsearch.reindex"}
        assert stages >= {f"hybridsearch.reindex.{stage}" for stage in ("fill", "check", "swap", "finish")}
        spans.clear()
        page = shop.search("red coats")
        found = spans.get_finished_spans()
        assert tree(found) >= EXPECTED
        if engine:  # the client's own span lies below ours
            assert any(parent == "hybridsearch.engine" for name, parent in tree(found))
        facts = next(span.attributes for span in found if span.name == "hybridsearch.search")
        assert facts is not None
        assert {name: facts[f"hybridsearch.{name}"] for name in ("kind", "page", "total")} == {
            "kind": "words",
            "page": 1,
            "total": page.total,
        }
        assert not any("coat" in str(value) for span in found for value in (span.attributes or {}).values())


def test_a_search_of_a_coroutine_is_the_same_span(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    async def ask() -> None:
        async with AsyncHybridSearch.open(configured) as shop:
            await shop.search("red coats")

    configured = settings(tmp_path, vectors=[LEG])
    with HybridSearch.open(configured) as shop:
        shop.reindex(options=quietly())
    spans.clear()
    asyncio.run(ask())
    assert tree(spans.get_finished_spans()) >= EXPECTED


def test_an_error_is_recorded_where_it_happened(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    with HybridSearch.open(settings(tmp_path)) as shop:
        shop.reindex(options=quietly())
        with pytest.raises(QueryError):
            shop.search("red", sort="prize")
    failed = {span.name for span in spans.get_finished_spans() if not span.status.is_ok}
    assert failed == {"hybridsearch.search", "hybridsearch.plan"}


def test_each_search_is_a_line_of_the_log_at_its_finest_level(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        HybridSearch.open(settings(tmp_path)) as shop,
        caplog.at_level(logging.DEBUG, "hybridsearch.clients.presenting"),
    ):
        shop.reindex(options=quietly())
        page = shop.search("red coats")
    lines = [record.getMessage() for record in caplog.records if record.name == "hybridsearch.clients.presenting"]
    assert lines == [f"words 'red coats': 1 products, page 1, {page.took_ms:.1f} ms"]


def test_without_opentelemetry_searches_are_answered_all_the_same(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    with HybridSearch.open(configured) as shop:
        shop.reindex(options=quietly())
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from hybridsearch import HybridSearch\n"
        "from tests.shops import settings\n"
        "from pathlib import Path\n"
        f"print(HybridSearch.open(settings(Path({str(tmp_path)!r}))).search('red coats').total)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=".")
    assert done.stdout == "1\n"
