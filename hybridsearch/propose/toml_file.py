"""A proposal as the configuration file that `hybridsearch init` writes, with a reason above each guess."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybridsearch.fields import Format
from hybridsearch.inputs.json_text import as_toml
from hybridsearch.inputs.rows import plain
from hybridsearch.propose.configuration import Proposal
from hybridsearch.propose.reviews import table_of, written
from hybridsearch.roles import is_from_reviews
from hybridsearch.sections import Catalog, OfferSource, VectorLeg

BARE = re.compile(r"[A-Za-z0-9_-]+")
"""A key of TOML that needs no quotes."""
WIDTH = 120
"""Characters of a line of comments."""
NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]")
"""What is left out of a name of an index."""


def to_toml(proposal: Proposal, catalog: Catalog, url: str | None = None, synonyms: str | None = None) -> str:
    """Return a configuration file, its guesses explained in comments.

    Args:
        proposal: The guesses.
        catalog: The file or index that was looked at, and what was made of its rows.
        url: Of the Elasticsearch to index into; None for the embedded engine.
        synonyms: File with the rules of the catalogue, if it has some.
    """
    legs = ((proposal.leg, "vectors"), (proposal.words, "words"))
    rated = proposal.why.get("ratings", "")
    embedded = 'the embedded engine, in a folder beside this file; for a server: url = "http://localhost:9200"'
    fields = proposal.fields.model_dump(mode="json", exclude={"formats", "ratings"})
    reviews = table_of(fields)
    ratings = {mean: count for mean, count in proposal.fields.ratings.items() if not is_from_reviews(mean)}
    tables: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = [
        (
            "[catalog]",
            catalog.model_dump(mode="json", exclude_defaults=True, exclude={"pairs", "children", "sources"}),
            {},
        ),
        ("[catalog.children]", catalog.children.model_dump(mode="json") if catalog.children else {}, {}),
        *(("[[catalog.pairs]]", pair.model_dump(mode="json", exclude_defaults=True), {}) for pair in catalog.pairs),
        *(("[[catalog.sources]]", of_source(each), {}) for each in catalog.sources),
        ("[fields]", written(fields), proposal.why),
        ("[fields.ratings]", ratings, dict.fromkeys(list(ratings)[:1], rated)),
        ("[fields.reviews]", reviews if len(reviews) > 1 else {}, {"field": proposal.why.get("reviews", "")}),
        ("[fields.formats]", proposal.fields.formats, proposal.examples),
        (
            "[engine]",
            {"url": url, "index": alias_for(catalog)},
            {"index": "the alias that queries use" if url else embedded},
        ),
        ("[synonyms]", {"path": synonyms}, {"path": "rules of the index's own filters; edit them as you like"}),
        *(("[[vectors]]", said(leg), {"name": proposal.why[key]}) for leg, key in legs if leg),
    ]
    lines = ["Proposed by hybridsearch init; names are those of the catalogue.", *proposal.notes]
    filled = (line for parts in tables for line in table(*parts))
    return "\n".join([*map(comment, lines), *filled, *without_role(proposal.left_out), ""])


def of_source(source: OfferSource) -> dict[str, Any]:
    """Return what is written of one of several catalogues."""
    return {**source.model_dump(mode="json", exclude_defaults=True), "formats": source.formats}


def said(leg: VectorLeg) -> dict[str, Any]:
    """Return what is written of a leg."""
    return leg.model_dump(mode="json", include={"name", "encoder", "reads"})


def without_role(left_out: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield comments that name every field that was left out."""
    if left_out:
        yield from ("", comment("Fields without a role, by what they are; to use one, name it under [fields]."))
    for why, names in left_out.items():
        yield from textwrap.wrap(
            comment(f"{why}: {', '.join(names)}"), WIDTH, subsequent_indent="#   ", break_on_hyphens=False
        )


def table(head: str, values: Mapping[str, Any], why: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a TOML table, each value below its reason; values that are empty are left out."""
    filled = {key: value for key, value in values.items() if value not in (None, "", [], {})}
    if filled:
        yield from ("", head)
    for key, value in filled.items():
        if key in why:
            yield comment(why[key])
        yield f"{key_of(key)} = {toml(value)}"


def toml(value: Any) -> str:
    """Return a format, a text, a list of texts, or any of these by names, as TOML."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key_of(name)} = {toml(each)}' for name, each in value.items())} }}"
    return str(value) if isinstance(value, Format) else as_toml(value)


def key_of(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if BARE.fullmatch(name) else as_toml(name)


def comment(text: str) -> str:
    """Return a text as a comment of one line."""
    return "# " + " ".join(plain(text).split())


def alias_for(catalog: Catalog) -> str:
    """Return a name for the new index; for a catalogue that is an index another name, so that it is not touched."""
    name = NOT_IN_NAMES.sub("", (catalog.index or "").lower()).lstrip("._-")[:190]
    return f"{name}-hybrid" if name else "products"
