"""Whether a new index answers the shop's judged queries as well as the live one does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson
from pydantic import TypeAdapter

from hybridsearch.disk.durable import make_folder, replacing
from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.engines.base import live_of
from hybridsearch.errors import EngineError, QueryError
from hybridsearch.inputs.json_text import read_json
from hybridsearch.learning.evaluate import MAIN
from hybridsearch.learning.gate import interval
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.prepared import PreparedQuery, prepare
from hybridsearch.learning.significance import Comparison, compare
from hybridsearch.learning.sources import judgments as judging
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.schema import Schema
from hybridsearch.shop.shop import Shop, lexicon_of

CUT = 10
"""Hits that nDCG@10 looks at."""

Values = Mapping[str, float]
"""nDCG@10 by the key of the query."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is written down: values by generation, and the judgments that they belong to."""

    judgments: str
    generations: dict[str, dict[str, float]]


WRITTEN = TypeAdapter(Written)


@dataclass(frozen=True, slots=True)
class Quality:
    """What the judged queries say of a new index.

    Attributes:
        queries: How many were measured.
        new: Mean nDCG@10 of the new index.
        live: That of the live index over the same queries; None when there is nothing to compare with.
        against_live: The new index against the live one.
    """

    queries: int
    new: float
    live: float | None = None
    against_live: Comparison | None = None

    @property
    def worse(self) -> bool:
        """Whether the new index is surely worse."""
        return self.against_live is not None and self.against_live.sign < 0

    def __str__(self) -> str:
        said = f"{self.queries:,} judged queries: {MAIN} {self.new:.4f}"
        if self.live is None or self.against_live is None:
            return f"{said}, nothing to compare it with"
        return f"{said}, {self.live:.4f} of the live index; {interval(self.against_live)}"

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return asdict(self)


class QualityCheck:
    """The judged queries of a shop, asked of generations.

    The values of each generation are written down: of an index that was built with another encoder they are all that
    is left, since its vectors cannot be compared with new ones.
    """

    def __init__(self, shop: Shop, judgments: Judgments, folder: Path, record: Path, identity: str) -> None:
        self.shop, self.judgments, self.folder = shop, judgments, folder
        self.record, self.identity = record, identity

    @classmethod
    def of(cls, shop: Shop) -> Self | None:
        """Read the judgments that the configuration names, if any.

        Raises:
            CatalogError, ConfigError: The file cannot be read, or has no judgments.
        """
        settings, section = shop.settings, shop.settings.judgments
        if section.path is None:
            return None
        path = settings.resolve(section.path)
        topics = settings.resolve(section.topics) if section.topics else None
        judgments = judging.read(path, topics=topics, irrelevant=section.irrelevant)
        identity = hashlib.sha256(path.read_bytes() + str(section.irrelevant).encode()).hexdigest()
        record = Home(settings.home).quality(settings.engine.index)
        return cls(shop, judgments, path.parent, record, identity)

    def measure(self, generation: str, schema: Schema) -> Quality:
        """Ask a generation, and the live one, and write down what came out.

        Args:
            generation: Filled and searchable.
            schema: That it will be made live with.

        Raises:
            ConfigError: No query can be asked.
        """
        queries = prepare(self.shop, self.judgments, self.folder, generation).asked
        new = self.values(queries, schema, generation)
        self.write_down(generation, new)
        return compared(new, self.live(queries, schema))

    def live(self, queries: Sequence[PreparedQuery], schema: Schema) -> Values:
        """Return the values of the live index: asked now, or, if its vectors are others, as they were written down."""
        ours = {(leg.name, leg.fingerprint) for leg in schema.legs}
        with suppress(EngineError):  # there is none, or it has another format
            live = self.shop.engine.schema()
            if all((leg.name, leg.fingerprint) in ours for leg in live.legs):
                lexicon, _ = lexicon_of(self.shop.engine)
                return self.values([replace(query, lexicon=lexicon) for query in queries], live)
        generation = live_of(self.shop.engine.generations())
        return self.written_down().get(generation.name, {}) if generation else {}

    def values(self, queries: Sequence[PreparedQuery], schema: Schema, generation: str | None = None) -> Values:
        """Return the value of every query that a generation, or the live one, answers in full."""
        weights, _ = self.shop.weights_for(schema)
        values = {}
        for query in queries:
            with suppress(QueryError):  # a filter of the new index that the live one does not have
                plan = replace(query.searched(self.shop.engine, schema, weights, generation), size=CUT, rows=False)
                page = self.shop.engine.search(plan, generation)
                if not page.degraded:
                    values[repr(query.judged.key)] = ndcg([hit.id for hit in page], query.judged.grades)
        return values

    def written_down(self) -> dict[str, Values]:
        """Return the values of generations as they were written down for these judgments."""
        try:
            written = WRITTEN.validate_python(read_json(self.record))
        except (OSError, ValueError):
            return {}  # what is lost is measured again, or not compared
        return dict(written.generations) if written.judgments == self.identity else {}

    def write_down(self, generation: str, values: Values) -> None:
        """Write the values of a generation down, and drop those of generations that are gone."""
        present = {existing.name for existing in self.shop.engine.generations()}
        kept = {name: earlier for name, earlier in self.written_down().items() if name in present}
        data = {"judgments": self.identity, "generations": {**kept, generation: values}}
        with explained(self.record):
            make_folder(self.record.parent, self.record.parent.parent)
            with replacing(self.record) as file:
                file.write(orjson.dumps(data))


def compared(new: Values, live: Values) -> Quality:
    """Return the means, over the queries that both have a value for."""
    both = [key for key in new if key in live]
    if not both:
        return Quality(len(new), sum(new.values()) / max(1, len(new)))
    ours, theirs = [new[key] for key in both], [live[key] for key in both]
    return Quality(len(both), sum(ours) / len(both), sum(theirs) / len(both), compare(ours, theirs))
