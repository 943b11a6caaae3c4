"""Kinds of goods with their vectors, which tell a query for what a shop sells from one for what others sell."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from hybridsearch.disk.home import Home
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.goods import Goods, called, tells_goods
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.errors import EncoderError
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Vectors

AT_ONCE = 8
"""Words that one search encodes: a rebuild has kept them all, unless it ran on another machine."""

log = logging.getLogger(__name__)


class KnownGoods:
    """Vectors of goods by leg, from the file in which a rebuild keeps them.

    Where the file does not have them, each search encodes a few, and nothing is compared until all are there.
    """

    def __init__(self, settings: Settings, encoders: Encoders) -> None:
        self._file, self._encoders = Home(settings.home).vectors, encoders
        self._known: dict[tuple[str, tuple[str, ...]], Goods | None] = {}

    def of(self, schema: Schema) -> Mapping[str, Goods]:
        """Return the goods by the legs in which words can be compared with them; none where the index has all goods."""
        found = {leg.name: self._in(leg, schema) for leg in schema.legs if schema.elsewhere and tells_goods(leg)}
        return {name: goods for name, goods in found.items() if goods is not None}

    def _in(self, leg: Leg, schema: Schema) -> Goods | None:
        key = leg.fingerprint, schema.fields.languages
        if key not in self._known:
            names, words = zip(*called(schema.fields.languages), strict=True)
            try:
                rows = encoded(self._encoders[leg.name], self._file, words)
            except EncoderError as error:
                log.warning("queries are not compared with goods that other shops sell: %s", error)
                self._known[key] = None
            else:
                if rows is None:
                    return None
                self._known[key] = Goods(names, rows)
        return self._known[key]


def encoded(encoder: Encoder, file: Path, words: Sequence[str]) -> Vectors | None:
    """Return the vectors of some words, (words, dims); None while more of them are missing than one search encodes.

    Raises:
        EncoderError: The file cannot be used, or the encoder fails.
    """
    with EncodeCache(file) as cache:
        missing = cache.missing(encoder, words)
        if len(missing) > AT_ONCE:
            cache.queries(encoder, missing[:AT_ONCE])
            return None
        return cache.queries(encoder, words).vectors
