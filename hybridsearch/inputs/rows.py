"""Values inside a row: looked up by dotted names, read as text or as numbers, and made safe to store."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from hybridsearch.inputs.json_values import json_value, named
from hybridsearch.texts import amounts
from hybridsearch.texts.amounts import Mark
from hybridsearch.values import Row

DEEPEST = 50
"""Levels of objects and lists in one row; JSON writers fail soon after 200, and no shop needs as many."""

MOST_BITS = 10_000
"""Of a whole number, some 3,000 digits; Python writes down no more than 4,300."""

UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of the text around them."""
BREAKS = re.compile("[\x0b\x0c\x85]")
"""Characters that spreadsheets and mainframes write for a line break."""
NOTHING = frozenset(["null", "nil", "none", "nan", "n/a", "#n/a", "n.a.", "k.a.", "n.v.", "-", "--", "–", "—", "\\n"])
"""What people and programs write into a cell that has no number, date or answer, in lower case."""
SURROGATES = re.compile("[\ud800-\udfff]")


def field(row: Row, name: str) -> Any:
    """Return the value under a dotted name, or None.

    A key that is spelled with its dots comes first: {"attrs.color": 1} and {"attrs": {"color": 1}} read the same.
    Through a list of objects the answer is the list of what they hold.
    """
    if name in row:
        return row[name]
    dot = name.find(".")
    while dot >= 0:
        value = inside(row.get(name[:dot]), name[dot + 1 :])
        if value is not None:
            return value
        dot = name.find(".", dot + 1)
    return None


def inside(value: Any, name: str) -> Any:
    """Return what an object, or each object of a list, holds under a dotted name."""
    if isinstance(value, Mapping):
        return field(value, name)
    if isinstance(value, list):
        return [part for item in value if (part := inside(item, name)) is not None] or None
    return None


def strings(value: Any) -> tuple[str, ...]:
    """Return every text in a value, in order and stripped.

    Lists are flattened; numbers and truth values become text as JSON writes them, 6.0 as "6"; objects, None and blank
    text are left out.
    """
    if isinstance(value, str):
        text = value.strip()
        return (text,) if text else ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return (str(int(value)),)
    if isinstance(value, int | float):
        return (str(value),)
    if isinstance(value, list | tuple):
        return tuple(text for item in value for text in strings(item))
    return ()


def says_nothing(value: Any) -> bool:
    """Tell whether a value is none of a number, a date or an answer: missing, blank, or a word such as `N/A`."""
    return value is None or (isinstance(value, str) and (not value.strip() or value.strip().lower() in NOTHING))


def number(value: Any, mark: Mark | None = None, unit: str | None = None) -> float | None:
    """Return a value as a number, or None where it says nothing, and for an empty list; of a list the first one counts.

    Text is read by `amounts.number`, with the mark before the decimals and the unit that may stand beside it. With
    neither, a single dot is a decimal point ("1.299" is 1.299). Beside a currency, before exactly three digits, it
    separates thousands ("1.299 €" is 1299), unless the currency has three decimals ("1.250 KWD" is 1.25). A single
    comma before exactly three digits separates thousands ("1,299" is 1299, "0,125" is 0.125).

    Raises:
        ValueError: It is anything else, such as True, "free" or Infinity; the message says what was expected.
    """
    if isinstance(value, list | tuple):
        return next((first for item in value if (first := number(item, mark, unit)) is not None), None)
    if says_nothing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected a number")
    try:
        parsed = amounts.number(value, mark, unit) if isinstance(value, str) else float(value)
    except OverflowError:
        parsed = math.inf
    if not math.isfinite(parsed):
        raise ValueError("expected a finite number")
    return parsed + 0.0  # not -0.0, which servers hold to be less than 0


def tidy(value: Any, levels: int = DEEPEST) -> Any:
    """Return a JSON value that every engine can store.

    Control characters and changes of text direction are removed, unusual line breaks become a space, and lone
    surrogates become U+FFFD. An integer beyond 64 bits becomes text, so that no digit is lost. Of keys that become
    equal the last wins. What JSON does not know becomes what `json_value` says.

    Raises:
        ValueError: A number is not finite, or has thousands of digits; objects and lists are nested more than `levels`
            deep; JSON has no form for a value; or an object of somebody else fails when it is looked at.
    """
    try:
        return tidied(value, levels)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"holds {named(value)}, which cannot be read ({type(error).__name__})") from error


def tidied(value: Any, levels: int) -> Any:
    """Return what `tidy` does; an object of somebody else raises what it likes."""
    if isinstance(value, str):
        if type(value) is not str:  # an enum of texts would print its name
            value = str.__str__(value)
        return value if value.isprintable() else plain(value)
    if isinstance(value, dict | list) and levels == 0:
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    if isinstance(value, dict):
        return {tidy_key(key): tidied(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [tidied(item, levels - 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"holds {value}, expected finite numbers")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        if value.bit_length() > MOST_BITS:
            raise ValueError("holds a number of thousands of digits")
        return str(value)
    if value is None or type(value) in (bool, int, float):
        return value
    return tidied(json_value(value), levels)


def weight(value: Any) -> int:
    """Return about how many bytes a JSON value takes in memory."""
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        size += sum(map(sys.getsizeof, value))
        value = list(value.values())
    if isinstance(value, list):
        size += sum([sys.getsizeof(item) if type(item) is str else weight(item) for item in value])
    return size


def tidy_key(key: Any) -> str:
    """Return the name of a field; a number, which JSON does not have there, as text."""
    found = tidied(key, DEEPEST)
    if isinstance(found, str):
        return found
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    raise ValueError(f"has a field called {named(key)}, expected text")


def plain(text: str) -> str:
    """Return text without the characters that cannot be stored or shown."""
    return SURROGATES.sub("\ufffd", BREAKS.sub(" ", UNWANTED.sub("", text)))
