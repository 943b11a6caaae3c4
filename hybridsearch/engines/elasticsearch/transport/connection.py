"""The connection: builds the client, and turns what it raises into errors that say what to do."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import elasticsearch
from elastic_transport import (
    ApiResponse,
    ConnectionError,
    ConnectionTimeout,
    SerializationError,
    TlsError,
)
from elasticsearch import ApiError, UnsupportedProductError

from hybridsearch import credentials
from hybridsearch.disk.paths import shown
from hybridsearch.engines.elasticsearch.blocks import blocked
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.node import OutOfTime, OwnNode
from hybridsearch.engines.elasticsearch.transport.retry import BLOCKED, is_leaderless
from hybridsearch.engines.elasticsearch.transport.shapes import INFO, REFUSED, Cause
from hybridsearch.engines.elasticsearch.transport.sizes import AnswerTooLong, JsonSerializer
from hybridsearch.errors import ConfigError, EngineError, IndexMissing, guarded
from hybridsearch.redaction import logger, redacted
from hybridsearch.runtime import deadline
from hybridsearch.sections import EngineSection, Secrets

log = logger(__name__)

AnyClient = TypeVar("AnyClient", Client, elasticsearch.AsyncElasticsearch)

JSON = {"accept": "application/json", "content-type": "application/json"}
REMEDIES = {
    10: "Renew the server's certificate.",
    62: "Write the name that its certificate has into 'engine.url'.",
}
"""What to do about a certificate, by OpenSSL's number of the check: expired, issued for another name."""
OLDEST = (8, 14)
"""The first version on which knn clause, rescore and named scores were tested together."""
SUFFIX = re.compile(r"[-+]")
"""What begins behind the numbers of a version, as in `9.0.0-SNAPSHOT`."""


def connect(section: EngineSection, folder: Path) -> Client:
    """Return a client for the configured server; nothing is sent yet.

    Raises:
        ConfigError: The [engine] section is not one that a client can be made from.
    """
    with possible():
        return Client(**options(section, folder), node_class=OwnNode)


def connect_async(section: EngineSection, folder: Path) -> elasticsearch.AsyncElasticsearch:
    """Return the client for coroutines, which only searches.

    Raises:
        ConfigError: As for `connect`.
        EngineError: Its HTTP library is not installed.
    """
    try:
        from hybridsearch.engines.elasticsearch.transport.async_node import OwnAsyncNode
    except ImportError as error:
        raise EngineError('Async search needs aiohttp. Install it with: pip install "hybridsearch[async]"') from error
    with possible():
        arguments = options(section, folder) | {"request_timeout": share(section, section.timeout)}
        return elasticsearch.AsyncElasticsearch(**arguments, node_class=OwnAsyncNode)


@contextlib.contextmanager
def possible() -> Iterator[None]:
    """Turn what the client says about its arguments into a ConfigError, which shows no secret."""
    with guarded(EngineError):
        try:
            yield
        except ValueError as error:
            raise ConfigError(f"No client can be made from [engine]: {error}. Correct the configuration.") from error


def share(section: EngineSection, seconds: float) -> float:
    """Return how long one node may take for a request of a search, so that each of them can be asked in time."""
    return seconds / len(section.urls)


def in_time(client: AnyClient, section: EngineSection) -> AnyClient:
    """Return the client for the seconds that this search was given, which may not be those of the configuration."""
    seconds = deadline.allowed(section.timeout)
    return client if seconds == section.timeout else client.options(request_timeout=share(section, seconds))


def options(section: EngineSection, folder: Path) -> dict[str, Any]:
    """Return the arguments of the client; secrets come from the environment or from a private file."""
    for url in section.urls:
        require_address(url)
    secrets = Secrets()
    arguments: dict[str, Any] = {
        "hosts": list(section.urls),
        "request_timeout": section.timeout,
        # Inner retries re-send at once and without waiting: they go to the other nodes, if there are any, once.
        # Our own loop waits (bulk.py), a search fails fast.
        "max_retries": len(section.urls) - 1,
        "retry_on_timeout": True,
        "retry_on_status": (502, 503, 504),
        "serializers": {kind: JsonSerializer() for kind in ("application/json", "application/vnd.elasticsearch+json")},
    }
    if section.api_key_file:
        arguments["api_key"] = credentials.key_of_file(folder / section.api_key_file.expanduser())
    elif secrets.api_key:
        arguments["api_key"] = credentials.key(secrets.api_key.get_secret_value(), "HYBRIDSEARCH_API_KEY")
    elif section.username:
        if not secrets.password:
            raise ConfigError("'engine.username' is set but no password: set the environment's HYBRIDSEARCH_PASSWORD.")
        given = secrets.password.get_secret_value()
        password = credentials.password(given, "HYBRIDSEARCH_PASSWORD", username=section.username)
        arguments["basic_auth"] = credentials.basic(section.username, password)
    if section.ca_file:
        file = folder / section.ca_file.expanduser()
        if not file.is_file():
            raise ConfigError(f"The CA file {shown(file)} is missing. Check 'engine.ca_file'.")
        arguments["ca_certs"] = str(file)
    if not section.verify_certs:
        log.warning(
            "'engine.verify_certs' is false: anybody between here and the server may read and change everything."
        )
        arguments |= {"verify_certs": False, "ssl_show_warn": False}
    if section.fingerprint:
        arguments["ssl_assert_fingerprint"] = section.fingerprint
    return arguments


