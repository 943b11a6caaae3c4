"""A search by either client."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.search.plan import Plan
from hybridsearch.sections import EngineSection
from hybridsearch.values import Page

Search = Callable[[EngineSection, Plan], Page]


def plainly(section: EngineSection, plan: Plan) -> Page:
    with closing(ElasticsearchEngine(section, Path())) as engine:
        return engine.search(plan)


def by_coroutine(section: EngineSection, plan: Plan) -> Page:
    async def search() -> Page:
        engine = ElasticsearchEngine(section, Path())
        try:
            return await engine.search_async(plan)
        finally:
            await engine.close_async()

    return asyncio.run(search())


@pytest.fixture(params=[plainly, by_coroutine])
def search(request: pytest.FixtureRequest) -> Search:
    """A search by either client."""
    search: Search = request.param
    return search
