"""`serve`: a real server in a process of its own, and what it refuses to begin; with `extra`."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hybridsearch import AsyncHybridSearch
from hybridsearch.errors import ConfigError
from hybridsearch.web import app, extra, serving
from hybridsearch.web.operating import stream
from tests.shops import PRODUCTS, settings, shop, write_config, write_products
from tests.web.builders import FIELDS, TOKEN

SIGHT = {"name": "sight", "encoder": "nowhere/to/be/found", "reads": "image"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration and a built index."""
    write_config(tmp_path, fields=FIELDS)
    shop(tmp_path, fields=FIELDS).close()
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The address of a server that is under way; afterwards it ends by Ctrl-C, without an error."""
    command = [sys.executable, "-m", "hybridsearch", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert "The page is at http://127.0.0.1:" in line, server.communicate()
        yield line.split()[4]
        with urllib.request.urlopen(f"{line.split()[4]}index/progress") as followed:
            followed.readline()
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=stream.LONGEST - 5)  # whoever follows a run holds nothing up
        assert "Traceback" not in said
        assert server.returncode in (0, 130)


def test_it_serves_the_page_and_the_api_until_it_is_interrupted(address: str) -> None:
    with urllib.request.urlopen(f"{address}?q=red") as page:
        assert b'class="card"' in page.read()
    with urllib.request.urlopen(f"{address}api/search?q=red") as found:
        assert b'"total": 2' in found.read()


def test_a_request_line_without_end_is_cut_off(address: str) -> None:
    port = int(address.rsplit(":", 1)[1].strip("/"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        try:
            for _ in range(64):
                client.sendall(b"GET /" + b"x" * 65_536)
            answer = client.recv(1_000)
        except OSError:
            answer = b""
    assert answer == b"" or b" 4" in answer.partition(b"\r\n")[0]


def test_beyond_this_machine_a_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(serving.VARIABLE, raising=False)
    for host in ("127.0.0.1", "::1", "localhost"):
        assert serving.token_for(host) == ""
    for host in ("0.0.0.0", "::", "192.168.0.7", "shop.example"):
        with pytest.raises(ConfigError, match=f"no token is set. Set {serving.VARIABLE}"):
            serving.token_for(host)
    monkeypatch.setenv(serving.VARIABLE, f" {TOKEN}\n")
    assert serving.token_for("0.0.0.0") == TOKEN


def test_the_body_of_an_answer_does_not_wait_for_the_client_to_confirm_its_head() -> None:
    with serving.bound("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_named() -> None:
    with serving.bound("127.0.0.1", 0) as first:
        first.listen()
        assert serving.address_of(first).startswith("http://127.0.0.1:")
        with pytest.raises(ConfigError, match=r"Cannot listen at 127.0.0.1:.*Choose another --port"):
            serving.bound("127.0.0.1", first.getsockname()[1])


def test_without_its_packages_the_error_names_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r'pip install "hybridsearch\[web\]"'):
        app(None)  # type: ignore[arg-type]  # it is not looked at
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import hybridsearch.cli as c, sys; c.run(['--help']); print('starlette' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ.copy(),
    )
    assert done.stdout.endswith("False\n")


START = """
import asyncio, os, sys
from hybridsearch.settings import Settings
from hybridsearch.web import serving

def ready(address):
    print("torch" in sys.modules, flush=True)
    os._exit(0)

settings = Settings.load(sys.argv[1])
asyncio.run(serving.serve(settings, "127.0.0.1", 0, edit=False, say=print, ready=ready))
"""


def test_the_page_answers_words_before_what_reads_photos_is_loaded(tmp_path: Path) -> None:
    """That takes most of the time of a start."""
    Image.new("RGB", (90, 60), "red").save(tmp_path / "red.png")
    write_products(tmp_path / "products.jsonl", [{**row, "image": "red.png"} for row in PRODUCTS])
    seen: dict[str, Any] = {"fields": FIELDS, "vectors": [{**SIGHT, "encoder": "starter"}]}
    config = write_config(tmp_path, **seen)
    with shop(tmp_path, **seen):
        done = subprocess.run([sys.executable, "-c", START, str(config)], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_photos_that_will_not_be_answered_are_named_after_the_start(folder: Path) -> None:
    said: list[str] = []

    async def start() -> None:
        async with AsyncHybridSearch.open(settings(folder, fields=FIELDS, vectors=[SIGHT])) as opened:
            await serving.load_media(opened, said.append)

    asyncio.run(start())
    (line,) = said
    assert line.startswith("Photos and recordings are not answered: ")
    assert "nowhere/to/be/found" in line


def test_the_page_starts_without_torch() -> None:
    """It takes seconds and half a gigabyte, which a shop that is searched by words never needs."""
    code = "import sys, hybridsearch.web.application, hybridsearch.cli.weights; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
