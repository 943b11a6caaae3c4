"""The schema: what an index holds. It is stored inside the index, so that queries and writes cannot drift from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hybridsearch.changes import START
from hybridsearch.errors import EngineError
from hybridsearch.settings import Fields

FORMAT = 2
"""Number of the layout of documents; an index with another number must be rebuilt."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where the cosines of one leg lie: `low` is an unrelated product, `high` the product itself."""

    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One vector field: what fills it and how its cosines read.

    Attributes:
        reads: `image`, or the text fields that are encoded together.
        fingerprint: Of the encoder's weights and preprocessing; two encoders never share a field.
        words: Calibration for a query in words.
        photo: Calibration for a query that is a photo.
        exact: Whether the server keeps whole vectors and explores as many as it can.
        pictures: How many pictures of a product its vector is the mean of, at most.
    """

    name: str
    dims: int
    fingerprint: str
    reads: str | tuple[str, ...] = "image"
    words: Calibration = Calibration()
    photo: Calibration = Calibration()
    exact: bool = False
    pictures: int = 1


@dataclass(frozen=True, slots=True)
class Schema:
    """Roles of the catalogue's fields, languages, and vector legs of one index.

    Attributes:
        analysis: Identity of the text analysis; tokens of another one do not match.
        since: Place in the log of changes up to which changes are older than the catalogue that the index was built
            from; later ones have been brought into it.
        before: The generation that was live before this one; empty when there was none.
    """

    fields: Fields
    legs: tuple[Leg, ...] = ()
    analysis: str = ""
    since: int = START
    before: str = ""

    def calibrated(self, calibrations: Mapping[str, tuple[Calibration, Calibration]]) -> Schema:
        """Return the schema with the (words, photo) calibrations of the legs named."""
        legs = tuple(
            replace(leg, words=calibrations[leg.name][0], photo=calibrations[leg.name][1])
            if leg.name in calibrations
            else leg
            for leg in self.legs
        )
        return replace(self, legs=legs)

    def to_json(self) -> dict[str, Any]:
        """Return the form that is stored in the index."""
        return {
            "format": FORMAT,
            "fields": self.fields.model_dump(mode="json"),
            "legs": [asdict(leg) for leg in self.legs],
            "analysis": self.analysis,
            "since": self.since,
            "before": self.before,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], index: str) -> Schema:
        """Read what `to_json` wrote.

        Raises:
            EngineError: The index was written by another version, or not by this library.
        """
        if data.get("format") != FORMAT:
            raise EngineError(
                f"Index '{index}' has format {data.get('format')}, this version reads {FORMAT}. "
                "Rebuild it with: hybridsearch reindex"
            )
        legs = tuple(map(read_leg, data["legs"]))
        since, before = data.get("since", START), data.get("before", "")
        return cls(Fields.model_validate(data["fields"]), legs, data["analysis"], since, before)


def read_leg(data: Mapping[str, Any]) -> Leg:
    """Return the leg that `asdict` took apart."""
    reads = data["reads"]
    return Leg(
        **{
            **data,
            "reads": reads if isinstance(reads, str) else tuple(reads),
            "words": Calibration(**data["words"]),
            "photo": Calibration(**data["photo"]),
        }
    )
