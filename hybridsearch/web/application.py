"""Puts the routes together, behind the door, and turns errors into answers."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from hybridsearch import redaction
from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.clients.client import HybridSearch
from hybridsearch.errors import ConfigError, HybridSearchError
from hybridsearch.web import proofs, uploads
from hybridsearch.web.answers import BUG, answer, is_api, sentence, status_of
from hybridsearch.web.api import Api
from hybridsearch.web.compare.compare import Compare
from hybridsearch.web.compare.judged import Judged
from hybridsearch.web.compare.sides import Sides
from hybridsearch.web.door import Rules
from hybridsearch.web.judging.judge import Judge
from hybridsearch.web.judging.judge_options import JudgeOptions
from hybridsearch.web.judging.judging import Judging
from hybridsearch.web.metrics import Metrics
from hybridsearch.web.middleware import Door, TooLarge
from hybridsearch.web.operating.routes import parts
from hybridsearch.web.operating.stream import Streams
from hybridsearch.web.pages import HERE, Pages
from hybridsearch.web.pictures import Pictures
from hybridsearch.web.rates import Rates
from hybridsearch.web.solids import Solids

Handle = Callable[[Request], Awaitable[Response]]
log = redaction.logger(__name__)


def application(
    shop: AsyncHybridSearch,
    *,
    token: str,
    hosts: Sequence[str],
    edit: bool,
    beside: Mapping[str, HybridSearch],
    judgments: Path | None = None,
    judge: JudgeOptions | None = None,
) -> Starlette:
    """Return the application of a shop, see `hybridsearch.web.app`."""
    if token and len(token) < proofs.SHORTEST:
        raise ConfigError(
            f"The token has {len(token)} characters, expected {proofs.SHORTEST} or more. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    section = shop.settings.web
    names = frozenset(name.lower() for name in (*section.hosts, *hosts))
    rules = Rules(names, frozenset(section.origins), token, proofs.key_of(token))
    api, pictures = Api(shop, Metrics()), Pictures(shop)
    pages, streams = Pages(shop, api, rules, pictures, edit=edit), Streams()
    compare = Compare(pages, Sides(shop, beside), Judged(shop.settings, judgments))
    solids = Solids(pages)
    further = [*compare.routes(answering), *solids.routes(answering)]
    judging = Judging(shop, judge) if judge else None
    further += [route for part in parts(shop, pages, streams, edit=edit) for route in part.routes(answering)]
    further += Judge(pages, judging).routes(answering) if judging else []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        pictures.close()
        solids.close()
        compare.close()
        if judging:
            judging.close()

    files = Mount("/static", StaticFiles(directory=HERE / "static"))
    found = Starlette(
        routes=[*api.routes(answering), *pages.routes(answering), *further, files],
        middleware=[Middleware(Door, rules, Rates(section.rate))],
        exception_handlers={404: lost, 405: lost},
        lifespan=lifespan,
    )
    found.state.closing = streams.closing
    found.state.forms = asyncio.Semaphore(uploads.AT_ONCE)
    return found


def answering(handle: Handle) -> Handle:
    """Return what answers a request, also where that ends in an error."""

    async def answer_to(request: Request) -> Response:
        try:
            return await handle(request)
        except TooLarge:
            raise
        except HybridSearchError as error:
            return failed(request, str(error), status_of(error))
        except Exception:
            log.error("%s", traceback.format_exc())
            return failed(request, BUG, 500)

    return answer_to


async def lost(request: Request, error: Exception) -> Response:
    """Answer what leads to no route, or asks for it in another way than it takes."""
    status = getattr(error, "status_code", 404)
    said = "There is nothing here." if status == 404 else f"{request.method} is not taken here."
    return failed(request, f"{said} What there is: /api/openapi.json", status)


def failed(request: Request, said: str, status: int) -> Response:
    """Return an error as an answer."""
    return answer({"error": said}, status) if is_api(request) else sentence(request, said, status)
