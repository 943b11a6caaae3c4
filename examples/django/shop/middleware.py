"""What every request passes: its size, what a browser may do, and errors of the search as sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hybridsearch.errors import HybridSearchError, ImageError, QueryError

POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
log = logging.getLogger("shop")


class Door:
    """Refuses bodies that are too large, or of a size that is not told; gives answers their policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request, or refuse it."""
        response = refusal(request) or self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say what is wrong with the request; where the search fails, tell the shopper little and the log all."""
        if isinstance(error, (QueryError, ImageError)):
            return render(request, "shop/sentence.html", {"said": str(error)}, status=400)
        if isinstance(error, HybridSearchError):
            log.error("no search: %s", error)
            said = "The search is out of order for a moment. Please try again."
            return render(request, "shop/sentence.html", {"said": said}, status=503)
        return None


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return why a request is not answered; None where it is."""
    if request.method in ("GET", "HEAD"):
        return None
    size = request.META.get("CONTENT_LENGTH") or ""
    if not size.isdecimal():
        return HttpResponse("The size of what is sent is missing.", status=411, content_type="text/plain")
    if len(size) > 12 or int(size) > settings.MOST_BYTES:
        said = f"A photo may have up to {settings.MOST_BYTES // 2**20} MB."
        return HttpResponse(said, status=413, content_type="text/plain")
    return None
