"""What tells two products of one kind apart, read from their titles: measures, numbers, models, colours, counts."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.texts import cutting, stemming, text
from hybridsearch.texts.units import UNITS, is_measure, with_measures

BASES = {
    "mg": ("weight", 0.001),
    "g": ("weight", 1.0),
    "kg": ("weight", 1000.0),
    "oz": ("weight", 28.35),
    "lb": ("weight", 453.6),
    "ml": ("volume", 1.0),
    "cl": ("volume", 10.0),
    "l": ("volume", 1000.0),
    "mm": ("length", 1.0),
    "cm": ("length", 10.0),
    "m": ("length", 1000.0),
    "inch": ("length", 25.4),
    "ft": ("length", 304.8),
    "w": ("power", 1.0),
    "kw": ("power", 1000.0),
    "wh": ("energy", 1.0),
    "kwh": ("energy", 1000.0),
    "mah": ("charge", 1.0),
    "ah": ("charge", 1000.0),
    "hz": ("frequency", 1.0),
    "khz": ("frequency", 1e3),
    "mhz": ("frequency", 1e6),
    "ghz": ("frequency", 1e9),
    "mb": ("storage", 1.0),
    "gb": ("storage", 1000.0),
    "tb": ("storage", 1e6),
}
"""What each unit measures, and how many of the smallest it is; a terabyte of a disk has a thousand gigabytes."""
ROUNDED = 0.025
"""Part by which two measures may differ and be one: `43.2 cm` is 17 inches, and a gigabyte may have 1,024 megabytes."""
CONVERTED = ("weight", "volume", "length", "storage")
LONGEST = 1_000
"""Characters of a title that are read."""
SHORTEST_MODEL, LONGEST_MODEL = 3, 30

_INCHES = re.compile(r"(?<=\d) ?(?:''|[\"″”“])")
_SHORT_UNITS = re.compile(r"(?<=\d)[ -]?(in|ft|gal|qt|sq|lb|oz)\b\.?(?! *\d+ *%)")
_HYPHEN = re.compile(rf"(?<=\d)-(?=(?:{'|'.join(UNITS)})(?![^\W_]))")
_MEASURE = re.compile(r"([\d.]+)(\D+)")
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]++(?:-[^\W_]++)++")
_TIMES = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?) ?[x×] ?(\d+(?:[.,]\d+)?)(?!\w)")
_PACKS = re.compile(
    r"(?<![\w.,/-])(\d{1,4})(?: ?[x×])?(?:er)?[ -]?"
    r"(?:packung|er\-pack|pieces|teilig|pièces|piezas|packs|pc\(s\)|piece|stück|stuck|pieza|count|pack"
    r"|pcs|stk|pzs|pk|ct|個入|個|本|枚|片|个|只|件)(?![^\W\d_])"
    r"|(?:pack|set|box|case|lot|paquete|caja) (?:of|de|mit) (\d{1,4})\b|^(\d{1,3}) ?[x×] (?=\D)"
)
"""How many pieces a title sells."""
_DECIMALS = re.compile(r"(?<=\d),(?=\d{1,2}\b)")

Measures = frozenset[tuple[str, float]]


@functools.cache
def vocabulary() -> Mapping[str, Any]:
    """Return the words of `words.json`."""
    file = importlib.resources.files("hybridsearch.matching") / "words.json"
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@functools.cache
def meanings(kind: str) -> Mapping[str, str]:
    """Return what each word of a kind means, as `schwarz` is black."""
    by_meaning: Mapping[str, str] = vocabulary()[kind]
    return {folded(word): meaning for meaning, words in by_meaning.items() for word in words.split()}


@functools.cache
def bundles() -> frozenset[str]:
    """Return the words for several products that are sold together."""
    return frozenset(map(folded, vocabulary()["bundles"].split()))


def folded(word: str) -> str:
    """Return a text as words are compared: in lower case, without accents; kana keep their marks."""
    return unicodedata.normalize("NFC", stemming.unaccented(word.lower()))


@dataclass(frozen=True, slots=True)
class Signs:
    """What a product is beside its kind; what is not said of it is empty.

    Attributes:
        words: The words of its title, in order and without repeats, as `as_compared` says; without how many pieces.
        measures: What is measured, and how much in the smallest unit.
        numbers: Other numbers, as they are written.
        models: Words of letters and digits, such as `wh-1000xm5`.
        colors: In English, whatever language they are written in.
        sizes: The same of sizes, sides and for whom it is.
        condition: Empty for what is new.
        bundle: Whether several products are sold together.
        pack: How many pieces; None where that is not said.
        joined: Two and three words that follow each other, written together: a model number may be written so.
    """

    words: tuple[str, ...] = ()
    measures: Measures = frozenset()
    numbers: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    colors: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    condition: frozenset[str] = frozenset()
    bundle: bool = False
    pack: int | None = None
    joined: frozenset[str] = frozenset()


def read(title: str, colors: Iterable[str] = (), sizes: Iterable[str] = (), condition: Iterable[str] = ()) -> Signs:
    """Return the signs of a product.

    Args:
        title: As a reader sees it.
        colors: What its own fields say of its colour,
        sizes: its size,
        condition: and its condition.
    """
    lowered = folded(text.lowered(title[:LONGEST]))
    packed = [int(next(filter(None, found.groups()))) for found in _PACKS.finditer(lowered)]
    rest = _TIMES.sub(r"\1x\2", _PACKS.sub(" ", lowered))
    rest = _SHORT_UNITS.sub(lambda unit: f" {'inch' if unit[1] == 'in' else unit[1]} ", _INCHES.sub(" inch ", rest))
    rest = with_measures(_HYPHEN.sub(" ", _DECIMALS.sub(".", rest)))
    compounds = {each for each in _COMPOUND.findall(rest) if is_model(each)}
    whole = {each.replace("-", "") for each in compounds}
    pieces = text.pieces(_COMPOUND.sub(lambda found: found[0].replace("-", "" if is_model(found[0]) else " "), rest))
    measured, numbers, models = set(), set(), compounds
    for word in pieces:
        if word in whole or not any(map(str.isdigit, word)):
            continue
        if is_measure(word):
            measured.add(measure(word))
        elif word.replace(".", "").isdigit():
            numbers.add(word.lstrip("0") or "0")
        elif len(word) >= SHORTEST_MODEL:
            models.add(word)
        else:
            numbers.add(word)
    words = tuple(dict.fromkeys(as_compared(part) for word in pieces for part in parts(word)))
    return Signs(
        words,
        frozenset(measured),
        frozenset(numbers),
        frozenset(models),
        meant("colors", (*words, *said(colors))),
        meant("sizes", (*words, *said(sizes))),
        meant("conditions", (*words, *said(condition))),
        not bundles().isdisjoint(words),
        max(packed, default=None),
        frozenset("".join(run) for size in (2, 3) for run in runs(pieces, size)),
    )


def as_compared(word: str) -> str:
    """Return a word as titles are compared: a colour in English, a measure in the smallest unit and two digits."""
    if is_measure(word):
        what, amount = measure(word)
        return f"{amount:.2g} {what}"
    return meanings("colors").get(word, word)


def is_model(compound: str) -> bool:
    """Tell whether what is written with hyphens has letters and digits, and is no measure such as `17-35mm`."""
    last = compound.rpartition("-")[2]
    is_mixed = any(map(str.isdecimal, compound)) and any(map(str.isalpha, compound))
    return len(compound) <= LONGEST_MODEL and is_mixed and not is_measure(last)


def runs(pieces: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield each so many words that follow each other and have a digit somewhere."""
    for place in range(len(pieces) - size + 1):
        run = pieces[place : place + size]
        if sum(map(len, run)) <= LONGEST_MODEL and any(map(str.isdigit, "".join(run))):
            yield run


