"""What is taken out of every text that leaves: secrets that this process was given, and what addresses carry.

Errors of this package do it when they are made; what libraries below raise passes through `errors.guarded`.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

HIDDEN = "…"
LONG = 8
"""Characters from which on a secret is looked for inside of words too; a shorter one would take words apart."""

SECRET_NAME = re.compile("(?:key|token|secret|password|passwd|pwd|passphrase|signature|sig|auth|credentials?)$")
"""How the names of parameters end whose values are secrets: `api_key`, `X-Amz-Signature`."""

# No two parts of these can share a text, or the shared one is short: they are linear on whatever a catalogue holds.
ADDRESS = re.compile(r"(:/{1,3}|//|%3A(?:%2F){1,3})([^\s\"'<>`]+)", re.IGNORECASE)
HOST_END = re.compile(r"/|\\|%2F", re.IGNORECASE)
UP_TO_HOST = re.compile(r".*(?:@|%40)", re.IGNORECASE | re.DOTALL)
NO_PORT = re.compile(r":(?!\d*$)")
LOGIN = re.compile(r"(?<![^\s\"'<>`/])[^\s\"'<>`/@]+@")
PARAMETER = re.compile(
    r"(?:[?&;#]|%(?:25){0,3}(?:3F|26|3B))([^\s=&;?#\"'<>]{1,100}?)(?:=|%(?:25){0,3}3D)", re.IGNORECASE
)
VALUE = re.compile(r"[^\s&;#\"'<>]*")

NO_LETTER = re.compile(r"[\W_]")

_known: tuple[str, ...] = ()
"""Every form of every secret that this process was given, the longest first: text leaves from anywhere in it."""


def remember(*secrets: str) -> None:
    """Take these secrets, in all forms in which programs print them, out of every text from now on."""
    global _known
    forms = {form for secret in secrets for form in forms_of(secret) if form}
    _known = tuple(sorted({*_known, *forms}, key=lambda form: (-len(form), form)))


def forms_of(secret: str) -> Iterator[str]:
    """Yield a secret as it is, its long lines, how it is written in addresses, in JSON and by `repr`, and decoded."""
    for text in (secret, *(line for line in secret.split() if len(line) >= LONG)):
        yield from (text, quote(text, safe="", errors="replace"))
        yield from (json.dumps(text)[1:-1], repr(text)[1:-1], ascii(text)[1:-1])
    with suppress(ValueError):  # an API key of Elasticsearch is `id:secret`
        decoded = base64.b64decode(secret + "=" * (-len(secret) % 4), validate=True).decode("ascii").partition(":")[2]
        if len(decoded) >= LONG:
            yield decoded


def redacted(text: str) -> str:
    """Return a text without secrets: `…` stands for each, for who an address logs in as, and for its keys and tokens.

    The configured secrets are found wherever they stand; others only where an address says what they are. Linear.
    """
    for secret in _known:
        text = text.replace(secret, HIDDEN) if len(secret) >= LONG else without_word(text, secret)
    return without_logins(text)


def without_word(text: str, word: str) -> str:
    """Return a text without a word, where it stands alone."""
    parts, done, at = [], 0, text.find(word)
    while at >= 0:
        end = at + len(word)
        if in_word(text[at - 1 : at]) or in_word(text[end : end + 1]):
            at = text.find(word, at + 1)
        else:
            parts += [text[done:at], HIDDEN]
            done, at = end, text.find(word, end)
    return "".join(parts) + text[done:]


def in_word(character: str) -> bool:
    """Return whether a character, of which there may be none, is one of a word."""
    return character.isalnum() or character == "_"


def without_logins(text: str) -> str:
    """Return a text without what addresses in it carry: who logs in, by which password, and keys and tokens."""
    return _without_values(LOGIN.sub(_without_login, ADDRESS.sub(_without_user, text)))


def redacted_row(value: Any) -> Any:
    """Return a value of JSON with every text in it redacted."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {name: redacted_row(inner) for name, inner in value.items()}
    return [redacted_row(inner) for inner in value] if isinstance(value, list | tuple) else value


def _without_user(match: re.Match[str]) -> str:
    mark, rest = match.groups()
    host = HOST_END.split(rest, 1)[0]
    user = UP_TO_HOST.match(host)
    if not user and NO_PORT.search(host.rpartition("]")[2]):  # a slash in a password
        user = UP_TO_HOST.match(rest)
    return f"{mark}{HIDDEN}@{rest[user.end() :]}" if user else str(match[0])


def _without_login(match: re.Match[str]) -> str:
    return f"{HIDDEN}@" if ":" in match[0] else str(match[0])  # `user:password@` without a scheme


def _without_values(text: str) -> str:
    parts, done = [], 0
    for name in PARAMETER.finditer(text):
        plain = NO_LETTER.sub("", unquote(unquote(name[1]))).lower()
        if name.start() >= done and SECRET_NAME.search(plain) and (value := VALUE.match(text, name.end())):
            parts += [text[done : name.end()], HIDDEN]
            done = value.end()
    return "".join(parts) + text[done:]


def shows_secret(error: BaseException) -> bool:
    """Return whether a traceback or a log could show a secret: in an exception, or in what it was raised from."""
    texts = ("".join(traceback.format_exception_only(link)) + repr(link) for link in chain(error))
    return any(redacted(text) != text for text in texts)


def chain(error: BaseException) -> list[BaseException]:
    """Return an exception and all that a traceback shows with it."""
    links: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is not None and not any(link is earlier for earlier in links):
            links.append(link)
            waiting += [link.__cause__, None if link.__suppress_context__ else link.__context__]
            waiting += getattr(link, "exceptions", ())
    return links


class Redacting(logging.Filter):
    """Takes secrets out of log records; none is dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the message of a record."""
        message = record.getMessage()
        clean = redacted(message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True


def logger(name: str) -> logging.Logger:
    """Return the logger of a module, whose messages are redacted."""
    log = logging.getLogger(name)
    log.addFilter(Redacting())
    return log
