"""Markup: from the HTML that many catalogues hold to what a reader sees of it. Every step takes linear time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

INLINE = (
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub "
    "sup tt u var wbr"
)
"""Elements that do not end a word: `<b>R</b>ed` is one."""
BLOCK = (
    "address area article aside audio blockquote body br button canvas caption center col colgroup dd details "
    "dialog div dl dt embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe img "
    "input label legend li link main map meta nav object ol optgroup option p param picture pre section select "
    "source summary table tbody td textarea tfoot th thead title tr track ul video"
)
HIDDEN = "script style template noscript head svg"
"""Elements whose content nobody sees."""
ROUNDS = 2
"""Some exports escape twice."""

# An attribute's text may hold '>', but no '<': so each attempt ends at the next tag at the latest.
_ATTRIBUTES = r"""(?:[\s/](?:[^<>"']++|"[^"<]{0,1000}+"|'[^'<]{0,1000}+'|["'])*+)?+"""
_INLINE = re.compile(rf"</?(?:{'|'.join(INLINE.split())}){_ATTRIBUTES}>", re.IGNORECASE)
_BLOCK = re.compile(
    rf"<(?:/?(?:{'|'.join((BLOCK + ' ' + HIDDEN).split())}|[a-z]{{1,10}}:[a-z]{{1,10}})|!doctype|\?xml){_ATTRIBUTES}>",
    re.IGNORECASE,
)
_HIDDEN = re.compile(rf"<(!--|(?:{'|'.join(HIDDEN.split())})(?=[\s/>]))", re.IGNORECASE)
_END = re.compile(rf"-->|</({'|'.join(HIDDEN.split())})[^<>]*+>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def visible(text: str) -> str:
    """Return what a reader sees of a text that may be HTML; what only looks a little like it, as `5 < 6`, stays."""
    for _ in range(ROUNDS):
        seen = decoded(stripped(text)) if "<" in text else decoded(text)
        if seen == text:
            break
        text = seen
    return stripped(text) if "<" in text else text


def stripped(text: str) -> str:
    """Return a text without tags, comments and hidden elements; only tags that end a line or a word leave a space."""
    return _BLOCK.sub(" ", _INLINE.sub("", " ".join(shown(text))))


def shown(text: str) -> Iterator[str]:
    """Yield the parts of a text between comments and hidden elements; one that does not end hides the rest."""
    start = 0
    while opening := _HIDDEN.search(text, start):
        yield text[start : opening.start()]
        name = opening[1].lower()
        ends = (end for end in _END.finditer(text, opening.end()) if (end[1] or "!--").lower() == name)
        end = next(ends, None)
        if end is None:
            return
        start = end.end()
    yield text[start:]


def decoded(text: str) -> str:
    """Return a text whose entities are the characters that they stand for."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text
