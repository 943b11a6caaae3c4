"""What a search box is answered with while somebody types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from hybridsearch.values import Hit


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a shopper may be about to type, and the search that it stands for.

    Attributes:
        text: As it is shown.
        kind: `query`, one of other shoppers; `word`, words of the catalogue; `category` or `brand`, a value of a facet.
        count: Number of products that have all words of `query` and pass the filters, those of the suggestion too; 1 or
            more.
        query: What to search for.
        filters: By field, what to filter by beside the shopper's own filters; none for queries and words.
    """

    text: str
    kind: str
    count: int
    query: str
    filters: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `suggest --json` prints."""
        own = {"text": self.text, "kind": self.kind, "count": self.count}
        return {**own, "query": self.query, "filters": dict(self.filters)}


@dataclass(frozen=True, slots=True)
class Suggestions(Sequence[Suggestion]):
    """The answer to what is typed so far.

    Attributes:
        query: What is typed.
        suggestions: Queries and words, then categories, then brands.
        products: A few products that have what is typed, the best first.
        degraded: Why the answer comes from less than it could; empty when all is well.
    """

    query: str
    suggestions: tuple[Suggestion, ...] = ()
    products: tuple[Hit, ...] = ()
    degraded: tuple[str, ...] = ()
    took_ms: float = 0.0

    def __len__(self) -> int:
        return len(self.suggestions)

    def __iter__(self) -> Iterator[Suggestion]:
        return iter(self.suggestions)

    @overload
    def __getitem__(self, index: int) -> Suggestion: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Suggestion, ...]: ...
    def __getitem__(self, index: int | slice) -> Suggestion | tuple[Suggestion, ...]:
        return self.suggestions[index]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `suggest --json` prints."""
        return {
            "query": self.query,
            "suggestions": [each.to_json() for each in self.suggestions],
            "products": [hit.to_json() for hit in self.products],
            "degraded": list(self.degraded),
            "took_ms": round(self.took_ms, 3),
        }
