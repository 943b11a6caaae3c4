"""Which engine a configuration opens: the scheme of its URL decides, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.engines import ENGINES, open_engine
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.errors import ConfigError
from tests.installed import install
from tests.shops import settings


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        ({}, EmbeddedEngine),
        ({"url": "http://127.0.0.1:9200"}, ElasticsearchEngine),
        ({"url": "HTTPS://127.0.0.1:9200"}, ElasticsearchEngine),
        ({"url": ["https://127.0.0.1:9200", "http://127.0.0.1:9201"]}, ElasticsearchEngine),
    ],
)
def test_no_url_is_the_embedded_engine_and_http_is_elasticsearch(
    tmp_path: Path, engine: dict[str, Any], kind: type
) -> None:
    opened = open_engine(settings(tmp_path, engine=engine))
    assert type(opened) is kind
    opened.close()


def test_a_new_engine_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(EmbeddedEngine):
        pass

    monkeypatch.setitem(ENGINES, "elsewhere", lambda settings, _: Elsewhere(settings.home, settings.engine.index))
    assert type(open_engine(settings(tmp_path, engine={"url": "elsewhere://host"}))) is Elsewhere


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "htps://127.0.0.1:9200",
            "'engine.url' should be something like 'http://localhost:9200', but its scheme 'htps' is unknown. "
            "Did you mean 'https'? Expected one of: http, https.",
        ),
        (
            "embedded://here",
            "'engine.url' should be something like 'http://localhost:9200', but its scheme 'embedded' is unknown. "
            "Expected one of: http, https.",
        ),
        (
            "127.0.0.1:9200",
            "'engine.url' has no scheme, expected something like 'http://localhost:9200'.",
        ),
    ],
)
def test_an_unknown_scheme_is_refused_with_the_known_ones(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_engine(settings(tmp_path, engine={"url": url}))
    assert str(refused.value) == sentence


def test_an_engine_of_another_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    module = (
        "from hybridsearch.engines.embedded import EmbeddedEngine\n"
        "def opened(settings, replace_index):\n"
        "    return EmbeddedEngine(settings.home / 'elsewhere', settings.engine.index)\n"
    )
    install(tmp_path / "site", "elsewhere", module, {"hybridsearch.engines": {"elsewhere": "elsewhere:opened"}})
    program = (
        "from pathlib import Path; from tests.shops import shop;"
        f"found = shop(Path({str(tmp_path)!r}), engine={{'url': 'elsewhere://host'}});"
        "print([hit.id for hit in found.search('red coats')])"
    )
    path = os.pathsep.join([str(tmp_path / "site"), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout == "['3']\n"
    assert (tmp_path / ".hybridsearch" / "elsewhere" / "products" / "current").exists()
