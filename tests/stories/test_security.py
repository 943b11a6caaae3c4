"""A real server with security and TLS: every way to prove who one is works, and no secret is ever seen."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import EngineError
from tests.conftest import REQUIRED, VERSIONS
from tests.servers.certificates import OPENSSL, Certificates, make
from tests.servers.elasticsearch import PASSWORD, USER, running
from tests.servers.fake import INFO, serving
from tests.shops import PRODUCTS, settings, write_config

INDEX = "test-secured"
needs_openssl = pytest.mark.skipif(OPENSSL is None and not REQUIRED, reason="there is no openssl to make certificates")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def url(certificates: Certificates) -> Iterator[str]:
    """The address of a secured server of the first version, once for all tests here."""
    try:
        server = running(VERSIONS[0], certificates)
        address = server.__enter__()
    except (OSError, RuntimeError) as error:
        if REQUIRED:
            raise
        pytest.skip(f"NO SECURED ELASTICSEARCH: {error}")
    try:
        yield address
    finally:
        server.__exit__(None, None, None)


@pytest.fixture
def admin(url: str, certificates: Certificates) -> Iterator[Elasticsearch]:
    """A client that may do anything; the test's indices are deleted afterwards."""
    with Elasticsearch(url, ca_certs=str(certificates.authority), basic_auth=(USER, PASSWORD)) as client:
        yield client
        for name in client.indices.get(index=f"{INDEX}*", expand_wildcards="all"):
            client.indices.delete(index=name)


def key_for(admin: Elasticsearch, *privileges: str, cluster: tuple[str, ...] = ("monitor",)) -> str:
    """Return a new API key with privileges on the test's indices."""
    indices = [{"names": [f"{INDEX}*"], "privileges": list(privileges)}]
    roles = {"shop": {"cluster": list(cluster), "indices": indices}}
    encoded: str = admin.security.create_api_key(name="shop", role_descriptors=roles)["encoded"]
    return encoded


def engine(url: str, certificates: Certificates, **more: Any) -> dict[str, Any]:
    return {"url": url, "index": INDEX, "replicas": 0, "ca_file": str(certificates.authority), **more}


