"""Weights: how much each signal counts. A small JSON file that anyone can read."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hybridsearch.disk.paths import shown
from hybridsearch.errors import WeightsError
from hybridsearch.inputs.json_text import parse_json, read_bytes
from hybridsearch.inputs.json_values import brief
from hybridsearch.query_sources import PHOTO, PRODUCT, QUERY_SOURCES, WORDS, typed, vector_sources
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.signals import FAMILY, LEADS, NUMBER, RATING, RECENCY, REVIEWS, SIGNALS, definitions, keys
from hybridsearch.sections import WeightsSection

HEAVIEST = 1e9
"""Of a weight; the sum of some hundred, which a server keeps in 32 bits, is then still a number."""
Weight = Annotated[float, Field(ge=0, le=HEAVIEST, allow_inf_nan=False)]
MOST_WORTH = 0.2
"""What the worth of products may weigh together, where a person wrote it, as a share of what words or photo weigh: what
fits a query worse by more than that is never lifted over what fits it."""
MOST_TASTE = 0.5
"""What a taste may add to a score at most: half of what all words of a query give."""
NUMBERS = f"{NUMBER}."
HALVES = {RATING: 20.0, RECENCY: 90.0}
"""Ratings that count as much as the mean of all products, and days after which a date counts half."""
Positive = Annotated[float, Field(gt=0, le=1e100, allow_inf_nan=False)]


class Weights(BaseModel):
    """Weights and constants of the signals.

    Attributes:
        signals: Weight by signal, as `hybridsearch.search.signals` defines them: a name such as `title`, `SOURCE.LEG`
            for a cosine (`words.image`), `number.FIELD`. `SOURCE.*` stands for every leg that is not named, `number.*`
            for every field. A signal that is not named has weight 0.
        saturation: The BM25 score, or the number, that a saturated signal maps to 0.5.
        floors: Where neighbours stop, on the calibrated scale of the cosine (0 unrelated, 1 the product itself), by
            source of the query: `words`, `photo`.
        coverage: The least share of what the words of a query tell, that those of a keyword candidate must tell; with 0
            any word will do.
        proof: What some product must have of a query for it to find anything: a share of what its words tell, those
            that no product has too, and of the way from the cosine of nonsense to that of its own title, added. With 0
            nothing is asked for.
        cut_off: In an order by a field, the share of the best product's score that a product must have.
        taste: The most that what a person looked at adds to a score, where a search is told of it.
        taste_vectors: The part of that for vectors where values are liked too: each alone has all of it.
        named: What it adds that a product has a value that words beside a photo name, as a part of what all other
            signals of such a query add.
        alike: What it adds at most that it has the values of what looks like that photo, as a part of what this adds.
        share: In files of earlier versions; nothing reads it.
        kinds: Weights that a kind of query (`words`, `code`, `photo`, `photo and words`) has instead; those of
            `product` find what is similar to one, and are the prior's where a file does not say them.
        encoders: Fingerprint by leg that the weights were learned with; empty for a prior.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    signals: Mapping[str, Weight]
    saturation: Mapping[str, Positive] = {}
    floors: Mapping[str, Annotated[float, Field(ge=-1, le=1)]] = {}
    coverage: Annotated[float, Field(ge=0, le=1)] = 0.2
    proof: Annotated[float, Field(ge=0, le=1)] = 0.16
    cut_off: Annotated[float, Field(ge=0, le=1)] = 0.65
    taste: Annotated[float, Field(ge=0, le=MOST_TASTE)] = 0.15
    taste_vectors: Annotated[float, Field(ge=0, le=1)] = 0.5
    named: Annotated[float, Field(ge=0, le=10)] = 1.0
    alike: Annotated[float, Field(ge=0, le=10)] = 4.0
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    kinds: Mapping[str, Mapping[str, Weight]] = {}
    encoders: Mapping[str, str] = {}
    learned: Mapping[str, Any] = {}
    """How the weights came about: data, measured gain, date. For people; nothing reads it."""

    def weight(self, signal: str) -> float:
        """Return the weight of a signal, or 0."""
        general = signal.split(".")[0] + FAMILY
        return self.signals.get(signal, self.signals.get(general, 0.0))

    def of(self, kind: str) -> Weights:
        """Return the weights that a kind of query is answered with."""
        own = self.kinds.get(kind, self.kinds.get(typed(kind)))
        if own is None and kind == PRODUCT.name:
            own = prior().kinds[kind]
        return self.model_copy(update={"signals": {**self.signals, **(own or {})}, "kinds": {}})

    def written(self, section: WeightsSection) -> Weights:
        """Return the weights with those that the configuration names, which get no more than their share."""
        if not section.signals:
            return self.model_copy(update={"saturation": {**self.saturation, **section.saturation}})
        kinds = {
            kind: {**own, **share(section.signals, {**self.signals, **own}, kind)}
            for kind in dict.fromkeys([*self.kinds, PHOTO.name, f"{PHOTO.name} and {WORDS.name}"])
            for own in [self.kinds.get(kind, {})]
        }
        signals = {**self.signals, **share(section.signals, self.signals, WORDS.name)}
        saturation = {**self.saturation, **section.saturation}
        return self.model_copy(update={"signals": signals, "kinds": kinds, "saturation": saturation})

    def on(self, schema: Schema, written: Iterable[str] = ()) -> Weights:
        """Return the weights on an index: of `SOURCE.*` each leg gets what it knows of the catalogue.

        A leg that is named keeps its weight, which was learned on this catalogue or chosen by a person.

        Args:
            schema: What the index holds.
            written: Signals that the configuration names: a number without a constant gets the mean of all products.
        """
        numbers = {name: schema.spreads.get(name.removeprefix(NUMBERS)) for name in written if name.startswith(NUMBERS)}
        means = {name: spread.mean for name, spread in numbers.items() if spread and spread.mean > 0}
        saturation = {**means, **self.saturation}

        def shared_out(by_signal: Mapping[str, float]) -> dict[str, float]:
            parts = {
                f"{source}.{leg.name}": by_signal[source + FAMILY] * leg.calibration(source).knowledge
                for source in vector_sources()
                if source + FAMILY in by_signal
                for leg in schema.legs
            }
            return {**{name: part for name, part in parts.items() if name not in self.signals}, **by_signal}

        kinds = {kind: shared_out(by_signal) for kind, by_signal in self.kinds.items()}
        return self.model_copy(update={"signals": shared_out(self.signals), "kinds": kinds, "saturation": saturation})

    def hears(self, leg: Leg, source: str) -> bool:
        """Tell whether a leg is asked: one that knows nothing of the catalogue is not, unless it has a weight."""
        return bool(leg.calibration(source).knowledge or self.weight(f"{source}.{leg.name}"))

    def half(self, signal: str) -> float:
        """Return the saturation constant of a signal."""
        family = signal.split(".")[0]
        return self.saturation.get(signal, HALVES.get(family, self.saturation.get("*", 8.0)))

    def floor(self, source: str) -> float:
        """Return where neighbours of what a query gives from a source stop, on the calibrated scale."""
        return self.floors.get(source, 0.0)


