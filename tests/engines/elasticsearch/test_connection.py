"""The connection to the server: each failure is one clear sentence, and never holds a secret.

The checks of `health.py` say the same to doctor.
"""

import asyncio
import base64
import re
import socket
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ApiError

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.credentials import key_of_file
from hybridsearch.engines.elasticsearch import health
from hybridsearch.engines.elasticsearch.engine import ElasticsearchEngine
from hybridsearch.engines.elasticsearch.transport.connection import connect, connect_async, version_of
from hybridsearch.errors import ConfigError, DegradedAnswer, EngineError, IndexMissing
from hybridsearch.indexing.fill import Options
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.sections import EngineSection
from tests.engines.elasticsearch.conftest import Search
from tests.servers.fake import HALF, HANG, HTML, INFO, RESET, Fake, Received, Reply, Script, error, serving
from tests.servers.model import Model
from tests.shops import settings, write_products

KEY = "c2VjcmV0OmtleQ"
LIVE = Schema(Fields(title="title", text=("note",))).to_json()
PAGE = Reply(b"<html>", type="text/html")
"""A proxy's page that passes Elasticsearch's header on."""
INDEX = Reply(
    {"products-1": {"mappings": {"_meta": {"hybridsearch": LIVE}}, "settings": {"index": {"number_of_shards": "1"}}}}
)


def trouble(folder: Path, url: str, **engine: Any) -> str:
    """Return the sentence with which a search fails."""
    chosen = settings(folder, engine={"url": url, "timeout": 0.3, **engine})
    with HybridSearch.open(chosen) as shop, pytest.raises(EngineError) as failed:
        shop.search("red dress")
    printed = "".join(traceback.format_exception(failed.value))
    assert KEY not in printed
    assert "\n" not in str(failed.value)
    return str(failed.value)


def open_at(folder: Path, url: Any, **changes: Any) -> HybridSearch:
    """Return a shop whose server is at an address."""
    return HybridSearch.open(settings(folder, engine={"url": url}, **changes))


def always(reply: Reply) -> Script:
    return lambda _: reply


def at_search(reply: Reply) -> Script:
    """Answer as a healthy server does, up to the search itself."""

    def script(asked: Received) -> Reply:
        known = {"/": INFO, "/products": INDEX}.get(asked.path)
        return known or (NO_HITS if asked.asks_for_words else reply)

    return script


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def test_a_server_that_is_down(tmp_path: Path) -> None:
    """Fault 1."""
    url = f"http://127.0.0.1:{closed_port()}"
    assert trouble(tmp_path, url) == (
        f"Cannot reach Elasticsearch at {url}: connection refused. Check that it runs, and its host and port."
    )


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    message = trouble(tmp_path, "http://no-such-host.invalid:9200")
    assert message.startswith("Cannot reach Elasticsearch at http://no-such-host.invalid:9200: unknown host name.")


@pytest.mark.parametrize("script", [always, at_search])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (RESET, "Cannot reach Elasticsearch at {url}: connection "),
        (HTML, "{url} answers, but not as Elasticsearch: a proxy's page, or another product. Check 'engine.url'."),
        (PAGE, "{url} sent an answer that is not whole JSON: a proxy's page, or one that it cut. Check 'engine.url'."),
        (HALF, "{url} sent an answer that is not whole JSON: a proxy's page, or one that it cut. Check 'engine.url'."),
        (
            error(401, "security_exception", "unable to authenticate"),
            "{url} does not accept the credentials. Set HYBRIDSEARCH_API_KEY or 'engine.username'.",
        ),
        (
            error(403, "security_exception", "action [indices:data/read/search] is unauthorized"),
            "{url} refused: a privilege is missing on 'products': action [indices:data/read/search] is unauthorized. "
            "Grant it or use another key.",
        ),
        (
            error(400, "media_type_header_exception", "Invalid media-type value on headers [Accept]"),
            "The elasticsearch client ",
        ),
        (error(503, "no_shard", "all copies are away"), "{url} refused (503, no_shard): all copies are away. Run: "),
        (Reply(b"<html>Bad gateway</html>", 502, "text/html", {}), "{url} refused (502"),
    ],
    ids=["reset", "page", "page with Elasticsearch's header", "half", "401", "403", "media type", "503", "502 page"],
)
def test_a_server_that_answers_with_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Any, reply: Reply, expected: str
) -> None:
    """Faults 8 and 15."""
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", KEY)
    if reply is HTML and script is at_search:
        expected = "{url} sent an answer that is not whole JSON"  # the client has met Elasticsearch here before
    with serving(script(reply)) as fake:
        assert trouble(tmp_path, fake.url).startswith(expected.format(url=fake.url))
    assert fake.asked[0].headers["authorization"] == f"ApiKey {KEY}"


