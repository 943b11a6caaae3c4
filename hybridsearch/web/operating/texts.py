"""The files that people edit on the page, rules and synonyms: read with a mark, checked by our parsers, saved whole.

Each save keeps the text before it, so that one step can be taken back. A file that changed meanwhile is not replaced.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.disk.lock import FileLock
from hybridsearch.disk.paths import shown
from hybridsearch.disk.watched import content
from hybridsearch.errors import ConfigError, GateError, QueryError
from hybridsearch.inputs.json_text import parse_toml
from hybridsearch.learning.history import write_whole
from hybridsearch.search import rules
from hybridsearch.search.words import synonyms
from hybridsearch.settings import Settings

LONGEST = 256 * 1024
"""Bytes of a text that the page edits; as a form each may take three."""
PATIENCE = 5.0
"""Seconds to wait for another process that writes one of these files."""
AT_LINE = re.compile(r"\(at line ([0-9]{1,9}),")
AT_END = "(at end of document)"
RULE = re.compile(r"rule ([0-9]{1,9}): ")
LINE = re.compile(r"synonyms:([0-9]{1,9}): ")
HEADER = re.compile(r"\[\[ ?rule ?\]\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text; `line` counts from 1, and is None where it is of no line."""

    said: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A file of the shop.

    Attributes:
        name: In addresses of the page: `rules`, `synonyms`, `synonyms.de`.
        path: Absolute.
        language: Of synonyms; empty for all.
    """

    name: str
    path: Path
    language: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return "Rules" if self.name == "rules" else f"Synonyms{f' ({self.language})' if self.language else ''}"

    @property
    def backup(self) -> Path:
        """Where the text before the last save is."""
        return self.path.with_name(f"{self.path.name}.before")


@dataclass(frozen=True, slots=True)
class Opened:
    """A text as it is on the disk; the mark is that of its bytes, empty where there is no file."""

    written: str
    mark: str


def texts_of(settings: Settings) -> dict[str, Text]:
    """Return the files that a configuration names, by name; of synonyms those of the shop's languages."""
    found = [] if settings.rules.path is None else [Text("rules", settings.resolve(settings.rules.path))]
    for language, path in settings.synonyms.files.items():
        if not language or language in settings.fields.languages:
            name = f"synonyms.{language}" if language else "synonyms"
            found.append(Text(name, settings.resolve(path), language))
    return {each.name: each for each in found}


def opened(text: Text) -> Opened:
    """Return a text as it is now.

    Raises:
        ConfigError: It cannot be read, or is too long for a page.
    """
    if not text.path.exists():
        return Opened("", "")
    with explained(text.path):
        if text.path.is_file() and text.path.stat().st_size > LONGEST:
            raise ConfigError(f"{shown(text.path)} has more than {LONGEST >> 10} KiB. Edit it with another program.")
        mark = mark_of(text.path.read_bytes()) if text.path.is_file() else ""
    try:
        return Opened(content(text.path), mark)  # the mark first: whoever writes in between is seen when it is saved
    except ValueError as error:
        raise ConfigError(f"{error}. Correct the file, or the configuration.") from error


def mark_of(data: bytes) -> str:
    """Return what tells one content of a file from another."""
    return hashlib.sha256(data).hexdigest()


def checked(text: Text, written: str) -> list[Problem]:
    """Return what our own parsers find wrong with a text."""
    return rules_problems(written) if text.name == "rules" else synonyms_problems(written)


def synonyms_problems(written: str) -> list[Problem]:
    """Return what is wrong with synonyms."""
    return [placed(said, LINE) for said in synonyms.parse({"synonyms": ("", written)}).problems]


def rules_problems(written: str) -> list[Problem]:
    """Return what is wrong with rules; the line of one is that at which its table begins."""
    try:
        data = parse_toml(written)
        found = rules.parse("rules", data).problems
    except ValueError as error:
        at, last = AT_LINE.search(str(error)), len(written.splitlines()) if AT_END in str(error) else None
        return [Problem(str(error), int(at[1]) if at else last)]
    starts = [number for number, line in enumerate(written.splitlines(), 1) if HEADER.match(line.strip())]
    entries = data.get("rule", [])
    counted = isinstance(entries, list) and len(entries) == len(starts)
    problems = [placed(said.removeprefix("rules: "), RULE) for said in found]
    return [
        Problem(said.said, starts[said.line - 1] if counted and said.line and said.line <= len(starts) else None)
        for said in problems
    ]


