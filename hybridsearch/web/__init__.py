"""The page and the JSON API: an ASGI application over a shop, and what serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hybridsearch.web import extra
from hybridsearch.web.judging.judge_options import JudgeOptions

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from hybridsearch.clients.async_client import AsyncHybridSearch
    from hybridsearch.clients.client import HybridSearch

__all__ = ["JudgeOptions", "app"]


def app(
    shop: AsyncHybridSearch,
    *,
    token: str = "",
    hosts: Sequence[str] = (),
    edit: bool = False,
    beside: Mapping[str, HybridSearch] | None = None,
    judgments: Path | None = None,
    judge: JudgeOptions | None = None,
) -> Starlette:
    """Return the application of a shop, to be served, or mounted in another one under a prefix.

    Args:
        shop: It stays open as long as the application is used; whoever opened it closes it.
        token: What clients have to show; empty: nobody has to. It has 20 characters or more.
        hosts: Names under which browsers reach it, beside those of `[web] hosts`, `localhost` and addresses of numbers.
        edit: Whether the page may rebuild the index, go back, learn, and write the files of rules and synonyms.
        beside: Open shops of other configurations that can be seen beside this one, by the name that they have there.
        judgments: A file of judged queries that two set-ups are compared by; left out: that of `[judgments]`.
        judge: What people may judge on the page `/judge`; left out: there is no such page.

    Raises:
        ConfigError: A package of the extra `web` is not installed, the token is too short, or nothing is to judge.
        CatalogError: A file of judgments or queries cannot be read.
    """
    extra.require()
    from hybridsearch.web.application import application

    others = beside or {}
    return application(shop, token=token, hosts=hosts, edit=edit, beside=others, judgments=judgments, judge=judge)
