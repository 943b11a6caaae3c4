"""Highlights: the words of a product that a query found, marked in its title and texts, safe to put into HTML."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hybridsearch import document
from hybridsearch.roles import Fields
from hybridsearch.search.clauses import Match
from hybridsearch.search.plan import Plan
from hybridsearch.texts import text
from hybridsearch.texts.languages import CJK
from hybridsearch.values import Page, Row

BEGIN, END = "<mark>", "</mark>"
LONGEST = 240
"""Characters of a text that are shown, around the words; a title is shown whole."""
LEAD = 40
"""Characters that are shown before the first word."""
MORE = "…"

_PIECE = re.compile(f"[{CJK}]++|[^\\W_{CJK}]++(?:[-/.,'’][^\\W_{CJK}]++)*+")

Span = tuple[int, int]


def highlighted(plan: Plan, page: Page, fields: Fields) -> Page:
    """Return a page whose hits have their highlights."""
    if plan.keyword is None:
        return page
    wanted = wanted_tokens(plan.keyword)
    hits = (replace(hit, highlights=highlights(wanted, hit.product, fields)) for hit in page)
    return replace(page, hits=tuple(hits))


def wanted_tokens(keyword: Match) -> dict[str, frozenset[str]]:
    """Return the tokens that are marked, by language; of Chinese and Japanese no single characters beside others."""
    wanted: dict[str, frozenset[str]] = {}
    for words in keyword.words:
        tokens = frozenset(words.flat)
        longer = frozenset(token for token in tokens if len(token) > 1 or not text.is_run(token))
        wanted[words.language] = wanted.get(words.language, frozenset()) | (longer or tokens)
    return wanted


def highlights(wanted: Mapping[str, frozenset[str]], row: Row, fields: Fields) -> dict[str, str]:
    """Return the title and the texts of a product that have such words, by field, as HTML with the words marked."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(filter(None, [fields.title, *fields.text])):
        shown = "\n".join(" ".join(line.split()) for line in document.joined(row, [name]).split("\n"))
        if spans := marked(shown, wanted):
            start, end = (0, len(shown)) if name == fields.title else window(shown, spans)
            found[name] = rendered(shown, spans, start, end)
    return found


def marked(shown: str, wanted: Mapping[str, frozenset[str]]) -> list[Span]:
    """Return where such words are in a text, in order and apart."""
    spans: list[Span] = []
    for piece in _PIECE.finditer(shown):
        for start, end in sorted(places(piece[0], wanted)):
            if spans and start + piece.start() <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(spans[-1][1], end + piece.start())
            else:
                spans.append((start + piece.start(), end + piece.start()))
    return spans


def places(piece: str, wanted: Mapping[str, frozenset[str]]) -> Iterator[Span]:
    """Yield where such tokens are in a word, which is one as a whole, or in a run of Chinese or Japanese."""
    if text.is_run(piece):
        folded = text.folded(piece)
        for tokens in wanted.values():
            for token in tokens:
                start = folded.find(token)
                while start >= 0:
                    yield start, start + len(token)
                    start = folded.find(token, start + 1)
    elif any(not tokens.isdisjoint(text.analyse(piece, language)) for language, tokens in wanted.items()):
        yield 0, len(piece)


def window(shown: str, spans: Sequence[Span]) -> Span:
    """Return the part of a text that is shown: where most of the words are close together."""
    if len(shown) <= LONGEST:
        return 0, len(shown)
    starts = [start for start, _ in spans]
    counts = [bisect_right(starts, start + LONGEST - 2 * LEAD) - place for place, start in enumerate(starts)]
    best = starts[counts.index(max(counts))]
    begin = max(0, min(best - LEAD, len(shown) - LONGEST))
    if begin:
        begin = shown.find(" ", begin, best) + 1 or begin
    end = min(len(shown), begin + LONGEST)
    if end < len(shown):
        end = max(shown.rfind(" ", begin, end), best + 1)
    return begin, end


def rendered(shown: str, spans: Sequence[Span], start: int, end: int) -> str:
    """Return a part of a text as HTML."""
    parts, at = [MORE if start else ""], start
    for begin, stop in spans:
        if begin < start or stop > end:
            continue
        parts += [html.escape(shown[at:begin]), BEGIN, html.escape(shown[begin:stop]), END]
        at = stop
    return "".join([*parts, html.escape(shown[at:end]), MORE if end < len(shown) else ""])