def share(section: Mapping[str, float], signals: Mapping[str, float], kind: str) -> dict[str, float]:
    """Return what products are worth, as a person weighs it, with no more than its share of a kind of query.

    Args:
        section: Weights as they are written.
        signals: Weights of all signals of this kind.
        kind: Of the query.
    """
    sources = [source for source in kind.split(" and ") if source in QUERY_SOURCES]
    by_words = [definition.key for definition in SIGNALS if definition.key not in (*LEADS, REVIEWS)]
    texts = 0.0 if sources and WORDS.name not in sources else sum(signals.get(name, 0.0) for name in by_words)
    cosines = (
        max((weight for name, weight in signals.items() if name.startswith(f"{source}.")), default=0.0)
        for source in sources
        if source != WORDS.name  # keywords alone must do as well
    )
    most, total = MOST_WORTH * (texts + sum(cosines)), sum(section.values())
    return {name: weight * min(1.0, most / total) for name, weight in section.items()} if total else dict(section)


@functools.cache
def prior() -> Weights:
    """Return the cautious weights that ship with the package."""
    file = importlib.resources.files("hybridsearch.search") / "prior.json"
    return parse(file.read_text(encoding="utf-8"), "prior.json")


def load(path: Path) -> Weights:
    """Read a weights file.

    Raises:
        WeightsError: It is missing, damaged, or names a signal that does not exist.
    """
    try:
        return parse(read_bytes(path).decode("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise WeightsError(f"Cannot read {shown(path)}: {why}. Learn it with: hybridsearch tune") from error
    except ValueError as error:
        raise damaged(path, error) from error


def require_encoders(weights: Weights, built: Mapping[str, str]) -> None:
    """Refuse weights that were learned with other encoders than the index was built with.

    Args:
        weights: Those that are to be used.
        built: Fingerprint by leg of the index.

    Raises:
        WeightsError: They were learned with other encoders.
    """
    for leg, fingerprint in weights.encoders.items():
        if built.get(leg) != fingerprint:
            raise WeightsError(
                f"The weights were learned with encoder {fingerprint} for leg '{leg}', the index has "
                f"{built.get(leg, 'no such leg')}. Learn them again with: hybridsearch tune"
            )


def damaged(source: str | Path, why: object) -> WeightsError:
    """Return the error for a weights file that cannot be used."""
    return WeightsError(f"{source}: {why}. Restore it or leave it out.")


def parse(content: str, source: str) -> Weights:
    """Check the content of a weights file.

    Raises:
        WeightsError: It is damaged, or names a signal that does not exist.
    """
    try:
        weights = Weights.model_validate(parse_json(content))
    except json.JSONDecodeError as error:
        raise damaged(f"{source}:{error.lineno}", f"not valid JSON: {error.msg}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        if place == "version":
            raise WeightsError(
                f"{source}: 'version' is {brief(problem['input'])}, this program reads 1. "
                "Learn it again with: hybridsearch tune"
            ) from error
        raise damaged(source, f"{brief(place)}: {problem['msg']}") from error
    except ValueError as error:
        raise damaged(source, error) from error
    for name in (*weights.signals, *(name for by_signal in weights.kinds.values() for name in by_signal)):
        if not any(definition.covers(name) for definition in definitions()):
            near = difflib.get_close_matches(name, keys(), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Signals: {', '.join(signal.key for signal in SIGNALS)}."
            raise WeightsError(f"{source}: unknown signal {brief(name)}. {hint}")
    return weights
