"""Starts a PostgreSQL server of Debian's packages in a folder of its own and stops it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.elasticsearch import free_ports, quickest, unprivileged

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian puts each version, outside of the PATH."""
USER, PASSWORD = "shop", "correct-horse-battery"
PATIENCE = 60.0
"""Seconds that a server may take to start; about one."""


@dataclass
class Server:
    """A server with its data in a folder.

    Attributes:
        folder: Where it lies.
        owner: User that it runs as; None for the present one.
        port: On 127.0.0.1, where USER logs in with PASSWORD.
        process: Of the server; those of its connections end with it.
    """

    folder: Path
    owner: int | None
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def started(cls, folder: Path, owner: int | None, port: int) -> Server:
        """Start one and wait until it answers.

        Raises:
            RuntimeError: It ended, or takes too long.
        """
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        with open(folder / "server.log", "ab") as log:
            process = subprocess.Popen(
                [
                    str(programs() / "postgres"),
                    "-D",
                    "data",
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=owner,
            )
        server = cls(folder, owner, port, process)
        try:
            server.wait()
        except BaseException:
            server.kill()
            raise
        return server

    @property
    def url(self) -> str:
        """The address of its database as `catalog.url` takes it: without the password."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/postgres"

    def connect(self) -> Any:
        """Return a connection of psycopg on which each statement is committed at once."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname="postgres", autocommit=True
        )

    def kill(self) -> None:
        """End the server and all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """Start it again after `kill`, with the data that it had."""
        self.process = self.started(self.folder, self.owner, self.port).process

    def wait(self) -> None:
        """Wait until it answers."""
        import psycopg

        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError), self.connect():
                return
            time.sleep(0.1)
        log = (self.folder / "server.log").read_text(errors="replace")
        raise RuntimeError(f"PostgreSQL did not start:\n{log[-3000:]}")


def programs() -> Path:
    """Return the folder of the programs of the newest version.

    Raises:
        RuntimeError: None is installed.
    """
    installed = [path.parent for path in INSTALLED.glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("not installed; on Debian: apt-get install postgresql")
    return Path(found).resolve().parent


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Run a server for the length of the block; it refuses to run as root, and runs as nobody then.

    Raises:
        RuntimeError: It is not installed, or does not start.
    """
    home = programs()
    with tempfile.TemporaryDirectory(prefix="hybridsearch-pg-", dir=quickest()) as scratch:
        folder = Path(scratch)
        (folder / "password").write_text(PASSWORD)
        owner = unprivileged(folder)
        options = {"--pgdata": "data", "--username": USER, "--pwfile": "password", "--auth": "scram-sha-256"}
        options |= {"--encoding": "UTF8", "--locale": "C.UTF-8"}
        made = subprocess.run(
            [str(home / "initdb"), "--no-sync", *(f"{name}={value}" for name, value in options.items())],
            cwd=folder,
            user=owner,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        server = Server.started(folder, owner, *free_ports(1))
        try:
            yield server
        finally:
            server.kill()
