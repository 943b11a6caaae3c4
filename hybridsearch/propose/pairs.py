"""Where the rows of a catalogue have names and values of properties beside each other, or in one text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from hybridsearch.catalog.arranged.pairs import parsed
from hybridsearch.propose.columns import Column
from hybridsearch.sections import Pairs

NAMES = ("name", "names", "key", "code", "label", "bezeichnung", "nom", "nombre")
VALUES = ("value", "values", "wert", "werte", "valeur", "valeurs", "valor", "valores")
"""Last words in the names of the two columns; what stands before is the same."""
PLURAL = re.compile(r"\(e?s\)$")
FEW = 3
"""As often a name of a property occurs in an average column, at least."""
SIGNS, SEPARATORS = ("=", ": "), ("|", ";", "\n", ",")
LONGEST_NAME = 40
"""Characters."""
NEARLY_ALL = 0.95
"""Share of the texts that must hold properties and nothing else."""
LOOKED_AT = 500
"""Texts, spread over the column."""


def find_pairs(sampled: Sequence[Column], taken: Sequence[str]) -> tuple[Pairs, ...]:
    """Return where properties stand.

    Args:
        sampled: The columns as they are read.
        taken: Names that fields of the catalogue have.
    """
    columns = (pair for column in sampled for pair in beside(column, sampled, taken))
    texts = (pair for column in sampled for pair in in_text(column, taken))
    return (*columns, *texts)


def beside(names: Column, sampled: Sequence[Column], taken: Sequence[str]) -> Iterator[Pairs]:
    """Yield where the values stand, if a column holds the names of properties."""
    if names.words[-1] not in NAMES or not names.textual or names.repeats < FEW or names.longest > LONGEST_NAME:
        return
    place = names.words[:-1]
    for values in sampled:
        last = PLURAL.sub("", values.name).rstrip()
        words = values.words[: len(place) + 1]
        if place and words[:-1] == place and words[-1] in VALUES and last.lower().endswith(words[-1]):
            yield Pairs(into=free_name(place, taken), names=names.name, values=values.name)


def in_text(column: Column, taken: Sequence[str]) -> Iterator[Pairs]:
    """Yield how the texts of a column hold properties, if they do."""
    texts = column.written[:: len(column.written) // LOOKED_AT + 1]
    if not texts or not column.textual:
        return
    for sign in SIGNS:
        for separator in SEPARATORS:
            if are_properties(texts, separator, sign):
                yield Pairs(into=free_name(column.words, taken), text=column.name, separator=separator, sign=sign)
                return


def are_properties(texts: Sequence[str], separator: str, sign: str) -> bool:
    """Tell whether texts hold properties and nothing else: names that come again, and values without signs."""
    rows = [parsed(text, separator, sign) for text in texts]
    whole = [found for text, found in zip(texts, rows, strict=True) if found and text.startswith(found[0][0])]
    names = Counter(name for found in whole for name, _ in found)
    return (
        len(whole) >= NEARLY_ALL * len(texts)
        and any(len(found) > 1 for found in whole)
        and names.total() >= FEW * len(names)
        and all(0 < len(name) <= LONGEST_NAME for name in names)
        and not any(sign in value for found in whole for _, value in found)
    )


def free_name(words: Sequence[str], taken: Sequence[str]) -> str:
    """Return a name for the object of some properties: the last word of the column's, as a plural."""
    word = next((word for word in reversed(words) if not word.isdecimal()), "property")
    name = word if word.endswith("s") else f"{word}s"
    return name if name not in taken else f"{name}_by_name"
