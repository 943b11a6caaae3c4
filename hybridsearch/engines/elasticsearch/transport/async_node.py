"""The connections of the coroutines' client, with the limits of `node.py`; importing it takes aiohttp."""

from __future__ import annotations

from typing import Any

import aiohttp
from elastic_transport import AiohttpHttpNode, ConnectionError
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT

from hybridsearch.engines.elasticsearch.transport import node, sizes


class OwnAsyncNode(AiohttpHttpNode):
    """A node on which a request takes no longer than its timeout in all, nor than the search that it belongs to may."""

    async def perform_request(  # type: ignore[override]
        self, method: str, target: str, body: Any = None, headers: Any = None, request_timeout: Any = DEFAULT
    ) -> NodeApiResponse:
        """Send a request."""
        seconds = node.seconds_for(self.config, request_timeout)
        try:
            answer = await super().perform_request(method, target, body, headers, seconds)
        except ConnectionError as error:
            node.raise_plainer(error, aiohttp.ClientConnectorError)
            raise
        except node.MALFORMED as error:
            raise ConnectionError(f"an answer that is no HTTP ({type(error).__name__})", errors=(error,)) from error
        return node.readable(answer)

    def _create_aiohttp_session(self) -> None:
        """Open the session, and have another one on the same connections read its answers."""
        super()._create_aiohttp_session()
        opened = self.session
        assert opened is not None
        self.session = aiohttp.ClientSession(
            connector=opened.connector,
            headers=self.headers,
            skip_auto_headers=("accept", "accept-encoding", "user-agent"),
            auto_decompress=False,  # as in node.in_all
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=LimitedResponse,
        )
        opened.detach()


class LimitedResponse(aiohttp.ClientResponse):
    """An answer of a limited size; its session limits the time."""

    async def read(self) -> bytes:
        """Return the body.

        Raises:
            AnswerTooLong: There is no end to it.
        """
        body = bytearray()
        async for chunk in self.content.iter_any():
            body += chunk
            if len(body) > sizes.most_bytes():
                raise sizes.too_long()
        return bytes(body)
