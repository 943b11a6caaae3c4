"""Answers: JSON for programs, a sentence for people, and the status of HTTP that each error has."""

from __future__ import annotations

import html
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hybridsearch import errors
from hybridsearch.clients.presenting import encoded
from hybridsearch.web.door import Refusal, is_for_programs

STATUSES: dict[type[errors.HybridSearchError], int] = {
    errors.QueryError: 400,
    errors.ImageError: 400,
    errors.AudioError: 400,
    errors.ConfigError: 501,
    errors.GateError: 409,
    errors.CatalogError: 500,
    errors.WeightsError: 500,
    errors.EncoderError: 503,
    errors.RecogniserError: 503,
    errors.DegradedAnswer: 503,
    errors.EngineError: 503,
}
"""Of the errors of this library, each with all below it."""
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Search</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" '
    'href="{root}/static/page.css"></head><body><main class="narrow"><h1><a href="{root}/">Search</a></h1>{part}</main>'
    "</body></html>"
)
BUG = "This is a bug in hybridsearch; its log has more. Please report it."


def status_of(error: errors.HybridSearchError) -> int:
    """Return the status of an error."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def answer(data: Any, status: int = 200) -> Response:
    """Return an object for programs."""
    return Response(encoded(data), status, media_type="application/json", headers={"Cache-Control": "no-store"})


def at(request: Request, path: str) -> str:
    """Return an address of this application, below the prefix that it is mounted under."""
    return f"{request.scope.get('root_path', '')}{path}"


def is_api(request: Request) -> bool:
    """Tell whether a program asks."""
    return is_for_programs(request.scope["path"].removeprefix(request.scope.get("root_path", "")))


def refused(request: Request, why: Refusal) -> Response:
    """Return the answer to what is refused: JSON, the form for the token, or a sentence."""
    if is_api(request):
        found = answer({"error": why.sentence}, why.status)
        if why.status == 401:
            found.headers["WWW-Authenticate"] = "Bearer"
        return found
    if why.status == 401 and "hx-request" not in request.headers:
        return RedirectResponse(at(request, "/login"), 303)
    return sentence(request, why.sentence, why.status)


def sentence(request: Request, said: str, status: int) -> Response:
    """Return a sentence for a person: as a part of a page where a script asks, else as a page of its own."""
    part = f'<p class="error" role="alert">{html.escape(said)}</p>'
    if "hx-request" in request.headers:
        return HTMLResponse(part, status)
    root = html.escape(at(request, ""))
    return HTMLResponse(PAGE.format(root=root, part=part), status)
