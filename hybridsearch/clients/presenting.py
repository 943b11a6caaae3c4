"""How a page, or what completes a text, is handed to whoever asked for it."""

from __future__ import annotations

import json
import logging
import secrets
import time
from dataclasses import replace
from typing import Any

from hybridsearch import redaction
from hybridsearch.errors import DegradedAnswer
from hybridsearch.inputs.given import read, some_name
from hybridsearch.roles import Fields
from hybridsearch.runtime.tracing import Span
from hybridsearch.search import explain
from hybridsearch.search.arms import Chosen
from hybridsearch.search.filmed import with_moments
from hybridsearch.search.highlight import highlighted
from hybridsearch.search.plan import Plan
from hybridsearch.search.suggest.suggestions import Planned
from hybridsearch.search.variants import with_variants
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.shop.weightings import NO_ARM
from hybridsearch.suggestion import Suggestions
from hybridsearch.transcript import Transcript
from hybridsearch.values import Page

SHOWN = 200
"""Characters of a query that the log shows."""
log = redaction.logger(__name__)


def tell(plan: Plan, page: Page, opened: Span) -> None:
    """Tell the log and a span how a search was answered; only the log, at its finest level, what was typed."""
    facts = {"kind": plan.kind, "page": page.number, "total": page.total, "degraded": list(page.degraded)}
    for name, value in facts.items():
        opened.set_attribute(name, value)
    if log.isEnabledFor(logging.DEBUG):
        lacking = f"; degraded: {'; '.join(page.degraded)}" if page.degraded else ""
        answered = f"{page.total} products, page {page.number}, {page.took_ms:.1f} ms{lacking}"
        log.debug("%s %r: %s", plan.kind, plan.query[:SHOWN], answered)


def presented(
    plan: Plan,
    page: Page,
    fields: Fields,
    *,
    marked: bool,
    whole: bool,
    arm: Chosen = "",
    heard: Transcript | None = None,
) -> Page:
    """Return a page as it was asked for: with the variants of its hits, and with highlights if it is to be `marked`.

    It gets a name of its own, by which it is logged, the arm whose weights ranked it, if they did, and what was heard.

    Raises:
        DegradedAnswer: It comes from less than was planned, and is wanted whole.
    """
    if whole and page.degraded:
        raise DegradedAnswer(
            f"The answer comes from less than was planned: {'; '.join(page.degraded)}. "
            "Look into it with: hybridsearch doctor"
        )
    used = "" if any(why.startswith(NO_ARM) for why in page.degraded) else arm
    name = secrets.token_urlsafe(16)
    named = replace(page, query_id=name, arm=used, teams=page.teams if used else (), heard=heard)
    shown = with_moments(plan, with_variants(plan, named, fields))
    return highlighted(plan, shown, fields) if marked else shown


def seed_of(plan: Plan, session: object) -> str:
    """Return by what the hits of two arms are dealt: one shopper gets the same list on each page of a search.

    Raises:
        QueryError: The session is no name.
    """
    who = "" if session is None else read("session", session, some_name, "a text or a number that names a session")
    return repr((who, plan.query, sorted(map(repr, plan.filters))))


def suggested(plan: Planned, page: Page, fields: Fields, started: float) -> Suggestions:
    """Return the suggestions, given the answer to what was counted for them and when that began."""
    shown = with_variants(plan.plan, page, fields)
    took = (time.perf_counter() - started) * 1000
    return Suggestions(plan.plan.query, plan.chosen(page), shown.hits, page.degraded, took)


def as_json(page: Page, fields: Fields, synonyms: Synonyms, *, explained: bool = False) -> dict[str, Any]:
    """Return a page as the object that `search --json` prints and `/api/search` answers with.

    Args:
        page: What was found.
        fields: Roles of the fields.
        synonyms: Those of the shop.
        explained: Whether each hit says which words of the query it has and lacks.
    """
    data = page.to_json()
    if explained:
        for shown, hit in zip(data["hits"], page, strict=True):
            words = explain.words(page.spelled or page.query, hit.product, fields, synonyms)
            shown |= {"matched": words.matched, "missing": words.missing}
    return data


def encoded(data: Any) -> bytes:
    """Return an object for programs as JSON in UTF-8, whatever a query or a row holds."""
    return json.dumps(data, ensure_ascii=False, default=str).encode(errors="replace")
