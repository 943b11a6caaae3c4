"""From a product to the document that is stored for it: pure functions of values."""

from __future__ import annotations

import fnmatch
import functools
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hybridsearch.fields import AS_IT_IS, KINDS, FieldKind, UnclearError
from hybridsearch.inputs.rows import field, strings
from hybridsearch.reviews.read import listed, written
from hybridsearch.reviews.summary import summary
from hybridsearch.roles import BUYERS_SAY, Fields, is_from_reviews
from hybridsearch.schema import Leg, Schema, in_reviews
from hybridsearch.texts import markup, text
from hybridsearch.texts.languages import is_cjk
from hybridsearch.values import Document, FieldValues, Product, Row, Stored, Vector

RESERVED = "hybrid"
"""The one field name that products must not use: everything that searches use is stored under it."""
LEG_TEXT_LIMIT = 2_000
"""Characters that a text encoder is given; common ones read fewer than 512 tokens."""
VARIANTS = 2_500
"""Of a product, at most; what holds a whole list of them takes 2,048."""
CODES = VARIANTS + 100
"""Of a product with all of its variants; what is beyond is not found."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST = 2**61
"""The highest version: twice that, and one for a removal, still fits into 63 bits."""


def build(product: Product, schema: Schema, vectors: Mapping[str, Vector]) -> Document:
    """Return the document of a product.

    Args:
        product: What the catalogue says.
        schema: What the index holds.
        vectors: By leg, for the legs that had something to read.

    Raises:
        ValueError: The product cannot be indexed; the message is the reason.
    """
    fields = schema.fields
    row = with_reviews(product.row, fields)
    if taken := next((name for name in row if name.startswith(RESERVED) and is_reserved(name)), None):
        raise ValueError(f"it has a field {reprlib.repr(taken)}, which is reserved; rename it in the catalogue")
    said = whole(row, fields)
    everything, by_buyers = searched(said, fields), reviewed(row, fields)
    return Document(
        id=product.id,
        row=row,
        text=analysed(title(row, fields), everything, fields.languages, by_buyers),
        words=tuple(text.lexical(f"{everything}\n{by_buyers}" if by_buyers else everything, fields.languages)),
        codes=codes(said, fields),
        fields=kept(row, {role: fields.of_products(role) for role in KINDS}, fields),
        variants=kept_of_variants(said, fields) if fields.in_variants else (),
        vectors=vectors,
        routing=product.routing,
        version=version(row, fields),
    )


def is_reserved(name: str) -> bool:
    """Tell whether a field would stand where ours do."""
    return name == RESERVED or name.startswith(f"{RESERVED}.")


def version(row: Row, fields: Fields) -> int | None:
    """Return the product's version; None when the configuration names no field for it.

    A date is counted in microseconds since 1970; without a zone it is read as UTC. A product without a version has the
    lowest.

    Raises:
        ValueError: It is neither a whole number nor a date.
    """
    if fields.version is None:
        return None
    value = field(row, fields.version)
    if fields.group and isinstance(value, list):  # each variant has its own
        return max((version({**row, fields.version: each}, fields) or 0 for each in value), default=0)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    written = strings(value)
    if not written:
        return 0
    try:
        number = int(written[0]) if written[0].isdecimal() else microseconds(written[0])
    except ValueError:
        number = -1
    if isinstance(value, bool) or len(written) > 1 or not 0 <= number <= NEWEST:
        raise ValueError(
            f"'{fields.version}' is {reprlib.repr(value)}, expected a whole number or a date as 2026-11-21T09:30:00Z"
        )
    return number


def microseconds(text: str) -> int:
    """Return an ISO date and time as microseconds since 1970."""
    moment = datetime.fromisoformat(text)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    return since // timedelta(microseconds=1)


def with_reviews(row: Row, fields: Fields) -> Row:
    """Return a row with what its reviews say, where a shop has reviews.

    Raises:
        ValueError: The row has another field of that name.
    """
    if fields.reviews is None:
        return row
    own = row.get(BUYERS_SAY)
    if own is not None and not (isinstance(own, Mapping) and "aspects" in own):
        raise ValueError(f"it has a field '{BUYERS_SAY}', which is what its reviews say; rename it in the catalogue")
    value = field(row, fields.reviews.field)
    rest = {name: value for name, value in row.items() if name != BUYERS_SAY}
    return {**rest, BUYERS_SAY: summary(value, fields.reviews, fields.languages)} if listed(value) else rest


def reviewed(row: Row, fields: Fields) -> str:
    """Return what the reviews of a product say, up to what is analysed of a field."""
    return written(field(row, fields.reviews.field), fields.reviews) if fields.reviews else ""


def analysed(title: str, everything: str, languages: Iterable[str], by_buyers: str = "") -> dict[str, dict[str, str]]:
    """Return the tokens by field and language of a title and of all text that is searched; an empty field is absent.

    Those of reviews stand in the text under languages of their own, see `in_reviews`.
    """
    titles, texts, reviews = (text.fields_by_language(content, languages) for content in (title, everything, by_buyers))
    words = {language: text.analyse(part, language) for language, part in texts.items()}
    in_order = {each: text.sequence(part, each) if is_cjk(each) else words[each] for each, part in texts.items()}
    tokens: dict[str, dict[str, list[str]]] = {
        "title": {language: text.analyse(part, language) for language, part in titles.items()},
        "text": {
            **words,
            **{in_reviews(language): text.analyse(part, language) for language, part in reviews.items()},
        },
        "pairs": {language: text.pairs(some) for language, some in in_order.items()},
        "grams": {text.ALL: text.grams(title)},
    }
    filled = {
        name: {language: " ".join(words) for language, words in by_language.items() if words}
        for name, by_language in tokens.items()
    }
    return {name: by_language for name, by_language in filled.items() if by_language}


def searched(row: Row, fields: Fields) -> str:
    """Return the text of all fields that are searched."""
    return joined(row, dict.fromkeys(searched_names(fields)))


def searched_names(fields: Fields) -> Iterator[str]:
    """Yield the names of the fields that are searched, the title first."""
    names = (
        name for role, kind in KINDS.items() if kind.searched for name in fields.of(role) if not is_from_reviews(name)
    )
    yield from filter(None, [fields.title, *fields.text, *names])


def names(schema: Schema) -> list[str]:
    """Return every field that an index of this schema is made from, but for the id."""
    return list(dict.fromkeys([*schema.fields.names, *read_by_legs(schema)]))


def read_by_legs(schema: Schema) -> Iterator[str]:
    """Yield the names of the fields of text that legs read."""
    return (name for leg in schema.legs if leg.reads != "image" for name in leg.reads)


def described(row: Row, schema: Schema) -> str:
    """Return the beginning of what a product says besides its title, in searches or to a leg; it may be empty."""
    names = dict.fromkeys([*searched_names(schema.fields), *read_by_legs(schema)])
    return " ".join(joined(row, [name for name in names if name != schema.fields.title]).split())[:LEG_TEXT_LIMIT]


def title(row: Row, fields: Fields) -> str:
    """Return the product's title; empty when it has none."""
    return joined(row, [fields.title] if fields.title else [])