def parts(word: str) -> list[str]:
    """Return a word, or each two adjacent characters of a run of Chinese or Japanese, and the run itself."""
    return [word, *cutting.bigrams(word)] if text.is_run(word) and len(word) > 1 else [word]


def measure(word: str) -> tuple[str, float]:
    """Return what a measure measures, and how much."""
    found = _MEASURE.fullmatch(word)
    amount, unit = (float(found[1]), found[2]) if found else (0.0, word)
    what, factor = BASES.get(unit, (unit, 1.0))
    return what, amount * factor


def meant(kind: str, words: Iterable[str]) -> frozenset[str]:
    """Return what some words mean, of those that are of a kind."""
    known = meanings(kind)
    return frozenset(known[word] for word in words if word in known)


def said(texts: Iterable[str]) -> Iterable[str]:
    """Yield the words of some texts, as they are compared."""
    return (part for each in texts for word in text.pieces(each[:LONGEST]) for part in parts(folded(word)))


def same_measure(one: tuple[str, float], other: tuple[str, float]) -> bool:
    """Tell whether two measures are one, but for rounding where there are several units."""
    rounded = ROUNDED if one[0] in CONVERTED else 0.0
    return one[0] == other[0] and abs(one[1] - other[1]) <= rounded * max(one[1], other[1])


def lacking(those: Measures, others: Measures) -> list[tuple[str, float]]:
    """Return the measures that others do not have."""
    return [each for each in those if each not in others and not any(same_measure(each, other) for other in others)]
