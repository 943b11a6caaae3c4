"""What `hybridsearch init` proposes: from a sample of a catalogue to a configuration, with a reason for each guess."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.errors import CatalogError
from hybridsearch.fields import dates
from hybridsearch.propose.columns import CODE, DATE, MOSTLY, PICTURE, URL, Column, columns, is_number
from hybridsearch.propose.languages import guess_languages
from hybridsearch.propose.reasons import REASONS, SHOWN
from hybridsearch.propose.roles import DATE_TYPES, NUMBERS, PICKERS, is_code
from hybridsearch.rows import plain
from hybridsearch.sections import Catalog, Fields, VectorLeg
from hybridsearch.values import Row

OTHER_SCRIPT = re.compile("[\u0370-\u1cff\uac00-\ud7af]")
"""Letters that are neither Latin nor Chinese or Japanese."""
NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]")
"""What is left out of a name of an index."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that was guessed.

    Attributes:
        why: A line of reason by role, for each that was filled, and for `languages` and `vectors`.
        leg: The vector leg, when there are pictures for it to read.
        notes: What the shop should look at.
    """

    fields: Fields
    why: Mapping[str, str]
    leg: VectorLeg | None = None
    notes: tuple[str, ...] = ()


def propose(rows: Sequence[Row], kinds: Mapping[str, str] | None = None, name: str = "the catalogue") -> Proposal:
    """Guess a configuration.

    Args:
        rows: A sample of the catalogue; some 2,000 rows, spread over it, are enough.
        kinds: For an index, the type of each mapped field by dotted name; its products are named by `_id`.
        name: Name of the catalogue, for messages.

    Raises:
        CatalogError: There are no rows, or nothing in them that could be searched.
    """
    if not rows:
        raise CatalogError(f"'{name}' has no products to look at. Write [fields] by hand, or add some.")
    sampled = columns(rows, kinds or {})
    roles = assign(sampled, named=kinds is not None)
    if not (roles["title"] or roles["text"] or roles["image"]):
        names = ", ".join(column.name for column in sampled[:20])
        raise CatalogError(f"No field of '{name}' reads like text or pictures ({names}). Write [fields] by hand.")
    languages, seen = guess_languages(sampled, roles["title"] + roles["text"])
    chosen: dict[str, Any] = {role: tuple(column.name for column in taken) for role, taken in roles.items()}
    single = {role: next(iter(chosen[role]), None) for role in ("title", "image")}
    key = "_id" if kinds is not None else next(iter(chosen["id"]), "id")
    why = {role: REASONS[role](taken) for role, taken in roles.items() if taken} | {"languages": seen}
    return Proposal(
        Fields(**{**chosen, **single, "id": key, "languages": languages}),
        why | ({"vectors": SEES} if roles["image"] else {}),
        VectorLeg(name="image", encoder="starter") if roles["image"] else None,
        tuple(remarks(sampled, roles, named=kinds is not None)),
    )


def assign(sampled: Sequence[Column], *, named: bool) -> dict[str, list[Column]]:
    """Return the columns of each role; with `named` the products have ids that are no column."""
    roles: dict[str, list[Column]] = {}
    left = list(sampled)
    for role, pick in PICKERS.items():
        roles[role] = [] if role == "id" and named else pick(left)
        left = [column for column in left if column not in roles[role] or shared(role, column)]
    roles["codes"] = [column for column in roles["id"] if is_code(column)] + roles["codes"]
    if not (roles["title"] or roles["text"] or roles["image"]):
        roles["text"] = roles["facets"]
    return roles


def shared(role: str, column: Column) -> bool:
    """Tell whether a column may play another role too: a picture that is also the id, a code among names in words."""
    return (role == "id" and column.mostly(PICTURE)) or (role == "codes" and column.share(CODE) < MOSTLY)


SEES = "finds by what is in the picture, in words or by photo"


def remarks(sampled: Sequence[Column], roles: Mapping[str, Sequence[Column]], *, named: bool) -> Iterator[str]:
    """Yield what the shop should look at."""
    keys = roles["id"]
    if not keys and not named:
        yield "No field has a value of its own in every product; products without an id are rejected."
    elif keys and not keys[0].unique:
        missing = keys[0].rows - len(keys[0].texts)
        repeated = len(keys[0].texts) - keys[0].distinct
        yield f"'{keys[0].name}' is missing in {missing:,} products and repeated in {repeated:,}; the last one wins."
    for column in roles["image"]:
        if column.mostly(URL):
            yield "Pictures are fetched from their addresses; set 'catalog.fetch' to false if they must not be."
        else:
            yield "Pictures are files: set 'catalog.images' if they are not beside the catalogue."
    for column in sampled:
        if column.says(NUMBERS) is not None and 0.8 < column.numeric < 1:
            odd = next(value for value in column.values if not is_number(value))
            yield f"'{column.name}' is not proposed as a number: it also holds {odd!r:.40}."
    for column in sampled:
        if (column.kind in DATE_TYPES or column.mostly(DATE)) and column.kept("dates") is None:
            odd = next(text for text in column.texts if not is_date(text))
            yield f"'{column.name}' is not proposed as a date: it holds {odd!r:.40}, expected {dates.KIND.expected}."
    used = [column for taken in roles.values() for column in taken]
    rest = [column.name for column in sampled if column.textual and column not in used]
    if rest:
        names = ", ".join(rest[:SHOWN]) + " …" * (len(rest) > SHOWN)
        yield f"Not searched: {len(rest):,} other fields with text ({names})."
    titles = [value for column in roles["title"] for value in column.texts]
    uncovered = sum(OTHER_SCRIPT.search(value) is not None for value in titles)
    if uncovered > len(titles) * 0.03:
        yield f"{uncovered:,} titles are in a script that no language covers; words match as they are written."


def is_date(text: str) -> bool:
    """Tell whether a text can be read as a date."""
    try:
        dates.read(text)
    except ValueError:
        return False
    return True


def to_toml(proposal: Proposal, catalog: Catalog, url: str | None = None) -> str:
    """Return a configuration file, its guesses explained in comments.

    Args:
        proposal: The guesses.
        catalog: The file or index that was looked at.
        url: Of the Elasticsearch to index into; None for the embedded engine.
    """
    leg = proposal.leg.model_dump(mode="json", include={"name", "encoder", "reads"}) if proposal.leg else {}
    embedded = 'the embedded engine, in a folder beside this file; for a server: url = "http://localhost:9200"'
    tables: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = [
        ("[catalog]", catalog.model_dump(mode="json", exclude_defaults=True), {}),
        ("[fields]", proposal.fields.model_dump(mode="json"), proposal.why),
        (
            "[engine]",
            {"url": url, "index": alias_for(catalog)},
            {"index": "the alias that queries use" if url else embedded},
        ),
        ("[[vectors]]", leg, {"name": proposal.why.get("vectors", "")}),
    ]
    lines = ["Proposed by hybridsearch init; names are those of the catalogue.", *proposal.notes]
    return "\n".join([*map(comment, lines), *(line for parts in tables for line in table(*parts)), ""])


def table(head: str, values: Mapping[str, Any], why: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a TOML table, each value below its reason; values that are empty are left out."""
    filled = {key: value for key, value in values.items() if value not in (None, "", [])}
    if filled:
        yield from ("", head)
    for key, value in filled.items():
        if key in why:
            yield comment(why[key])
        # JSON strings and lists of them are valid TOML, except for the one control character that JSON leaves alone.
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")


def comment(text: str) -> str:
    """Return a text as a comment of one line."""
    return "# " + " ".join(plain(text).split())


def alias_for(catalog: Catalog) -> str:
    """Return a name for the new index; for a catalogue that is an index another name, so that it is not touched."""
    name = NOT_IN_NAMES.sub("", (catalog.index or "").lower()).lstrip("._-")[:190]
    return f"{name}-hybrid" if name else "products"
