"""Codes in a query: what of it is looked up as product codes, and that a product with one of them comes first.

The index decides what is a code: all that can be one is looked up, and what no product has does no harm. So a pattern
only keeps words of everyday language, measures and years from being taken for codes inside of longer queries.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from hybridsearch.query_sources import QUERY_SOURCES
from hybridsearch.runtime.remembered import remembered
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Codes
from hybridsearch.search.signals import CODE, CODE_PREFIX, LEADS, is_cosine, signal_names
from hybridsearch.search.weights import Weights
from hybridsearch.texts import text
from hybridsearch.texts.units import is_measure

"""The signals that outweigh all others, the first also the second."""
MOST = 30
"""Codes that are looked up; a longer query is read from its start, single words before runs of them."""
RUN = 4
"""Words in a row that may be one code, typed with spaces."""
LEAST = 3
"""Letters and digits of a code beside other words: `m8` and `4k` say what is wanted more often than which."""
LEAST_PREFIX = 4
"""Letters and digits of the beginning of a code: shorter ones begin too many."""
LEAST_NUMBER = 5
"""Digits of a code of digits beside other words: shorter ones are sizes, amounts and years."""
TRADE_NUMBER = range(12, 15)
"""Digits of a trade item number: 12 in North America, 13 elsewhere, 14 on a carton; each is the next one behind a 0."""
MARGIN = 1.01
"""By how much a lead exceeds what all other signals can give: cosines of rounded vectors pass 1 a little."""

_BREAKS = re.compile(r"[\s;:=#|()\[\]]|,(?!\d)")
_INNER = re.compile(r"[^\W_][-./_\\]+[^\W_]")
_SURE = re.compile(r"(?=.*\d)[\w./-]{4,}|\d[\d -]{5,}\d")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?[^\W\d_]{1,4}|(?:19|20)\d\d|[^\W\d_]{4,}\d{1,3}")
"""A measure, a year, or a name with a number such as `iphone15`."""
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_surely_code(query: str) -> bool:
    """Tell whether a query is a product code beyond doubt, so that nothing would be gained from its meaning."""
    return bool(_SURE.fullmatch(query) and not _PLAIN.fullmatch(query))


def typed_codes(query: str) -> Codes | None:
    """Return what of a query is looked up as a code, in the form in which codes are compared; None for nothing.

    The whole query always is. Beside other words so is each word, and each run of up to RUN neighbours, that stands
    out from everyday words. The whole query is also looked up as the beginning of a code.
    """
    words = [word for word in _BREAKS.split(query) if text.code(word)][: text.QUERY_WORDS]
    parts = (run for run in runs(words) if stands_out(run)) if len(words) > 1 else ()
    codes = filter(None, (text.code(part) for part in itertools.chain([query], parts)))
    values = dict.fromkeys(form for code in codes for form in same_number(code))
    prefix = text.code(query)
    return Codes(tuple(values)[:MOST], (prefix,) if may_begin_code(query) else ()) if values else None


def same_number(code: str) -> Iterator[str]:
    """Yield a code; of a trade item number (UPC, EAN, GTIN) all its forms, which differ in the zeros before it."""
    yield code
    digits = code.lstrip("0")
    if code.isdecimal() and len(code) in TRADE_NUMBER and TRADE_NUMBER[0] - 1 <= len(digits):
        yield from (digits.zfill(length) for length in TRADE_NUMBER if length >= len(digits))


def runs(words: Sequence[str]) -> Iterator[str]:
    """Yield each word, then each two neighbours, and so on."""
    for size in range(1, RUN + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def stands_out(part: str) -> bool:
    """Tell whether a part of a longer query may be a code rather than words, an amount, a year or a measure."""
    code = text.code(part)
    if len(code) < LEAST or is_measure(part.lower()):
        return False
    if code.isdecimal():
        return len(code) >= LEAST_NUMBER
    return any(map(str.isdecimal, code)) or (" " not in part and bool(_INNER.search(part)))


def may_begin_code(query: str) -> bool:
    """Tell whether a query may be the beginning of a code: it has a digit, and is neither a year nor a measure."""
    code = text.code(query)
    return (
        len(code) >= LEAST_PREFIX
        and any(map(str.isdecimal, code))
        and not _YEAR.fullmatch(code)
        and not is_measure(query.lower())
    )


@remembered
def weighed(weights: Weights, kind: str, schema: Schema) -> Weights:
    """Return the weights that a kind of query is answered with on an index, with codes first."""
    return codes_first(weights.of(kind), schema)


def codes_first(weights: Weights, schema: Schema) -> Weights:
    """Return weights under which a typed code outweighs all else together, and its beginning all but that.

    So it is whatever was learned: a weight of 0 does not turn it off. What a query can give does not count, only what
    the index can: a plan that loses its vectors stays as it is otherwise.
    """
    if not schema.fields.codes:
        return weights
    lead = MARGIN * highest(weights, schema) or 1.0
    prefix = weights.weight(CODE_PREFIX) + lead
    code = weights.weight(CODE) + lead + MARGIN * prefix
    return weights.model_copy(update={"signals": {**weights.signals, CODE: code, CODE_PREFIX: prefix}})


def highest(weights: Weights, schema: Schema) -> float:
    """Return the highest score that a product can have without codes: a value is 1 at most, unless it is a cosine."""
    others = (name for name in signal_names(schema) if name not in LEADS and not is_cosine(name))
    cosines = (
        weights.weight(f"{source}.{leg.name}") * max(0.0, (1 - scale.low) / (scale.high - scale.low))
        for leg in schema.legs
        for source in QUERY_SOURCES
        for scale in [leg.calibration(source)]
    )
    return sum(map(weights.weight, others)) + sum(cosines) + weights.taste
