"""What runs in each process of a cluster: blocks of products become vectors in the cache."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hybridsearch._version import __version__
from hybridsearch.disk.home import Home
from hybridsearch.disk.paths import shown
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.kept.stores import VectorStore, shared_folder
from hybridsearch.encoders.kept.vector_file import VectorFile
from hybridsearch.errors import EncoderError
from hybridsearch.indexing.build import Builder, Built, encoding
from hybridsearch.indexing.fill import BATCH
from hybridsearch.indexing.report import Counts
from hybridsearch.runtime import forks
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.settings import Settings
from hybridsearch.shop.shop import same_encoder
from hybridsearch.values import Product, Reject


@dataclass(slots=True)
class Outcome:
    """What became of a block; its vectors are in the cache.

    Attributes:
        process: Host and number of the process that encoded it.
        seen: Of each product, whether it has a vector.
        flaws: What products lack, with the reason.
    """

    process: str
    seen: list[bool] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    flaws: list[Reject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Worker:
    """What is sent to the processes of a cluster; each opens the cache and loads the encoders once in a run.

    Attributes:
        run: Names the run.
        settings: Of the shop; secrets are none of these: each process reads those of its own environment.
        schema: What the index will hold.
        host: Where the run was started.
        version: Of this package there.
    """

    run: str
    settings: Settings
    schema: Schema
    host: str = field(default_factory=platform.node)
    version: str = __version__

    def __call__(self, block: Sequence[Product]) -> Outcome:
        """Encode a block.

        Raises:
            EncoderError: Not a product is at fault, but the encoder, or this process, which is set up otherwise.
        """
        return encode_block(opened(self).builder, block)

    @property
    def mark(self) -> Path | None:
        """The file by which a process sees that a shared folder is the one that was meant; None for no such folder."""
        folder = self.settings.cache.path
        return self.settings.resolve(folder) / f"run-{self.run}" if folder else None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a process has open for a run. It is closed when nobody uses it any more."""

    run: str
    builder: Builder
    stack: ExitStack


_lock = forks.Lock()
_opened: list[Opened] = []
_encoders: list[tuple[object, Encoders]] = []


def opened(worker: Worker) -> Opened:
    """Return what this process has open for a run; that of an earlier run is let go, but for its encoders."""
    with _lock.held:
        if not _opened or _opened[0].run != worker.run:
            require_alike(worker)
            encoders = encoders_of(worker.settings)
            for leg in worker.schema.legs:
                same_encoder(leg, encoders[leg.name])
            stack = ExitStack()
            made = encoding(
                worker.settings, worker.schema, encoders, ThreadPoolExecutor, store_to_fill(worker.settings)
            )
            _opened[:] = [Opened(worker.run, stack.enter_context(made), stack)]
        return _opened[0]


def encoders_of(settings: Settings) -> Encoders:
    """Return the encoders of a shop, which stay loaded from run to run."""
    key = (settings.folder, settings.vectors)
    if not _encoders or _encoders[0][0] != key:
        _encoders[:] = [(key, Encoders(settings))]
    return _encoders[0][1]


def require_alike(worker: Worker) -> None:
    """Refuse to encode where nobody would find the vectors.

    Raises:
        EncoderError: This machine does not reach the cache, or runs another version.
    """
    here = platform.node()
    if worker.version != __version__:
        raise EncoderError(
            f"The worker on '{here}' runs hybridsearch {__version__}, the run was started by {worker.version}. Install "
            "the same version on all machines."
        )
    if worker.mark is None and here != worker.host:
        raise EncoderError(
            f"A worker runs on '{here}', and the encoded vectors lie in a file on '{worker.host}'. Name a folder that "
            "both reach: path under [cache]."
        )
    if worker.mark is not None and not worker.mark.exists():
        raise EncoderError(
            f"The worker on '{here}' does not see the folder of vectors {shown(worker.mark.parent)} of "
            f"'{worker.host}'. Mount it there under the same path, or name another one under [cache]."
        )


def store_to_fill(settings: Settings) -> VectorStore:
    """Open what the vectors of a run are written to: the folder that machines share, or else the shop's file.

    Raises:
        EncoderError: It cannot be opened.
    """
    return shared_folder(settings) or VectorFile(Home(settings.home).vectors)


def encode_block(builder: Builder, block: Sequence[Product]) -> Outcome:
    """Bring everything that the legs read of some products into the cache; in the batches of a rebuild.

    Raises:
        EncoderError: Not a product is at fault, but the encoder.
    """
    outcome = Outcome(f"{platform.node()}:{os.getpid()}")
    for batch in batches(block, BATCH):
        built = Built()
        by_leg = [builder.encode(leg, batch, built) for leg in builder.schema.legs]
        outcome.seen += [any(vector is not None for vector in of_product) for of_product in zip(*by_leg, strict=True)]
        outcome.counts += built.counts
        outcome.flaws += built.flaws
    builder.cache.flush()
    return outcome
