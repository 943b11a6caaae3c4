"""Stands in front of all routes: refuses as `door` decides, bounds bodies, and adds what every answer has."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hybridsearch.web.answers import refused
from hybridsearch.web.door import HEADERS, Asked, Refusal, Rules, allowances, is_known, refusal, too_large
from hybridsearch.web.rates import Rates, client_of

BODY_SECONDS = 60.0
"""That a body may take to arrive."""


class TooLarge(Exception):  # noqa: N818 - reads as the state that it names
    """A body has more bytes than its route reads, or takes too long."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class Door:
    """The middleware.

    Args:
        app: What is behind it.
        rules: Who may come in.
        rates: How often.
    """

    def __init__(self, app: ASGIApp, rules: Rules, rates: Rates) -> None:
        self.app, self.rules, self.rates = app, rules, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        asked = asked_of(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **allowances(asked, self.rules)}.items():
                    headers.setdefault(name, value)  # the page of a viewer has a policy of its own
            await send(message)

        answer = self._refusal(asked, scope)
        if answer is not None:
            await answer(scope, receive, send_with_headers)
            return
        scope["hybridsearch.known"] = is_known(replace(asked, path=""), self.rules, time.time())
        try:
            await self.app(scope, bounded(receive, asked), send_with_headers)
        except TooLarge as error:
            await refused(Request(scope), error.refusal)(scope, receive, send_with_headers)

    def _refusal(self, asked: Asked, scope: Scope) -> Response | None:
        """Return the answer to a request that goes no further."""
        client = scope.get("client") or ("", 0)
        if wait := self.rates.wait(client_of(client[0]), time.monotonic()):
            found = refused(Request(scope), Refusal(429, "Too many requests. Wait a moment, and send fewer."))
            found.headers["Retry-After"] = str(math.ceil(wait))
            return found
        why = refusal(asked, self.rules, time.time())
        if why is not None:
            return refused(Request(scope), why)
        return Response(status_code=204) if asked.method == "OPTIONS" and asked.path.startswith("/api/") else None


def asked_of(scope: Scope) -> Asked:
    """Return what a request says of itself."""
    headers = Headers(scope=scope)
    raw = scope.get("raw_path") or scope["path"].encode()
    return Asked(
        scope["method"],
        scope["path"].removeprefix(scope.get("root_path", "")) or "/",
        len(raw) + len(scope.get("query_string", b"")),
        {name: headers[name] for name in headers},
        cookies_of(headers.get("cookie", "")),
    )


def cookies_of(header: str) -> dict[str, str]:
    """Return the cookies of a request; none where they cannot be read."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def bounded(receive: Receive, asked: Asked) -> Receive:
    """Return what receives a body, up to the bytes and the time that it may have."""
    read = 0
    until: float | None = None

    async def receive_bounded() -> Message:
        nonlocal read, until
        until = until or time.monotonic() + BODY_SECONDS
        if asked.method in ("GET", "HEAD"):
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.001, until - time.monotonic()))
        except TimeoutError as error:
            raise TooLarge(
                Refusal(408, f"The body did not arrive within {BODY_SECONDS:.0f} s. Send it again.")
            ) from error
        read += len(message.get("body", b""))
        if read > asked.most_bytes:
            raise TooLarge(too_large(asked))
        return message

    return receive_bounded
