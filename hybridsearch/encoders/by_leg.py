"""The encoders of a configuration's vector legs, each loaded when it is first needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hybridsearch.encoders import load_encoder
from hybridsearch.encoders.base import Backend, Encoder
from hybridsearch.encoders.breaker import Breaker
from hybridsearch.encoders.kept.cache import QueryVectors
from hybridsearch.encoders.prompts import Prompts
from hybridsearch.errors import EncoderError
from hybridsearch.images import Upload
from hybridsearch.sections import VectorLeg
from hybridsearch.settings import Settings
from hybridsearch.values import Vector


class Encoders(Mapping[str, Encoder]):
    """Encoder by leg; legs with the same encoder share it, and recent queries keep their vectors."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.folder
        self._legs = {leg.name: leg for leg in settings.vectors}
        self._loaded: dict[tuple[str, str | None, str | None, Prompts, Backend], Encoder] = {}
        self._recent = QueryVectors()
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)

    def __getitem__(self, name: str) -> Encoder:
        """Return the encoder of a leg; one that cannot be loaded is not tried by every search.

        Raises:
            EncoderError: It cannot be loaded, or the configuration has no such leg.
        """
        leg = self._leg(name)
        prompts = Prompts(leg.query_prompt, leg.passage_prompt)
        key = (leg.encoder, leg.image_encoder, leg.fingerprint, prompts, leg.backend)
        if key not in self._loaded:
            with self._breakers[leg.encoder].guarding(leg.encoder):
                self._loaded[key] = load_encoder(
                    leg.encoder,
                    image_encoder=leg.image_encoder,
                    fingerprint=leg.fingerprint,
                    prompts=prompts,
                    backend=leg.backend,
                    folder=self._folder,
                )
        return self._loaded[key]

    def __contains__(self, name: object) -> bool:
        return name in self._legs

    def __iter__(self) -> Iterator[str]:
        return iter(self._legs)

    def __len__(self) -> int:
        return len(self._legs)

    def vector(self, name: str, source: str, value: Any) -> Vector:
        """Return the vector of what a query gives from a source, in a leg's space.

        Raises:
            ImageError: A photo cannot be read or decoded.
            EncoderError: The encoder fails, does not read the source, or is left out for a while.
        """
        configured = self._leg(name).encoder
        return self._recent.vector(self[name], source, value, self._breakers[configured].guarding(configured))

    def remember(self, name: str, photos: Iterable[Upload]) -> None:
        """Encode several photos together in a leg's space; each is then known to `vector`.

        Raises:
            ImageError: A photo cannot be read or decoded.
            EncoderError: The encoder fails, or is left out for a while.
        """
        configured = self._leg(name).encoder
        self._recent.photos(self[name], photos, self._breakers[configured].guarding(configured))

    def _leg(self, name: str) -> VectorLeg:
        if name not in self._legs:
            raise EncoderError(
                f"The index has a vector leg '{name}', the configuration has not. "
                "Add it under [[vectors]], or run: hybridsearch reindex"
            )
        return self._legs[name]
