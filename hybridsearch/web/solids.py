"""3-D files of products: a page that turns one, and the files themselves, from a product's own row alone."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hybridsearch.errors import ImageError, QueryError
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.load import load
from hybridsearch.runtime.threads import Threads
from hybridsearch.web import view
from hybridsearch.web.media import solids
from hybridsearch.web.pages import Pages

MAX_BYTES = 50 * 2**20
SECONDS = 60.0
AT_ONCE = 2
"""Files that are loaded at the same time, of as many bytes each."""
KINDS = {"glb": ("model/gltf-binary", b"glTF"), "usdz": ("model/vnd.usdz+zip", b"PK\x03\x04")}
"""By kind its media type, and what it begins with."""
PACKAGE, SCRIPT = "dash_model_viewer", "vendor/model-viewer-umd.min.js"
SHA256 = "73a3ebc7a8db1311b2f17be9b526285b5dede6e8c7a6f48eaee4fe1cc7713b3b"
"""Of the script; another one is not served."""
INSTALL = 'pip install "hybridsearch[viewer]"'
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; connect-src 'self' blob: data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of the page with the viewer alone: it writes styles, reads textures out of the file and unpacks meshes."""


class Solids:
    """The routes of 3-D files.

    Args:
        pages: The other pages, which know how to render.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._threads = Threads(AT_ONCE, "hybridsearch-solids")  # a host that is slow keeps no search waiting
        self._fetcher = Fetcher(max_bytes=MAX_BYTES, seconds=SECONDS, noun="3-D file")

    def routes(self, wrap: Callable[[Callable[[Request], Awaitable[Response]]], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        return [
            Route("/solid", wrap(self.show), methods=["GET"]),
            Route("/solid/viewer.js", wrap(self.viewer), methods=["GET"]),
            Route("/solid/file.{kind}", wrap(self.file), methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show a product's file in the viewer."""
        key, row = await self._row(request)
        title = view.text_of(row, self.pages.shop.settings.fields.title) or key
        shown: dict[str, Any] = {
            "id": key,
            "title": title,
            "kinds": list(solids(row)),
            "installed": script() is not None,
        }
        found = self.pages.rendered(request, "solid.html", **shown, install=INSTALL)
        found.headers["Content-Security-Policy"] = POLICY
        return found

    async def viewer(self, request: Request) -> Response:  # noqa: ARG002 - as all routes
        """Return the script of the viewer, as its package has it."""
        content = script()
        if content is None:
            raise QueryError(f"The viewer of 3-D files is not installed. Run: {INSTALL}")
        return Response(content, headers={"Cache-Control": "private, max-age=86400"}, media_type="text/javascript")

    async def file(self, request: Request) -> Response:
        """Return a product's file, by the rules of its pictures."""
        kind = request.path_params["kind"]
        _, row = await self._row(request)
        named = solids(row).get(kind) if kind in KINDS else None
        if named is None:
            raise QueryError(f"The product has no 3-D file of this kind, expected one of: {', '.join(KINDS)}.")
        content = await self._threads.run(partial(self._loaded, named, kind))
        return Response(content, headers={"Cache-Control": "private, max-age=3600"}, media_type=KINDS[kind][0])

    def close(self) -> None:
        """Close the connections to hosts of files, and let the threads end."""
        self._threads.close()
        self._fetcher.close()

    def _loaded(self, reference: str, kind: str) -> bytes:
        """Return the bytes of a file that begins as one of its kind.

        Raises:
            ImageError: It is refused, missing, beyond a limit, or something else.
        """
        from hybridsearch.indexing.build import loader

        data = loader(partial(load, most=MAX_BYTES), self.pages.shop.settings, self._fetcher)(reference)
        if len(data) > MAX_BYTES or not data.startswith(KINDS[kind][1]):
            raise ImageError(f"The 3-D file is no {kind} file of at most {MAX_BYTES >> 20} MiB. Save it again.")
        return data

    async def _row(self, request: Request) -> tuple[str, Any]:
        """Return the id and the row of the product that is asked for.

        Raises:
            QueryError: There is none.
        """
        key = request.query_params.get("id", "")
        row = (await self.pages.shop.get([key])).get(key) if key else None
        if row is None:
            raise QueryError(f"The index has no product {key[:100]!r}. Give the id of one.")
        return key, row


@cache
def script() -> bytes | None:
    """Return the script of the viewer, none of whose package is run here; None where it is not there, or another."""
    spec = importlib.util.find_spec(PACKAGE)
    path = Path(spec.origin).parent / SCRIPT if spec and spec.origin else None
    content = path.read_bytes() if path and path.is_file() else b""
    return content if hashlib.sha256(content).hexdigest() == SHA256 else None
