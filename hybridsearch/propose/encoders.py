"""Which encoder a leg that reads titles is given, of those that are on this machine, and what a better one costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib.util import find_spec
from pathlib import Path

from hybridsearch.encoders.models.hub import is_here
from hybridsearch.encoders.models.packaged import EXTRAS
from hybridsearch.encoders.models.presets import PRESETS
from hybridsearch.sections import VectorLeg

BEST_FIRST = ("e5-base", "e5-small", "e5-small-4bit")
"""Encoders of texts in all languages that a catalogue may be in."""
OFFLINE = "e5-small-4bit"
"""The one that needs no hub."""
TORCH = ("torch", "transformers", "sentence_transformers")


def on_this_machine(folder: Path) -> list[str]:
    """Return the encoders of BEST_FIRST whose weights need not be downloaded; none without torch.

    Args:
        folder: Where relative folders start.
    """
    return [name for name in BEST_FIRST if is_here(PRESETS[name].texts, folder)] if all(map(find_spec, TORCH)) else []


def leg_of_words(title: str | None, here: Collection[str]) -> VectorLeg | None:
    """Return the leg that reads titles, with the best encoder that is here; None without one, or without titles."""
    best = next((name for name in BEST_FIRST if name in here), None)
    return VectorLeg(name="words", encoder=best, reads=(title,)) if best and title else None


def better(title: str | None, here: Collection[str], products: int | None) -> Iterator[str]:
    """Say what the next better encoder costs, where titles could be read.

    Args:
        title: The field of the titles.
        here: The encoders that need no download.
        products: How many products are to be encoded, about; None where that is not known.
    """
    best = next((name for name in BEST_FIRST if name in here), None)
    if title is None or best == BEST_FIRST[0]:
        return
    name = BEST_FIRST[BEST_FIRST.index(best) - 1] if best and best != OFFLINE else BEST_FIRST[0] if best else OFFLINE
    preset = PRESETS[name]
    extra = EXTRAS.get(preset.texts)
    get = f'pip install "hybridsearch[{extra}]"' if extra else "from the Hugging Face hub"
    time = f"about {duration(products / preset.speed)} for {products:,} products" if products else ""
    cost = ", ".join(filter(None, (f"{preset.megabytes:,} MB", get, time)))
    what = f"A better encoder of titles than '{best}' is" if best else "No leg reads titles. An encoder that would is"
    yield f"{what} '{name}' ({cost}); name it under [[vectors]]."


def duration(seconds: float) -> str:
    """Return a time as people say it, rounded up: `40 s`, `7 min`, `3 h`."""
    for limit, unit, name in ((90, 1, "s"), (5_400, 60, "min")):
        if seconds <= limit:
            return f"{max(1, round(seconds / unit + 0.49))} {name}"
    return f"{round(seconds / 3600 + 0.49)} h"
