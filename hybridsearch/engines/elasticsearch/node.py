"""The client's connections, which a forked process does not share."""

from __future__ import annotations

import os
from typing import Any

from elastic_transport import NodeConfig, Urllib3HttpNode
from elastic_transport._node import NodeApiResponse


class OwnNode(Urllib3HttpNode):
    """A node whose connections belong to one process: two processes on one socket would read each other's answers."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._process = os.getpid()

    def perform_request(self, *arguments: Any, **options: Any) -> NodeApiResponse:
        """Send a request; the first one of a forked process opens connections of its own."""
        if self._process != os.getpid():
            OwnNode.__init__(self, self.config)
        return super().perform_request(*arguments, **options)
