"""What people write in one piece or apart, with signs or without: the other ways in which a text could be written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hybridsearch.texts.languages import CJK
from hybridsearch.texts.units import LATIN

SHORT = 2
"""Letters of each part of what is written as one word whatever stands between its parts: `AC/DC`, `E.L.F.`, `H&M`."""

_WORD = f"[^\\W_{CJK}]"
# Possessive, and only from the start of a word: else the time is quadratic in a word that never ends. One of the two
# conditions on a dot holds, never both: else it is exponential in their number. Behind the point of a number no word
# starts: `15.6-inch` is no `6inch`.
_COMPOUND = re.compile(f"(?<!{_WORD})(?<!\\d[.,]){_WORD}++(?:(?:[-/&]|\\.(?!\\d)|(?<!\\d)\\.(?=\\d)){_WORD}++)++")
_SIGNS = re.compile("[-/.&]")
_NO_SIGNS = str.maketrans("", "", "-/.&")
_NO_SEPARATORS = str.maketrans("", "", ".,")
_SIGNED = re.compile(f"(?<!{_WORD})(?:{_WORD}++\\++|[a-z]#)(?!{_WORD})")
"""`S10+`, `C++` and `C#`, which are other things than `S10` and `C`."""
_NUMBER = r"\d{1,5}(?:[.,]\d{1,3})?"
_SIGN_OR_UNIT = rf" {{0,2}}(?:{LATIN}|in|['\u2032])"
_BETWEEN = rf"(?:(?:{_SIGN_OR_UNIT})?(?: {{1,2}}[x×*] {{0,2}}|[x×*](?=\d))| ?[x×*] ?)"
_AGAIN = rf"{_BETWEEN}({_NUMBER})"
_MAY_BE_TIMES = re.compile(r"\d(?: {0,2}(?:[^\W\d_]{1,11}|['\u2032]))? {0,2}[x×*] {0,2}\d")
"""Begins with a digit and is found fast: most texts hold none of what the other patterns look for."""
_TIMES = re.compile(
    rf"(?<![^\W_.,])([a-z]{{0,2}}{_NUMBER}){_AGAIN}(?:{_AGAIN})?(?:{_SIGN_OR_UNIT})?(?!{_WORD}|[.,]\d)",
)
_MAY_BE_THOUSANDS = re.compile(r"\d[.,]\d{3}")
_THOUSANDS = re.compile(r"(?<![\w.,])[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*(?![\w.,]?\d)(?!\w)")


def others(text: str) -> Iterator[str]:
    """Yield what of a text in lower case people write otherwise, in the other way."""
    yield from compounds(text)
    if "+" in text or "#" in text:
        yield from _SIGNED.findall(text)
    if _MAY_BE_TIMES.search(text):
        yield from dimensions(text)
    if _MAY_BE_THOUSANDS.search(text):
        yield from (number[0].translate(_NO_SEPARATORS) for number in _THOUSANDS.finditer(text))


def compounds(text: str) -> Iterator[str]:
    """Yield each compound that people write as one word too: `WH-1000XM5`, `T-shirt`, `AC/DC`, not `black/white`."""
    return (found.translate(_NO_SIGNS) for found in _COMPOUND.findall(text) if is_written_together(found))


def is_written_together(compound: str) -> bool:
    """Tell whether people write a compound as one word too; a choice of two numbers, such as `31/32`, is none."""
    if compound.replace("-", "").isalnum():
        return True
    parts = _SIGNS.split(compound)
    if "." not in compound and all(map(str.isdecimal, parts)):
        return False
    return all(len(part) <= SHORT for part in parts) or ("&" not in compound and any(map(str.isdigit, compound)))


def dimensions(text: str) -> Iterator[str]:
    """Yield what is `80x40` however it is written, `80 x 40 cm` or `80x40cm`, and each of its numbers."""
    for found in _TIMES.finditer(text):
        parts = [part.replace(",", ".") for part in found.groups() if part]
        yield "x".join(parts)
        yield from parts
