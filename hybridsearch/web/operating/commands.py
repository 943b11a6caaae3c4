"""Starts commands as processes of their own, which go on when the server ends, and shows what they print."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from hybridsearch import running
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.errors import ConfigError, GateError
from hybridsearch.redaction import redacted
from hybridsearch.settings import Settings

SHOWN = 20_000
"""Bytes of what a command printed that are shown, the last ones."""
NEVER = ("HYBRIDSEARCH_WEB_TOKEN",)
"""Variables of the environment that a command has no use for."""


class Commands:
    """The commands that the page of a shop starts; of each kind one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._home = settings, Home(settings.home)
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self.files: Mapping[str, Path] = {
            "reindex": self._home.rebuild(settings.engine.index),
            "tune": self._home.tuning,
        }
        """What each says of itself, whoever started it."""

    def start(self, name: str, arguments: Sequence[str] = ()) -> None:
        """Start a command.

        Raises:
            ConfigError: The shop was opened without a configuration file, which the command would read.
            GateError: It is under way already, in this or another process.
            EngineError: What it prints cannot be kept.
        """
        if self._settings.file is None:
            raise ConfigError(
                "The shop was opened without a configuration file, so that no command can be started here. "
                f"Start it where the shop is opened, or give the path of the file: hybridsearch {name}"
            )
        with self._lock:
            if self.is_under_way(name):
                raise GateError(f"'hybridsearch {name}' is under way already. Wait until it has ended.")
            output = self._home.output(name)
            with explained(output):
                make_folder(output.parent, output.parent.parent)
                modes.write(output, b"")
                with modes.appending(output) as file:
                    self._started[name] = self._process(
                        [name, *arguments, "-c", str(self._settings.file)], file.fileno()
                    )

    def is_under_way(self, name: str) -> bool:
        """Tell whether a command is under way, whoever started it."""
        started = self._started.get(name)
        return (started is not None and started.poll() is None) or running.is_under_way(self.files[name])

    def code(self, name: str) -> int | None:
        """Return the exit code of a command that was started here and has ended."""
        started = self._started.get(name)
        return None if started is None else started.poll()

    def output(self, name: str) -> str:
        """Return what a command that some page started printed last, its end where it is long."""
        try:
            with self._home.output(name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - SHOWN))
                return redacted(file.read(SHOWN).decode(errors="replace")).strip()
        except OSError:
            return ""

    def _process(self, arguments: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        """Start a process that no Ctrl-C in the terminal of the server reaches."""
        return subprocess.Popen(
            [sys.executable, "-m", "hybridsearch", *arguments],
            cwd=self._settings.folder,
            env={name: value for name, value in os.environ.items() if name not in NEVER},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
