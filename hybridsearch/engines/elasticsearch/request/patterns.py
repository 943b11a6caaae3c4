"""Patterns of Lucene that say which values of a facet are shown: lists of letters, and literals. Pure functions.

Elasticsearch compares the values of an aggregation with a pattern, and folds neither case nor accents there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hybridsearch.search.facets.within import Within, alike, compared

ANY = ".*"


def include(within: Within) -> str:
    """Return the pattern that a value as a whole must match; empty where each does."""
    wanted = compared(within.containing)
    if not within.below and not wanted:
        return ""
    return literal(within.start) + (f"{ANY}{containing(wanted)}{ANY}" if wanted else ".+")


def exclude(within: Within) -> str:
    """Return the pattern that it must not match; empty where none is left out."""
    levels = (literal(within.joint) + ANY) * within.depth
    return literal(within.start) + ANY + levels if levels else ""


def containing(wanted: str) -> str:
    """Return what matches a text whose `plain` form is what is wanted; at its ends half a ligature will do."""
    parts: list[str] = []
    place = 0
    while place < len(wanted):
        two = wanted[place : place + 2]
        ligatures = alike().get(two, ()) if len(two) > 1 else ()
        if ligatures:
            parts.append(pair(two, ligatures))
        else:
            cut = [*halves(two[0], str.endswith)] * (place == 0) + [*halves(two[0], str.startswith)] * (len(two) == 1)
            parts.append(one_of([*letters(two[0]), *cut]))
        place += 2 if ligatures else 1
    return "".join(parts)


def pair(two: str, ligatures: Iterable[str]) -> str:
    """Return the pattern of two letters that a ligature stands for; of the same one two are as good as more."""
    first, second = map(letters, two)
    if two[0] != two[1]:
        return f"({one_of(first)}{one_of(second)}|{one_of(ligatures)})"
    more = one_of([*second, *ligatures])
    return f"({one_of(first)}{more}|{one_of(ligatures)}){more}*"


def letters(letter: str) -> list[str]:
    """Return the letters that stand for a plain one, itself among them."""
    return [letter, *alike().get(letter, ())]


def halves(letter: str, side: Callable[[str, str], bool]) -> Iterable[str]:
    """Yield the ligatures that begin, or end, with a letter."""
    for two, ligatures in alike().items():
        if len(two) > 1 and side(two, letter):
            yield from ligatures


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
