"""The package that users install holds everything that it reads, and is the same to the byte whoever builds it.

It asks for no version of another package that is known to be unsafe.
"""

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("hybridsearch", "mappings", "examples", ".ci")
FILES = ("setup.py", "setup.cfg", "README.md", "LICENSE")
PROGRAM = """
from pathlib import Path
import hybridsearch
from hybridsearch import sample
from hybridsearch.texts import text
from hybridsearch.search import weights
from hybridsearch.encoders import PRESETS
home = Path(hybridsearch.__file__).parent
assert home.is_relative_to(r"{target}"), home
assert text.analyse("Schuhe", "de") == ["schuh"]
assert weights.prior().signals
assert (home / "py.typed").exists()
assert "--ink" in (home / "learning" / "reports" / "report.css").read_text()
assert (Path(sample.__file__).parent / "products.jsonl").exists()
assert (Path(sample.__file__).parent / "photo.jpg").exists()
assert len(list((Path(sample.__file__).parent / "images").iterdir())) > 400
assert (Path(PRESETS["starter"].texts) / "model.safetensors").exists()
"""
SAFE = {
    "aiohttp": "3.14.3",
    "click": "8.3.3",
    "httpcore2": "2.12",
    "httpx2": "2.12",
    "jinja2": "3.1.6",
    "orjson": "3.11.6",
    "pillow": "13.0.0",
    "pydantic-settings": "2.14.2",
    "pyarrow": "23.0.1",
    "python-multipart": "0.0.31",
    "starlette": "0.49.1",
    "torch": "2.10",
    "transformers": "5.10",
    "urllib3": "2.7",
}
"""The first version without a known advisory that concerns what is used here; setup.cfg names the advisories."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two wheels: of two checkouts in different folders, of different times, with different modes and leftovers."""
    return built(tmp_path_factory.mktemp("one"), 0o022), built(tmp_path_factory.mktemp("another"), 0o077)


def built(folder: Path, umask: int) -> Path:
    """Return the wheel of a new checkout."""
    source = folder / "source"
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored, symlinks=True)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    for number, path in enumerate(sorted(source.rglob("*"))):
        if not path.is_symlink():
            path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
            os.utime(path, (1_600_000_000 + umask + number,) * 2)
    if umask == 0o077:
        (source / "build" / "lib" / "hybridsearch").mkdir(parents=True)
        (source / "build" / "lib" / "hybridsearch" / "leftover.py").touch()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    program: list[str | Path] = [sys.executable, source / ".ci" / "wheel.py", folder / "dist"]
    subprocess.run(program, check=True, env=environment, umask=umask, cwd=folder)
    (wheel,) = (folder / "dist").iterdir()
    return wheel


def test_a_wheel_built_twice_is_the_same_to_the_byte(wheels: tuple[Path, Path]) -> None:
    assert wheels[0].name == wheels[1].name
    first, second = (hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    assert first == second


def test_a_wheel_holds_the_package_alone(wheels: tuple[Path, Path]) -> None:
    """The shops of examples/ are for those who have the repository."""
    with zipfile.ZipFile(wheels[0]) as wheel:
        folders = {name.partition("/")[0] for name in wheel.namelist()}
    assert {name.partition("-")[0] for name in folders} == {"hybridsearch"}


def test_an_installed_wheel_finds_its_mappings_weights_sample_and_starter(
    wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, target, wheels[0]], check=True)
    program = PROGRAM.format(target=target)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, env={"PYTHONPATH": str(target)})


def requirements() -> Iterator[tuple[str, str]]:
    """Yield name and version of every lower bound in setup.cfg."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    for block in (setup["options"]["install_requires"], *setup["options.extras_require"].values()):
        yield from re.findall(r"^([\w-]+)>=([\d.]+)", block, re.MULTILINE)


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_no_lower_bound_admits_a_version_with_a_known_advisory() -> None:
    bounds = list(requirements())
    assert {name for name, _ in bounds} >= set(SAFE)
    low = [f"{name}>={version}" for name, version in bounds if numbers(version) < numbers(SAFE.get(name, "0"))]
    assert low == []
