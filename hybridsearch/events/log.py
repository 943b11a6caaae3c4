"""The log of a shop: what is said of pages, clicks and what browsers post, made into lines and written.

A log is no part of a shopper's request. Where it cannot be written, a warning says so once a minute and how much is
lost, and whoever logs is told by the answer False; what is passed wrongly is an error, as anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hybridsearch import redaction
from hybridsearch.disk.home import Home
from hybridsearch.errors import ConfigError, EngineError
from hybridsearch.events.file import FileOfEvents
from hybridsearch.events.identity import hashed, key_of
from hybridsearch.events.lines import ACTIONS, Action, Answer
from hybridsearch.events.posted import Posted, action, actions_of, clicked_ids, named
from hybridsearch.inputs.given import instance, read
from hybridsearch.inputs.rows import tidy
from hybridsearch.runtime import forks
from hybridsearch.settings import Settings
from hybridsearch.texts.text import QUERY_LIMIT, clean
from hybridsearch.values import Page

log = redaction.logger(__name__)

WARN_EVERY = 60.0
"""Seconds between two warnings that lines are lost."""
NO_LOG = 'There is no log to write to. Name one in the configuration: [log] path = "events.jsonl".'

Lines = Sequence[Answer | Action]


class Sink(Protocol):
    """Where lines go."""

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Write lines, all at once."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class EventLog:
    """Writes to what `[log]` names; nothing is opened before the first line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sink: Sink | None = None
        self._key = b""
        self._lock = forks.Lock()
        self._warned, self._lost = -WARN_EVERY, 0

    def page(self, page: object, clicked: object, session: object, action_name: object) -> bool:
        """Write that a page was shown, and what was clicked on it; return whether it was written.

        Raises:
            QueryError: An argument is nothing of its kind.
            ConfigError: There is no log.
        """
        given = read("page", page, searched, "a page that a search returned")
        products, who = clicked_ids(clicked), named(session)
        kind = read("action", action_name, action, f"one of {', '.join(ACTIONS)}")
        return self._write(lambda key, now: of_page(given, products, hashed(who, key), kind, now))

    def posted(self, event: object, session: object) -> bool:
        """Write what a browser says that a shopper did; return whether it was written.

        Raises:
            QueryError: It says nothing of the kind.
            ConfigError: There is no log.
        """
        events, who = actions_of(event), named(session)
        return self._write(lambda key, now: [of_event(each, hashed(who or each.session, key), now) for each in events])

    def close(self) -> None:
        """Close the connections, if there are any."""
        with self._lock.held:
            sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()

    def _write(self, lines: Callable[[bytes, float], Lines]) -> bool:
        section = self._settings.log
        if section.path is None and section.index is None:
            raise ConfigError(NO_LOG)
        try:
            sink = self._opened()
            sink.append([tidy(line.to_json()) for line in lines(self._key, time.time())])
        except (OSError, EngineError) as error:
            self._warn(error)
            return False
        return True

    def _opened(self) -> Sink:
        with self._lock.held:
            self._key = self._key or key_of(Home(self._settings.home).log_key)
            if self._sink is None:
                self._sink = sink_of(self._settings)
            return self._sink

    def _warn(self, error: Exception) -> None:
        """Say that lines are lost, but not of each: a full disk stays full for a while."""
        self._lost += 1
        if (now := time.monotonic()) - self._warned >= WARN_EVERY:
            why = getattr(error, "strerror", None) or error
            log.warning(
                "The log cannot be written, %d calls were lost: %s. Look at [log] and the disk.", self._lost, why
            )
            self._warned, self._lost = now, 0


def searched(value: Any) -> Page:
    """Return a page that `search` returned, and not an engine alone: only that has a name."""
    page = instance(Page)(value)
    if not page.query_id:
        raise ValueError
    return page


def sink_of(settings: Settings) -> Sink:
    """Return what writes to the configured place."""
    if settings.log.path is not None:
        return FileOfEvents(settings.resolve(settings.log.path))
    from hybridsearch.events.index import IndexOfEvents

    return IndexOfEvents(settings)


def of_page(page: Page, clicked: Sequence[str], who: str, kind: str, now: float) -> Lines:
    """Return the line of a page, and one of each product that was clicked, with its rank where the page has it."""
    ranks = {hit.id: page.offset + rank for rank, hit in enumerate(page.hits, 1)}
    answer = Answer(
        query_id=page.query_id,
        query=clean(page.query, QUERY_LIMIT),
        shown=tuple(ranks),
        who=who,
        time=now,
        total=page.total,
        offset=page.offset,
        filters=plain(page.filters),
        sort=page.sort,
        arm=page.arm,
        teams="".join(page.teams),
    )
    return [answer, *(Action(page.query_id, kind, key, who, now, ranks.get(key, 0)) for key in clicked)]


def plain(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return filters as JSON; none where one of them has no form there, such as a number that is not finite."""
    try:
        found: Mapping[str, Any] = tidy(dict(filters))
    except ValueError:
        return {}
    return found


def of_event(event: Posted, who: str, now: float) -> Action:
    """Return the line of what a browser posted."""
    return Action(event.query_id, event.action, event.product, who, now, event.position)
