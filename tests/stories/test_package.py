"""The package that users install holds everything that it reads."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
from pathlib import Path
import hybridsearch
from hybridsearch import sample, text
from hybridsearch.search import weights
from hybridsearch.encoders import PRESETS
home = Path(hybridsearch.__file__).parent
assert home.is_relative_to(r"{target}"), home
assert text.analyse("Schuhe", "de") == ["schuh"]
assert weights.prior().signals
assert (home / "py.typed").exists()
assert (Path(sample.__file__).parent / "products.jsonl").exists()
assert (Path(sample.__file__).parent / "photo.jpg").exists()
assert len(list((Path(sample.__file__).parent / "images").iterdir())) > 400
assert (Path(PRESETS["starter"].texts) / "model.safetensors").exists()
"""


def test_an_installed_wheel_finds_its_mappings_weights_sample_and_starter(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("hybridsearch", "mappings"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    target = tmp_path / "target"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run([*pip, target, source], check=True)
    program = PROGRAM.format(target=target)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, env={"PYTHONPATH": str(target)})
