"""Several catalogues, of a seller each, as one configuration: what each calls the fields that they have in common."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hybridsearch.catalog.arranged.offers import SOURCE
from hybridsearch.fields import AS_IT_IS, Format
from hybridsearch.matching.items import role
from hybridsearch.propose.configuration import SEES, Proposal
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, OfferSource, VectorLeg

OFFERS = "offers"
"""The list that the rows of the sellers become."""
GROUPS = Path("groups.jsonl")
"""Where `hybridsearch match` says which of them are one product."""
CODES, FACETS = ("gtin", "mpn"), ("brand", "color", "size")
CALLED = {"gtin": "gtin", "part": "mpn", "brand": "brand", "color": "color", "size": "size"}
"""What fields are called that are found by what they are, as `match` finds them."""
WHY = {
    "title": "the titles of all catalogues",
    "codes": "codes by which offers are one product",
    "facets": "that several catalogues have, and whose offer it is",
    "numbers": "the price of an offer",
    "offers": "what the sellers' rows become: a product has the text of the first of them",
    "languages": "those of all catalogues",
}


def one_of(proposals: Mapping[str, tuple[Catalog, Proposal]]) -> tuple[Proposal, Catalog]:
    """Return a configuration for several catalogues, each by its name with what was proposed for it alone."""
    own = {name: columns(proposal) for name, (_, proposal) in proposals.items()}
    sources = tuple(
        OfferSource(
            path=section.path or Path(),
            name=name,
            id=proposal.fields.id,
            columns={common: column for common, column in own[name].items() if common != column},
            formats=dict(formats(own[name], proposal.fields)),
            encoding=section.encoding,
        )
        for name, (section, proposal) in proposals.items()
    )
    told = [proposal.fields for _, proposal in proposals.values()]
    named = Counter(common for columns_of in own.values() for common in columns_of)
    shared = Counter(name for fields in told for name in fields.of_products("facets"))
    alike = [name for name, count in shared.items() if count == len(told) and role(name) not in CALLED]
    fields = Fields(
        title="title" if named["title"] else None,
        text=tuple(name for name in ("description",) if named[name]),
        codes=tuple(name for name in CODES if named[name]),
        facets=(*(name for name in FACETS if named[name]), *alike, f"{OFFERS}.{SOURCE}"),
        numbers=(f"{OFFERS}.price",) if named["price"] else (),
        image="image" if named["image"] else None,
        offers=OFFERS,
        languages=tuple(dict.fromkeys(each for fields in told for each in fields.languages)),
    )
    why = {name: reason for name, reason in WHY.items() if getattr(fields, name)}
    leg = VectorLeg(name="image", encoder="starter") if fields.image else None
    proposal = Proposal(fields, {**why, **({"vectors": SEES} if leg else {})}, leg, tuple(notes(proposals, own)))
    return proposal, Catalog(sources=sources, groups=GROUPS)


def columns(proposal: Proposal) -> dict[str, str]:
    """Return what a catalogue calls what all have, by the common names: the first column of each kind."""
    found: dict[str, str] = {}
    fields = proposal.fields
    said = {"title": fields.title, "price": fields.price_in()}
    first = {"image": next(iter(fields.pictures), None), "description": next(iter(fields.text), None)}
    for common, name in {**said, **first}.items():
        if name and not fields.of_variants(name):
            found[common] = name
    for name in itertools.chain(fields.codes, fields.facets, *proposal.left_out.values()):
        if not fields.of_variants(name) and (common := CALLED.get(role(name), "")):
            found.setdefault(common, name)
    return found


def formats(columns_of: Mapping[str, str], fields: Fields) -> Iterator[tuple[str, Format]]:
    """Yield in which format a catalogue writes its price."""
    form = fields.format(columns_of.get("price", ""))
    if form != AS_IT_IS:
        yield "price", form


def notes(proposals: Mapping[str, tuple[Catalog, Proposal]], own: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """Return what the shop should look at."""
    said = [f"Which offers are one product says: hybridsearch match -o {GROUPS}"]
    for name, (_, proposal) in proposals.items():
        missing = [common for common in ("title", "price") if common not in own[name]]
        said += [f"'{name}' has no field that reads like its {' or its '.join(missing)}."] if missing else []
        several = proposal.fields.group or proposal.fields.has_variants
        said += [f"Rows of '{name}' are taken one by one, though some look like variants."] if several else []
    return said
