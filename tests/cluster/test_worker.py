"""What runs in each process: it refuses to encode where nobody would find the vectors."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from hybridsearch.cluster import worker as module
from hybridsearch.cluster.worker import Worker, encoders_of, opened
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.errors import EncoderError
from hybridsearch.indexing.build import schema_of
from hybridsearch.values import Product
from tests.cluster.conftest import Model, settings, vectors_of


@pytest.fixture
def worker(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker of a shop whose vectors lie in its file; this process has none open."""
    monkeypatch.setattr(module, "_opened", [])
    monkeypatch.setattr(module, "_encoders", [])
    found = settings(tmp_path, model)
    return Worker("1", found, schema_of(found, Encoders(found)))


def products(count: int) -> list[Product]:
    return [
        Product(str(number), {"title": f"hat {number}" if number else ""}, f"x:{number}") for number in range(count)
    ]


def test_a_worker_is_sent_without_secrets_and_encodes_a_block(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_ENCODER_KEY", "s3cret")
    monkeypatch.setenv("HYBRIDSEARCH_PASSWORD", "s3cret")
    sent = pickle.dumps(worker)
    assert b"s3cret" not in sent
    outcome = pickle.loads(pickle.dumps(pickle.loads(sent)(products(4))))
    assert outcome.seen == [False, True, True, True]
    assert (outcome.counts.encoded, outcome.counts.cached, outcome.flaws) == (3, 0, [])
    assert len(vectors_of(worker.settings)) == 3
    assert worker(products(5)).counts.cached == 3
    assert model.texts["hat 3"] == 1


def test_the_encoder_is_loaded_once_and_the_cache_opened_once_in_a_run(worker: Worker) -> None:
    first = opened(worker)
    assert opened(worker) is first
    again = opened(replace(worker, run="2"))
    assert again is not first
    assert again.builder.encoders is first.builder.encoders is encoders_of(worker.settings)


def test_another_version_another_machine_or_another_encoder_is_refused(worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"the run was started by 0\.0\. Install the same version"):
        replace(worker, version="0.0")([])
    with pytest.raises(EncoderError, match=r"lie in a file on 'elsewhere'\. Name a folder that both reach"):
        replace(worker, host="elsewhere")([])
    legs = tuple(replace(leg, fingerprint="0" * 16) for leg in worker.schema.legs)
    with pytest.raises(EncoderError, match="was built with encoder 0000"):
        replace(worker, schema=replace(worker.schema, legs=legs))([])
    shared = worker.settings.model_copy(update={"cache": worker.settings.cache.model_copy(update={"path": Path("s")})})
    beside = replace(worker, settings=shared, host="elsewhere")
    with pytest.raises(EncoderError, match="does not see the folder of vectors"):
        beside([])
    (tmp_path / "s").mkdir()
    assert beside.mark is not None
    beside.mark.write_bytes(b"")
    assert beside(products(2)).seen == [False, True]
    assert len(list((tmp_path / "s").glob("part-*.parquet"))) == 1
