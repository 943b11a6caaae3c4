"""What `hybridsearch init` proposes: from a sample of a catalogue to a configuration, with a reason for each guess."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hybridsearch.errors import CatalogError
from hybridsearch.fields import Format
from hybridsearch.propose.arrangement import VARIANTS, grouped, read_as_pairs, said_of
from hybridsearch.propose.columns import MOSTLY, Column, columns
from hybridsearch.propose.encoders import better, leg_of_words
from hybridsearch.propose.languages import guess_languages
from hybridsearch.propose.left_out import COMPLETION, copies, is_copy, left_out, titles
from hybridsearch.propose.notes import remarks
from hybridsearch.propose.patterns import CODE, PICTURE
from hybridsearch.propose.ratings import ratings_in
from hybridsearch.propose.reasons import REASONS, how_read
from hybridsearch.propose.reviews import reviews_in, still_left, without
from hybridsearch.propose.roles import PICKERS, is_code
from hybridsearch.propose.variants import variants_in
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, VectorLeg
from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that was guessed.

    Attributes:
        why: A line of reason by role, for each that was filled, and for `languages` and `vectors`.
        leg: The vector leg, when there are pictures for it to read.
        notes: What the shop should look at.
        examples: For each format, how a text is read in it.
        left_out: Names of the fields that have no role, by what they are.
        words: The vector leg that reads titles, when there is an encoder for it.
    """

    fields: Fields
    why: Mapping[str, str]
    leg: VectorLeg | None = None
    notes: tuple[str, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: VectorLeg | None = None


def propose(
    rows: Sequence[Row],
    kinds: Mapping[str, str] | None = None,
    name: str = "the catalogue",
    key: str | None = None,
    catalog: Catalog | None = None,
    key_of_one: str | None = None,
) -> Proposal:
    """Guess a configuration.

    Args:
        rows: A sample of the catalogue; some 2,000 rows, spread over it, are enough.
        kinds: For an index, the type of each mapped field by dotted name; its products are named by `_id`.
        name: Name of the catalogue, for messages.
        key: Field that names the products, where several rows were made one.
        catalog: What was made of the rows.
        key_of_one: Field that names products that are one row.

    Raises:
        CatalogError: There are no rows, or nothing in them that could be searched.
    """
    if not rows:
        raise CatalogError(f"'{name}' has no products to look at. Write [fields] by hand, or add some.")
    arranged = catalog or Catalog(path=Path())
    reviews = reviews_in(rows)
    every = columns(rows, kinds or {}, gathered=grouped(arranged, key))
    sampled = [column for column in without(every, reviews) if not read_as_pairs(column, arranged)]
    roles = assign(sampled, key, named=kinds is not None)
    if not (roles["title"] or roles["text"] or roles["image"] or roles["video"]):
        names = ", ".join(column.name for column in sampled[:20])
        raise CatalogError(f"No field of '{name}' reads like text or pictures ({names}). Write [fields] by hand.")
    languages, seen = guess_languages(sampled, roles["title"] + roles["text"])
    chosen: dict[str, Any] = {role: tuple(column.name for column in taken) for role, taken in roles.items()}
    single = {"title": next(iter(chosen["title"]), None), "image": one_or_all(chosen["image"])}
    single["video"] = one_or_all(chosen["video"])
    names = "_id" if kinds is not None else key_of_one or next(iter(chosen["id"]), "id")
    why = {role: REASONS[role](taken) for role, taken in roles.items() if taken} | {"languages": seen}
    why |= {"reviews": SAY} if reviews else {}
    more = {"group": key if grouped(arranged, key) else None, "variants": variants_in(rows, roles), "reviews": reviews}
    of_products = [
        column for column in roles["numbers"] if not column.name.startswith(f"{more['variants'] or VARIANTS}.")
    ]
    rated = {mean.name: count.name for mean, count in ratings_in(of_products).items()}
    said, rest = formats(roles), left_out(rows, kinds or {}, every, roles, arranged)
    return Proposal(
        Fields(**{**chosen, **single, "id": names, "languages": languages, "formats": said, "ratings": rated, **more}),
        why | ({"ratings": RATES} if rated else {}) | ({"vectors": SEES} if roles["image"] or roles["video"] else {}),
        VectorLeg(name="image", encoder="starter") if roles["image"] or roles["video"] else None,
        (*said_of(arranged, key, key_of_one), *remarks(sampled, roles, named=kinds is not None)),
        {column.name: how_read(column) for column in sampled if column.name in said},
        still_left(rest, reviews),
    )


def with_words(proposal: Proposal, here: Collection[str], products: int | None) -> Proposal:
    """Return a proposal with a leg that reads titles, if one of the encoders that are here can, and what it says.

    Args:
        proposal: What the catalogue suggests.
        here: The encoders that need no download.
        products: How many there are, about; None where that is not known.
    """
    title = proposal.fields.title
    leg = leg_of_words(title, here)
    why = {**proposal.why, **({"words": f"{READS}: '{leg.encoder}' reads '{title}'"} if leg else {})}
    return replace(proposal, words=leg, why=why, notes=(*proposal.notes, *better(title, here, products)))


def assign(sampled: Sequence[Column], key: str | None = None, *, named: bool) -> dict[str, list[Column]]:
    """Return the columns of each role; a `key` is the id, and with `named` the products have ids that are no column."""
    roles: dict[str, list[Column]] = {}
    left = [column for column in sampled if column.kind != COMPLETION]
    for role, pick in PICKERS.items():
        if role in ("codes", "text"):  # the words of a facet may stand in the titles
            copied = copies if role == "text" else is_copy
            left = [column for column in left if not copied(column, titles(sampled, roles["title"], column))]
        choice = [column for column in left if column.name == key] if role == "id" and key else left
        roles[role] = [] if role == "id" and named else pick(choice)
        left = [column for column in left if column not in roles[role] or shared(role, column)]
    codes = [column for column in roles["id"] if is_code(column) and not is_copy(column, roles["title"])]
    roles["codes"] = codes + roles["codes"]
    if not (roles["title"] or roles["text"] or roles["image"] or roles["video"]):
        roles["text"] = roles["facets"] or [column for column in left if column.textual and not column.answers]
    return roles


def one_or_all(names: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Return one name as it is, several as they are, and None for none."""
    return names if len(names) > 1 else next(iter(names), None)


def shared(role: str, column: Column) -> bool:
    """Tell whether a column may play another role too: a picture that is the id, a code among words, a measure."""
    return (
        (role == "id" and column.mostly(PICTURE))
        or (role == "codes" and column.share(CODE) < MOSTLY)
        or (role == "facets" and column.measured)
    )


def formats(roles: Mapping[str, Sequence[Column]]) -> dict[str, Format]:
    """Return the format of each column that needs one for its roles."""
    said: dict[str, dict[str, Any]] = {}
    for role, taken in roles.items():
        for column in taken:
            said[column.name] = said.get(column.name, {}) | column.form(role).model_dump()
    return {name: Format(**settings) for name, settings in said.items() if settings}


READS = "finds titles that mean what is asked for, in whatever words"
RATES = "mean ratings and how many there are; a weight for 'rating.FIELD' makes them count, or hybridsearch tune"
SAY = "what buyers say: their words are searched, and products are rated by them"
SEES = "finds by what is in the picture, in words or by photo"
