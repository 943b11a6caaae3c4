"""The schema: what an index holds. It is stored inside the index, so that queries and writes cannot drift from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from hybridsearch.changes import START
from hybridsearch.errors import EngineError
from hybridsearch.query_sources import PHOTO, PRODUCT, WORDS, QuerySource, vector_sources
from hybridsearch.roles import Fields
from hybridsearch.sections import Language

FORMAT = 2
"""Number of the layout of documents; an index with another number must be rebuilt."""
GUESSED = 0.65
"""Share of products told apart up to which a leg's cosines made ranking worse than words alone (measured on 30 pairs of
an encoder and a catalogue);"""
TOLD = 0.95
"""that from which on they are worth all of their prior weight."""
NONSENSE = 0.5
"""Where words without a meaning lie between `low` and `high`, if that was not measured;"""
WIDEST = 0.95
"""The highest `low` that leaves room below 1;"""
NARROWEST = 0.1
"""the least part of the scale that lies above them: an encoder may put them as near as a title."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured of one leg's cosines to what queries give from one source.

    Attributes:
        low: Where an unrelated product lies.
        high: Where the product itself lies.
        tells: Of two products, how often some words of one are nearer to it than to the other: 0.5 is chance, 1 always.
            None where that was not measured.
        borrowed: Whether titles of other goods stood in for queries, because the products have no text.
        noise: What words without a meaning hardly ever exceed with the product that is nearest to them. None where that
            was not measured.
    """

    low: float = 0.0
    high: float = 1.0
    tells: float | None = None
    borrowed: bool = False
    noise: float | None = None

    @property
    def nonsense(self) -> float:
        """The cosine from which on a product is near to words because of what they mean."""
        return self.at(NONSENSE) if self.noise is None else self.noise

    def at(self, share: float) -> float:
        """Return the cosine that lies at a share of the way from `low` to `high`."""
        return self.low + share * (self.high - self.low)

    def above_nonsense(self, share: float) -> float:
        """Return the cosine that lies at a share of the way from `nonsense` to `high`."""
        return self.nonsense + share * max(self.high - self.nonsense, NARROWEST * (self.high - self.low))

    @property
    def knowledge(self) -> float:
        """What a cosine is worth, from 0 to 1: the part of its prior weight that it gets."""
        return 1.0 if self.tells is None else min(max((self.tells - GUESSED) / (TOLD - GUESSED), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the numbers of a field lay when the index was built."""

    low: float
    mean: float
    high: float


def in_reviews(language: str) -> str:
    """Return under which name the text of reviews in a language stands beside the text of products in it."""
    return f"reviews_{language}"


def uncalibrated() -> dict[str, Calibration]:
    """Return the calibrations of a leg on which nothing was measured."""
    return {source: Calibration() for source in vector_sources()}


@dataclass(frozen=True, slots=True)
class Leg:
    """One vector field: what fills it and how its cosines read.

    Attributes:
        reads: `image`, or the text fields that are encoded together.
        fingerprint: Of the encoder's weights and preprocessing; two encoders never share a field.
        calibrations: Where its cosines to queries lie, by source.
        exact: Whether the server keeps whole vectors and explores as many as it can.
        pictures: How many pictures of a product its vector is the mean of, at most.
        bits: Of each number, by which the server looks for neighbours: 8, 4 or 1.
        frames: Whether the frames of a product's video are kept, to say which one is like a query.
    """

    name: str
    dims: int
    fingerprint: str
    reads: str | tuple[str, ...] = "image"
    calibrations: Mapping[str, Calibration] = field(default_factory=uncalibrated)
    exact: bool = False
    pictures: int = 1
    bits: int = 8
    frames: bool = False

    def calibration(self, source: str) -> Calibration:
        """Return where the leg's cosines to queries from a source lie."""
        return self.calibrations.get(source, Calibration())

    def to_json(self) -> dict[str, Any]:
        """Return the form that is stored in the index: the calibrations stand beside the rest, under their sources.

        What versions before did not measure is apart, where they pass it over.
        """
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "calibrations"}
        measured = {source: asdict(self.calibration(source)) for source in vector_sources()}
        ends = {source: {end: values.pop(end) for end in ("low", "high")} for source, values in measured.items()}
        return {**plain, **ends, "measured": measured}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Leg:
        """Read what `to_json` wrote; a source that is not registered is ignored."""
        plain = {entry.name: data[entry.name] for entry in fields(cls) if entry.name in data}
        reads = plain["reads"] if isinstance(plain["reads"], str) else tuple(plain["reads"])
        more = data.get("measured", {})
        measured = {source: {**data[source], **more.get(source, {})} for source in vector_sources() if source in data}
        if PRODUCT.name not in measured:
            measured[PRODUCT.name] = instead(measured, reads)
        return LEG.validate_python({**plain, "reads": reads, "calibrations": {**uncalibrated(), **measured}})


