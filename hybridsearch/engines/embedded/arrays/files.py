"""The compiled files that a process has open: what was compared with its checksum once is not again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Loaded, load_arrays, read_commit

Batches = Sequence[tuple[int, int]]
"""Number of rows and CRC32 of each batch of a leg, in the order of writing."""
Checked = dict[Path, tuple[int, Batches, NDArray[np.bool_]]]
"""Of files of vectors: the number of the file, its batches, and which of these were found to match their checksums."""
Kind = TypeVar("Kind", bound=Loaded)


class Files:
    """Files of arrays, each as long as somebody uses it, and how much of each file of vectors was compared.

    Attributes:
        checked: Of files of vectors.
    """

    def __init__(self) -> None:
        self._open: WeakValueDictionary[tuple[object, ...], Loaded] = WeakValueDictionary()
        self.checked: Checked = {}

    def load(self, path: Path, commit: str, kind: Callable[[Loaded], Kind]) -> Kind:
        """Return the arrays of a file.

        Args:
            path: The file.
            commit: What it is to be of.
            kind: What is made of its arrays; for one file always the same.

        Raises:
            OSError: There is no such file.
            ValueError: It is not as it was written, or of another commit.
        """
        status = path.stat()
        key = (path, commit, status.st_ino, status.st_mtime_ns, status.st_size)
        known = self._open.get(key)
        if known is None:
            if read_commit(path) != commit:
                raise ValueError("it is of another commit")
            arrays, found = load_arrays(path)
            if found != commit:
                raise ValueError("it is of another commit")
            known = self._open[key] = kind(Loaded(arrays))
        return known  # type: ignore[return-value]