def joined(row: Row, names: Iterable[str]) -> str:
    """Return the text of several fields, in order."""
    parts = (part for name in names for value in values(row, name) for part in strings(value))
    return "\n".join(map(cleaned, parts))


def cleaned(part: str) -> str:
    """Return a text as it is searched: what a reader sees of it."""
    return text.clean(markup.visible(part[: text.MARKUP_LIMIT]))


def values(row: Row, name: str) -> Iterator[Any]:
    """Yield what a row holds under a name; `attr_*` names every top-level field that starts so, in the row's order."""
    if "*" not in name:
        yield field(row, name)
    else:
        yield from (value for key, value in row.items() if is_named(key, name))


@functools.lru_cache(maxsize=10_000)  # every product has the same few
def is_named(key: str, pattern: str) -> bool:
    """Tell whether a pattern names a field."""
    return fnmatch.fnmatchcase(key, pattern)


def codes(row: Row, fields: Fields) -> tuple[str, ...]:
    """Return the product's codes in the form in which they are compared."""
    compared = (text.code(value) for name in fields.codes for value in singly(row, name, fields))
    return tuple(dict.fromkeys(filter(None, compared)))[:CODES]


def kept(row: Row, names: Mapping[str, Iterable[str]], fields: Fields) -> FieldValues:
    """Return what is kept of those fields, by role, that a product or a variant has.

    Raises:
        ValueError: One of them cannot be read.
    """
    by_role = {role: read(row, some, KINDS[role], fields) for role, some in names.items()}
    return {role: values for role, values in by_role.items() if values}


