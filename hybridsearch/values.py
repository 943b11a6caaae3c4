"""The values of the two lines: products → index, query → page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from hybridsearch.redaction import redacted
from hybridsearch.transcript import Transcript

Row = Mapping[str, Any]
"""A product as the shop wrote it: field names to JSON values."""

Stored = tuple[str, ...] | float
"""What is kept of a field to filter, count or sort by: several strings, or a number; True and False are numbers too."""
FieldValues = Mapping[str, Mapping[str, Stored]]
"""Of one product or variant, by role and name: {"facets": {"brand": ("Acme",)}}."""

RULE = "rule "
"""What the names of signals begin with that rules of the shop give."""
TASTE = "taste"
"""The same of those that a person's history gives: `taste.LEG`, `taste brand: Acme`."""

Vectors = NDArray[np.float32]
"""Rows of float32, each of unit length."""


class Vector:
    """One read-only row of float32 that can be compared, hashed and printed in a line."""

    __slots__ = ("array",)

    def __init__(self, values: Sequence[float] | NDArray[Any]) -> None:
        self.array = np.array(values, dtype=np.float32)
        self.array.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and np.array_equal(self.array, other.array)

    def __hash__(self) -> int:
        return hash(self.array.tobytes())

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        start = ", ".join(f"{value:.3f}" for value in self.array[:3])
        return f"Vector([{start}, …], dims={len(self)})"


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the catalogue with its id."""

    id: str
    row: Row
    where: str
    """Where it was read, for messages: `products.jsonl:17`, or the name of an index."""
    routing: str | None = None
    """Elasticsearch's routing value, carried over from an existing index."""
    place: int = field(default=0, compare=False)
    """Grows along the catalogue, so that a run can continue after it; 0 for a product that comes from elsewhere."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A product that could not be indexed, with its reason."""

    where: str
    id: str | None
    stage: str
    """The step that refused it: `read`, `document`, `picture`, `video`, `encode` or `write`."""
    reason: str
    row: Row | None = None
    place: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", redacted(self.reason))


@dataclass(frozen=True, slots=True)
class Document:
    """What is stored for one product: the shop's row beside the fields that searches use.

    Text holds tokens, joined by spaces, by field and language: {"title": {"en": "red dress"}}.
    Vectors are of unit length, by leg; a leg that has nothing to read is absent.
    """

    id: str
    row: Row
    text: Mapping[str, Mapping[str, str]]
    codes: tuple[str, ...] = ()
    fields: FieldValues = field(default_factory=dict)
    """What products are filtered, counted and sorted by."""
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    routing: str | None = None
    version: int | None = None
    """From the field that the configuration names; a document never replaces one with a higher version."""
    words: tuple[str, ...] = ()
    """The distinct words of all text as people write them: from these an index knows which it has."""
    variants: tuple[FieldValues, ...] = ()
    """The fields of each variant, without repeats; where an index has variants every product has at least one."""
    moments: Mapping[str, str] = field(default_factory=dict)
    """By leg what is kept of the frames of its video, as `hybridsearch.video.moments` writes it."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A product as an index has it: the shop's row, and its vectors by leg, without those that had nothing to read."""

    id: str
    row: Row
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was worked out from it, by whoever keeps it for a while."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A product on a page.

    Attributes:
        score: The sum of the signals' contributions; higher is better. 0.0 in the order of a field where nothing was
            searched for.
        signals: Contribution of each signal to the score, the largest first; signals that gave nothing are absent.
        highlights: Where asked for: title and texts with words of the query, by field, as HTML with these in `<mark>`.
        variant: Of a product with variants the one that fits the query best, as the shop wrote it.
        offers: Of a product with offers all: `variant`, then those that pass the filters, then others; the cheap first.
        looked_at: Of the history, where it lifted this product: the one that is the nearest, by id and title.
        frame: The second of its video that is the most like the query; None where none is known, or like it.
        video: Which of the product's videos that is, from 0.
        moments: As stored, until it is known which one that is.
    """

    id: str
    score: float
    signals: Mapping[str, float]
    product: Row
    highlights: Mapping[str, str] = field(default_factory=dict)
    variant: Row | None = None
    offers: tuple[Row, ...] = ()
    looked_at: str = ""
    frame: float | None = None
    video: int = 0
    moments: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def buyers_say(self) -> Mapping[str, Any]:
        """What its reviews say, as docs/reviews.md describes it; empty where it has none."""
        return self.product.get("buyers_say") or {}

    @property
    def because(self) -> tuple[str, ...]:
        """Which rules of the shop lifted it, and how, in their order; then which product that the person looked at."""
        rules = tuple(name for name in self.signals if name.startswith(RULE))
        return (*rules, f"because you looked at {self.looked_at}") if self.looked_at else rules

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --json` prints for each hit."""
        return (
            {"id": self.id, "score": self.score, "signals": dict(self.signals), "product": self.product}
            | ({"highlights": dict(self.highlights)} if self.highlights else {})
            | ({"variant": self.variant} if self.variant is not None else {})
            | ({"offers": list(self.offers)} if self.offers else {})
            | ({"because": list(self.because)} if self.because else {})
            | ({"frame": self.frame, "video": self.video} if self.frame is not None else {})
        )


