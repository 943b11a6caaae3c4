"""One run: catalogues in, groups out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hybridsearch.catalog.arranged.groups import Member
from hybridsearch.catalog.base import Source
from hybridsearch.errors import CatalogError
from hybridsearch.matching import review
from hybridsearch.matching.grouping import Groups
from hybridsearch.matching.items import is_told, item
from hybridsearch.matching.links import CERTAIN, LIKELY, SAID, Codes, Link, likely
from hybridsearch.matching.model import Model
from hybridsearch.matching.names import names
from hybridsearch.matching.review import Name, Question
from hybridsearch.matching.store import Place, Store
from hybridsearch.roles import Fields
from hybridsearch.runtime.progress import Progress, silent
from hybridsearch.values import Product, Reject

SHOWN = 5
"""Codes, and rows that cannot be read, that are told of."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One catalogue of offers.

    Attributes:
        name: By which its rows are known, in groups and in the index.
        source: Gives the rows.
        fields: Their roles.
    """

    name: str
    source: Source
    fields: Fields


@dataclass(slots=True)
class Tally:
    """What a run did."""

    offers: int = 0
    groups: int = 0
    joined: int = 0
    review: int = 0
    rejects: int = 0
    repeated: int = 0
    untitled: int = 0
    notes: list[str] = field(default_factory=list)


class Matching(Store):
    """Offers of several catalogues, the groups that they make, and what is doubtful."""

    def __init__(self, model: Model | None = None) -> None:
        super().__init__()
        self.model = model or Model.shipped()
        self.codes = Codes()
        self.tally = Tally()
        self.places: dict[Name, Place] = {}
        self.doubtful: list[Link] = []

    def read_all(self, catalogues: Sequence[Catalogue], progress: Progress = silent) -> None:
        """Read every row; one that cannot be read is counted, with the first reasons.

        Raises:
            CatalogError: Two catalogues have one name, or one of them cannot be read as a whole.
        """
        called = [each.name for each in catalogues]
        if twice := next((name for name in called if called.count(name) > 1), None):
            raise CatalogError(
                f"Two catalogues are called '{twice}', by which their offers are told apart. Rename one of the files."
            )
        for catalogue in catalogues:
            for row in catalogue.source.read():
                self.take(catalogue, row)
                if self.tally.offers % 1000 == 0:
                    progress("reading", self.tally.offers, None, {"rejected": self.tally.rejects})

    def take(self, catalogue: Catalogue, row: Product | Reject) -> None:
        """Keep a row, or count why not."""
        if isinstance(row, Reject):
            self.tally.rejects += 1
            if self.tally.rejects <= SHOWN:
                self.tally.notes.append(f"{row.where} is passed over: {row.reason}")
            return
        name = (catalogue.name, row.id)
        if name in self.places:
            self.tally.repeated += 1
            return
        found = item(catalogue.name, row.id, row.row, catalogue.fields)
        self.tally.untitled += not is_told(found)
        self.places[name] = self.add(found)
        self.codes.add(self.places[name], found)
        self.tally.offers += 1

    def groups(self, answers: Sequence[Question] = (), progress: Progress = silent) -> Groups:
        """Return the groups, by what a person answered, by codes, and by what is likely.

        What is doubtful, or was refused, is in `doubtful` then.
        """
        known = [each for each in answers if each.one in self.places and each.other in self.places]
        apart = [(self.places[each.one], self.places[each.other]) for each in known if each.same is False]
        said = [
            Link(SAID, CERTAIN, self.places[each.one], self.places[each.other], "a person said so")
            for each in known
            if each.same
        ]
        groups = Groups(self, apart)
        by_codes = list(self.codes.links(self, self.doubtful))
        found = likely(self, self.model, progress)
        self.doubtful += found.doubtful
        for link in sorted([*said, *by_codes, *found.sure]):
            why = groups.join(link)
            if why and self.at(link.one).seller != self.at(link.other).seller:
                self.doubtful.append(Link(LIKELY, link.odds, link.one, link.other, f"{link.because}, but {why}"))
        if everybodys := self.codes.ignored(self):
            self.tally.notes.append(
                f"{len(everybodys):,} GTINs are left out, which one seller has on more products than one can be: "
                f"{', '.join(code.lstrip('0') for code in everybodys[:SHOWN])}"
            )
        return groups

    def members(self, groups: Groups, before: Mapping[Name, str]) -> Iterator[Member]:
        """Yield each offer with its group, in the order of the catalogues.

        Args:
            groups: Of the offers.
            before: What their groups were called.
        """
        named = names({offer: groups.of(place) for offer, place in self.places.items()}, before)
        for place, found in self:
            link = groups.by.get(place)
            yield Member(
                named[groups.of(place)],
                found.id,
                found.source,
                link.score if link else 1.0,
                link.because if link else "no other offer is surely the same",
            )

    def questions(self, groups: Groups) -> Iterable[Question]:
        """Yield what a person is to be asked: doubtful pairs that are not in one group by now, each once."""
        seen: set[tuple[Place, Place]] = set()
        for link in sorted(self.doubtful):
            pair = (link.one, link.other)
            if pair in seen or groups.of(link.one) == groups.of(link.other) or pair in groups.apart:
                continue
            seen.add(pair)
            yield review.question(self.at(link.one), self.at(link.other), link.score, link.because)


def match(
    catalogues: Sequence[Catalogue],
    output: Path,
    asked: Path | None = None,
    progress: Progress = silent,
    model: Model | None = None,
) -> Tally:
    """Write the groups of some catalogues.

    Args:
        catalogues: In the order that says whose text a product shows.
        output: Gets a line of JSON for each offer; groups that it has already keep their names.
        asked: Is read for what a person answered, and gets the doubtful pairs.
        progress: Is told how far it is.
        model: Instead of the one of the package.

    Raises:
        CatalogError: A catalogue, or what a person answered, cannot be read; the files stay as they were.
    """
    before, lost = groups_before(output)
    answers, wrong = review.answered(asked) if asked else ([], [])
    with Matching(model) as offers:
        offers.read_all(catalogues, progress)
        groups = offers.groups(answers, progress)
        offers.tally.notes += [*wrong, *lost]
        Member.write(output, counted(offers.members(groups, before), offers.tally))
        questions = list(offers.questions(groups))
        offers.tally.review = review.write(asked, answers, questions) if asked else len(questions)
        return offers.tally


def groups_before(path: Path) -> tuple[dict[Name, str], list[str]]:
    """Return what the groups of offers were called in a file, and what is wrong with it."""
    if not path.exists():
        return {}, []
    try:
        return {(each.source, each.product_id): each.group for each in Member.read(path)}, []
    except CatalogError as error:
        return {}, [f"the names that groups had are not known, they get new ones: {error}"]


def counted(members: Iterable[Member], tally: Tally) -> Iterator[Member]:
    """Yield members, and count their groups."""
    sizes: dict[str, int] = {}
    for member in members:
        sizes[member.group] = sizes.get(member.group, 0) + 1
        yield member
    tally.groups = len(sizes)
    tally.joined = sum(size for size in sizes.values() if size > 1)
