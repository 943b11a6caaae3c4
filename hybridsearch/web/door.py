"""Decides who is let in: pure functions of what a request says of itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from hybridsearch.web import proofs

LONGEST_TARGET = 8_192
"""Characters of a path with its query; twice what a search with many filters has."""
MOST_BYTES = 26 * 2**20
"""Of a body: a recording or a video of 25 MiB, or a photo of 20 MiB, and the rest of the form."""
SMALL_BYTES = 2**20
"""Of a body that holds no file."""
OPEN = ("/login", "/health")
"""What needs no token, beside the files of the page."""
READING = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
}
"""Of every answer."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may come in.

    Attributes:
        hosts: Names that a browser may have reached this by, beside `localhost` and addresses of numbers.
        origins: Other sites whose scripts may use the API.
        token: What clients have to show; empty: nothing.
        key: Of the proofs that browsers hold.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    token: str = field(default="", repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself.

    Attributes:
        path: Below the prefix that the application is mounted under.
        target: Characters of path and query together.
        headers: By name in small letters.
        cookies: By name.
    """

    method: str
    path: str
    target: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def most_bytes(self) -> int:
        """Bytes that its body may have."""
        has_files = self.headers.get("content-type", "").lower().startswith("multipart/")
        return MOST_BYTES if has_files and self.path in ("/api/search", "/photo") else SMALL_BYTES


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in: a status of HTTP, and a sentence."""

    status: int
    sentence: str


def is_for_programs(path: str) -> bool:
    """Tell whether what a path below the prefix answers is for programs, and not for people."""
    return path.startswith("/api/") or path in ("/health", "/metrics")


def refusal(asked: Asked, rules: Rules, now: float) -> Refusal | None:
    """Return why a request is refused, if it is.

    Args:
        asked: The request.
        rules: Who may come in.
        now: Seconds since 1970.
    """
    if asked.target > LONGEST_TARGET:
        return Refusal(414, f"The address has {asked.target:,} characters, at most {LONGEST_TARGET:,} are read.")
    if not is_ours(asked.headers.get("host", ""), rules.hosts):
        return Refusal(
            421, "This is reached under a name that it does not know. Add the name to 'hosts' in [web], or use another."
        )
    if is_foreign(asked, rules):
        return Refusal(
            403, "The request comes from a page of another site. Add that to 'origins' in [web] to allow it."
        )
    if not is_known(asked, rules, now):
        return Refusal(401, "A token is needed: send 'Authorization: Bearer TOKEN', or log in on the page.")
    length = asked.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > asked.most_bytes:
        return too_large(asked)
    return None


def too_large(asked: Asked) -> Refusal:
    """Return what is said of a body with too many bytes."""
    return Refusal(413, f"The body has too many bytes, at most {asked.most_bytes:,} are read. Send a smaller file.")


def is_ours(host: str, names: frozenset[str]) -> bool:
    """Tell whether a `Host` is one of ours; a name that an attacker leads to this machine is none.

    An address of numbers is: no name server is asked about it.
    """
    name = host.lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_foreign(asked: Asked, rules: Rules) -> bool:
    """Tell whether a script or a form of another site asks for what is not for it; programs say no origin."""
    origin = asked.headers.get("origin", "").lower()
    if origin in rules.origins and asked.path.startswith("/api/"):
        return False
    if asked.method in READING:
        return False  # no other site can read the answer
    host = asked.headers.get("host", "").lower()  # a proxy in front of us may speak HTTPS where we do not
    site = asked.headers.get("sec-fetch-site", "same-origin")
    return origin not in ("", f"http://{host}", f"https://{host}") or site not in ("same-origin", "none")


def is_known(asked: Asked, rules: Rules, now: float) -> bool:
    """Tell whether who asks has shown the token, where one is needed."""
    if not rules.token or asked.path in OPEN or asked.path.startswith("/static/") or asked.method == "OPTIONS":
        return True
    scheme, _, given = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and proofs.same(given.strip(), rules.token):
        return True
    return proofs.is_login(rules.key, asked.cookies.get(proofs.LOGIN, ""), now)


def allowances(asked: Asked, rules: Rules) -> dict[str, str]:
    """Return the headers by which a script of an allowed site may read an answer; cookies are none of its."""
    origin = asked.headers.get("origin", "").lower()
    if not asked.path.startswith("/api/"):
        return {"Cross-Origin-Resource-Policy": "same-origin"}
    if origin not in rules.origins:
        return {"Vary": "Origin"}
    allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    if asked.method != "OPTIONS":
        return allowed
    return allowed | {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