def kept_of_variants(row: Row, fields: Fields) -> tuple[FieldValues, ...]:
    """Return what is kept of each variant, without repeats; a product that lists none is its only one.

    Raises:
        ValueError: There are too many, or one of them cannot be read.
    """
    names = fields.in_variants  # of each variant the same
    found = [kept(as_row(variant, fields), names, fields) for variant in variants(row, fields)]
    return tuple({repr(values): values for values in found}.values()) or ({},)


def kept_of_variant(variant: Row, role: str, name: str, fields: Fields) -> Stored | tuple[()]:
    """Return what is kept of a field of one variant, nothing where it has none of it.

    Raises:
        ValueError: It cannot be read.
    """
    return read(as_row(variant, fields), [name], KINDS[role], fields).get(name, ())


def variants(row: Row, fields: Fields) -> list[Row]:
    """Return the variants of a product, as the shop wrote them.

    Raises:
        ValueError: They are no list of objects, or too many.
    """
    name = fields.list_of_variants
    value = field(row, name)
    if value is None:  # a table may have the fields of its one variant as columns
        value = {fields.within_variant(key): own for key, own in row.items() if fields.of_variants(key)} or None
    value = value or only_variant(row, fields) or None
    listed = value if isinstance(value, list) else [value]
    found = [each for each in listed if each is not None and each != ""]
    if odd := next((each for each in found if not isinstance(each, Mapping)), None):
        raise ValueError(f"'{name}' holds {reprlib.repr(odd)}, expected an object for each variant")
    if len(found) > VARIANTS:
        raise ValueError(f"'{name}' holds {len(found):,} variants, expected at most {VARIANTS:,}; divide the product")
    return found


def only_variant(row: Row, fields: Fields) -> dict[str, Any]:
    """Return what a product says of its only variant, by names within variants; nothing where it says none of it."""
    own = {name: field(row, name) for name in map(fields.within_variant, fields.names_of_variants)}
    return {name: value for name, value in own.items() if strings(value)}


def whole(row: Row, fields: Fields) -> Row:
    """Return a row that lists a variant at least, where a product that lists none says anything of one."""
    if not fields.has_variants or field(row, fields.list_of_variants):
        return row
    return {**row, **as_row(own, fields)} if (own := only_variant(row, fields)) else row


def as_row(variant: Row, fields: Fields) -> Row:
    """Return a variant as the row in which its fields have their full names."""
    return {fields.list_of_variants: variant}


def read(row: Row, names: Iterable[str], kind: FieldKind, fields: Fields) -> dict[str, Stored]:
    """Return what is kept of those fields of one kind that a row has.

    Raises:
        ValueError: One of them cannot be read.
    """
    kept: dict[str, Stored] = {}
    for name in names:
        value, form = field(row, name), fields.format(name)
        try:
            stored = kind.kept(value, form)
        except UnclearError as error:
            choice = f"say which for '{name}' under [fields.formats]"
            raise ValueError(f"'{name}' is {reprlib.repr(value)}, {error}; {choice}") from error
        except ValueError as error:
            written = f" as [fields.formats] says: {form}" if form != AS_IT_IS else ""
            raise ValueError(f"'{name}' is {reprlib.repr(value)}, expected {kind.expected}{written}") from error
        if stored is not None:
            kept[name] = stored
    return kept


def leg_text(row: Row, leg: Leg) -> str:
    """Return what a text leg encodes: its fields in order; empty when the product has none of them."""
    return " ".join(joined(row, leg.reads).split())[:LEG_TEXT_LIMIT]


def pictures(row: Row, fields: Fields) -> tuple[str, ...]:
    """Return the references to a product's pictures, the first choice first."""
    return tuple(dict.fromkeys(value for name in fields.pictures for value in singly(row, name, fields)))


def videos(row: Row, fields: Fields) -> tuple[str, ...]:
    """Return the references to a product's videos, the first choice first."""
    return tuple(dict.fromkeys(value for name in fields.videos for value in singly(row, name, fields)))


def singly(row: Row, name: str, fields: Fields) -> tuple[str, ...]:
    """Return every text under a name, of a field whose texts hold several values each of these."""
    return strings(fields.format(name).split(field(row, name)))