def require_address(url: str) -> None:
    """Refuse an address that is none."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError(f"'engine.url' is '{url}', expected something like 'http://localhost:9200'.")


@contextlib.contextmanager
def explained(url: str, index: str) -> Iterator[None]:
    """Turn what the client raises into an EngineError with one clear sentence, which shows no secret."""
    with guarded(EngineError), translated(url, index):
        yield


@contextlib.contextmanager
def translated(url: str, index: str) -> Iterator[None]:
    """Turn what the client raises into an EngineError; what led to it is shown with it."""
    try:
        yield
    except UnsupportedProductError as error:
        raise EngineError(
            f"{url} answers, but not as Elasticsearch: a proxy's page, or another product. Check 'engine.url'."
        ) from error
    except TlsError as error:
        failed, remedy = failed_check(error)
        raise EngineError(f"No trusted connection to {url}: {failed}. {remedy}") from error
    except AnswerTooLong as error:
        raise EngineError(f"{url} sent {error.message}.") from error
    except (ConnectionTimeout, OutOfTime) as error:
        raise EngineError(f"{url} did not answer in time. Check its load, or raise 'engine.timeout'.") from error
    except ConnectionError as error:
        raise EngineError(
            f"Cannot reach Elasticsearch at {url}: {reason(error)}. Check that it runs, and its host and port."
        ) from error
    except UnexpectedAnswer as error:
        raise EngineError(
            f"{url} sent an answer that is not what Elasticsearch sends ({error.message}): another product or version "
            "answers, or a document was edited by hand. Check 'engine.url'."
        ) from error
    except SerializationError as error:
        raise EngineError(
            f"{url} sent an answer that is not whole JSON: a proxy's page, or one that it cut. Check 'engine.url'."
        ) from error
    except ApiError as error:
        raise refused(error, url, index) from error


def json_of(answer: ApiResponse[Any]) -> Mapping[str, Any]:
    """Return the body of an answer.

    Raises:
        SerializationError: It is not an object but text: a proxy's page, which the client takes for an answer.
    """
    if not isinstance(answer.body, Mapping):
        raise SerializationError(f"expected JSON, found {answer.meta.mimetype}")
    return answer.body


def failed_check(error: TlsError) -> tuple[str, str]:
    """Return which check of the server's certificate failed, and what to do; never to switch the checks off."""
    remedy = "Give its CA file in 'engine.ca_file'."
    cause = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message, REMEDIES.get(cause.verify_code, remedy)
    message = redacted(str(error.message)).splitlines()[0][:200]
    return message, REMEDIES[62] if type(cause).__name__ == "CertificateError" else remedy


def reason(error: ConnectionError) -> str:
    """Return the innermost reason of a failed connection in plain words."""
    message = f"{error.message} {error.errors}".lower()
    for sign, words in (
        ("refused", "connection refused"),
        ("name or service", "unknown host name"),
        ("resolve", "unknown host name"),
        ("reset", "connection reset"),
        ("aborted", "connection closed"),
    ):
        if sign in message:
            return words
    return redacted(str(error.message)).splitlines()[0][:200]


def refused(error: ApiError, url: str, index: str) -> EngineError:
    """Return the error for an answer that the server refused with."""
    kind, why = error_of(error.body)
    status = error.meta.status
    if is_leaderless(status, kind):
        return EngineError(f"The cluster at {url} has no master: too few of its nodes run. Start them, then repeat.")
    if kind == BLOCKED:
        block = blocked(index, why)
        return EngineError(
            f"'{index}' at {url} refused ({why}): {block}"
            if block
            else f"'{index}' at {url} takes no writes: {why}. Free disk space or remove the block, then repeat."
        )
    if kind == "index_not_found_exception":
        return IndexMissing(f"Index '{index}' is missing at {url}. Create it with: hybridsearch reindex")
    if kind == "media_type_header_exception":
        version = client_version()
        return EngineError(
            f"The elasticsearch client {version} cannot talk to the server at {url}, which is older. "
            'Install one that can: pip install "elasticsearch>=8.19,<9"'
        )
    if status == 401:
        return EngineError(f"{url} does not accept the credentials. Set HYBRIDSEARCH_API_KEY or 'engine.username'.")
    if status == 403:
        return EngineError(f"{url} refused: a privilege is missing on '{index}': {why}. Grant it or use another key.")
    return EngineError(f"{url} refused ({status}, {kind}): {why}. Run: hybridsearch doctor")


def error_of(body: object) -> tuple[str, str]:
    """Return type and reason of the innermost cause in an error answer."""
    try:
        error = read(REFUSED, body)["error"]
    except UnexpectedAnswer:
        return "error", redacted(str(body))[:300]
    if isinstance(error, str):
        return "error", redacted(error)[:300]
    deepest: Cause = next(iter(error.get("root_cause") or [error]))
    if shards := error.get("failed_shards"):
        deepest = shards[0]["reason"]
    while cause := deepest.get("caused_by"):
        deepest = cause
    reason = deepest.get("reason") or error.get("reason") or deepest.get("type") or ""
    return error.get("type") or "error", redacted(reason)[:300]


def causes_of(body: object) -> list[str | None]:
    """Return the types of the causes in an error answer."""
    try:
        error = read(REFUSED, body)["error"]
    except UnexpectedAnswer:
        return []
    return [] if isinstance(error, str) else [cause.get("type") for cause in error.get("root_cause", ())]


def client_version() -> str:
    """Return the version of the Python client."""
    return importlib.metadata.version("elasticsearch")


def version_of(info: object) -> tuple[int, ...]:
    """Return the version number of a server as a tuple.

    Raises:
        EngineError: It is older than the versions that this library was tested on.
    """
    number = read(INFO, info)["version"]["number"]
    version = tuple(map(int, SUFFIX.split(number)[0].split(".")))
    if version < OLDEST:
        raise EngineError(
            f"Elasticsearch {number} is too old, {OLDEST[0]}.{OLDEST[1]} or later is needed. Upgrade the server."
        )
    return version
