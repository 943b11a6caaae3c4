"""What a shop imports: every public name is there, and nothing heavy comes with it."""

import importlib.metadata
import subprocess
import sys
import time

import pytest

import hybridsearch

HEAVY = {"torch", "sentence_transformers", "transformers", "elasticsearch", "numpy", "PIL", "jieba"}


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_all_is_what_can_be_imported() -> None:
    assert set(hybridsearch.__all__) == {*hybridsearch._HOMES, "__version__"}
    for name in hybridsearch.__all__:
        assert getattr(hybridsearch, name) is not None
    assert hybridsearch.__all__ == sorted(hybridsearch.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'hybridsearch' has no attribute 'Serach'"):
        _ = hybridsearch.Serach


def test_the_package_carries_its_version() -> None:
    assert hybridsearch.__version__ == importlib.metadata.version("hybridsearch")
    assert run("-m", "hybridsearch", "--version").split()[-1] == hybridsearch.__version__


@pytest.mark.parametrize(
    "statement",
    ["import hybridsearch", "from hybridsearch import cli; cli.run(['--help'])", "import hybridsearch.errors"],
)
def test_nothing_heavy_is_imported_before_it_is_used(statement: str) -> None:
    loaded = run("-c", f"{statement}\nimport sys; print('modules:', *sys.modules)").rpartition("modules: ")[2].split()
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("module", ["hybridsearch.clients.client", "hybridsearch.cli.search", "hybridsearch.cli.demo"])
def test_a_search_without_vectors_never_loads_torch(module: str) -> None:
    loaded = run("-c", f"import {module}, sys; print(*sys.modules)").split()
    assert not {"torch", "sentence_transformers", "transformers"} & set(loaded)


def test_help_is_there_within_a_second() -> None:
    def seconds() -> float:
        started = time.perf_counter()
        run("-m", "hybridsearch", "--help")
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 1  # 0.1 s on an idle machine; the aim is 0.3
