"""Where encoded vectors lie: in a file of the shop, and, where `[cache]` names one, in a folder that machines share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.home import Home
from hybridsearch.encoders.kept.vector_file import Rows, VectorFile, count_known
from hybridsearch.encoders.kept.vector_folder import VectorFolder
from hybridsearch.settings import Settings


class VectorStore(Protocol):
    """Keeps unit vectors by key; any thread may use it."""

    def get(self, keys: Iterable[bytes], dims: int) -> Rows:
        """Return the vectors that are known and sound."""
        ...

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors."""
        ...

    def flush(self) -> None:
        """Write down what is not yet written."""
        ...

    def close(self) -> None:
        """Write down what is not yet written, and close."""
        ...


@dataclass(frozen=True, slots=True)
class Both:
    """The shop's file, and behind it the folder, to which nothing is added."""

    own: VectorFile
    shared: VectorFolder

    def get(self, keys: Iterable[bytes], dims: int) -> Rows:
        """Return the vectors that either knows."""
        wanted = dict.fromkeys(keys)
        vectors = self.own.get(wanted, dims)
        missing = [key for key in wanted if key not in vectors]
        return {**vectors, **self.shared.get(missing, dims)} if missing else vectors

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors in the file."""
        self.own.put(vectors)

    def flush(self) -> None:
        """Nothing is left to be written."""

    def close(self) -> None:
        """Close both."""
        self.own.close()
        self.shared.close()


def shared_folder(settings: Settings) -> VectorFolder | None:
    """Open the folder that `[cache]` names; None where it names none.

    Raises:
        EncoderError: It cannot be read, or pyarrow is not installed.
    """
    return VectorFolder(settings.resolve(settings.cache.path)) if settings.cache.path else None


def store_of(settings: Settings) -> VectorStore:
    """Open what a rebuild takes vectors from.

    Raises:
        EncoderError: It cannot be opened.
    """
    shared = shared_folder(settings)
    own = VectorFile(Home(settings.home).vectors)
    return Both(own, shared) if shared else own


def count_stored(settings: Settings, keys: Iterable[bytes]) -> int:
    """Return how many of these keys a rebuild would find; nothing is made or changed."""
    wanted = set(keys)
    shared = shared_folder(settings)
    known = shared.known(wanted) if shared else set()
    return len(known) + count_known(Home(settings.home).vectors, wanted - known)
