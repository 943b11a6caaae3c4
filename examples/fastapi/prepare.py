"""Copy a catalogue into this folder, the sample of the package unless another folder is named, and build its index."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hybridsearch import HybridSearch, sample

HERE = Path(__file__).parent
SAMPLE = Path(sample.__file__).parent


def main(folder: Path = SAMPLE) -> None:
    """Make `catalogue/` of `products.jsonl` and `images/` of a folder, and the index."""
    shutil.copytree(folder, HERE / "catalogue", dirs_exist_ok=True)
    with HybridSearch.open(HERE / "hybridsearch.toml") as shop:
        print(f"{shop.reindex().indexed} products are indexed.")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
