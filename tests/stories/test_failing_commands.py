"""Whatever goes wrong, in whichever command or call: no secret is in any output, error, log or file."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from elastic_transport import AiohttpHttpNode, BaseNode

from hybridsearch import AsyncHybridSearch, HybridSearch, Settings, cli, redaction
from hybridsearch.cli import init
from hybridsearch.engines.elasticsearch.transport.node import OwnNode
from hybridsearch.errors import ConfigError, HybridSearchError
from tests.servers.certificates import OPENSSL, Certificates, make
from tests.servers.fake import Received, Reply, error, serving
from tests.shops import PRODUCTS, settings, write_config, write_products

WORD = "hunter2hunter2"
"""In every secret here, so that a part of one is found too; `hunter` alone is looked for."""
KEY = base64.b64encode(f"shop:{WORD}".encode()).decode()
SECRETS = ("hunter", KEY, KEY[:10], base64.b64encode(f"me:{WORD}".encode()).decode()[:12])
NOWHERE = "http://127.0.0.1:9"
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="there is no openssl to make certificates")

COMMANDS = (
    ("init", "shop-products", "--url", "URL", "-o", "new.toml"),
    ("init", "URL/shop-products", "-o", "new.toml", "--json"),
    ("reindex",),
    ("reindex", "--json"),
    ("reindex", "--dry-run"),
    ("rollback",),
    ("clean", "--yes"),
    ("search", "red"),
    ("search", "red", "--json", "--explain"),
    ("eval", "judgments.jsonl"),
    ("eval", "judgments.jsonl", "--json"),
    ("tune", "judgments.jsonl"),
    ("align",),
    ("doctor",),
    ("doctor", "--json"),
)
SEARCHING = tuple(command for command in COMMANDS if command[0] in ("search", "reindex", "doctor"))

Run = Callable[..., None]


def shown(text: str) -> list[str]:
    """Return the secrets that are in a text."""
    return [secret for secret in SECRETS if secret in text]


def refuses(asked: Received) -> Reply:
    """Refuse, and repeat what was sent, as some proxies do."""
    status = 403 if asked.path == "/" else 401
    return error(status, "security_exception", f"not with {json.dumps(asked.headers)}")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", ())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Run:
    """Runs commands at an address; each must fail, and show no secret."""
    for name in [name for name in os.environ if name.startswith("HYBRIDSEARCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)
    judged = [{"query": "red", "id": product["id"], "grade": 1} for product in PRODUCTS]
    Path("judgments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in judged), encoding="utf-8")

    def run(url: str, commands: tuple[tuple[str, ...], ...] = COMMANDS, *, file: bool = True, **engine: Any) -> None:
        legs = [{"name": "image", "encoder": "starter", "reads": "image"}]
        if file:
            catalog = {"index": "shop-products"}
            write_config(tmp_path, catalog=catalog, engine={"url": url, "index": "shop", **engine}, vectors=legs)
        for command in commands:
            code = cli.run([word.replace("URL", url) for word in command])
            out, err = capfd.readouterr()
            written = [path for path in tmp_path.rglob("*") if path.is_file() and (file or path.name == "new.toml")]
            files = "".join(path.read_bytes().decode(errors="replace") for path in written)
            assert code in (cli.USAGE, cli.UNREACHABLE, cli.BUG), (command, out, err)
            assert shown(out + err + caplog.text + files) == [], (command, out, err, files)
            assert (code == cli.BUG) == ("Traceback" in err), (command, err)

    return run


def test_a_server_that_is_down(fails: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85."""
    fails(NOWHERE)
    monkeypatch.delenv("HYBRIDSEARCH_API_KEY")
    monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", WORD)
    fails(NOWHERE, SEARCHING, username="me")


