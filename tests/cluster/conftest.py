"""A server of a model that workers ask, and a shop whose catalogue they encode: no process has to load anything."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from hybridsearch import Settings
from hybridsearch.cluster import encode
from hybridsearch.disk.home import Home
from tests.killable import Hashed
from tests.servers.fake import RESET, Received, Reply, serving
from tests.shops import write_products

BLOCK = 64
PRODUCTS = 10 * BLOCK + 3


@dataclass(slots=True)
class Model:
    """A server of OpenAI's embeddings API.

    Attributes:
        texts: How often each was asked for.
        fatal: A text that ends the process which asks for it, once.
        pause: Seconds before each answer.
    """

    url: str = ""
    texts: Counter[str] = field(default_factory=Counter)
    fatal: str = ""
    pause: float = 0.0
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, asked: Received) -> Reply:
        texts = json.loads(asked.body)["input"]
        with self.lock:
            self.texts.update(texts)
            killing, self.fatal = self.fatal in texts, "" if self.fatal in texts else self.fatal
        if killing:
            os.kill(process_at(asked.port), signal.SIGKILL)
            return RESET
        time.sleep(self.pause)
        rows = Hashed().encode_texts(texts).tolist()
        return Reply({"data": [{"index": place, "embedding": row} for place, row in enumerate(rows)]}, headers={})


def process_at(port: int) -> int:
    """Return the process that has a port of this machine open as a client."""
    found = (each for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port and each.raddr)
    return int(next(each.pid for each in found if each.pid and each.pid != os.getpid()))


@pytest.fixture
def model() -> Iterator[Model]:
    model = Model()
    with serving(model) as fake:
        model.url = f"{fake.url}/v1/embeddings#hashed"
        yield model


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "BLOCK", BLOCK)


def rows(count: int = PRODUCTS) -> list[dict[str, Any]]:
    """Return products, two of which cannot be read."""
    found: list[dict[str, Any]] = [{"id": f"p{number}", "title": title(number)} for number in range(count)]
    return [*found[:5], {"title": "no id"}, *found[5:], {"title": "none either"}]


def title(number: int) -> str:
    return f"red dress n{number}"


def settings(folder: Path, model: Model, count: int = PRODUCTS, **more: Any) -> Settings:
    """Write the catalogue of a shop into a folder, and return its settings."""
    write_products(folder / "products.jsonl", rows(count))
    return settings_of(folder, model, **more)


def settings_of(folder: Path, model: Model, **more: Any) -> Settings:
    """Return the settings of a shop in a folder."""
    leg = {"name": "words", "encoder": model.url, "reads": ["title"]}
    data = {"catalog": {"path": "products.jsonl"}, "fields": {"title": "title"}, "vectors": [leg], **more}
    return Settings.parse(data, folder=folder)


def vectors_of(found: Settings) -> dict[bytes, bytes]:
    """Return all that the shop's own file holds."""
    path = Home(found.home).vectors
    if not path.exists():
        return {}
    with sqlite3.connect(path) as db:
        return dict(db.execute("SELECT key, vector FROM vectors"))
