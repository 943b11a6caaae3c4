"""Puts the parts together that operate a shop."""

from __future__ import annotations

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.web.operating.commands import Commands
from hybridsearch.web.operating.guided import Guided
from hybridsearch.web.operating.index import Index
from hybridsearch.web.operating.learned import Learned
from hybridsearch.web.operating.part import Part
from hybridsearch.web.operating.stream import Streams
from hybridsearch.web.operating.texts import texts_of
from hybridsearch.web.pages import Pages


def parts(shop: AsyncHybridSearch, pages: Pages, streams: Streams, *, edit: bool) -> list[Part]:
    """Return all parts; the pages lead to each.

    Args:
        shop: That is operated.
        pages: Renders.
        streams: That follow what runs.
        edit: Whether something may be changed.
    """
    pages.places += [("/index", "Index"), ("/weights", "Weights"), ("/report", "Report")]
    pages.places += [
        (f"/texts/{each.name}", each.title) for each in texts_of(shop.settings).values() if not each.language
    ]
    commands = Commands(shop.settings)
    return [
        Index(shop, pages, edit=edit, commands=commands, streams=streams),
        Learned(shop, pages, edit=edit, commands=commands),
        Guided(shop, pages, edit=edit),
    ]
