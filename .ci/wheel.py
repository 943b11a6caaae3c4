"""Build the wheel into a folder: the same to the byte wherever, whenever and with whatever umask it was checked out.

Its times are those of SOURCE_DATE_EPOCH, else of the commit; its names are sorted (by setuptools); its modes are fixed
here. Built in a copy, so that no leftover of an earlier build is in it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("hybridsearch", "mappings", "setup.py", "setup.cfg", "README.md", "LICENSE")


def copy(target: Path) -> None:
    """Copy what the wheel is made of, with fixed modes; `hybridsearch/mappings` is a link for development."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=ignored, symlinks=True)
        else:
            shutil.copy(source, target)
    (target / "hybridsearch" / "mappings").unlink(missing_ok=True)
    for path in target.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def epoch() -> str:
    """Return the time that all files in the wheel get."""
    commit = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return os.environ.get("SOURCE_DATE_EPOCH") or subprocess.check_output(commit, text=True).strip()


def main(out: Path) -> None:
    """Build the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(folder))
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, folder]
        subprocess.run(pip, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": epoch()}, umask=0o022)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
