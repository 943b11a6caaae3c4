"""Two offers side by side: what rules out that they are one product, and what speaks for it and against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hybridsearch.matching.items import Item
from hybridsearch.matching.signs import Signs, lacking

ABBREVIATED = 3
"""Letters that the beginning of a word must have to stand for it."""
STANDS_IN = 4
"""Characters of a model number that may be written together with others."""
PLAIN = 1.0
"""What a word tells that no other offer has is the logarithm of the offers; any other word tells this at least."""

LEVELS = {
    "words": (0.98, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4),
    "contained": (0.98, 0.9, 0.8, 0.7, 0.6, 0.5),
    "price": (1.02, 1.1, 1.25, 1.5, 2.0, 3.0),
}
"""Where one level of a comparison ends and the next begins."""


@dataclass(frozen=True, slots=True)
class Tells:
    """What each word of the offers tells.

    Attributes:
        offers: How many there are.
        count: Returns how many have a word.
    """

    offers: int
    count: Callable[[str], int]

    def __call__(self, word: str) -> float:
        """Return the inverse document frequency of a word, above 0."""
        return PLAIN + math.log(max(self.offers, 1) / max(self.count(word), 1))


def ruled_out(one: Item, other: Item) -> Iterator[str]:
    """Yield why two offers cannot be one product whatever else they say."""
    ours, theirs = one.signs, other.signs
    if one.gtins and other.gtins and one.gtins.isdisjoint(other.gtins):
        yield "other GTINs"
    if one.part and other.part and one.part != other.part:
        yield "other part numbers"
    if (pieces := (packed(ours, theirs), packed(theirs, ours))) and pieces[0] != pieces[1]:
        yield f"{pieces[0]} and {pieces[1]} pieces"
    yield from other_states(one, other)
    if apart(ours.colors, theirs.colors):
        yield f"{listed(ours.colors)} and {listed(theirs.colors)}"
    if apart(ours.sizes, theirs.sizes):
        yield f"{listed(ours.sizes)} and {listed(theirs.sizes)}"
    yield from other_measures(ours, theirs)
    if apart(*unshared(ours.numbers, theirs.numbers)):
        yield f"{listed(ours.numbers - theirs.numbers)} and {listed(theirs.numbers - ours.numbers)}"
    mine, their = own_models(ours, theirs), own_models(theirs, ours)
    if mine and their:
        yield f"{listed(mine)} and {listed(their)}"
    if one.brand and other.brand and not same_brand(one, other):
        yield "other brands"


def other_states(one: Item, other: Item) -> Iterator[str]:
    """Yield why two offers are no offers of one thing although they may bear its code: used, or with something else."""
    ours, theirs = one.signs, other.signs
    if ours.condition != theirs.condition:
        yield f"{listed(ours.condition) or 'new'} and {listed(theirs.condition) or 'new'}"
    if ours.bundle != theirs.bundle:
        yield "one is a bundle"
    if ours.pack and theirs.pack and ours.pack != theirs.pack:
        yield f"{ours.pack} and {theirs.pack} pieces"


def packed(ours: Signs, theirs: Signs) -> int:
    """Return how many pieces an offer is of: one where it does not say it, unless it has the other's number."""
    return ours.pack or (theirs.pack if theirs.pack and str(theirs.pack) in ours.numbers - theirs.numbers else 1)


def other_measures(ours: Signs, theirs: Signs) -> Iterator[str]:
    """Yield what is measured otherwise: of one dimension each has a measure that the other lacks."""
    mine, their = lacking(ours.measures, theirs.measures), lacking(theirs.measures, ours.measures)
    for what in sorted({what for what, _ in mine} & {what for what, _ in their}):
        yield f"another {what}"


