"""The plan: everything that a search will do, as data. Both engines execute the same plan.

Candidates are the products that the keyword clause, the codes, or any of the nearest-neighbour clauses finds, and that
pass all filters. They are ranked in a first pass that only decides who enters the window; inside the window the
score is the sum of the signals. Totals, facets and pages all see the same candidates; in an order by a field those of
them whose score comes near to the best one's, as the least relevant may come first there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.fields import KINDS
from hybridsearch.query_sources import typed
from hybridsearch.search.clauses import (
    Codes,
    Cosine,
    Counted,
    Match,
    Neighbours,
    Passing,
    Proof,
    Signal,
    Static,
    needs,
)
from hybridsearch.search.diversity import REACH, Diverse
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters import cursor
from hybridsearch.search.filters.conditions import Filter, OneVariant, Terms, is_of, together
from hybridsearch.search.filters.cursor import Place
from hybridsearch.search.person.because import lifting_legs
from hybridsearch.search.person.taste import INDIFFERENT, Taste
from hybridsearch.search.ruled import Ruled

FIRST_PASS_SHARE = 1e-9
"""What the first pass still counts inside the window: enough to break ties, too little to show in a score."""

SCORED = (
    "'cursor' continues an order by fields, and the whole shop or a part of it; hits in the order of their score have "
    "page numbers alone. Leave it out, or give 'sort'."
)

UNRULED = Ruled()

Kind = str
"""What sort of query: `code`, `browse`, `empty`, or what it gives: `words`, `photo`, `photo and words`."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a field instead of the score; products without it come last, ties are in order of id.

    Text is in order of its code points: capitals come before small letters. Of several texts the first one counts, in
    descending order the last one.
    """

    field: str
    descending: bool = False
    role: str = "numbers"

    @property
    def direction(self) -> str:
        """In words."""
        return "descending" if self.descending else "ascending"


SCORE = Sort("", descending=True)
"""The order of the score, where every product has the full one; no field is called so."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one search does.

    Attributes:
        kind: What sort of query this is; `reason` says why.
        keyword: Candidates by words; None when the query has none.
        loose: The same words of which less is needed, asked for where nothing is found; None where no less is enough.
        codes: Candidates by code.
        neighbours: Candidates by vector, one clause for each query vector and leg.
        signals: What the score is the sum of; none has weight 0.
        sort: The fields that hits are in order of, those that are equal in one in order of the next; empty: by score.
        cut_off: In an order by a field, the share of the best product's score that a product must have.
        least: The score that a product must have, which follows from it once the best product is known.
        found: How many products there are near or far, where such a score is known.
        window: How many of the first pass get the full score; the same on every page of a query.
        offset: How many hits are on the pages before.
        size: How many hits are returned.
        after: Where the page before ends; None where `offset` alone says how many hits are skipped.
        rows: Whether hits carry the product's row.
        only: The fields of the row that are needed; empty: all. An engine may give more.
        counted: What is counted beside the candidates.
        spelled: The query as the index spells it; empty where it is spelled as it was typed.
        corrected: The words that are spelled otherwise, each with the spelling of the index.
        dropped: Words that no product has.
        proofs: Each must hold of some candidate, of those in the window; none where the query surely means something.
        suggestions: Queries that would find something, for a page that is empty.
        compared: Filters whose values are looked for in another case too, for a note.
        variants: What the names of the fields of variants begin with; empty where the index has none.
        ruled: What the shop's rules change; their signals are among the others.
        diverse: What tells how alike products are, for an order in which each adds something; None: by score alone.
        given_filters: The filters as they were given, for whoever logs the page.
        taste: Of the person, so that hits can say why; its signals are among the others.
        filmed: The legs whose frames of the hits' videos are wanted, the one that counts most first.
    """

    kind: Kind
    reason: str
    query: str = ""
    keyword: Match | None = None
    loose: Match | None = None
    codes: Codes | None = None
    neighbours: tuple[Neighbours, ...] = ()
    filters: tuple[Filter, ...] = ()
    signals: tuple[Signal, ...] = ()
    facets: tuple[Facet, ...] = ()
    sort: tuple[Sort, ...] = ()
    cut_off: float = 0.0
    least: float = 0.0
    found: int = 0
    window: int = 400
    offset: int = 0
    size: int = 10
    after: Place | None = None
    rows: bool = True
    only: tuple[str, ...] = ()
    counted: tuple[Counted, ...] = ()
    spelled: str = ""
    corrected: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    suggestions: tuple[str, ...] = ()
    compared: tuple[Terms, ...] = ()
    variants: str = ""
    ruled: Ruled = UNRULED
    diverse: Diverse | None = None
    given_filters: Mapping[str, Any] = field(default_factory=dict, compare=False)
    taste: Taste = field(default=INDIFFERENT, repr=False, compare=False)
    filmed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Which page this is, from 1."""
        return self.offset // self.size + 1 if self.size else 1

    @property
    def skipped(self) -> int:
        """How many hits are left out before the page; behind a place none are, nor where they get another order."""
        return 0 if self.after or self.is_diverse else self.offset

    @property
    def wanted(self) -> int:
        """How many hits are looked for: behind a place one more, which tells whether another page follows."""
        if self.is_diverse:
            return max(REACH, self.offset + self.size)
        return self.size + 1 if self.after else self.size

    @property
    def is_diverse(self) -> bool:
        """Whether the hits of this page are put in a diverse order."""
        return self.diverse is not None and not self.is_steady and self.size > 0 and self.offset < REACH

    @property
    def is_steady(self) -> bool:
        """Whether each product has a place in the order whatever the others are, so that a cursor can continue there.

        The order of a score has none: it is the first pass that decides which products get the full one.
        """
        return bool(self.sort) or self.kind == "browse"

    @property
    def shown_legs(self) -> tuple[str, ...]:
        """The legs whose vectors are wanted beside the hits."""
        diverse = self.diverse.legs if self.diverse and self.is_diverse else ()
        lifting = lifting_legs(self.signals) if self.taste.seen else ()
        return tuple(dict.fromkeys([*diverse, *lifting]))

    @property
    def scores_all(self) -> bool:
        """Whether every product gets the full score: where products are browsed in the order of their numbers."""
        return self.kind == "browse" and not self.sort and bool(self.signals)

    @property
    def order(self) -> tuple[Sort, ...]:
        """What a steady order goes by, before the id."""
        return (SCORE,) if self.scores_all else self.sort

    @property
    def identity(self) -> str:
        """A text that tells this search, whichever of its pages it is, from others."""
        filters = sorted(map(repr, self.filters))
        return repr((typed(self.kind), self.query, filters, self.sort, self.signals if self.scores_all else ()))

    def behind(self, after: str) -> Plan:
        """Return the plan of the page that a cursor begins.

        Raises:
            QueryError: It is damaged, or of another search; or there is none in this order.
        """
        if not self.is_steady:
            raise QueryError(SCORED)
        kinds = [str if KINDS[sort.role].multiple else float for sort in self.order]
        place = cursor.read(after, self.identity, kinds)
        plan = replace(self, after=place, offset=place.seen)
        return plan.reaching(place.least, place.found) if place.least else plan

    def without_vectors(self, reason: str) -> Plan:
        """Return the plan that the planner makes where no vector is available."""
        signals = tuple(signal for signal in self.signals if not isinstance(signal, Cosine))
        proofs = tuple(replace(proof, near=()) for proof in self.proofs if not proof.goods)
        return replace(self, neighbours=(), signals=signals, proofs=proofs, degraded=(*self.degraded, reason))

    def without_words(self, reason: str) -> Plan:
        """Return the plan that finds and ranks by vectors and numbers alone."""
        signals = tuple(signal for signal in self.signals if isinstance(signal, Cosine | Static | Passing))
        degraded = (*self.degraded, reason)
        return replace(self, keyword=None, loose=None, codes=None, signals=signals, proofs=(), degraded=degraded)

    @property
    def needs_best(self) -> bool:
        """Whether the best product must be known first, as what comes near to it is put in order."""
        return bool(self.sort and self.signals) and self.cut_off > 0 and not self.least

    def best(self) -> Plan:
        """Return the plan that finds the best product alone."""
        return replace(self, sort=(), facets=(), compared=(), offset=0, size=1, after=None, rows=False)

    def near(self, best: float, found: int) -> Plan:
        """Return the plan that finds what comes near to the best product.

        Args:
            best: Its score.
            found: How many products there are near or far; as the best was found, the query is proved.
        """
        return self.reaching(self.cut_off * best, found)

    def reaching(self, least: float, found: int) -> Plan:
        """Return the plan that finds what has a score, of so many products that there are near or far."""
        names = " and ".join(sort.field for sort in self.sort)
        note = f"in order of {names}: of {found} products those that score {self.cut_off:.0%} of the best"
        return replace(self, least=least, found=found, proofs=(), notes=(*self.notes, note))

    def of_variants(self, field: str) -> bool:
        """Tell whether a field is one of each variant, and not of the product."""
        return bool(self.variants) and field.startswith(self.variants)

    @property
    def conditions(self) -> tuple[Filter, ...]:
        """The filters as a product has to pass them: those on variants together."""
        return self.together(self.filters)

    def together(self, filters: Sequence[Filter]) -> tuple[Filter, ...]:
        """Return some of the filters, and those of rules, as a product has to pass them."""
        return together((*filters, *self.ruled.filters), self.of_variants)

    def among(self, clause: Neighbours) -> tuple[Filter, ...]:
        """Return the filters that the neighbours of a clause have to pass to be among its k."""
        asked = tuple(each for each in (*self.filters, *clause.filters) if each not in clause.later)
        return self.together(asked)

    def matching(self, facet: Facet | None = None) -> tuple[Filter, ...]:
        """Return the filters that a variant has to pass by itself; for a facet without those on its own field."""
        conditions = self.together(self.counting(facet) if facet else self.filters)
        return next((each.filters for each in conditions if isinstance(each, OneVariant)), ())

    def own(self, facet: Facet) -> tuple[Filter, ...]:
        """Return the filters on the field of a facet alone, which do not count for it."""
        return tuple(each for each in self.filters if is_of(each, facet.field))

    def as_counted(self, facet: Facet) -> Plan:
        """Return the plan without the filters that do not count for a facet."""
        return replace(self, filters=self.counting(facet)) if self.own(facet) else self

    def counting(self, facet: Facet) -> tuple[Filter, ...]:
        """Return the filters that count for a facet."""
        return tuple(each for each in self.filters if not is_of(each, facet.field))

    def __str__(self) -> str:
        lines = [f"{self.kind}: {self.reason}"]
        if self.keyword:
            lines += [f"  keyword     {self.keyword.field} has {needs(words)}" for words in self.keyword.everywhere]
        if self.codes:
            lines.append(f"  codes       {' '.join(self.codes.values)}")
            lines += [f"  codes       that begin with {prefix}" for prefix in self.codes.prefixes]
        lines += [f"  neighbours  {each}" for each in self.neighbours]
        lines += [f"  proof       {proof}" for proof in self.proofs]
        lines += [f"  rule        {name}" for name in self.ruled.names]
        lines += [f"  filter      {clause}" for clause in (*self.filters, *self.ruled.filters)]
        lines += [f"  signal      {signal.weight:.3f} x {signal.name}" for signal in self.signals]
        if self.sort:
            lines += [f"  sort        {sort.field} {sort.direction}" for sort in self.sort]
            if self.needs_best:
                lines.append(f"  cut-off     {self.cut_off:.0%} of the best score")
        lines += [f"  facet       {facet.field}" for facet in self.facets]
        if self.after:
            lines.append(f"  after       {self.after.id}")
        lines.append(f"  hits        {self.offset + 1} to {self.offset + self.size}, window {self.window}")
        return "\n".join([*lines, *(f"  note        {note}" for note in (*self.notes, *self.degraded))])
