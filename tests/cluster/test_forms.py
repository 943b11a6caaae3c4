"""Blocks in this process, on Dask and on Ray: the same vectors, whatever is killed.

What runs there is in `worker.py`, what hands it out in `encode.py`; what keeps a Ctrl-C from workers, in `deaf.py`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import psutil
import pytest
import ray

from hybridsearch import HybridSearch
from hybridsearch.cluster import forms
from hybridsearch.errors import ConfigError, EncoderError
from hybridsearch.settings import Settings
from tests.cluster.conftest import BLOCK, PRODUCTS, Model, settings, title, vectors_of
from tests.shops import LISTENING, quietly, write_config

Where = dict[str, Any]
MANY = 2_100
"""Products of several blocks as a shop has them."""


@pytest.fixture(scope="module")
def dask_cluster() -> Iterator[str]:
    """The address of a cluster of two processes."""
    with distributed.LocalCluster(**forms.dask_of_our_own(2)) as cluster:
        yield str(cluster.scheduler_address)


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[None]:
    """A Ray with two processes, to which this one is connected."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(**{**forms.of_our_own(), "num_cpus": 2}, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(params=["dask", "ray"])
def cluster(request: pytest.FixtureRequest) -> Where:
    """Where many processes encode."""
    found = request.getfixturevalue(f"{request.param}_cluster")
    return {"on": request.param, **({"address": found} if found else {"workers": 2})}


@pytest.mark.usefixtures("small_blocks")
def test_many_processes_leave_the_vectors_of_one_to_the_byte_and_the_rebuild_finds_all(
    tmp_path: Path, model: Model, cluster: Where
) -> None:
    one, many = settings(tmp_path / "one", model), settings(tmp_path / "many", model)
    with HybridSearch.open(one) as shop:
        shop.reindex(options=quietly())
    model.texts.clear()
    with HybridSearch.open(many) as shop:
        report = shop.encode(**cluster)
        assert (report.read, report.rejected, report.encoded, report.cached) == (PRODUCTS + 2, 2, PRODUCTS, 0)
        assert 1 <= report.workers <= 2
        assert [model.texts[title(number)] for number in range(PRODUCTS)] == [1] * PRODUCTS
        assert vectors_of(many) == vectors_of(one)
        model.texts.clear()
        rebuilt = shop.reindex(options=quietly())
        assert (rebuilt.indexed, rebuilt.encoded, rebuilt.cached) == (PRODUCTS, 0, PRODUCTS)
    assert not model.texts


@pytest.mark.usefixtures("small_blocks")
def test_a_worker_that_is_killed_costs_its_block_alone_which_is_done_again(
    tmp_path: Path, model: Model, cluster: Where
) -> None:
    found = settings(tmp_path, model, cache={"path": "shared"})
    model.fatal = title(3 * BLOCK + 40)
    with HybridSearch.open(found) as shop:
        report = shop.encode(**cluster)
        assert (report.read, report.encoded, report.flawed) == (PRODUCTS + 2, PRODUCTS, 0)
        asked = [model.texts[title(number)] for number in range(PRODUCTS)]
        assert min(asked) == 1
        assert sum(asked) - PRODUCTS <= BLOCK
        model.texts.clear()
        assert shop.encode().cached == PRODUCTS
        assert shop.reindex(options=quietly()).encoded == 0
    assert not model.texts


def test_a_cluster_begins_with_its_arguments(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "PATIENCE", 1)
    with HybridSearch.open(settings(tmp_path, model)) as shop:
        with pytest.raises(ConfigError, match="'address' and 'workers' are those of a cluster"):
            shop.encode(workers=2)
        with pytest.raises(ConfigError, match="has the workers that it was started with"):
            shop.encode(on="dask", address="tcp://127.0.0.1:9", workers=2)
        with pytest.raises(EncoderError, match=r"Dask cluster at 'tcp://127.0.0.1:9' cannot be used: .*Start it"):
            shop.encode(on="dask", address="tcp://127.0.0.1:9")


@pytest.mark.parametrize(("on", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_that_is_not_installed_says_how_to_install_it(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, on: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with HybridSearch.open(settings(tmp_path, model)) as shop, pytest.raises(EncoderError) as caught:
        shop.encode(on=on)
    assert f"needs the package '{package}'" in str(caught.value)
    assert str(caught.value).endswith(f'Run: pip install "hybridsearch[{on}]"')


@pytest.mark.parametrize(
    ("resources", "workers", "expected"),
    [
        ({"CPU": 2.0}, 2, {"num_cpus": 1.0}),
        ({"CPU": 2.0}, 3, {"num_cpus": 0.6666}),
        ({"CPU": 16.0}, 3, {"num_cpus": 5.0}),
        ({"CPU": 64.0, "GPU": 8.0}, 8, {"num_cpus": 8.0, "num_gpus": 1.0}),
        ({"CPU": 64.0, "GPU": 4.0}, 8, {"num_cpus": 8.0, "num_gpus": 0.5}),
        ({"CPU": 64.0, "GPU": 8.0}, 2, {"num_cpus": 32.0, "num_gpus": 1.0}),
        ({}, 2, {"num_cpus": 0.5}),
    ],
)
def test_a_worker_of_ray_gets_its_share_of_the_machine(
    resources: dict[str, float], workers: int, expected: dict[str, float]
) -> None:
    assert forms.shares(resources, workers) == expected


def begun(found: Settings, folder: Path) -> subprocess.Popen[str]:
    """Begin to encode by two processes of Dask's, in a process group of its own."""
    file = write_config(folder, **found.model_dump(exclude_defaults=True, exclude={"folder"}))
    command = [sys.executable, "-c", LISTENING, "encode", "-c", str(file), "--on", "dask", "--json"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=Path.cwd()
    )


def half_way(model: Model, running: subprocess.Popen[str], count: int) -> list[psutil.Process]:
    """Wait until so many texts were asked for; return the processes of the run."""
    deadline = time.monotonic() + 120
    while sum(model.texts.values()) < count and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    model.pause = 1.0  # whoever sends the signal has time for it
    return list(psutil.Process(running.pid).children(recursive=True))


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_half_way_leaves_no_process_and_is_continued(
    tmp_path: Path, model: Model, with_signal: signal.Signals
) -> None:
    found = settings(tmp_path, model, MANY)
    model.pause = 0.05
    running = begun(found, tmp_path)
    started = half_way(model, running, MANY // 2)
    # Ctrl-C of a terminal reaches the workers too.
    (os.killpg if with_signal == signal.SIGINT else os.kill)(running.pid, with_signal)
    said = running.communicate(timeout=120)
    assert running.returncode == (130 if with_signal == signal.SIGINT else -signal.SIGKILL), said
    if with_signal == signal.SIGINT:
        assert said[1].strip().endswith("Interrupted.")
        assert "Traceback" not in said[1]
    assert started
    assert not psutil.wait_procs(started, timeout=60)[1]
    model.pause = 0.0
    before = len(vectors_of(found))
    with HybridSearch.open(found) as shop:
        report = shop.encode()
        assert report.encoded + report.cached == MANY
        assert report.cached == before
        assert MANY // 4 < before < MANY