def unshared(ours: frozenset[str], theirs: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return what each of two has that the other lacks."""
    return ours - theirs, theirs - ours


def apart(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Tell whether each of two has something that the other lacks."""
    return bool(ours - theirs) and bool(theirs - ours)


def own_models(ours: Signs, theirs: Signs) -> frozenset[str]:
    """Return the model numbers of one offer that the other does not have, also not written together or apart."""
    return frozenset(model for model in ours.models - theirs.models if not has(theirs, model))


def has(signs: Signs, model: str) -> bool:
    """Tell whether a model number stands in a title otherwise: without its hyphens, apart, or a part of it alone."""
    whole = plain(model)
    if whole in signs.joined or any(whole == plain(each) for each in signs.models):
        return True
    parts = {part for part in model.split("-") if len(part) >= STANDS_IN and part != model}
    return not parts.isdisjoint(signs.models) or any(model in each.split("-") for each in signs.models)


def plain(word: str) -> str:
    """Return the letters and digits of a word."""
    return word if word.isalnum() else "".join(filter(str.isalnum, word))


def same_brand(one: Item, other: Item) -> bool:
    """Tell whether two brands are one: equal, or one is the beginning of the other, as `hp` of `hpinc`."""
    return one.brand.startswith(other.brand) or other.brand.startswith(one.brand)


def listed(words: Iterable[str]) -> str:
    """Return a few words for a sentence."""
    return ", ".join(sorted(words)[:3])


def levels(one: Item, other: Item, tells: Tells) -> dict[str, str]:
    """Return how two offers compare, by comparison; each level of each has a weight in `model.json`."""
    ours, theirs = one.signs, other.signs
    shared, mine, their = masses(ours, theirs, tells)
    both = shared / math.sqrt((shared + mine) * (shared + their)) if shared else 0.0
    contained = shared / (shared + min(mine, their)) if shared else 0.0
    return {
        "words": level(LEVELS["words"], both),
        "contained": level(LEVELS["contained"], contained),
        "models": models(ours, theirs),
        "measures": agreement(ours.measures, theirs.measures, bool(lacking(ours.measures, theirs.measures))),
        "numbers": agreement(ours.numbers, theirs.numbers, bool(ours.numbers - theirs.numbers)),
        "colors": agreement(ours.colors, theirs.colors, bool(ours.colors - theirs.colors)),
        "brand": "same" if one.brand and other.brand else "unknown",
        "price": price(one, other),
        "picture": "unknown" if not (one.picture and other.picture) else same(one.picture == other.picture),
    }


def masses(ours: Signs, theirs: Signs, tells: Tells) -> tuple[float, float, float]:
    """Return what the words tell that two titles share, and those that only the one and the other has.

    A word is shared too where one begins with the other, or where it is written apart or as a part in the other title.
    """
    common = set(ours.words).intersection(theirs.words)
    mine, rest = set(ours.words) - common, set(theirs.words) - common
    if not (mine and rest):
        return sum(map(tells, common)), sum(map(tells, mine)), sum(map(tells, rest))
    bridged = bridge(mine, rest, theirs) | bridge(rest, mine, ours)
    shared = sum(map(tells, common)) + sum(map(tells, bridged))
    for word in sorted(mine):
        if partner := next((each for each in sorted(rest) if alike(word, each)), None):
            mine.discard(word)
            rest.discard(partner)
            shared += (tells(word) + tells(partner)) / 2
    return shared, sum(map(tells, mine)), sum(map(tells, rest))


def bridge(own: set[str], others: set[str], signs: Signs) -> set[str]:
    """Take from the words that two titles do not share those that are one all the same, and return them.

    Args:
        own: Words of one title that the other does not have;
        others: the same of the other title,
        signs: and what that says.
    """
    apart = {word for word in own if word in signs.joined}
    others -= {part for part in others if any(part in word for word in apart)}
    whole = {word: plain(each) for word in own for each in signs.models if word in each.split("-")}
    others -= set(whole.values())
    own -= apart | whole.keys()
    return apart | whole.keys()


def alike(word: str, other: str) -> bool:
    """Tell whether one of two words abbreviates the other; numbers have no abbreviations."""
    shorter, longer = (word, other) if len(word) <= len(other) else (other, word)
    shorter = shorter.rstrip(".")
    return len(shorter) >= ABBREVIATED and longer.startswith(shorter) and shorter.isalpha() and longer.isalpha()


def models(ours: Signs, theirs: Signs) -> str:
    """Return how the model numbers compare: `same` where one is shared, `one` where only one title has some."""
    if not (ours.models or theirs.models):
        return "none"
    if not (ours.models and theirs.models):
        return "one"
    more = own_models(ours, theirs) or own_models(theirs, ours)
    return "some" if more else "same"


def agreement(ours: frozenset[Any], theirs: frozenset[Any], more: bool) -> str:
    """Return how two sets compare of which neither contradicts the other."""
    if not (ours or theirs):
        return "none"
    if not (ours and theirs):
        return "one"
    return "some" if more or len(ours) != len(theirs) else "same"


def same(equal: bool) -> str:
    """Return the level of what is equal or not."""
    return "same" if equal else "other"


def price(one: Item, other: Item) -> str:
    """Return the level of the ratio of two prices, where both are known."""
    if one.price is None or other.price is None:
        return "unknown"
    ratio = max(one.price, other.price) / min(one.price, other.price)
    return next((f"up to {most:g}" for most in LEVELS["price"] if ratio <= most), "beyond")


def level(ends: Iterable[float], share: float) -> str:
    """Return the level of a share, the highest first."""
    return next((f"{least:g}" for least in ends if share >= least), "0")
