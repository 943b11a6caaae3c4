"""Numbers of a model's configuration that no model has: what is built from them would never be finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_LAYERS = 1_000
"""Far more than any encoder has; that many are built in seconds."""
MOST = 1 << 24
"""Of anything else, such as words, positions and pixels."""

LAYERS = re.compile("layer|depth|block|stage|expert")
"""In the names of numbers by which layers are counted: `num_hidden_layers`, `depths`."""
WIDTHS = re.compile("size|dim|width")
"""In those of their sizes, such as `moe_expert_intermediate_size`."""
BASES = re.compile("theta|base")
"""In those of numbers that are calculated with, and counted by nothing: `rope_theta`."""


def require_possible(config: Any) -> None:
    """Check the whole numbers of a model's configuration.

    Raises:
        ValueError: There is one that no model has.
    """
    for key, number in whole_numbers(config):
        counts_layers = LAYERS.search(key) and not WIDTHS.search(key)
        most = MOST_LAYERS if counts_layers else MOST
        if number > most and not BASES.search(key):
            raise ValueError(f"'{key[:100]}' is {number:,}, expected at most {most:,}")


def whole_numbers(value: Any, key: str = "") -> Iterator[tuple[str, int]]:
    """Yield every whole number in a JSON value with the name of the object's field that it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from whole_numbers(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from whole_numbers(inner, key)
    elif isinstance(value, int):
        yield key, value
