"""Where secrets enter: each is stripped, checked, and remembered, so that no text that leaves shows it."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from hybridsearch.errors import ConfigError
from hybridsearch.redaction import remember, without_logins

ADDRESS_WITH_USER = "'engine.url' holds a user name or password. Give 'engine.username' and HYBRIDSEARCH_PASSWORD."
ADDRESS_WITH_KEY = "'engine.url' holds a key. Set HYBRIDSEARCH_API_KEY instead."
MODEL_WITH_USER = "{}'s address holds a user name or password. Set {} instead."
MODEL_WITH_KEY = "{}'s address holds a key. Set {} instead."

DATABASE_WITH_PASSWORD = "'catalog.url' holds a password or a key. Leave it out, and set HYBRIDSEARCH_CATALOG_PASSWORD."
NO_DATABASE = "'catalog.url' is no address of a database, expected one such as postgresql+psycopg://shop@localhost/shop"


def key(secret: str, origin: str) -> str:
    """Return a key without white space around it: it travels in a header as it is.

    Args:
        secret: As it was found.
        origin: Where, for messages.

    Raises:
        ConfigError: It has characters that no header can carry; the message does not repeat it.
    """
    remember(secret, bare := secret.strip())
    if not (bare.isascii() and bare.isprintable()):
        raise ConfigError(f"{origin} has characters that no key has. Set it without line breaks.")
    return bare


def password(secret: str, origin: str, *, username: str) -> str:
    """Return a password without white space around it; it may have letters of any language.

    Raises:
        ConfigError: It has control characters, or bytes that are no text; the message does not repeat it.
    """
    remember(secret, bare := secret.strip())
    if not bare.isprintable():
        raise ConfigError(f"{origin} has characters that no password has. Set it without line breaks.")
    remember(basic(username, bare))
    return bare


def basic(username: str, password: str) -> str:
    """Return what a Basic `Authorization` header says; as servers read it, in UTF-8."""
    return base64.b64encode(f"{username}:{password}".encode(errors="replace")).decode()


def key_of_file(path: Path) -> str:
    """Return the key in a file that nobody but its owner may read.

    Raises:
        ConfigError: Others may read it, it cannot be read, or what it holds is no key.
    """
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(f"'{path}' can be read by other users. Close it with: chmod 600 {path}")
        return key(path.read_bytes().decode("utf-8-sig", "replace"), f"'{path}'")
    except OSError as error:
        raise ConfigError(
            f"Cannot read the API key in '{path}': {error.strerror}. Check 'engine.api_key_file'."
        ) from error


def engine_address(url: str) -> str:
    """Return the address of a server as it is.

    Raises:
        ConfigError: It holds a user name, a password or a key; the message does not repeat it.
    """
    if "@" in url or "%40" in url:
        raise ConfigError(ADDRESS_WITH_USER)
    if without_logins(url) != url:
        raise ConfigError(ADDRESS_WITH_KEY)
    return url


def database_address(url: str) -> str:
    """Return the address of a database as it is; it may name a user.

    Raises:
        ConfigError: It holds a password or a key, or is no address; the message does not repeat it.
    """
    scheme, mark, rest = url.partition("://")
    parameters = rest.partition("?")[2]
    if not (scheme and mark):
        raise ConfigError(NO_DATABASE)
    if ":" in rest.rpartition("@")[0] or without_logins(f"?{parameters}") != f"?{parameters}":
        raise ConfigError(DATABASE_WITH_PASSWORD)
    return url


def encoder_name(name: str) -> str:
    """Return the name of an encoder as it is.

    Raises:
        ConfigError: It is an address that holds a user name, a password or a key; the message does not repeat it.
    """
    return model_name(name, "An encoder", "HYBRIDSEARCH_ENCODER_KEY")


def recogniser_name(name: str) -> str:
    """Return the name of a recogniser as it is.

    Raises:
        ConfigError: As `encoder_name`.
    """
    return model_name(name, "A recogniser", "HYBRIDSEARCH_VOICE_KEY")


def phraser_name(name: str) -> str:
    """Return the address of what phrases answers as it is.

    Raises:
        ConfigError: As `encoder_name`.
    """
    return model_name(name, "A phraser", "HYBRIDSEARCH_PHRASER_KEY")


def model_name(name: str, noun: str, variable: str) -> str:
    """Return the name of a model as it is; for messages with what it is, and where its key belongs."""
    if "://" not in name and not name.lower().startswith(("http:", "https:")):
        return name
    address = name.partition("#")[0]  # behind it is the name of a model, which may have an @
    host = name.partition("://")[2].partition("/")[0]
    if any("@" in part or "%40" in part for part in (address, host)):
        raise ConfigError(MODEL_WITH_USER.format(noun, variable))
    if without_logins(name) != name:
        raise ConfigError(MODEL_WITH_KEY.format(noun, variable))
    return name
