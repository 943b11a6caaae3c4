"""Who may reach the page and the JSON API: the table `[web]`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from hybridsearch.sections.base import Section

ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]++|\[[0-9A-Fa-f:.]++\])(?::[0-9]{1,5})?")
HOST = re.compile(r"[A-Za-z0-9.-]++")


def origin(given: str) -> str:
    """Require what a browser sends as `Origin`: scheme and host, and a port where it is not the usual one."""
    if not ORIGIN.fullmatch(given):
        raise ValueError("it is no origin, expected one such as https://shop.example, without a path")
    return given.lower()


def host(given: str) -> str:
    """Require a name without a port."""
    if not HOST.fullmatch(given):
        raise ValueError("it is no name of a host, expected one such as search.shop.example, without a port")
    return given.lower()


class WebSection(Section):
    """Who may reach `hybridsearch serve`, and an application that is mounted elsewhere."""

    origins: tuple[Annotated[str, AfterValidator(origin)], ...] = ()
    """Pages of other sites whose scripts may use the JSON API; none may by default."""
    hosts: tuple[Annotated[str, AfterValidator(host)], ...] = ()
    """Names under which browsers reach it, beside `localhost` and addresses of numbers."""
    rate: Annotated[float, Field(gt=0, le=100_000)] = 50.0
    """Requests a second of one client; for a moment four times as many."""
