"""Columns whose values are paths, as `Home > Kitchen > Knives`: what stands between their levels and between paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from hybridsearch.fields import Format
from hybridsearch.inputs.rows import strings
from hybridsearch.propose.patterns import PICTURE, URL

MARKS = (">", "»", "›", "→")
"""What stands between levels and hardly anywhere else."""
COMMON = ("/", "|", "::", "\\")
"""What does so too where the name of the column says that it holds categories."""
NAMES = (
    *("category", "categories", "taxonomy", "breadcrumb", "breadcrumbs", "department", "departments"),
    *("kategorie", "kategorien", "warengruppe", "catégorie", "catégories", "rubrique", "categoría", "categorías"),
    *("分类", "类别", "类目", "カテゴリ", "カテゴリー"),
)
"""Words in the names of columns that hold categories."""
BETWEEN = ("|", ";", ",", "\n")
"""What stands between several paths in a cell."""
LOOKED_AT = 500
"""Cells that are looked at, spread over the column."""
LEAST_PATHS = 0.1
"""Share of the cells that must hold a mark;"""
CLEAR = 0.5
"""that of a common mark, and that from which on one of MARKS needs no more evidence."""
LONGEST_NAME, MOST_WORDS = 60, 9
"""Characters and words of the name of a category."""
NEARLY_ALL = 0.9
"""Share of the names that must be short and no numbers, and of those below the first level that must not be in it."""
LEAST_REUSE = 2
"""How many paths must begin, on average, at one node where that is not clear."""


def tree(texts: Sequence[str], named: bool = False) -> Format | None:
    """Return the format of a column whose values are paths; None where they are none.

    Args:
        texts: The cells.
        named: Whether the name of the column says that it holds categories.
    """
    cells = texts[:: len(texts) // LOOKED_AT + 1]
    return next((form for form in candidates(cells, named) if are_paths(cells, form)), None)


def candidates(cells: Sequence[str], named: bool) -> Iterator[Format]:
    """Yield the formats that the cells may have, those that take most of the marks in them first."""
    for mark in (*MARKS, *(COMMON if named else ())):
        share = sum(mark in cell for cell in cells) / max(1, len(cells))
        if share >= (LEAST_PATHS if mark in MARKS else CLEAR):
            present = [each for each in BETWEEN if each != mark and any(each in cell for cell in cells)]
            sets = (combinations(present, size) for size in range(len(present), -1, -1))
            yield from (Format(separators=marks, levels=mark) for marks in chain.from_iterable(sets))


def are_paths(cells: Sequence[str], form: Format) -> bool:
    """Tell whether the cells are paths in a format: short names, a few of which stand first, and only first."""
    parts = [[steps for part in strings(form.split(cell)) if (steps := form.steps(part))] for cell in cells]
    paths = list(chain.from_iterable(parts))
    clear = form.levels in MARKS and sum(len(path) > 1 for path in paths) >= CLEAR * len(paths)
    names = list(chain.from_iterable(paths))
    roots = {path[0] for path in paths}
    below = [name for path in paths for name in path[1:]]
    later = [path[0] for several in parts for path in several[1:]]
    first = {several[0][0] for several in parts if several}
    return (
        len(below) > 1
        and (clear or len(paths) >= LEAST_REUSE * len(roots))
        and not any("<" in cell or URL.match(cell) or PICTURE.fullmatch(cell) for cell in cells)
        and mostly(list(map(is_name, names)))
        and mostly([name not in roots for name in below])
        and (not form.separators or (bool(later) and mostly([name in first for name in later])))
    )


def is_name(text: str) -> bool:
    """Tell whether a text is short enough for the name of a category, and no number."""
    return len(text) <= LONGEST_NAME and len(text.split()) <= MOST_WORDS and not text.isdecimal()


def mostly(answers: Sequence[bool]) -> bool:
    """Tell whether nearly all answers are yes."""
    return sum(answers) >= NEARLY_ALL * len(answers)
