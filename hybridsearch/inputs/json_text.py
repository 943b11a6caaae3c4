"""The door for JSON and TOML that somebody may have edited: what comes in is bounded, and can be worked with anywhere.

What this library alone writes and guards with checksums does not come this way, nor do catalogues, whose bad rows are
rejects.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEEPEST = 100
"""Levels of objects and lists; what goes through all of them, such as a writer of JSON, recurses as deep."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a file; the largest that is read this way lists some thousand shards of weights."""
LONGEST_DIGITS = 400
"""Digits of a whole number; a float ends at 309."""
SURROGATES = re.compile("[\ud800-\udfff]")


def read_json(file: Path, *, plain: bool = True) -> Any:
    """Return the content of a file of JSON in UTF-8.

    Args:
        file: Its path.
        plain: As for `parse_json`.

    Raises:
        OSError: It cannot be read.
        ValueError: As `parse_json` raises it, or it is too large.
    """
    return parse_json(read_bytes(file), plain=plain)


def as_toml(value: Any) -> str:
    """Return a text, or a list of texts, as TOML.

    JSON writes them so, but for the one control character that it leaves alone.
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def parse_json(data: bytes | str, *, plain: bool = True) -> Any:
    """Return the value that a text of JSON stands for.

    Args:
        data: The text; bytes are UTF-8, perhaps with a byte-order mark.
        plain: Whether numbers must be finite and of 64 bits, and names of an object different. Files of other programs
            need not be so.

    Raises:
        json.JSONDecodeError: It is no JSON; the error says where.
        ValueError: It is, but nested too deep, with too large a number or half a character in it, or not `plain`.
    """
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    try:
        value = json.loads(text, object_pairs_hook=distinct if plain else None, parse_int=whole)
    except RecursionError as error:
        raise too_deep() from error
    require_usable(value, plain=plain)
    return value


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a file of TOML.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no TOML, is too large or nested too deep, or holds a number that is too large or not finite.
    """
    return parse_toml(read_bytes(file).decode("utf-8-sig"))


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text of TOML.

    Raises:
        ValueError: As `read_toml` raises it.
    """
    try:
        value = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
    except RecursionError as error:
        raise too_deep() from error
    require_usable(value)
    return value


def read_bytes(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too large, or no file can be called that.
    """
    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST // 1024**2} MB")
    return data


def require_usable(value: Any, *, plain: bool = True) -> None:
    """Check that a parsed value can be worked with anywhere.

    Args:
        value: Of objects, lists, texts and numbers.
        plain: Whether its numbers must be finite, and whole ones have 64 bits.

    Raises:
        ValueError: It cannot.
    """
    for part, depth in parts(value):
        if depth > DEEPEST:
            raise too_deep()
        if isinstance(part, str) and not part.isascii() and SURROGATES.search(part):
            raise ValueError(f"the text {part[:40]!r} has half a character in it")
        if plain and isinstance(part, float) and not math.isfinite(part):
            raise ValueError(f"it holds {part}, expected finite numbers")
        if plain and isinstance(part, int) and not -(2**63) <= part < 2**64:
            raise ValueError("it holds a whole number of more than 64 bits")


def whole(digits: str) -> int:
    """Return a whole number.

    Raises:
        ValueError: No float is as large.
    """
    if len(digits) > LONGEST_DIGITS:
        raise ValueError(f"it holds a number of {len(digits):,} digits")
    return int(digits)


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object.

    Raises:
        ValueError: A name stands in it twice, so that one of the two values would not count.
    """
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice[:40]}' stands twice in one object")
    return result


def parts(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield a value and all that is in it, names included, each with the number of objects and lists around it."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        if isinstance(part, dict):
            waiting += [(inner, depth + 1) for pair in part.items() for inner in pair]
        elif isinstance(part, list):
            waiting += [(inner, depth + 1) for inner in part]


def too_deep() -> ValueError:
    """Return the error for JSON that cannot be gone through."""
    return ValueError(f"it is nested more than {DEEPEST} levels deep")
