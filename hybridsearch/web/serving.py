"""Serves the application of a shop: on this machine alone, unless a token is set."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable

from hybridsearch.async_client import AsyncHybridSearch
from hybridsearch.endpoints import key_of_environment
from hybridsearch.errors import ConfigError
from hybridsearch.sections import Secrets
from hybridsearch.settings import Settings
from hybridsearch.web import JudgeOptions, app, extra

VARIABLE = "HYBRIDSEARCH_WEB_TOKEN"
LONGEST_HEAD = 16_384
"""Bytes of the first line and the headers of a request."""
AT_ONCE = 256
"""Requests under way; further ones are told to come back."""


def token_for(host: str) -> str:
    """Return the token that the environment holds, empty where there is none.

    Raises:
        ConfigError: It is needed, as others reach the host, and there is none; or it holds what no token has.
    """
    token = key_of_environment(Secrets().web_token, VARIABLE, ConfigError)
    if not token and not is_loopback(host):
        raise ConfigError(
            f"Others could reach '{host}', and no token is set. Set {VARIABLE} in the environment, made with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return token


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; a port that nobody listens at any more is free at once.

    Raises:
        ConfigError: It cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"Cannot listen at {host}:{port}: {why}. Choose another --port or --host.") from error


def address_of(listening: socket.socket) -> str:
    """Return the address of the page."""
    host, port = listening.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}/"


async def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    edit: bool,
    say: Callable[[str], None],
    ready: Callable[[str], None],
    judge: JudgeOptions | None = None,
) -> None:
    """Serve a shop until the process is interrupted.

    Args:
        settings: Of the shop.
        host: At which address of this machine.
        port: At which port; 0: at a free one.
        edit: As of `app`.
        say: Gets sentences.
        ready: Gets the address, once a search has been answered and requests are taken.
        judge: As of `app`.

    Raises:
        ConfigError: A package is not installed, a token is missing, or nobody can listen there.
        HybridSearchError: A search would fail.
    """
    extra.require()
    import uvicorn

    token = token_for(host)
    listening = bound(host, port)
    if not is_loopback(host):
        say("What is sent between browsers and here is not encrypted. Put a server that speaks HTTPS in front of it.")
    async with AsyncHybridSearch.open(settings) as shop:
        await shop.warm_up()
        application = app(shop, token=token, hosts=(host,), edit=edit, judge=judge)
        config = uvicorn.Config(
            application,
            http="h11",
            h11_max_incomplete_event_size=LONGEST_HEAD,
            ws="none",
            limit_concurrency=AT_ONCE,
            log_level="warning",
            server_header=False,
            date_header=False,
        )
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not (server.started or serving.done()):
            await asyncio.sleep(0.01)
        ready(address_of(listening))
        while not server.should_exit and not serving.done():
            await asyncio.sleep(0.1)
        application.state.closing.set()  # what a browser follows would hold the server up
        await serving