@pytest.mark.parametrize("script", [always, at_search])
@pytest.mark.parametrize("reply", [RESET, HTML, PAGE, HALF, error(401, "x"), error(403, "x"), error(503, "x")])
def test_doctor_calls_it_a_failure_with_the_next_step(tmp_path: Path, script: Any, reply: Reply) -> None:
    with serving(script(reply)) as fake, HybridSearch.open(settings(tmp_path, engine={"url": fake.url})) as shop:
        *_, last = shop.engine.check()
    assert (last.name, last.state) == ("server", "failure")
    assert last.next_step


def test_a_newer_client_on_an_older_server_is_told_what_to_install(tmp_path: Path) -> None:
    """Fault 11."""
    with serving(always(error(400, "media_type_header_exception"))) as fake:
        message = trouble(tmp_path, fake.url)
    assert message.endswith('which is older. Install one that can: pip install "elasticsearch>=8.19,<9"')


@pytest.mark.parametrize("number", ["7.17.28", "8.13.4", "8.0.0-rc1"])
def test_a_server_that_is_too_old_is_named_with_its_version(tmp_path: Path, number: str) -> None:
    """Fault 11."""
    with serving(always(Reply({"version": {"number": number}}))) as fake:
        message = trouble(tmp_path, fake.url)
    assert message == f"Elasticsearch {number} is too old, 8.14 or later is needed. Upgrade the server."


@pytest.mark.parametrize(
    ("number", "version"), [("8.14.0", (8, 14, 0)), ("9.5.0-SNAPSHOT", (9, 5, 0)), ("10.0.1", (10, 0, 1))]
)
def test_a_version_is_a_tuple_of_numbers(number: str, version: tuple[int, ...]) -> None:
    assert version_of({"version": {"number": number}}) == version


@pytest.mark.parametrize(
    ("number", "state"), [("9.4.3", "ok"), ("9.5.0", "warning"), ("9.5.2", "warning"), ("9.5.3", "ok")]
)
def test_a_version_that_loses_replicas_is_warned_of(number: str, state: str) -> None:
    """Fault 13."""
    assert health.server({"version": {"number": number}}).state == state


@pytest.mark.parametrize(("number", "warned"), [("9.4.3", False), ("9.5.1", True)])
def test_a_rebuild_begins_with_the_warning_about_the_servers_version(tmp_path: Path, number: str, warned: bool) -> None:
    """Fault 13: said once, before anything is written."""
    model, warnings = Model(), []

    def script(asked: Received) -> Reply:
        return Reply({"version": {"number": number}}) if asked.path == "/" else model.reply(asked)

    def say(sentence: str) -> None:
        warnings.append((sentence, list(model.indices)))

    with serving(script) as fake, open_at(tmp_path, fake.url) as shop:
        shop.reindex(options=Options(say=say))
    sentence = "Elasticsearch 9.5.1 may lose replicas of bulk items: upgrade the server."
    assert warnings == ([(sentence, ["products-lock"])] if warned else [])


