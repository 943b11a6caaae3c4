"""Within a facet: which of its values are shown, those that contain what somebody types, or those below a node.

What is typed is never syntax. It and the values are compared letter by letter, whatever their case and accents, by one
table, of which an engine may make patterns of its own.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hybridsearch.texts import stemming, text

LONGEST = 50
"""Characters that are compared of what was typed: a server refuses patterns that are much longer."""
LETTERS = (range(0x20, 0x2000), range(0x3041, 0x30FB))
"""Where letters that others stand for are looked for: the scripts that have case or accents, and kana."""
RUN_OF_S = re.compile("s{3,}")
"""What becomes two of them, as in Flussschiff: three may be a ß and an s, or the other way round."""


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
    def start(self) -> str:
        """What all values that are shown begin with."""
        return self.below + self.joint if self.below else ""

    def shows(self) -> Callable[[str], bool]:
        """Return what tells whether a value is shown."""
        start, joint, depth, wanted = self.start, self.joint, self.depth, compared(self.containing)

        def shown(value: str) -> bool:
            rest = value.removeprefix(start)
            below = not start or (rest != value and rest != "")
            return below and (not depth or rest.count(joint) < depth) and wanted in plain(rest)

        return shown


EVERY_VALUE = Within()


def compared(typed: str) -> str:
    """Return what was typed as it is looked for in `plain` values; nothing where no letter of it counts."""
    return plain(small(" ".join(text.clean(typed).split())))[:LONGEST]


def plain(value: str) -> str:
    """Return a value letter by letter in small ones without accents, ligatures as the two that they stand for."""
    return RUN_OF_S.sub("ss", value.translate(table()))


def small(letters: str) -> str:
    """Return letters in small ones without accents, kana as hiragana."""
    return unicodedata.normalize("NFC", text.folded(stemming.unaccented(letters.casefold())))


@functools.cache
def table() -> Mapping[int, str]:
    """Return what each letter stands for that is not itself plain."""
    letters = filter(str.isalpha, map(chr, itertools.chain.from_iterable(LETTERS)))
    known = {letter: small(letter) for letter in letters if unicodedata.is_normalized("NFKC", letter)}
    return {ord(letter): stands_for for letter, stands_for in known.items() if stands_for not in ("", letter)}


@functools.cache
def alike() -> Mapping[str, tuple[str, ...]]:
    """Return the letters that stand for each plain letter, and for each two of them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for letter, stands_for in table().items():
        found[stands_for].append(chr(letter))
    return {stands_for: tuple(letters) for stands_for, letters in found.items()}
