"""A shop on FastAPI: search with words and photos, suggestions, similar products, and a log of what is clicked."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from door import door
from hybridsearch import AsyncHybridSearch
from hybridsearch.errors import HybridSearchError, ImageError, QueryError
from hybridsearch.web import app as staff

HERE = Path(__file__).parent
HOSTS = os.environ.get("SHOP_HOSTS", "localhost,127.0.0.1").split(",")
FACETS = ("category", "brand", "color")
SIZE, LAST_PAGE = 24, 400
"""A server shows the first 10,000 products; what is behind them has a `cursor`."""
SECONDS = 2.0
"""A search waits no longer for its engine: what is there by then is shown, and the page says what it lacks."""
SORTS = {"": "Best first", "price:asc": "Price, low to high", "price:desc": "Price, high to low"}

Words = Annotated[str, Field(max_length=256)]
log = logging.getLogger("shop")
shop = AsyncHybridSearch.open(HERE / "hybridsearch.toml")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Load what the first search would wait for, and close the shop at the end."""
    await shop.warm_up()
    yield
    await shop.close()


app = FastAPI(lifespan=lifespan, openapi_url=None)
app.middleware("http")(door)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
app.mount("/static", StaticFiles(directory=HERE / "static"))
app.mount("/pictures", StaticFiles(directory=HERE / "catalogue" / "images", check_dir=False))
if token := os.environ.get("STAFF_TOKEN"):
    app.mount("/staff", staff(shop, token=token, hosts=HOSTS))


class Asked(BaseModel):
    """What the address of a page of products asks for."""

    q: Words = ""
    category: list[str] = []
    brand: list[str] = []
    color: list[str] = []
    sort: Literal["", "price:asc", "price:desc"] = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    @property
    def filters(self) -> dict[str, list[str]]:
        """The values that are chosen, by facet."""
        return {name: values for name in FACETS if (values := getattr(self, name))}

    def address(self, page: int) -> str:
        """Return the address of another page of the same products."""
        return f"/search?{urlencode({**self.model_dump(), 'page': page}, doseq=True)}"


class Event(BaseModel):
    """What a browser tells of a product: that it was clicked, or put into the cart."""

    query_id: Annotated[str, Field(max_length=100)]
    action_name: Literal["click_through", "add_to_cart"]
    object_id: Annotated[str, Field(max_length=512)]
    position: Annotated[int, Field(ge=1, le=100_000)] | None = None


@app.get("/")
async def home() -> Response:
    """Begin with all products."""
    return RedirectResponse("/search")


@app.get("/search", response_class=HTMLResponse)
async def search(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Show what words and chosen values find; without words they browse."""
    found = await shop.search(
        asked.q,
        filters=asked.filters,
        facets=FACETS,
        sort=asked.sort or None,
        page=asked.page,
        size=SIZE,
        highlight=True,
        timeout=SECONDS,
    )
    await shop.log(found, session=request.state.session)
    last = max(1, min(LAST_PAGE, -(-found.total // SIZE)))
    return rendered(request, "results.html", found=found, asked=asked, last=last)


@app.post("/photo", response_class=HTMLResponse)
async def photo(request: Request, photo: UploadFile, q: Annotated[Words, Form()] = "") -> Response:
    """Show what looks like a photo, which is decoded in a process of its own and not kept."""
    found = await shop.search(q, image=photo, size=SIZE, timeout=SECONDS)
    await shop.log(found, session=request.state.session)
    return rendered(request, "results.html", found=found, asked=Asked(q=q), last=1)


@app.get("/product/{key:path}", response_class=HTMLResponse)
async def product(request: Request, key: str) -> Response:
    """Show a product, and what is like it."""
    row = (await shop.get(key)).get(key)
    if row is None:
        raise HTTPException(404, "There is no such product.")
    return rendered(request, "product.html", key=key, row=row, similar=await shop.similar(key, size=6, timeout=SECONDS))


@app.get("/suggest")
async def suggest(q: Words = "") -> dict[str, Any]:
    """Answer what completes what is typed."""
    return (await shop.suggest(q, timeout=SECONDS)).to_json()


@app.post("/events", status_code=204)
async def events(request: Request, event: Event) -> None:
    """Write to the log what a browser says; the session is the one of its cookie."""
    await shop.log_event(event.model_dump(exclude_none=True), session=request.state.session)


@app.exception_handler(QueryError)
@app.exception_handler(ImageError)
async def refused(request: Request, error: Exception) -> Response:
    """Say what is wrong with what was asked for."""
    return rendered(request, "sentence.html", 400, said=str(error))


@app.exception_handler(RequestValidationError)
async def misread(request: Request, _: Exception) -> Response:
    """Answer what no page of this shop asks."""
    return rendered(request, "sentence.html", 400, said="The address or the form is none of this shop. Search again.")


@app.exception_handler(HybridSearchError)
async def unavailable(request: Request, error: Exception) -> Response:
    """Tell the shopper little and the log all."""
    log.error("no search: %s", error)
    return rendered(request, "sentence.html", 503, said="The search is out of order for a moment. Please try again.")


@app.exception_handler(404)
async def lost(request: Request, _: Exception) -> Response:
    """Answer what leads nowhere."""
    return rendered(request, "sentence.html", 404, said="There is nothing here.")


def rendered(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page; templates escape all text of the catalogue and of shoppers."""
    values |= {"facets": FACETS, "sorts": SORTS}
    return templates.TemplateResponse(request, template, values, status_code=status)


def product_address(key: str) -> str:
    """Return the address of a product."""
    return f"/product/{quote(key)}"


def picture_address(image: str) -> str:
    """Return the address of a picture of the catalogue."""
    return f"/pictures/{quote(PurePath(image).name)}"


templates = Jinja2Templates(directory=HERE / "templates")
templates.env.globals |= {"product_address": product_address, "picture_address": picture_address}
