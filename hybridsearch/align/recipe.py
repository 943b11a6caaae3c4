"""How long is trained, and on how much at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long is trained, and on how much at a time.

    Attributes:
        heads: Steps in which the heads alone move.
        full: Steps in which everything moves.
        heads_faster: How many times faster the heads alone may move.
        batch: Products of a step.
        replayed: Pictures of the sample catalogue of a step.
        translated: Phrases of the lexicon, with their translation, of a step.
        every: Steps between two looks at the products aside.
        patience: Looks in a row that find nothing better, after which a stage ends.
    """

    heads: int = 100
    full: int = 600
    heads_faster: float = 2.0
    batch: int = 128
    replayed: int = 48
    translated: int = 32
    every: int = 75
    patience: int = 4
