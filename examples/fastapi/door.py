"""What every request passes: who may send it, how large it is, which session it is of, and what a browser may do."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

MOST_BYTES = 8 * 2**20
"""Of a body: a photo of a telephone."""
COOKIE = "session"
SAFE = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Next = Callable[[Request], Awaitable[Response]]


async def door(request: Request, call_next: Next) -> Response:
    """Answer a request, or refuse it, and give whoever has no session one."""
    known = request.cookies.get(COOKIE, "")
    request.state.session = known if 20 <= len(known) <= 64 else secrets.token_urlsafe(16)
    response = refusal(request) or await call_next(request)
    for name, value in SAFE.items():
        response.headers.setdefault(name, value)
    if request.state.session != known:
        response.set_cookie(COOKIE, request.state.session, httponly=True, samesite="lax", secure=is_https(request))
    return response


def is_https(request: Request) -> bool:
    """Tell whether the browser came by HTTPS."""
    return request.url.scheme == "https"


def refusal(request: Request) -> Response | None:
    """Return why a request is not answered: a form of another site, or a body that is too large or of unknown size."""
    if request.method in ("GET", "HEAD"):
        return None
    if is_from_elsewhere(request):
        return PlainTextResponse("This form is not one of this shop.", 403)
    size = request.headers.get("content-length", "")
    if not size.isdecimal():
        return PlainTextResponse("The size of what is sent is missing.", 411)
    if len(size) > 12 or int(size) > MOST_BYTES:
        return PlainTextResponse(f"A photo may have up to {MOST_BYTES // 2**20} MB.", 413)
    return None


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether a page of another site sends this: browsers say so themselves; programs say nothing."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
