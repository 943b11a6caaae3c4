"""Print the folder of the programs of a virtual environment that holds what setup.cfg asks for.

PyTorch is large, so there is one environment per set of requirements, in the user's cache folder and shared by every
checkout; the project itself is installed into it afresh (editable) each time. Standard library only: this runs first.
"""

import configparser
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybridsearch"
EXTRAS = ("clip", "parquet", "postgresql", "sql", "dev")


def requirements() -> list[str]:
    """The requirement lines of the core and of the extras that the tests and the demo need."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    blocks = [setup["options"]["install_requires"], *(setup["options.extras_require"][extra] for extra in EXTRAS)]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return sorted(line for line in lines if line and not line.startswith("#"))


def environment(wanted: list[str]) -> Path:
    """Return the environment for these requirements, built if it is not there yet; older ones are removed."""
    name = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    folder = CACHE / f"venv-{name}"
    done = folder / "complete"
    if not done.exists():
        for old in CACHE.glob("venv-*"):
            shutil.rmtree(old)
        print(f"Building {folder} (PyTorch is large: allow some minutes)", file=sys.stderr)
        venv.create(folder, with_pip=True)
        install(folder, *wanted, "setuptools>=77")
        done.touch()
    return folder


def install(folder: Path, *arguments: str) -> None:
    """Install into the environment, by uv where it is on the path, else by pip; what these say goes to stderr."""
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *arguments]
    else:
        command = [folder / "bin" / "pip", "install", "--quiet", "--no-compile", *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> None:
    """Print the folder."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "venv.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = environment(requirements())
        install(folder, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    print(folder / "bin")


if __name__ == "__main__":
    main()
