"""In which encoding the text of a catalogue is written."""

from __future__ import annotations

import codecs
import re

FOREIGN_SHARE = 0.3
"""Share of lines that are not UTF-8, or of NUL bytes, above which the file is refused instead of its rows."""
FOREIGN_LINES = 5
"""As many such lines are rejects in any file, however short."""
HEAD = 65_536
"""Bytes that the encoding is judged by."""

DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.-]{1,40})["']""")
"""An encoding that a file of XML declares."""
SUPERSETS = re.compile(r"(?:iso|cp|koi8|mac|shift_jis|euc|gb|big5)")
"""Beginnings of Python's names for encodings in which ASCII is ASCII; those of UTF are told by the bytes instead."""
RUN = re.compile("[^\x00-\x7f]{2,}")
"""Characters beyond ASCII of Chinese or Japanese text; those of Latin letters stand alone, in whatever encoding."""
COMMON = {
    "cp932": ("cp932", {*range(0x81, 0x84), *range(0x88, 0x98)}),
    "euc_jp": ("euc_jp", {*range(0xA1, 0xA6), *range(0xB0, 0xD0)}),
    "gb18030": ("gb2312", {0xA1, 0xA3, *range(0xB0, 0xD8)}),
    "big5": ("big5", {0xA1, 0xA3, *range(0xA4, 0xC7)}),
}
"""By encoding the part of it that has the common characters, and the first bytes of these: marks, kana, and the half of
the Chinese characters that is ordered by sound or frequency, as nearly all that are written are of it."""
LATIN = ("cp1252", "mac_roman", "cp850")
"""Encodings of Windows, the old Macintosh and DOS."""
LETTERS = frozenset("äöüßéèêëàâçîïôûùœñíóúáÄÖÜÉÀÇÑ’–€“”„«»¿¡…°²½®™")
"""What German, French and Spanish write beyond ASCII; in another encoding few of their bytes are any of these."""

INSIDE = re.compile("(?<=[a-z\u00df-\u00ff])[\u00c0-\u00de]")


def decoding(head: bytes, said: str | None = None) -> tuple[str, str]:
    """Return the encoding of a file that starts with these bytes, and what to do with bytes that do not fit it.

    Args:
        head: The first bytes, HEAD of them if there are as many.
        said: The encoding that the configuration names.

    Raises:
        ValueError: It is not text, or so much of it is not UTF-8 that its rows are not tried.
    """
    if said is not None:
        return said, "replace"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace"
    if declared := DECLARED.match(head.lstrip()):
        name = declared[1].decode()
        try:
            codec = codecs.lookup(name).name
        except LookupError as error:
            raise ValueError(f"it declares the encoding '{name}', which is not known; save it as UTF-8") from error
        if SUPERSETS.match(codec):
            return codec, "replace"
    if head.startswith(b"PK\x03\x04"):
        raise ValueError("it is a zip archive or an Excel workbook; unpack it, or name it .xlsx")
    if head.count(0) > FOREIGN_SHARE * len(head):
        raise ValueError("it is not text, or UTF-16 without a byte-order mark; save it as UTF-8")
    lines = head.splitlines()[: -1 if len(head) == HEAD else None]
    foreign = [number for number, line in enumerate(lines, 1) if not is_utf8(line)]
    if len(foreign) > max(FOREIGN_LINES, FOREIGN_SHARE * len(lines)):
        raise ValueError(
            f"{len(foreign)} of the first {len(lines)} lines are not UTF-8, the first is line {foreign[0]}; "
            f"set 'catalog.encoding' to \"{likely(head)}\", which it looks like, or save it as UTF-8"
        )
    return "utf-8-sig", "surrogateescape"


def is_utf8(line: bytes) -> bool:
    """Tell whether bytes decode."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def likely(head: bytes) -> str:
    """Return the encoding that bytes that are not UTF-8 look like, of those that the six languages were written in."""
    shares = {encoding: common(head, encoding) for encoding in COMMON}
    best = max(shares, key=lambda encoding: shares[encoding])
    if shares[best] > 0.5:
        return best
    return max(LATIN, key=lambda encoding: plausible(head.decode(encoding, "replace")))


def plausible(text: str) -> int:
    """Return how many letters of a text are of the languages, less two for each capital that is inside of a word."""
    return sum(map(LETTERS.__contains__, text)) - 2 * len(INSIDE.findall(text))


def common(head: bytes, encoding: str) -> float:
    """Return the share of the characters beyond ASCII that are common in an encoding, and stand side by side."""
    text = head.decode(encoding, "replace")
    part, first_bytes = COMMON[encoding]
    coded = (each.encode(part, "ignore") for each in "".join(RUN.findall(text)))
    found = sum(len(code) == 2 and code[0] in first_bytes for code in coded)
    return found / max(1, sum(each > "\x7f" for each in text))


def needed(head: bytes) -> str | None:
    """Return the encoding that a configuration must name for a file that starts with these bytes; None for none."""
    try:
        decoding(head)
    except ValueError as error:
        return likely(head) if "catalog.encoding" in str(error) else None
    return None
