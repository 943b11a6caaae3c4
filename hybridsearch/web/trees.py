"""Trees among the facets: which levels are asked for, and how the counts nest. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from hybridsearch.fields.formats import Format
from hybridsearch.values import FacetDetails

NODES = 60
"""Of a tree that are shown."""
LEVELS = 2
"""That can be unfolded below what is chosen, or from the first on."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a tree.

    Attributes:
        path: With all levels: its value.
        label: Its own level.
        open: Whether it is unfolded: something below it is chosen, or it is itself.
    """

    path: str
    label: str
    count: int
    chosen: bool = False
    open: bool = False
    below: tuple[Node, ...] = ()


def options(form: Format, chosen: Sequence[str]) -> dict[str, int | str]:
    """Return the options of a facet: nodes beside what is chosen, and levels below it.

    Args:
        form: How the paths are written.
        chosen: The nodes that are filtered by.
    """
    paths = [form.steps(path) for path in chosen]
    levels = zip(*(steps[:-1] for steps in paths), strict=False)
    common = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels)]
    deepest = max(map(len, paths), default=1)
    depth = deepest - len(common) + LEVELS - 1
    return {"below": form.joint.join(common), "depth": depth, "size": NODES}


def nested(form: Format, counts: Mapping[str, int], details: FacetDetails, chosen: Sequence[str]) -> tuple[Node, ...]:
    """Return the nodes of the first level with all that lies below them, in the order of the counts.

    Args:
        form: How the paths are written.
        counts: By path.
        details: Of the facet, with the nodes that all of these lie below.
        chosen: The nodes that are filtered by; one that is not counted has 0.
    """
    picked = [form.path(path) for path in chosen]
    known = {**details.nodes, **counts}
    for path in picked:
        for node in (*above(form, path), path):
            known.setdefault(node, 0)
    unfolded = {node for path in picked for node in (*above(form, path), path)} | set(details.nodes)
    by_parent: dict[str, list[str]] = {}
    for path in known:
        parent = next(reversed(above(form, path)), "")
        by_parent.setdefault(parent if parent in known else "", []).append(path)

    def nodes(paths: Iterable[str]) -> tuple[Node, ...]:
        return tuple(
            Node(
                path,
                form.steps(path)[-1],
                known[path],
                path in picked,
                path in unfolded,
                nodes(by_parent.get(path, ())),
            )
            for path in paths
        )

    return nodes(by_parent.get("", ()))


def above(form: Format, path: str) -> list[str]:
    """Return the nodes that a node lies in, the outermost first."""
    steps = form.steps(path)
    return [form.joint.join(steps[:count]) for count in range(1, len(steps))]
