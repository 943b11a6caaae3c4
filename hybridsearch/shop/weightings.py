"""Weightings: the weights that a configuration names, and those that are used where they do not fit an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from hybridsearch.disk.watched import signature
from hybridsearch.errors import QueryError, WeightsError
from hybridsearch.runtime.remembered import remembered
from hybridsearch.schema import Schema
from hybridsearch.search import weights as weighting
from hybridsearch.search.arms import B, Chosen
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings

NO_ARM = "the weights of arm 'b' are not used"
"""How a page begins to say so; it counts for no arm."""


class Weightings:
    """The weights in use, which are read again when their file has changed, and those of arm `b`, which stay."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        path = settings.weights.path
        self._path = settings.resolve(path) if path else None
        self._written = settings.weights.signals
        self._in_use: tuple[Weights, tuple[str, ...]] | None = None
        self._seen: tuple[int, ...] = ()
        self._of_b: tuple[Weights | None, tuple[str, ...]] | None = None

    @property
    def in_use(self) -> tuple[Weights, tuple[str, ...]]:
        """The weights in use, and why they are not those that the configuration names, if so."""
        path = self._path
        seen = signature(path) if path else ()
        found = self._in_use
        if found is None or seen != self._seen:
            try:
                learned = weighting.load(path) if path else weighting.prior()
                found = learned.written(self._settings.weights), ()
            except WeightsError as error:
                found = self._prior, (prior_reason(error),)
            self._seen, self._in_use = seen, found
        return found

    @property
    def of_b(self) -> tuple[Weights | None, tuple[str, ...]]:
        """The weights of arm `b`; None where they cannot be used, and why.

        Raises:
            QueryError: The configuration names none.
        """
        if self._of_b is None:
            path = self._settings.weights.b
            if path is None:
                raise QueryError("There is no arm 'b'. Name its weights in the configuration: [weights] b = \"FILE\".")
            try:
                self._of_b = weighting.load(self._settings.resolve(path)).written(self._settings.weights), ()
            except WeightsError as error:
                self._of_b = None, (arm_reason(error),)
        return self._of_b

    def on(self, schema: Schema, arm: Chosen = "") -> tuple[Weights, tuple[str, ...]]:
        """Return the weights to use on an index, and why others: the prior, and for arm `b` those in use.

        They name every leg, with what is left of a weight for all of them where the leg knows little of the catalogue.
        """
        if arm == B:
            return self._of_b_on(schema)
        weights, degraded = self.in_use
        try:
            require_encoders(weights, schema)
        except WeightsError as error:
            return on_index(self._prior, schema, self._written), (prior_reason(error), *self._unheard(schema))
        return on_index(weights, schema, self._written), (*degraded, *self._unheard(schema))

    def fitting(self, weights: Weights, schema: Schema) -> Weights:
        """Return other weights as a search on an index counts with them, with those that the configuration names."""
        return weights.written(self._settings.weights).on(schema, self._written)

    def learned(self, schema: Schema) -> Weights:
        """Return the weights in use on an index as their file has them, without those that the configuration names."""
        path = self._settings.weights.path
        try:
            found = weighting.load(self._settings.resolve(path)) if path else weighting.prior()
            require_encoders(found, schema)
        except WeightsError:
            return weighting.prior()
        return found

    def _unheard(self, schema: Schema) -> Iterator[str]:
        """Yield why weights that a person wrote say nothing: the index was built before it had their fields."""
        if not self._written:
            return
        known = {f"{family}.{name}" for family, names in schema.fields.worth.items() for name in names}
        if lacking := [name for name in self._written if name not in known]:
            yield (
                f"the index lacks what {', '.join(map(repr, lacking))} of [weights.signals] weighs; "
                "rebuild it with: hybridsearch reindex"
            )

    def _of_b_on(self, schema: Schema) -> tuple[Weights, tuple[str, ...]]:
        weights, why = self.of_b
        if weights is not None:
            try:
                require_encoders(weights, schema)
                return on_index(weights, schema, self._written), ()
            except WeightsError as error:
                why = (arm_reason(error),)
        in_use, degraded = self.on(schema)
        return in_use, (*degraded, *why)

    @cached_property
    def _prior(self) -> Weights:
        """Return the weights that count where none were learned."""
        return weighting.prior().written(self._settings.weights)


@remembered
def on_index(weights: Weights, schema: Schema, written: Mapping[str, float]) -> Weights:
    """Return weights as they count on an index, see `Weights.on`."""
    return weights.on(schema, written)


def require_encoders(weights: Weights, schema: Schema) -> None:
    """Refuse weights that were learned with other encoders than an index was built with."""
    weighting.require_encoders(weights, {leg.name: leg.fingerprint for leg in schema.legs})


def prior_reason(error: WeightsError) -> str:
    """Return what a page says when the configured weights cannot be used."""
    return f"the prior weights are used: {error}"


def arm_reason(error: WeightsError) -> str:
    """Return what a page says when the weights of arm `b` cannot be used."""
    return f"{NO_ARM}, those in use are: {error}"