def instead(measured: Mapping[str, Mapping[str, Any]], reads: str | tuple[str, ...]) -> dict[str, Any]:
    """Return what stands for the calibration with products, where a version that did not measure it built the index.

    That with photos is the same. Titles lie about as near to other products as these do to each other, and a leg knows
    of products what it knows of words.
    """
    if reads == "image":
        return dict(measured.get(PHOTO.name, {}))
    titles = measured.get(WORDS.name, {})
    return {"low": min(titles.get("low", 0.0), WIDEST), "high": 1.0, "tells": titles.get("tells")}


LEG = TypeAdapter(Leg)


@dataclass(frozen=True, slots=True)
class Schema:
    """Roles of the catalogue's fields, languages, and vector legs of one index.

    Attributes:
        analysis: Version of the text analysis; tokens of another version do not match.
        since: Place in the log of changes up to which changes are older than the catalogue that the index was built
            from; later ones have been brought into it.
        before: The generation that was live before this one; empty when there was none.
        spreads: Where the numbers of products lie, by field; a field that no product has is absent.
        elsewhere: Kinds of goods that no product is called, by their English names; empty where that was not measured.
        unknown: What the index holds that this version does not know, because a newer one built it.
    """

    fields: Fields
    legs: tuple[Leg, ...] = ()
    analysis: str = ""
    since: int = START
    before: str = ""
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def legs_for(self, source: QuerySource) -> tuple[Leg, ...]:
        """Return the legs that queries from a source are compared with, where their encoders read it."""
        return tuple(leg for leg in self.legs if source.leg_reads in (None, leg.reads))

    def calibrated(self, measured: Mapping[str, Mapping[str, Calibration]]) -> Schema:
        """Return the schema with what was measured, by leg and source; what is not named stays."""
        legs = tuple(replace(leg, calibrations={**leg.calibrations, **measured.get(leg.name, {})}) for leg in self.legs)
        return replace(self, legs=legs)

    def to_json(self) -> dict[str, Any]:
        """Return the form that is stored in the index.

        What the shop does not use is left out, so that a version that does not know it reads the index.
        """
        fields = self.fields.model_dump(mode="json")
        return {
            "format": FORMAT,
            "fields": {name: value for name, value in fields.items() if value},
            "legs": [leg.to_json() for leg in self.legs],
            "analysis": self.analysis,
            "since": self.since,
            "before": self.before,
            **({"spreads": {name: asdict(spread) for name, spread in self.spreads.items()}} if self.spreads else {}),
            **({"elsewhere": list(self.elsewhere)} if self.elsewhere else {}),
        }

    @classmethod
    def from_json(cls, data: Any, index: str) -> Schema:
        """Read what `to_json` wrote, of this version or of another one.

        Raises:
            EngineError: The index was written in another format, or not by this library.
        """
        found = data.get("format") if isinstance(data, Mapping) else None
        if found != FORMAT:
            newer = isinstance(found, int) and found > FORMAT
            remedy = "Upgrade hybridsearch to search it." if newer else "Rebuild it with: hybridsearch reindex"
            raise EngineError(f"Index '{index}' has format {found}, this version reads {FORMAT}. {remedy}")
        try:
            return SCHEMA.validate_python(known(data))
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise EngineError(
                f"Index '{index}' describes itself in a way that this version cannot read ({flaw(error)}): a newer one "
                "built it, or it was edited by hand. Upgrade hybridsearch, or rebuild it with: hybridsearch reindex"
            ) from error


SCHEMA = TypeAdapter(Schema)
LANGUAGES = get_args(Language)


def known(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a stored schema that this version knows, with the names of those that it does not."""
    fields = {name: value for name, value in data["fields"].items() if name in Fields.model_fields}
    languages = fields.get("languages", ())
    newer = [name for name, value in data["fields"].items() if value and name not in fields]
    newer += [f"language '{language}'" for language in languages if language not in LANGUAGES]
    if languages:
        fields["languages"] = tuple(language for language in languages if language in LANGUAGES)
    return {
        "fields": Fields.model_validate(fields),
        "legs": tuple(map(Leg.from_json, data["legs"])),
        "analysis": data["analysis"],
        "since": data.get("since", START),
        "before": data.get("before", ""),
        "spreads": data.get("spreads", {}),
        "elsewhere": tuple(data.get("elsewhere", ())),
        "unknown": tuple(newer),
    }


def flaw(error: Exception) -> str:
    """Return in a few words what is wrong with a stored schema."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {str(error)[:100]}"
    problem = error.errors(include_input=False, include_url=False)[0]
    return f"'{'.'.join(map(str, problem['loc']))[:100]}': {problem['msg'][:100]}"
