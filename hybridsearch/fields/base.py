"""What a kind of field says about itself; documents, plans and both engines ask it, and name no kind of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.fields.formats import AS_IT_IS, Format
from hybridsearch.inputs.rows import says_nothing
from hybridsearch.values import Stored

Single = TypeVar("Single")
Bound = Callable[[Any, bool], float]
"""Returns a lower bound, or, with True, an upper one, both inclusive; ValueError when it is unusable."""


class UnclearError(ValueError):
    """A text that means one of two things, and no format says which; the message says both."""


@dataclass(frozen=True, slots=True)
class FieldKind:
    """How the fields of one role are read, kept, filtered, counted and sorted by.

    What is kept of a product is either several strings (a `multiple` kind: postings in the embedded engine), or one
    number (a column of float64, where a truth value is 1.0 or 0.0). A filter compares either with any of several
    values, or with bounds.

    Attributes:
        role: The key under [fields], and the object below `hybrid` that holds these fields on a server.
        name: Of one such field: its type in mappings/fields.json, and how the embedded engine's arrays are called.
        expected: What a value must be, for messages.
        shape: What a filter must be, for messages.
        read: Returns what is kept of a value in a row, None where there is none; ValueError when it is unusable.
        meaning: Returns what a value means for `read` in a column of some format; ValueError when it is unusable.
        spelled: Returns a filter's value, or list of values, as a column of some format has it, for `values`.
        values: Returns what a filter's value, or list of values, is compared with; ValueError when it is unusable.
        bound: Reads a bound of a filter; one with a single value lies between its own two bounds.
        multiple: Whether a product has several strings, and not one number.
        label: Names a number where products are counted by it; None: they are not counted by numbers one by one.
        measured: Whether its numbers are counted in ranges, and have a mean.
        periods: What its numbers are counted in, such as months, by the name that Elasticsearch too has for it; each
            with what names one by the number with which it begins, in the form that a filter reads.
        begin: Returns the numbers with which the periods of some numbers begin.
        searched: Whether its words are part of the text that is searched.
    """

    role: str
    name: str
    expected: str
    shape: str
    read: Callable[[Any], Stored | None]
    meaning: Callable[[Any, Format], Any] = lambda value, _: value
    spelled: Callable[[Any, Format], Any] = lambda value, _: value
    values: Callable[[Any], tuple[str | float, ...]] | None = None
    bound: Bound | None = None
    multiple: bool = False
    label: Callable[[float], str] | None = None
    measured: bool = False
    periods: Mapping[str, Callable[[float], str]] = field(default_factory=dict)
    begin: Callable[[NDArray[np.float64], str], NDArray[np.float64]] | None = None
    searched: bool = False

    @property
    def countable(self) -> bool:
        """Whether products are counted by it."""
        return self.by_value or self.measured or bool(self.periods)

    @property
    def by_value(self) -> bool:
        """Whether products are counted by its single values."""
        return self.multiple or self.label is not None

    def kept(self, value: Any, form: Format = AS_IT_IS) -> Stored | None:
        """Return what is kept of a value in a column of some format, None where there is none.

        Raises:
            ValueError: It is unusable.
        """
        return self.read(self.meaning(value, form))

    def restore(self, value: Any) -> Stored:
        """Return what `read` gave, from what JSON made of it."""
        kept: Stored = tuple(value) if self.multiple else value
        return kept


def first(value: Any, read: Callable[[Any], Single]) -> Single | None:
    """Read a value, of a list the first; None where it says nothing, and for an empty list."""
    if isinstance(value, list | tuple):
        return next((item for part in value if (item := first(part, read)) is not None), None)
    return None if says_nothing(value) else read(value)