@pytest.mark.parametrize(
    ("status", "state", "step"),
    [
        ("green", "ok", ""),
        ("yellow", "warning", "add a node, or set 'engine.replicas = 0' on a single node"),
        ("red", "failure", "look at the cluster: a shard has no copy that works"),
    ],
)
def test_doctor_says_how_the_shards_are_and_reads_go_on(tmp_path: Path, status: str, state: str, step: str) -> None:
    """Fault 19."""

    def script(asked: Received) -> Reply:
        health = {"_cluster": {"status": status}, "_license": {"license": {"status": "active", "type": "basic"}}}
        answers = {**health, "products": {"count": 5}}
        reply = Reply(next((answer for name, answer in answers.items() if asked.path.startswith(f"/{name}")), {}))
        return {"/": INFO, "/products": INDEX, "/products/_count": reply}.get(asked.path.split("?")[0]) or (
            NO_HITS if "_search" in asked.path else reply
        )

    with serving(script) as fake, open_at(tmp_path, fake.url) as shop:
        *_, index = shop.engine.check()
        assert (index.state, index.found, index.next_step) == (state, f"'products' is {status}, 5 products", step)
        assert shop.search("red").degraded == ()


def test_a_product_that_is_like_elasticsearch_is_not_elasticsearch(tmp_path: Path) -> None:
    """Fault 11."""
    info = {"version": {"distribution": "opensearch", "number": "2.19.0"}, "tagline": "The OpenSearch Project"}
    with serving(always(Reply(info, headers={}))) as fake:
        assert "not as Elasticsearch: a proxy's page, or another product" in trouble(tmp_path, fake.url)


def test_an_answer_that_does_not_come(tmp_path: Path) -> None:
    with serving(always(HANG)) as fake:
        message = trouble(tmp_path, fake.url, timeout=0.1)
    assert message == f"{fake.url} did not answer in time. Check its load, or raise 'engine.timeout'."


def test_tls_where_there_is_none(tmp_path: Path) -> None:
    with serving(always(INFO)) as fake:
        message = trouble(tmp_path, fake.url.replace("http:", "https:"))
    assert message.startswith("No trusted connection to https://127.0.0.1:")
    assert message.endswith("Give its CA file in 'engine.ca_file'.")


def test_an_index_that_is_missing_says_how_to_build_it(tmp_path: Path) -> None:
    """Fault 18."""
    missing = error(404, "index_not_found_exception", "no such index [products]")
    with serving(lambda asked: INFO if asked.path == "/" else missing) as fake:
        shop = HybridSearch.open(settings(tmp_path, engine={"url": fake.url}))
        with shop, pytest.raises(IndexMissing) as failed:
            shop.search("red")
    assert str(failed.value) == f"Index 'products' is missing at {fake.url}. Create it with: hybridsearch reindex"