@dataclass(frozen=True, slots=True)
class Region:
    """A thing in a photo of several, and what was found for it.

    Attributes:
        box: Its left, top, right and bottom, as parts of the width and of the height of the photo.
        hits: The first few products.
    """

    box: tuple[float, float, float, float]
    hits: tuple[Hit, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --json` prints for each region."""
        return {"box": list(self.box), "hits": [hit.to_json() for hit in self.hits]}


@dataclass(frozen=True, slots=True)
class FacetDetails:
    """What is known of a facet beside its counts.

    Attributes:
        other: The sum of the counts that are not shown.
        minimum: The smallest number of the products that are counted; None where there is none, as in all other kinds.
        maximum: The largest of them.
        mean: Their mean.
        filters: For each range of numbers the filter that finds what it counts; any other value is its own filter.
        nodes: Of a tree, the node below which it counts and those that this lies in, the outermost first, with the
            counts of each.
    """

    other: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    filters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    nodes: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --json` prints."""
        numbers = {"minimum": self.minimum, "maximum": self.maximum, "mean": self.mean}
        known = {name: number for name, number in numbers.items() if number is not None}
        filters = {"filters": {name: dict(bounds) for name, bounds in self.filters.items()}} if self.filters else {}
        nodes = {"nodes": dict(self.nodes)} if self.nodes else {}
        return {"other": self.other, **known, **filters, **nodes}


@dataclass(frozen=True, slots=True)
class Page(Sequence[Hit]):
    """The answer to a query: hits in order, and what is known about all of the candidates.

    Attributes:
        total: Number of products that match, on all pages.
        facets: Count of products by value, for each facet that was asked for, in the order that was asked for. What the
            filters on the field itself leave out is counted too.
        details: What else is known of each facet, such as the sum of the counts that are not shown.
        number: Which page this is, from 1.
        cursor: Of the page behind this one, to be passed to the next search; empty on the last page, and where hits are
            in the order of a score. It is text of A to Z, a to z, digits, `-` and `_`.
        degraded: Why the answer comes from less than was planned; empty when all is well.
        notes: What was changed in the request, such as a query that was cut.
        spelled: The query as the index spells it, where it was searched for so too; empty where it was typed so.
        corrected: The words that were spelled otherwise, each with the spelling of the index.
        dropped: Words of the query that no product has: none is needed.
        suggestions: Queries that would find something, on a page without products: the words that the index knows, each
            alone, the most telling first.
        counted: How many products there are of what a plan counts beside its candidates, which no search does.
        rules: Names of the shop's rules that were applied.
        redirect: Address to which a rule sends the shopper; empty for none.
        banners: What rules say for the page, as they have it.
        query_id: Random, one for each answer: by this a click is logged of what was shown.
        offset: How many hits are on the pages before.
        filters: Those that were asked for, as they were given.
        sort: The fields that hits are in order of, such as `price:asc`; empty: by score.
        arm: Of a test of two weightings, the one that ranked this page, or `interleaved`; empty where none is.
        teams: Of an interleaved page, the arm that each hit was chosen by.
        heard: What was understood of a spoken query; None where it was typed.
        regions: The things that a photo shows, if they are several, the largest first.
    """

    query: str
    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    details: Mapping[str, FacetDetails] = field(default_factory=dict)
    number: int = 1
    cursor: str = ""
    degraded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spelled: str = ""
    corrected: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    counted: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    redirect: str = ""
    banners: tuple[Mapping[str, Any], ...] = ()
    took_ms: float = 0.0
    query_id: str = field(default="", compare=False)
    offset: int = 0
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    arm: str = ""
    teams: tuple[str, ...] = ()
    heard: Transcript | None = None
    regions: tuple[Region, ...] = ()

    @property
    def suggestion(self) -> str | None:
        """What may have been meant: the query in the index's spelling, or one that finds something; None for none."""
        return self.spelled or next(iter(self.suggestions), None)

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    def __str__(self) -> str:
        lines = [f"{self.total} products for {self.query!r}"]
        lines += [f"{rank:3}. {hit.score:.3f}  {hit.id}" for rank, hit in enumerate(self.hits, 1)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --json` prints."""
        return {
            "query": self.query,
            "query_id": self.query_id,
            "total": self.total,
            "hits": [hit.to_json() for hit in self.hits],
            "facets": {name: dict(counts) for name, counts in self.facets.items()},
            "facet_details": {name: details.to_json() for name, details in self.details.items()},
            "page": self.number,
            "cursor": self.cursor,
            "degraded": list(self.degraded),
            "notes": list(self.notes),
            "spelled": self.spelled,
            "corrected": dict(self.corrected),
            "dropped": list(self.dropped),
            "suggestion": self.suggestion,
            "suggestions": list(self.suggestions),
            "rules": list(self.rules),
            "redirect": self.redirect,
            "banners": [dict(banner) for banner in self.banners],
            "heard": self.heard.to_json() if self.heard else None,
            "regions": [region.to_json() for region in self.regions],
            "took_ms": round(self.took_ms, 3),
            **({"arm": self.arm} if self.arm else {}),
            **({"teams": list(self.teams)} if self.teams else {}),
        }
