"""Layered: the arrays of a commit that was compiled in several layers, as if all had been compiled together.

A layer holds the documents that were written between two commits. Those that were replaced or removed since keep their
places in it, and are no longer alive. Ordinals count through all layers, the oldest first: as documents that are
written anew get a new number, they are in the order in which one layer of all would have them.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays, Loaded
from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals, Postings
from hybridsearch.engines.embedded.compiled.layered_text import LayeredText, TextLayer
from hybridsearch.engines.embedded.compiled.tables import OF_VARIANTS, OWNERS, Table, no_cell

T = TypeVar("T")
IDS = "ids"
"""Name of the postings that say which document has which id."""
NUMBERS = "numbers"
ORDER = "order"
ROWS = "rows:"
NOTHING: NDArray[np.int64] = np.zeros(0, np.int64)


class Layer(Loaded):
    """The arrays of one layer, and what follows from them alone: it is kept from commit to commit."""

    def __init__(self, arrays: Loaded) -> None:
        super().__init__(arrays)
        self.documents = len(arrays[NUMBERS])
        self.variants = len(arrays.get(OWNERS, ()))
        self._texts: dict[str, TextLayer] = {}
        self._places: tuple[weakref.ref[Layer], NDArray[np.int64]] | None = None

    def rows(self, name: str) -> int:
        """Return how many rows the table has that an array belongs to."""
        return self.variants if name.startswith(OF_VARIANTS) or name == OWNERS else self.documents

    def text(self, name: str) -> TextLayer:
        """Return the postings of a text field."""
        if name not in self._texts:
            self._texts[name] = TextLayer(self, name, self.documents)
        return self._texts[name]

    @cached_property
    def table(self) -> Table:
        """What its documents are described by, those that are no more among them."""
        return Table(self, self.documents)

    def places_in(self, base: Layer) -> NDArray[np.int64]:
        """Return how many ids of the first layer come before each of its own, which are in order."""
        if self._places is None or self._places[0]() is not base:
            ids = Postings(base, IDS)
            places = (int(np.ceil(ids.place_of(key))) for key in Postings(self, IDS).terms())
            self._places = weakref.ref(base), np.fromiter(places, np.int64)
        return self._places[1]

    def numbers_of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the documents that have one of some ids."""
        numbers: NDArray[np.int64] = self[NUMBERS][Postings(self, IDS).having(ids)]
        return numbers