def test_coroutines_fail_with_the_same_sentences(tmp_path: Path) -> None:
    async def search(url: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": url})) as shop:
            await shop.search("red")

    with serving(at_search(HALF)) as fake, pytest.raises(EngineError, match="not whole JSON"):
        asyncio.run(search(fake.url))


NO_HITS = Reply(
    {
        "timed_out": False,
        "_shards": {"total": 1, "failed": 0},
        "hits": {"total": {"value": 0}, "hits": []},
        "aggregations": {"words": {"buckets": []}},
    }
)
INCOMPLETE = Reply(
    {"timed_out": True, "_shards": {"total": 2, "failed": 1}, "hits": {"total": {"value": 0}, "hits": []}}
)


def test_an_incomplete_answer_is_a_page_that_says_so(tmp_path: Path) -> None:
    """Fault 9: the page says why, and a strict search raises it."""
    with serving(at_search(INCOMPLETE)) as fake, open_at(tmp_path, fake.url) as shop:
        assert len(shop.search("red").degraded) == 2
        with pytest.raises(DegradedAnswer) as strict:
            shop.search("red", strict=True)
    assert str(strict.value) == (
        "The answer comes from less than was planned: Elasticsearch ran out of time and answered with what it had; "
        "1 of 2 shards failed. Look into it with: hybridsearch doctor"
    )


def test_a_strict_search_by_coroutines_raises_too(tmp_path: Path) -> None:
    """Fault 9: the same rule."""

    async def search(url: str) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": url})) as shop:
            assert len((await shop.search("red")).degraded) == 2
            await shop.search("red", strict=True)

    with serving(at_search(INCOMPLETE)) as fake, pytest.raises(DegradedAnswer, match="1 of 2 shards failed"):
        asyncio.run(search(fake.url))


@pytest.mark.parametrize(
    "address", ["http://me:s3cret@127.0.0.1:9200", "http://:s3cret@127.0.0.1:9200", "http://me@127.0.0.1:9200"]
)
def test_a_url_with_a_password_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        HybridSearch.open(settings(tmp_path, engine={"url": address}))
    assert str(refused.value) == (
        "'engine.url' holds a user name or password. Give 'engine.username' and HYBRIDSEARCH_PASSWORD."
    )


@pytest.mark.parametrize(
    "engine",
    [
        {"url": "127.0.0.1:9200"},
        {"url": "ftp://127.0.0.1:9200"},
        {"url": "http://"},
        {"url": "http://127.0.0.1"},
        {"url": "http://127.0.0.1:port"},
        {"url": "https://127.0.0.1:9200", "ca_file": "none.pem"},
        {"url": "https://127.0.0.1:9200", "fingerprint": "abc"},
    ],
)
def test_an_engine_that_no_client_can_be_made_for_is_a_mistake_in_the_configuration(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="engine"):
        HybridSearch.open(settings(tmp_path, engine=engine))


def cloud_id(place: str) -> str:
    return f"shop:{base64.b64encode(place.encode()).decode()}"


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("eu-central-1.aws.cloud.es.io$abc$def", "https://abc.eu-central-1.aws.cloud.es.io:443"),
        ("westeurope.azure.elastic-cloud.com:9243$abc$", "https://abc.westeurope.azure.elastic-cloud.com:9243"),
    ],
)
def test_a_deployment_of_elastic_cloud_is_named_by_its_cloud_id(tmp_path: Path, place: str, address: str) -> None:
    with HybridSearch.open(settings(tmp_path, engine={"cloud_id": cloud_id(place)})) as shop:
        assert shop.settings.engine.urls == (address,)
        assert isinstance(shop.engine, ElasticsearchEngine)
        assert shop.engine.url == address


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ({"cloud_id": "shop"}, "'shop' is no Cloud ID, expected NAME:LETTERS"),
        ({"cloud_id": "shop:\u00e9!"}, "is no Cloud ID"),
        ({"cloud_id": cloud_id("host$abc$"), "url": "http://127.0.0.1:9200"}, "give either 'url' or 'cloud_id'"),
        ({"url": "https://127.0.0.1:9200", "verify_certs": False, "fingerprint": "ab"}, "says whom to trust"),
    ],
)
def test_what_contradicts_itself_about_the_server_is_refused(
    tmp_path: Path, engine: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        settings(tmp_path, engine=engine)


def test_a_user_name_needs_the_password_of_the_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="set the environment's HYBRIDSEARCH_PASSWORD"):
        HybridSearch.open(settings(tmp_path, engine={"url": "http://127.0.0.1:9200", "username": "me"}))


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Fault 86."""
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o640)
    with pytest.raises(ConfigError) as refused:
        key_of_file(file)
    assert str(refused.value) == f"'{file}' can be read by other users. Close it with: chmod 600 {file}"


def test_a_key_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory\. Check 'engine.api_key_file'"):
        key_of_file(tmp_path / "none")


def test_the_key_of_a_private_file_is_sent_and_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(f"{KEY}\n")
    with serving(always(INFO)) as fake:
        client = connect(EngineSection(url=fake.url, api_key_file=Path("key")), tmp_path)
        client.info()
        client.close()
    assert KEY not in f"{client!r} {client.transport!r}"
    assert fake.asked[0].headers["authorization"] == f"ApiKey {KEY}"


@pytest.mark.parametrize("password", ["пароль ñ", "geheim-äöü-99", "pass:word"])
def test_a_password_in_letters_of_any_language_is_sent_as_the_server_reads_it(
    search: Search, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Attack: a password with letters beyond ASCII."""
    monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", password)
    with serving(always(INFO)) as fake, pytest.raises(EngineError):
        search(EngineSection(url=fake.url, username="müller"), Plan("browse", "products"))
    kind, login = fake.asked[0].headers["authorization"].split()
    assert (kind, base64.b64decode(login).decode()) == ("Basic", f"müller:{password}")


