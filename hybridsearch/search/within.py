"""Within a facet: which of its values are shown, those that contain what somebody types, or those below a node.

What is typed is never syntax: each letter becomes the list of all letters that it stands for, so that case and accents
do not matter. One pattern of such lists is matched by both engines, in the form that Lucene and Python both read.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hybridsearch import text

LONGEST = 50
"""Characters that are compared of what was typed: a server refuses patterns that are much longer."""
ANY = ".*"
LETTERS = (range(0x20, 0x2000), range(0x3041, 0x30FB))
"""Where letters that others stand for are looked for: the scripts that have case or accents, and kana."""


@dataclass(frozen=True, slots=True)
class Within:
    """Which values of a facet are shown; as it is, all of them.

    Attributes:
        containing: What a value must contain, as it was typed; of a path below a node, what is left of it there.
        joint: What stands between the levels of a path; empty where values are no paths.
        below: The node of which only what is below is shown; empty: of the whole tree.
        depth: How many levels of the tree are shown, from the first or from this node on; 0: all.
    """

    containing: str = ""
    joint: str = ""
    below: str = ""
    depth: int = 0

    @property
    def some(self) -> bool:
        """Whether there may be values that are not shown."""
        return bool(self.containing or self.below or self.depth)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The node with those that it lies in, the outermost first."""
        if not self.below:
            return ()
        return tuple(itertools.accumulate(self.below.split(self.joint), lambda above, name: above + self.joint + name))

    @property
    def include(self) -> str:
        """The pattern that a value as a whole must match; empty where each does."""
        typed = pattern(self.containing)
        if not self.below and not typed:
            return ""
        return literal(self._start) + (f"{ANY}{typed}{ANY}" if typed else ".+")

    @property
    def exclude(self) -> str:
        """The pattern that it must not match; empty where none is left out."""
        return literal(self._start) + ANY + (literal(self.joint) + ANY) * self.depth if self.depth else ""

    def shows(self) -> Callable[[str], bool]:
        """Return what tells whether a value is shown, as the two patterns do."""
        start, joint, depth = self._start, self.joint, self.depth
        contains = re.compile(pattern(self.containing), re.DOTALL).search

        def shown(value: str) -> bool:
            rest = value.removeprefix(start)
            below = not start or (rest != value and rest != "")
            return below and (not depth or rest.count(joint) < depth) and contains(rest) is not None

        return shown

    @property
    def _start(self) -> str:
        return self.below + self.joint if self.below else ""


EVERY_VALUE = Within()


def pattern(typed: str) -> str:
    """Return what matches each text that is equal to what was typed but for case, accents, kana and ligatures.

    Two letters that a ligature stands for are taken for one from the left on: of three s the first two may be a ß.
    """
    wanted = folded(typed)[:LONGEST]
    parts: list[str] = []
    place = 0
    while place < len(wanted):
        two = wanted[place : place + 2]
        if len(two) > 1 and (ligatures := alike().get(two)):
            parts.append(f"({one_of(letters(two[0]))}{one_of(letters(two[1]))}|{one_of(ligatures)})")
            place += 2
        else:
            cut = [*halves(two[0], str.endswith)] * (place == 0) + [*halves(two[0], str.startswith)] * (len(two) == 1)
            parts.append(one_of({*letters(two[0]), *cut}))
            place += 1
    return "".join(parts)


def folded(typed: str) -> str:
    """Return a text without what makes no difference: in small letters without accents, with single spaces."""
    small = text.folded(text.unaccented(" ".join(text.clean(typed).split()).casefold()))
    return unicodedata.normalize("NFC", small)


def letters(letter: str) -> Iterable[str]:
    """Return the letters that one stands for, itself among them."""
    return (letter, *alike().get(letter, ()))


def halves(letter: str, side: Callable[[str, str], bool]) -> Iterable[str]:
    """Return the ligatures that begin, or end, with a letter: what is typed may lie within one."""
    spelled = (two for two in alike() if len(two) > 1 and side(two, letter))
    return itertools.chain.from_iterable(map(alike().__getitem__, spelled))


@functools.cache
def alike() -> Mapping[str, tuple[str, ...]]:
    """Return for each letter, or two of them, the letters that are equal to it but for case and accents."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for letter in map(chr, itertools.chain.from_iterable(LETTERS)):
        plain = folded(letter) if letter.isalpha() else letter
        if plain != letter and unicodedata.is_normalized("NFKC", letter):
            found[plain].append(letter)
    return {plain: tuple(each) for plain, each in found.items() if plain}


def one_of(choice: Iterable[str]) -> str:
    """Return the pattern that matches one of some characters."""
    characters = sorted(set(choice))
    if len(characters) == 1:
        return literal(characters[0])
    runs: list[tuple[str, str]] = []
    for character in characters:
        if runs and ord(character) == ord(runs[-1][1]) + 1:
            runs[-1] = (runs[-1][0], character)
        else:
            runs.append((character, character))
    return f"[{''.join(literal(a) if a == b else f'{literal(a)}-{literal(b)}' for a, b in runs)}]"


def literal(characters: str) -> str:
    """Return the pattern that matches some characters: all that could have a meaning has a backslash before it."""
    return "".join(each if each.isalnum() or not each.isascii() else f"\\{each}" for each in characters)