def test_a_server_that_refuses_and_repeats_what_it_was_sent(fails: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85."""
    with serving(refuses) as fake:
        fails(fake.url)
        monkeypatch.delenv("HYBRIDSEARCH_API_KEY")
        monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", f"{WORD} \n")
        fails(fake.url, SEARCHING, username="me")
        assert {asked.headers.get("authorization", "").split(" ")[0] for asked in fake.asked} == {"ApiKey", "Basic"}


@needs_openssl
def test_a_server_that_cannot_be_trusted(fails: Run, certificates: Certificates, tmp_path: Path) -> None:
    """Fault 85."""
    authority = make(tmp_path / "authority").authority
    with serving(refuses, certificates) as fake:
        fails(fake.url, ca_file=str(authority))


@pytest.mark.parametrize(
    "url",
    [
        f"http://me:{WORD}@127.0.0.1:9",
        f"http://me:{WORD}@127.0.0.1:port",
        f"http://me:pa/{WORD}@127.0.0.1:9",
        f"http://me:12/{WORD}#@127.0.0.1:9",
        f"http://me%3A{WORD}%40127.0.0.1:9",
        f"http:/me:{WORD}@127.0.0.1:9",
        f"htps://me:{WORD}@127.0.0.1:9",
        f"me:{WORD}@127.0.0.1:9",
        f"//me:{WORD}@127.0.0.1:9",
        f"http://127.0.0.1:9?api_key={WORD}",
        f"http://127.0.0.1:9?x=1&api%5Fkey={WORD}",
        f"http://127.0.0.1:9%3Ftoken%3D{WORD}",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused_and_not_repeated(fails: Run, tmp_path: Path, url: str) -> None:
    """Fault 85: `init` wrote it into the configuration."""
    lines = '[catalog]\nindex = "shop-products"\n[fields]\ntitle = "title"\n'
    (tmp_path / "hybridsearch.toml").write_text(f'{lines}[engine]\nurl = "{url}"\n')
    fails(url, file=False)
    write_products(tmp_path / "shop-products.jsonl")
    fails(url, (("init", "shop-products.jsonl", "--url", "URL", "-o", "new.toml"),), file=False)
    assert not (tmp_path / "new.toml").exists()


@pytest.mark.parametrize("inside", ["\n", "\r\nX-Injected: ", "\x7f", "\t", "\0", "é", "ключ", "\udcff"])
def test_a_key_that_no_header_can_carry(
    fails: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: str
) -> None:
    """Fault 85: a mounted secret with a line break ended in a traceback of the HTTP library that printed it."""
    key = f"{WORD}{inside}{WORD}"
    if "\0" not in key:
        monkeypatch.setenv("HYBRIDSEARCH_API_KEY", key)
        fails(NOWHERE, SEARCHING)
    file = tmp_path / "secrets" / "key"
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_bytes(key.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match="has characters that no key has") as refused:
        HybridSearch.open(settings(tmp_path, engine={"url": NOWHERE, "api_key_file": str(file)}))
    assert shown("".join(traceback.format_exception(refused.value)) + repr(refused.value)) == []


def test_a_password_that_is_no_text(fails: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85."""
    for inside in ("\n", "\udcff", "\x1b[31m"):
        monkeypatch.delenv("HYBRIDSEARCH_API_KEY", raising=False)
        monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", f"{WORD}{inside}{WORD}")
        fails(NOWHERE, SEARCHING, username="me")


def breaks(node: BaseNode, *arguments: Any, **named: Any) -> NoReturn:
    """Raise what a careless library might: with everything that it was given."""
    headers = next(value for value in (*named.values(), *arguments) if hasattr(value, "get"))
    try:
        raise KeyError(f"Invalid header value {arguments!r} {named!r}")
    except KeyError as inner:
        raise RuntimeError(f"cannot send {headers.get('authorization')!r}") from inner


def test_a_library_below_that_breaks_in_the_middle(fails: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85."""
    monkeypatch.setattr(OwnNode, "perform_request", breaks)
    fails(NOWHERE)


def test_a_bug_whose_traceback_shows_a_secret(fails: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 85: the lines that a user is asked to report."""
    key = "".join(["hunter2", "hunter2"])

    def bug(*_: Any, **__: Any) -> NoReturn:
        redaction.remember(key)
        raise RuntimeError(f"{key!r} at http://me:{key}@host/?token={key}") from ValueError(key)

    monkeypatch.setattr(Settings, "load", bug)
    monkeypatch.setattr(init, "open_catalog", bug)
    fails(NOWHERE, (*COMMANDS, ("demo", "--folder", "demo")))


@pytest.mark.parametrize(
    "encoder",
    [
        f"https://me:{WORD}@127.0.0.1:9/v1/embeddings#m",
        f"htps://me:{WORD}@127.0.0.1:9/v1/embeddings#m",
        f"http:me:{WORD}@127.0.0.1:9/v1/embeddings#m",
        f"https://me:pa#{WORD}@127.0.0.1:9/v1/embeddings#m",
        f"https://127.0.0.1:9/v1/embeddings?api_key={WORD}#m",
        f"https://127.0.0.1:9/v1/embeddings?api%5fkey={WORD}#m",
    ],
)
def test_an_encoder_with_a_secret_in_its_address(fails: Run, tmp_path: Path, encoder: str) -> None:
    """Fault 85."""
    (tmp_path / "products.jsonl").write_text('{"id": "1", "title": "Red"}\n')
    lines = '[catalog]\npath = "products.jsonl"\n[fields]\ntitle = "title"\n'
    leg = f'[[vectors]]\nname = "words"\nreads = ["title"]\nencoder = "{encoder}"\n'
    (tmp_path / "hybridsearch.toml").write_text(lines + leg)
    fails(NOWHERE, SEARCHING, file=False)


@pytest.fixture
def unanswered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", KEY)
    return settings(tmp_path, engine={"url": NOWHERE, "index": "shop"})


CALLS: dict[str, Callable[[Any], Any]] = {
    "search": lambda shop: shop.search("red"),
    "get": lambda shop: shop.get(["1"]),
    "upsert": lambda shop: shop.upsert(PRODUCTS),
    "delete": lambda shop: shop.delete(["1"]),
    "reindex": lambda shop: shop.reindex(),
    "rollback": lambda shop: shop.rollback(),
    "leftovers": lambda shop: shop.leftovers(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_library_below_that_breaks_in_a_call(
    unanswered: Settings, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Fault 85: programs log what the calls raise, with all that it was raised from."""

    async def breaks_too(node: AiohttpHttpNode, *arguments: Any, **headers: Any) -> NoReturn:
        breaks(node, *arguments, **headers)

    monkeypatch.setattr(OwnNode, "perform_request", breaks)
    monkeypatch.setattr(AiohttpHttpNode, "perform_request", breaks_too)
    with HybridSearch.open(unanswered) as shop, pytest.raises(HybridSearchError) as failed:
        CALLS[call](shop)

    async def asynchronous() -> None:
        async with AsyncHybridSearch.open(unanswered) as shop:
            await CALLS[call](shop)

    with pytest.raises(HybridSearchError) as failed_async:
        asyncio.run(asynchronous())
    for raised in (failed.value, failed_async.value):
        assert shown("".join(traceback.format_exception(raised)) + repr(raised)) == []
        assert "RuntimeError: cannot send" in str(raised)