@pytest.mark.parametrize("connecting", [connect, connect_async])
def test_a_mistake_in_the_configuration_is_told_the_same_for_both_clients(
    tmp_path: Path, connecting: Callable[[EngineSection, Path], object]
) -> None:
    """Attack: a password with letters beyond ASCII; the client for coroutines called any mistake a missing package."""
    with pytest.raises(ConfigError, match="No client can be made from \\[engine\\]"):
        connecting(EngineSection(url="http://127.0.0.1"), tmp_path)


def test_a_key_that_a_server_repeats_in_headers_is_not_kept(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: a server that repeats the key in the headers of its answers."""
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", KEY)
    repeated = {"WWW-Authenticate": f"ApiKey {KEY}", "Warning": f'299 Elasticsearch "no {KEY}"', "X-Key": KEY}
    refusal = Reply(error(500, "oops").body, 500, headers={**INFO.headers, **repeated})
    with serving(always(refusal)) as fake, pytest.raises(EngineError) as failed, warnings.catch_warnings(record=True):
        search(EngineSection(url=fake.url), Plan("browse", "products"))
    cause = failed.value.__cause__
    assert isinstance(cause, ApiError)
    assert KEY not in repr(dict(cause.meta.headers))


@contextmanager
def nodes(*scripts: Script) -> Iterator[list[Fake]]:
    """Run a server for each script."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(script)) for script in scripts]


@pytest.mark.parametrize("reply", [None, RESET, HANG, error(503, "x")], ids=["refused", "reset", "silent", "leaving"])
@pytest.mark.parametrize("first", [True, False])
def test_where_one_node_is_away_the_next_one_answers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], reply: Reply | None, first: bool
) -> None:
    """Fault 20: whichever comes first in the configuration; nothing of it is seen."""
    with nodes(at_search(NO_HITS), always(reply or RESET)) as (healthy, failing):
        away = failing.url if reply else f"http://127.0.0.1:{closed_port()}"
        urls = [away, healthy.url] if first else [healthy.url, away]
        with HybridSearch.open(settings(tmp_path, engine={"url": urls, "timeout": 0.3})) as shop:
            for _ in range(3):
                assert shop.search("red", strict=True).total == 0
    assert reply is None or failing.asked
    assert capfd.readouterr().err == ""


def test_coroutines_go_to_the_next_node_too(tmp_path: Path) -> None:
    """Fault 20."""

    async def search(urls: list[str]) -> None:
        async with AsyncHybridSearch.open(settings(tmp_path, engine={"url": urls})) as shop:
            for _ in range(3):
                await shop.search("red", strict=True)

    with serving(at_search(NO_HITS)) as fake:
        asyncio.run(search([f"http://127.0.0.1:{closed_port()}", fake.url]))


def test_a_node_that_goes_away_during_a_rebuild_costs_nothing(tmp_path: Path) -> None:
    """Fault 20: its last request was done, and its answer never came."""
    model, lost = Model(), list[str]()
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(900)])

    def leaves(asked: Received) -> Reply:
        reply = model.reply(asked)
        if "_bulk" in asked.path or lost:
            lost.append(asked.path)
            return RESET
        return reply

    with nodes(model.reply, leaves) as fakes:
        urls = [fake.url for fake in fakes]
        with HybridSearch.open(settings(tmp_path, engine={"url": urls, "replicas": 0})) as shop:
            report = shop.reindex()
    assert (report.indexed, report.rejected) == (900, 0)
    assert "_bulk" in lost[0]


def test_when_all_nodes_are_away_all_are_named(tmp_path: Path) -> None:
    """Fault 20."""
    urls = [f"http://127.0.0.1:{closed_port()}" for _ in range(2)]
    with HybridSearch.open(settings(tmp_path, engine={"url": urls})) as shop, pytest.raises(EngineError) as failed:
        shop.search("red")
    assert str(failed.value) == (
        f"Cannot reach Elasticsearch at {urls[0]} or {urls[1]}: connection refused. "
        "Check that it runs, and its host and port."
    )


def test_each_of_several_addresses_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'engine\.url' is 'localhost:9201', expected"):
        HybridSearch.open(settings(tmp_path, engine={"url": ["http://localhost:9200", "localhost:9201"]}))