def placed(said: str, pattern: re.Pattern[str]) -> Problem:
    """Return a problem whose sentence begins with a number."""
    at = pattern.match(said)
    return Problem(said[at.end() :] if pattern is LINE else said, int(at[1])) if at else Problem(said)


def tidied(written: str) -> str:
    """Return a text as it is kept: lines as a form sends them end in one character, and the last one ends too.

    Raises:
        QueryError: It is too long, or no text.
    """
    lines = written.replace("\r\n", "\n").replace("\r", "\n")
    try:
        size = len(lines.encode())
    except UnicodeEncodeError as error:
        raise QueryError("The text has half a character in it. Take it out, and send it again.") from error
    if size > LONGEST or "\0" in lines:
        raise QueryError(f"The text has more than {LONGEST >> 10} KiB, or the character NUL in it. Shorten it.")
    return lines if not lines or lines.endswith("\n") else lines + "\n"


def save(settings: Settings, text: Text, written: str, mark: str) -> None:
    """Put a text in place of what is on the disk, and keep that.

    Args:
        settings: Of the shop.
        text: The file.
        written: What it is to hold.
        mark: Of what it held when it was opened.

    Raises:
        QueryError: It is no such text: nothing is saved.
        GateError: The file has changed since.
        EngineError: It cannot be written.
    """
    new = tidied(written)
    if problems := checked(text, new):
        raise QueryError(f"Nothing was saved: {text.title.lower()} with mistakes. The first: {problems[0].said}")
    with editing(settings):
        before = bytes_of(text, mark)
        if b"\r\n" in before:
            new = new.replace("\n", "\r\n")
        write_whole(text.backup.resolve(), before)
        write_whole(text.path.resolve(), new.encode())


def undo(settings: Settings, text: Text, mark: str) -> None:
    """Change a text and the one before it; a second time changes them back.

    Raises:
        GateError: There is none before it, or the file has changed since it was opened.
        EngineError: It cannot be written.
    """
    with editing(settings):
        before = bytes_of(text, mark)
        if not text.backup.exists():
            raise GateError("There is no text before this one: nothing was saved on this page yet.")
        kept = text.backup.read_bytes()
        write_whole(text.path.resolve(), kept)
        write_whole(text.backup.resolve(), before)


def add(settings: Settings, text: Text, addition: str) -> None:
    """Put lines to the end of a text.

    Raises:
        GateError: They are there already, or are wrong in it.
        EngineError: It cannot be written.
    """
    now = opened(text)
    if problems := checked(text, now.written):
        raise GateError(f"{text.title} have mistakes; correct them first: {problems[0].said}")
    first = next(line for line in addition.splitlines() if not line.startswith("#"))
    if text.name != "rules" and first in now.written.splitlines():
        raise GateError(f"{text.title} have this already: {first}")
    apart = "\n" if text.name == "rules" and now.written else ""
    new = tidied(f"{tidied(now.written)}{apart}{addition}")
    if problems := checked(text, new):
        raise GateError(f"It was not added: {problems[0].said}")
    save(settings, text, new, now.mark)


def editing(settings: Settings) -> FileLock:
    """Return the right to write one of these files."""
    return FileLock(Home(settings.home).editing, "editing a file for", timeout=PATIENCE)


def bytes_of(text: Text, mark: str) -> bytes:
    """Return what is on the disk.

    Raises:
        GateError: It is not what was opened.
    """
    before = text.path.read_bytes() if text.path.exists() else b""
    if (mark_of(before) if text.path.exists() else "") != mark:
        raise GateError(
            f"{shown(text.path)} has changed since you opened it. Nothing was saved. Open it again in another tab, and "
            "bring your changes into it."
        )
    return before


def written_instead(settings: Settings, text: Text, written: str) -> Mapping[str, tuple[str, str]]:
    """Return all texts of synonyms with their languages, by the name of the file, one of them as it is proposed."""
    found = {}
    for language, name in settings.synonyms.files.items():
        path = settings.resolve(name)
        if path == text.path:
            found[str(name)] = (language, written)
        elif path.exists():
            found[str(name)] = (language, content(path))
    return found
