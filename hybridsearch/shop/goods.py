"""Kinds of goods with their vectors, which tell a query for what a shop sells from one for what others sell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from hybridsearch import redaction
from hybridsearch.disk.home import Home
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.goods import Goods, called, comparing, keep
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.errors import EncoderError
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings

AGAIN = 60.0
"""Seconds after which it is looked again whether another process has encoded what is missing."""

log = redaction.logger(__name__)


class KnownGoods:
    """Vectors of goods by leg, from the file in which a rebuild keeps them.

    A search never encodes them: where the file lacks some, as on another machine, nothing is compared until `load` has.
    """

    def __init__(self, settings: Settings, encoders: Encoders) -> None:
        self._file, self._encoders = Home(settings.home).vectors, encoders
        self._known: dict[tuple[str, tuple[str, ...]], Goods] = {}
        self._looked: dict[tuple[str, tuple[str, ...]], float] = {}

    def of(self, schema: Schema) -> Mapping[str, Goods]:
        """Return the goods by the legs in which words can be compared with them; none where the index has all goods."""
        found = {leg.name: self._in(leg, schema.fields.languages) for leg in comparing(schema)}
        return {name: goods for name, goods in found.items() if goods is not None}

    def load(self, schema: Schema) -> None:
        """Encode what is missing: seconds for each language, once on a machine. What fails is logged."""
        for leg in comparing(schema):
            try:
                with EncodeCache(self._file) as cache:
                    keep(self._encoders[leg.name], cache, schema.fields.languages)
            except EncoderError as error:
                log.warning("queries are not compared with goods that other shops sell: %s", error)
        self._looked.clear()

    def _in(self, leg: Leg, languages: tuple[str, ...]) -> Goods | None:
        key = leg.fingerprint, languages
        if key in self._known or time.monotonic() < self._looked.get(key, 0.0):
            return self._known.get(key)
        self._looked[key] = time.monotonic() + AGAIN
        try:
            goods = stored(self._encoders[leg.name], self._file, languages)
        except EncoderError as error:
            log.warning("queries are not compared with goods that other shops sell: %s", error)
            return None
        if goods is not None:
            self._known[key] = goods
        return goods


def stored(encoder: Encoder, file: Path, languages: tuple[str, ...]) -> Goods | None:
    """Return what goods are called in some languages as the file has it; None where it lacks some.

    Raises:
        EncoderError: The file cannot be used.
    """
    names, words = zip(*called(languages), strict=True)
    with EncodeCache(file) as cache:
        return None if cache.missing(encoder, words) else Goods(names, cache.queries(encoder, words).vectors)