class Layered(Mapping[str, NDArray[Any]]):
    """Arrays of several layers, each put together when it is asked for.

    Those of texts are not among them: their scores follow from all layers, see `LayeredText`.

    Args:
        layers: The oldest first.
        dead: The numbers of those documents of theirs that are no more.
    """

    def __init__(self, layers: Sequence[Layer], dead: NDArray[np.int64]) -> None:
        self.layers = layers
        self.starts = np.cumsum([0, *(layer.documents for layer in layers)])
        self._known: dict[str, NDArray[Any]] = {}
        self._texts: dict[str, LayeredText] = {}
        self.alive: Mask = np.ones(int(self.starts[-1]), np.bool_)
        self.dead: Ordinals = np.searchsorted(self[NUMBERS], dead).astype(np.int32)
        self.alive[self.dead] = False

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._known:
            self._put_together(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for layer in self.layers for name in layer))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def parts(self) -> Iterator[tuple[Layer, Mask]]:
        """Yield each layer, and which of its documents are alive."""
        for layer, (start, end) in zip(self.layers, pairwise(self.starts.tolist()), strict=True):
            yield layer, self.alive[start:end]

    def text(self, name: str) -> LayeredText:
        """Return a text field."""
        if name not in self._texts:
            self._texts[name] = LayeredText([(layer.text(name), alive) for layer, alive in self.parts()])
        return self._texts[name]

    def found(self, find: Callable[[Arrays, T], Ordinals], sought: T) -> Ordinals:
        """Return what is found in each layer and alive; nothing is put together for that."""
        by_layer = []
        for (layer, alive), start in zip(self.parts(), self.starts.tolist(), strict=False):
            docs = find(layer, sought)
            by_layer.append(docs[alive[docs]] + np.int32(start))
        return np.concatenate(by_layer)

    def values_of(self, role: str, field: str, docs: Ordinals) -> list[tuple[str, ...]]:
        """Return the values that each of some documents has of a field; nothing is put together for that."""
        found: list[tuple[str, ...]] = [()] * len(docs)
        of_layers = np.searchsorted(self.starts, docs, side="right") - 1
        for number in set(of_layers.tolist()):
            places = np.flatnonzero(of_layers == number)
            own = self.layers[number].table.values_of(role, field, docs[places] - np.int32(self.starts[number]))
            for place, values in zip(places.tolist(), own, strict=True):
                found[place] = values
        return found

    @cached_property
    def words(self) -> dict[str, int]:
        """How many documents have each word."""
        counts: dict[str, int] = {}
        for layer, alive in self.parts():
            words = Postings(layer, "words")
            here = np.add.reduceat(alive[words.docs], words.starts[:-1], dtype=np.int64) if len(words) else NOTHING
            for word, having in zip(words.terms(), here.tolist(), strict=True):
                counts[word] = counts.get(word, 0) + having
        return {word: having for word, having in counts.items() if having}

    def _put_together(self, name: str) -> None:
        field, _, part = name.rpartition(":")
        if name == ORDER:
            self._known[name] = self._order()
        elif part in EMPTY and any(is_postings(layer, field) for layer in self.layers):
            self._known |= {f"{field}:{part}": array for part, array in self._postings(field).items()}
        else:
            self._known[name] = self._column(name)

    def _postings(self, field: str) -> Arrays:
        """Return the postings of a field; documents that are no more are still in them."""
        parts: list[tuple[Arrays, int]] = [
            ({part: layer.get(f"{field}:{part}", empty) for part, empty in EMPTY.items()}, layer.rows(field))
            for layer in self.layers
        ]
        # The newest are small: what they are joined to is written anew once.
        *earlier, (arrays, _) = parts
        for before, rows in reversed(earlier):
            arrays = joined(before, arrays, rows)
        return arrays

    def _column(self, name: str) -> NDArray[Any]:
        found = [layer.get(name) for layer in self.layers]
        kinds = [column.dtype for column in found if column is not None]
        if not kinds:
            raise KeyError(name)
        sizes = [layer.rows(name) for layer in self.layers]
        column = np.concatenate(
            [
                np.full(size, no_cell(kinds[0])) if part is None else part
                for part, size in zip(found, sizes, strict=True)
            ]
        )
        if name == OWNERS:
            column += np.repeat(self.starts[:-1], sizes).astype(column.dtype)
        if name.startswith(ROWS):
            column[self.dead] = -1
        return column

    def _order(self) -> NDArray[np.int32]:
        """Return the place of each document in the order of ids."""
        base, *others = self.layers
        pairs = [
            (key, start + doc, place)
            for layer, start in zip(others, self.starts[1:].tolist(), strict=False)
            for own in (Postings(layer, IDS),)
            for key, doc, place in zip(own.terms(), own.docs.tolist(), layer.places_in(base).tolist(), strict=True)
        ]
        pairs.sort()  # of equal ids one at most is alive
        docs, places = np.array([pair[1:] for pair in pairs], np.int64).reshape(-1, 2).T
        before = np.cumsum(np.bincount(places, minlength=base.documents + 1))
        order = np.empty(int(self.starts[-1]), np.int32)
        mine = base[ORDER]
        order[: base.documents] = mine + before[mine]
        order[docs] = places + np.arange(len(pairs))
        return order


def is_postings(arrays: Arrays, field: str) -> bool:
    """Tell whether a name is that of postings: a column of numbers may be called like a part of them."""
    starts = arrays.get(f"{field}:starts")
    return starts is not None and starts.dtype == EMPTY["starts"].dtype


def joined(first: Arrays, second: Arrays, size: int) -> Arrays:
    """Return the postings of two runs of rows as one; the first is of `size` rows, and may be long."""
    one, other = (Postings({f":{part}": array for part, array in run.items()}, "") for run in (first, second))
    places = np.array([one.place_of(term) for term in other.terms()])
    known = places == np.floor(places)
    before = np.ceil(places).astype(np.int64)
    new = before[~known]
    lengths = np.insert(np.diff(first["bounds"]), new, np.diff(second["bounds"])[~known])
    held = np.diff(second["starts"])
    counts = np.insert(np.diff(first["starts"]), new, 0)
    counts[before + np.cumsum(~known) - ~known] += held
    return {
        "terms": spliced(first["terms"], first["bounds"][new], second["terms"], second["bounds"], ~known),
        "bounds": np.append(0, np.cumsum(lengths)),
        "starts": np.append(0, np.cumsum(counts)),
        "docs": np.insert(first["docs"], np.repeat(first["starts"][before + known], held), second["docs"] + size),
    }


def spliced(
    text: NDArray[np.uint8], places: NDArray[np.int64], other: NDArray[np.uint8], bounds: NDArray[np.int64], new: Mask
) -> NDArray[np.uint8]:
    """Return a text with those terms of another that are new, each at its place."""
    terms = [other[bounds[number] : bounds[number + 1]] for number in np.flatnonzero(new).tolist()]
    pieces = np.split(text, places)
    return np.concatenate([pieces[0], *(each for pair in zip(terms, pieces[1:], strict=True) for each in pair)])
