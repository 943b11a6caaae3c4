"""The result of an alignment: its measures, whether the encoder is adopted, and the card beside its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hybridsearch.align.measure import Quality
from hybridsearch.learning.significance import Comparison, compare

MEASURES = {"MAP": "average_precision", "MRR@10": "reciprocal_rank", "recall@10": "recall"}
MUST_RISE = ("MAP", "MRR@10")
"""In the first direction, which is the most frequent kind of search."""

Qualities = dict[str, Quality]
"""By direction."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run.

    Attributes:
        leg: The vector leg of the configuration.
        base: The encoder that it names.
        encoder: Folder of the new encoder; None when it was not adopted.
        fingerprint: Of the new encoder, adopted or not.
        counts: How many products were read, left out, and used for what.
        training: Seed, stage and step of the weights that were kept, all validations (`looks`), seconds.
        before: Quality on the held-out products.
        after: Quality with the new weights.
        held_out: The products, or the queries, that were never trained on.
        of: Which of the two these are.
    """

    leg: str
    base: str
    base_fingerprint: str
    encoder: str | None
    fingerprint: str
    counts: dict[str, int]
    training: dict[str, Any]
    before: Qualities
    after: Qualities
    held_out: tuple[str, ...] = field(repr=False)
    of: str = "products"

    @property
    def directions(self) -> tuple[str, ...]:
        """What is searched with what; the first one decides."""
        return tuple(self.before)

    def comparison(self, direction: str, measure: str) -> Comparison:
        """Return the paired comparison of the new weights with the old ones, query by query."""
        after, before = (getattr(qualities[direction], MEASURES[measure]) for qualities in (self.after, self.before))
        return compare(after, before)

    @property
    def adopted(self) -> bool:
        """Whether MAP and MRR rise significantly in the first direction: their 95 % intervals lie above 0."""
        return all(self.comparison(self.directions[0], measure).low > 0 for measure in MUST_RISE)

    @property
    def reason(self) -> str:
        """The figures that decided, in one sentence."""
        parts, first = [], self.directions[0]
        for measure in MUST_RISE:
            change = self.comparison(first, measure)
            before, after = (qualities[first].means()[measure] for qualities in (self.before, self.after))
            parts.append(f"{measure} {before:.3f} → {after:.3f} ({change.low:+.3f} to {change.high:+.3f})")
        return f"on {self.counts['held_out']:,} held-out {self.of}, {spoken(first)}: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """Return the object that `align --json` prints, and that lies beside the weights."""
        return {
            "adopted": self.adopted,
            "reason": self.reason,
            "leg": self.leg,
            "base": self.base,
            "base_fingerprint": self.base_fingerprint,
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "counts": self.counts,
            "training": self.training,
            "before": {direction: quality.means() for direction, quality in self.before.items()},
            "after": {direction: quality.means() for direction, quality in self.after.items()},
            "comparisons": [
                {"direction": direction, "measure": measure, **rounded(self.comparison(direction, measure))}
                for direction in self.directions
                for measure in MEASURES
            ],
            "held_out_ids": self.held_out,
        }

    def card(self) -> str:
        """Return the model card."""
        rows = [
            f"| {spoken(direction)} | {measure} | {self.before[direction].means()[measure]:.3f} "
            f"| {self.after[direction].means()[measure]:.3f} "
            f"| {change.difference:+.3f} ({change.low:+.3f} to {change.high:+.3f}) |"
            for direction in self.directions
            for measure in MEASURES
            for change in [self.comparison(direction, measure)]
        ]
        return CARD.format(
            base=self.base,
            base_fingerprint=self.base_fingerprint,
            of=self.of,
            train=self.counts["train"],
            validation=self.counts["validation"],
            held_out=self.counts["held_out"],
            candidates=self.counts.get("candidates", self.counts["held_out"]),
            stage=self.training["stage"],
            step=self.training["step"],
            seed=self.training["seed"],
            rows="\n".join(rows),
        )


CARD = """\
# Encoder aligned to a catalogue

`{base}` (fingerprint {base_fingerprint}), trained further by `hybridsearch align` on {train:,} {of} of one
catalogue: stage `{stage}`, step {step}, seed {seed}; {validation:,} more {of} decided when to stop. It is made for
that catalogue; on others it may be worse than its base. The base's licence, and the limits in its card, still apply.

Measured on {held_out:,} {of} of which none is nearly the same as one of them; each against {candidates:,} candidates.
In brackets the 95 % interval of the paired difference.

| direction | measure | before | after | difference |
|---|---|---|---|---|
{rows}

`alignment/report.json` holds the same, the held-out {of}, and the course of the training.
"""


def spoken(direction: str) -> str:
    """Return a direction in words."""
    return direction.replace("_", " ")


def rounded(comparison: Comparison) -> dict[str, float]:
    """Return the figures of a comparison with four decimals."""
    return {name: round(getattr(comparison, name), 4) for name in Comparison.__slots__}
