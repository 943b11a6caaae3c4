"""Server-sent events: a part of the page, sent again whenever it has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse

EVERY = 1.0
"""Seconds between two looks."""
LONGEST = 60.0
"""Seconds of one answer; a browser then asks again by itself."""
AT_ONCE = 32
"""Streams of one process; whoever asks for more gets one look."""


class Streams:
    """The streams of an application; when it ends, they end at once."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._open = 0

    def of(self, look: Callable[[], str]) -> StreamingResponse:
        """Return an answer that follows what a look, which may block, gives."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(look), headers=headers, media_type="text/event-stream")

    async def _events(self, look: Callable[[], str]) -> AsyncIterator[str]:
        self._open += 1
        try:
            until, sent = time.monotonic() + (LONGEST if self._open <= AT_ONCE else 0.0), ""
            yield "retry: 2000\n\n"
            while True:
                part = await asyncio.to_thread(look)
                if part != sent:
                    yield event(part)
                    sent = part
                if self.closing.is_set() or time.monotonic() >= until:
                    return
                await self._pause()
        finally:
            self._open -= 1

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), EVERY)
        except TimeoutError:
            return


def event(text: str) -> str:
    """Return a text as an event."""
    return "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
