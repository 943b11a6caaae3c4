"""Set-ups that can be seen side by side: each has a name that a browser chooses, and no browser names a file."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.clients.client import HybridSearch
from hybridsearch.engines.base import Engine
from hybridsearch.engines.pinned import Pinned
from hybridsearch.errors import EngineError, QueryError
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings

NOW = "now"
MOST_FILES = 50
"""Of one kind that are offered; of earlier weights the newest."""
NAMED = re.compile(r"[A-Za-z0-9_-]{1,60}+")
"""What stands between the stem of a file and its ending: `spring` in `rules.spring.toml`."""


@dataclass(frozen=True, slots=True)
class Side:
    """One way to search.

    Attributes:
        name: By which a browser chooses it.
        group: Under which it is listed: what it changes of the set-up in use.
        settings: Of the shop that searches so.
        generation: Of the index; empty: the live one.
        weights: In place of those of the settings.
        other: The open shop of another configuration, which searches as it is.
    """

    name: str
    group: str
    label: str
    settings: Settings
    generation: str = ""
    weights: Weights | None = None
    other: HybridSearch | None = None


class Sides:
    """The set-ups of a shop, and what searches with each.

    Args:
        shop: The shop in use.
        others: Open shops of other configurations, by the name that each is offered under.
    """

    def __init__(self, shop: AsyncHybridSearch, others: Mapping[str, HybridSearch]) -> None:
        self._shop, self._others = shop, others
        self._pinned: dict[str, Engine] = {}

    def all(self) -> dict[str, Side]:
        """Return the set-ups that there are now, by name, the one in use first; folder and engine are looked into."""
        settings = self._shop.settings
        found = [Side(NOW, "", "As it is", settings), *of_weights(settings), *of_rules(settings), *self._generations()]
        found += [
            Side(f"config:{name}", "Configurations", name, other.settings, other=other)
            for name, other in self._others.items()
        ]
        return {side.name: side for side in found}

    def shop_of(self, side: Side) -> HybridSearch:
        """Return what searches so, with the encoders that are loaded; it is not to be closed.

        Raises:
            ShopClosed: The shop was closed.
        """
        if side.other is not None:
            return side.other
        found = HybridSearch(side.settings, self._engine(side.generation))
        found.encoders = self._shop.encoders
        return found

    def _engine(self, generation: str) -> Engine:
        if not generation:
            return self._shop.engine
        if generation not in self._pinned:
            self._pinned[generation] = Pinned(self._shop.engine, generation)
        return self._pinned[generation]

    def _generations(self) -> Iterator[Side]:
        """Yield the generations that are kept, the newest first; none where the engine does not tell."""
        try:
            kept = [each for each in self._shop.engine.generations() if each.state == "kept"]
        except EngineError:
            return
        self._pinned = {name: engine for name, engine in self._pinned.items() if name in {each.name for each in kept}}
        for each in reversed(kept):
            label = f"{each.name}, {each.documents:,} products"
            yield Side(f"generation:{each.name}", "Earlier index", label, self._shop.settings, each.name)


def chosen(sides: Mapping[str, Side], name: str) -> Side:
    """Return the set-up of a name.

    Raises:
        QueryError: There is none.
    """
    if name not in sides:
        raise QueryError(f"There is no set-up {name[:80]!r}, expected one of: {', '.join(sides)}.")
    return sides[name]


def of_weights(settings: Settings) -> Iterator[Side]:
    """Yield the weights that can be tried: keywords, the prior, arm `b`, and files beside the one in use."""
    from hybridsearch.learning import history
    from hybridsearch.learning.runs import KEYWORD

    def using(name: str, label: str, path: Path | None) -> Side:
        changed = settings.model_copy(update={"weights": settings.weights.model_copy(update={"path": path})})
        return Side(name, "Weights", label, changed)

    yield Side("keywords", "Weights", "Keywords alone, as eval compares with", settings, weights=KEYWORD)
    section = settings.weights
    if section.path is not None:
        yield using("prior", "The prior of the package", None)
    if section.b is not None:
        yield using("b", "Arm b of the test", section.b)
    if section.path is None:
        return
    path = settings.resolve(section.path)
    for name, file in beside(path):
        yield using(f"weights:{name}", file.name, file)
    for entry in history.entries(path)[: -MOST_FILES - 1 : -1]:
        yield using(f"history:{entry.stem}", f"Earlier weights {entry.stem}", entry)


def of_rules(settings: Settings) -> Iterator[Side]:
    """Yield the rules that can be tried: none, and files beside the one in use."""
    path = settings.rules.path
    if path is None:
        return

    def using(name: str, label: str, path: Path | None) -> Side:
        changed = settings.model_copy(update={"rules": settings.rules.model_copy(update={"path": path})})
        return Side(name, "Rules", label, changed)

    yield using("rules:", "Without rules", None)
    for name, file in beside(settings.resolve(path)):
        yield using(f"rules:{name}", file.name, file)


def beside(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that are called like one, by what else: `rules.spring.toml` beside `rules.toml`."""
    found = 0
    for file in sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")):
        name = file.name.removeprefix(f"{path.stem}.").removesuffix(path.suffix)
        if found < MOST_FILES and file.name == f"{path.stem}.{name}{path.suffix}" and NAMED.fullmatch(name):
            found += 1
            yield name, file
