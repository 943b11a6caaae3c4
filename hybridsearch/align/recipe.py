"""How long to train, and on how much at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long to train, and on how much at a time.

    Attributes:
        heads: Steps that train only the heads.
        full: Steps that train everything.
        heads_faster: How many times higher the learning rate is while only the heads are trained.
        batch: Products in a step.
        replayed: Pictures of the sample catalogue in a step.
        translated: Phrases of the lexicon, with a translation, in a step.
        every: Steps between two validations.
        patience: Validations in a row without improvement after which a stage ends.
    """

    heads: int = 100
    full: int = 600
    heads_faster: float = 2.0
    batch: int = 128
    replayed: int = 48
    translated: int = 32
    every: int = 75
    patience: int = 4
