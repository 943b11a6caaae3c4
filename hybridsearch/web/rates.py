"""Decides whether a client may ask now: a bucket of tokens for each, which fills up again at a steady rate."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

MOST_CLIENTS = 10_000
"""That are remembered; of more the one that asked last the longest ago is forgotten."""
BURST = 4
"""Seconds of the rate that a client may use up at once: a page with its pictures is many requests."""


class Rates:
    """How much each client may still ask; one event loop uses it.

    Args:
        rate: Requests a second.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.most = max(1.0, rate * BURST)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """Take a token of a client, and return 0; or return after how many seconds there is one.

        Args:
            client: Whose.
            now: Seconds of a clock that never goes back.
        """
        left, then = self._left.get(client, (self.most, now))
        left = min(self.most, left + (now - then) * self.rate)
        taken = left >= 1
        self._left[client] = (left - taken, now)
        self._left.move_to_end(client)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self.rate


def client_of(address: str) -> str:
    """Return whom an address stands for: of IPv6 its network, as one client has all of its addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