def cli(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRIDSEARCH_")}
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-m", "hybridsearch", *arguments],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )


@needs_openssl
def test_user_and_password_reach_a_secured_server(
    tmp_path: Path, url: str, certificates: Certificates, admin: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", PASSWORD)
    with HybridSearch.open(settings(tmp_path, engine=engine(url, certificates, username=USER))) as shop:
        assert shop.reindex().indexed == len(PRODUCTS)
        assert shop.search("red coats").hits[0].id == "3"
        assert shop.upsert([{**PRODUCTS[0], "price": 21}]).written == 1


@needs_openssl
def test_a_key_with_privileges_on_the_shops_own_indices_is_enough(
    tmp_path: Path, url: str, certificates: Certificates, admin: Elasticsearch
) -> None:
    """The privileges that docs/reliability.md names."""
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(key_for(admin, "manage", "read", "write"))
    with HybridSearch.open(settings(tmp_path, engine=engine(url, certificates, api_key_file=str(file)))) as shop:
        shop.reindex()
        first = shop.reindex()
        shop.upsert([{**PRODUCTS[0], "price": 21}])
        shop.delete(["2"])
        assert shop.rollback().before == first.generation
        shop.clean(shop.leftovers())
        assert shop.search("red coats").hits[0].id == "3"
        assert {check.state for check in shop.engine.check()} <= {"ok", "warning"}


@needs_openssl
def test_a_fingerprint_is_enough_to_trust_a_server(
    tmp_path: Path, url: str, certificates: Certificates, admin: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", key_for(admin, "manage", "read", "write"))
    trusted = {"url": url, "index": INDEX, "replicas": 0, "fingerprint": certificates.fingerprint}
    with HybridSearch.open(settings(tmp_path, engine=trusted)) as shop:
        assert shop.reindex().indexed == len(PRODUCTS)
    wrong = {**trusted, "fingerprint": "0" * 64}
    with HybridSearch.open(settings(tmp_path, engine=wrong)) as shop, pytest.raises(EngineError, match="No trusted"):
        shop.search("red")


@needs_openssl
def test_a_server_that_need_not_prove_who_it_is_is_searched_with_a_warning(
    tmp_path: Path,
    url: str,
    admin: Elasticsearch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", key_for(admin, "manage", "read", "write"))
    careless = settings(tmp_path, engine={"url": url, "index": INDEX, "replicas": 0, "verify_certs": False})

    async def ask() -> int:
        async with AsyncHybridSearch.open(careless) as shop:
            return (await shop.search("red coats")).total

    with HybridSearch.open(careless) as shop:
        assert shop.reindex().indexed == len(PRODUCTS)
        assert shop.search("red coats").total == asyncio.run(ask()) == 1
    assert "anybody between here and the server" in caplog.text


@needs_openssl
def test_a_missing_privilege_is_named_with_its_index(
    tmp_path: Path, url: str, certificates: Certificates, admin: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 15."""
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", key_for(admin, "read"))
    found = HybridSearch.open(settings(tmp_path, engine=engine(url, certificates)))
    with found, pytest.raises(EngineError) as refused:
        found.reindex()
    said = str(refused.value)
    assert said.startswith(f"{url} refused: a privilege is missing on '{INDEX}-lock': action [indices:admin/create]")
    assert said.endswith("Grant it or use another key.")


@needs_openssl
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"days": 2}, r"(self-signed certificate|unable to get local issuer).*\. Give its CA file in 'engine.ca_file'"),
        ({"names": "DNS:elsewhere.example"}, r"doesn't match.*\. Write the name that its certificate has into 'engine"),
        ({"days": -1}, r"certificate has expired\. Renew the server's certificate"),
    ],
    ids=["wrong authority", "host mismatch", "expired"],
)
def test_a_server_that_cannot_be_trusted_is_refused_with_the_check_that_failed(
    tmp_path: Path, certificates: Certificates, made: dict[str, Any], reason: str
) -> None:
    """Fault 14: the remedy is never to switch the checks off."""
    other = make(tmp_path / "other", **made)
    authority = certificates if made == {"days": 2} else other
    with serving(lambda _: INFO, other) as fake:
        found = HybridSearch.open(settings(tmp_path, engine=engine(fake.url, authority)))
        with found, pytest.raises(EngineError, match=f"^No trusted connection to {fake.url}: .*{reason}"):
            found.search("red")


@needs_openssl
def test_no_secret_is_in_any_output_log_report_or_file(
    tmp_path: Path,
    url: str,
    certificates: Certificates,
    admin: Elasticsearch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Faults 85 and 86: everything that is printed, logged, raised or written is searched."""
    key = key_for(admin, "manage", "read", "write")
    secrets = [key, base64.b64decode(key).decode().partition(":")[2], PASSWORD]
    secrets.append(base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
    write_config(tmp_path, engine=engine(url, certificates))
    said = []
    commands = (["reindex"], ["reindex", "--json"], ["reindex", "--dry-run"], ["doctor"], ["search", "red", "--json"])
    more = (["clean", "--yes"], ["rollback"], ["search", "red", "--filter", "no=1"], ["reindex", "--retry-rejects"])
    for command in (*commands, *more):
        done = cli(tmp_path, *command, HYBRIDSEARCH_API_KEY=key)
        said += [done.stdout, done.stderr]
        assert "Traceback" not in done.stderr
    write_config(tmp_path, engine=engine(url, certificates, username=USER))
    for wrong in ({"HYBRIDSEARCH_API_KEY": key[:-4] + "AAAA"}, {"HYBRIDSEARCH_PASSWORD": PASSWORD + "x"}):
        done = cli(tmp_path, "search", "red", **wrong)
        assert done.returncode == 3
        said += [done.stdout, done.stderr]
        secrets += wrong.values()
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", key)
    with HybridSearch.open(tmp_path / "hybridsearch.toml") as shop:
        shop.reindex()
        said += [repr(shop.settings), repr(shop.__dict__), str(shop.search("red").to_json())]
        said += [repr(shop.engine), repr(shop.engine.__dict__)]
    said += [json.dumps([record.__dict__ for record in caplog.records], default=repr), caplog.text, *capfd.readouterr()]
    said += [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    for secret in secrets:
        assert not [text for text in said if secret in text]


def test_there_is_no_option_for_a_secret() -> None:
    """Fault 86."""
    import click

    from hybridsearch.cli import COMMANDS
    from hybridsearch.cli import cli as group

    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        words = {word for parameter in command.params for option in parameter.opts for word in option.split("-")}
        assert not words & {"key", "password", "token", "user", "secret"}
