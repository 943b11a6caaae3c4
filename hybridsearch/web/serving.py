"""Serves the application of a shop: on this machine alone, unless a token is set."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.clients.client import HybridSearch
from hybridsearch.endpoints import key_of_environment
from hybridsearch.errors import ConfigError, HybridSearchError
from hybridsearch.sections import Secrets
from hybridsearch.settings import Settings
from hybridsearch.web import JudgeOptions, app, extra
from hybridsearch.web.compare.judged import Judged

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
        found = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"Cannot listen at {host}:{port}: {why}. Choose another --port or --host.") from error
    # Head and body of an answer are two packets, and asyncio sends the second one at once only on sockets that say TCP;
    # else it waits 40 ms for the client to confirm the first one. What is accepted has what this one has.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def address_of(listening: socket.socket) -> str:
    """Return the address of the page."""
    host, port = listening.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}/"


def named(files: Sequence[Path]) -> dict[str, Path]:
    """Return configuration files by the names that they are offered under: what they are called, once each."""
    found: dict[str, Path] = {}
    for number, file in enumerate(files, 1):
        found[file.stem if file.stem not in found else f"{file.stem} {number}"] = file
    return found


async def load_media(shop: AsyncHybridSearch, say: Callable[[str], None]) -> None:
    """Load what photos and speech need, while words are answered; say so where these would fail."""
    try:
        await shop.warm_up(suggestions=False)
    except HybridSearchError as error:
        say(f"Photos and recordings are not answered: {error}")


async def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    edit: bool,
    say: Callable[[str], None],
    ready: Callable[[str], None],
    beside: Sequence[Path] = (),
    judgments: Path | None = None,
    judge: JudgeOptions | None = None,
) -> None:
    """Serve a shop until the process is interrupted.

    Args:
        settings: Of the shop.
        host: At which address of this machine.
        port: At which port; 0: at a free one.
        edit: As of `app`.
        say: Gets sentences.
        ready: Gets the address, once words have been answered and requests are taken; what photos and speech need is
            loaded from then on.
        beside: Configuration files of other shops that can be seen beside this one.
        judgments: As of `app`.
        judge: As of `app`.

    Raises:
        ConfigError: A package is not installed, a token is missing, nobody can listen there, or a file is wrong.
        HybridSearchError: A search would fail.
    """
    extra.require()
    import uvicorn

    token = token_for(host)
    listening = bound(host, port)
    if not is_loopback(host):
        say("What is sent between browsers and here is not encrypted. Put a server that speaks HTTPS in front of it.")
    async with AsyncExitStack() as stack:
        others = {name: stack.enter_context(HybridSearch.open(file)) for name, file in named(beside).items()}
        if judgments is not None:
            await asyncio.to_thread(Judged(settings, judgments).queries)
        shop = await stack.enter_async_context(AsyncHybridSearch.open(settings))
        await shop.warm_up(media=False)
        application = app(shop, token=token, hosts=(host,), edit=edit, beside=others, judgments=judgments, judge=judge)
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
        loading = asyncio.ensure_future(load_media(shop, say))
        while not server.should_exit and not serving.done():
            await asyncio.sleep(0.1)
        application.state.closing.set()  # what a browser follows would hold the server up
        await serving
        await loading
