"""A real browser without a window: Chromium of the system, driven by Playwright; and axe, which judges pages."""

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

AXE = "https://registry.npmjs.org/axe-core/-/axe-core-4.14.1.tgz"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
"""Of that file; its axe.min.js is under the Mozilla Public License, for tests alone."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def running() -> Iterator[Browser]:
    """Yield a browser.

    Raises:
        RuntimeError: There is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("no Chromium is installed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def axe() -> str:
    """Return the script of axe; it is fetched the first time.

    Raises:
        RuntimeError: It cannot be fetched, or is not what it was.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybridsearch" / "axe-4.14.1.js"
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            scratch = home.with_suffix(".part")
            scratch.write_bytes(unpacked(fetched()))
            scratch.rename(home)
    return home.read_text(encoding="utf-8")


def fetched() -> bytes:
    try:
        with urllib.request.urlopen(AXE, timeout=60) as answer:
            data: bytes = answer.read()
    except OSError as error:
        raise RuntimeError(f"{AXE} cannot be fetched: {error}") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise RuntimeError(f"{AXE} is not the file that it was")
    return data


def unpacked(data: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read()
