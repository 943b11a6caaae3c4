"""What a browser shows to prove something: a cookie that it logged in, a field that a form is one of ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets

LOGIN, FORM = "hybridsearch_login", "hybridsearch_form"
"""Cookies: that the token was given, and a random name that the forms of one browser belong to."""
SECONDS = 7 * 24 * 3600
"""How long a login lasts."""
SHORTEST = 20
"""Characters of a token."""


def key_of(token: str) -> bytes:
    """Return the key of all proofs: of a token the same in each process, else a random one."""
    return hashlib.sha256(b"hybridsearch web" + token.encode()).digest() if token else secrets.token_bytes(32)


def same(given: str, right: str) -> bool:
    """Tell whether two texts are the same, in a time that does not say where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())


def signed(key: bytes, purpose: str, value: str) -> str:
    """Return the signature of a value."""
    return hmac.new(key, f"{purpose}:{value}".encode(errors="replace"), hashlib.sha256).hexdigest()


def login(key: bytes, now: float) -> str:
    """Return the value of the cookie of somebody who gave the token.

    Args:
        key: Of the proofs.
        now: Seconds since 1970.
    """
    until = str(int(now) + SECONDS)
    return f"{until}.{signed(key, 'login', until)}"


def is_login(key: bytes, cookie: str, now: float) -> bool:
    """Tell whether a cookie is one of `login` and not over."""
    until, _, signature = cookie.partition(".")
    return same(signature, signed(key, "login", until)) and until.isdecimal() and int(until) > now


def is_form(key: bytes, cookie: str, field: str) -> bool:
    """Tell whether the field of a form belongs to the browser with a cookie."""
    return bool(cookie) and same(field, signed(key, "form", cookie))
