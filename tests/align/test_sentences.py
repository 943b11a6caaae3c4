"""Alignment of a leg that reads text (`sentences`): a real encoder and a `linear` map from judgments or attributes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from benchmarks import align_texts
from hybridsearch import HybridSearch
from hybridsearch.align import linear
from hybridsearch.align.run import align
from hybridsearch.align.sentences import prompts_of, save
from hybridsearch.cli import run
from hybridsearch.disk.home import Home
from hybridsearch.encoders import load_encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.models.folder import open_model
from hybridsearch.encoders.prompts import Prompts
from hybridsearch.errors import CatalogError, EncoderError, GateError
from hybridsearch.learning.sources import judgments
from hybridsearch.settings import Settings
from tests import shops, tiny_models
from tests.align.test_run import name_of

COUNT = 240


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.sentences(tmp_path_factory.mktemp("models") / "sentences")


def shop(folder: Path, encoder: Path | str, *, judged: int = 0, **prompts: str) -> Settings:
    """Write a catalogue, judgments of queries that say the same in other words, and return the shop's settings."""
    names = [name_of(7 * number) for number in range(COUNT)]
    rows = [
        {"id": str(number), "title": f"thing {name} zz", "note": f"{name} qqqq"} for number, name in enumerate(names)
    ]
    shops.write_products(folder / "products.jsonl", rows)
    lines = [{"query": f"{name} qqqq", "product_id": str(number), "grade": 2} for number, name in enumerate(names)]
    (folder / "judged.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:judged]))
    more: dict[str, Any] = {"judgments": {"path": "judged.jsonl"}} if judged else {}
    vectors = [{"name": "words", "encoder": str(encoder), "reads": ["title"], **prompts}]
    shops.write_config(folder, fields={"title": "title", "text": ["note"]}, vectors=vectors, **more)
    return Settings.load(folder / "hybridsearch.toml")


@pytest.fixture(scope="module")
def adopted(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Any]:
    """A shop whose encoder has learned from judged queries."""
    settings = shop(tmp_path_factory.mktemp("adopted"), model, judged=COUNT)
    return settings, align(settings)


def test_a_query_finds_its_product_with_words_that_only_shoppers_use(adopted: tuple[Settings, Any]) -> None:
    _, report = adopted
    assert report.adopted
    assert report.of == "queries"
    assert report.counts == {
        "products": COUNT,
        "rejected": 0,
        "without_words": 0,
        "candidates": COUNT,
        "train": 168,
        "validation": 24,
        "held_out": 48,
    }
    assert report.reason.startswith("on 48 held-out queries, query to product: MAP ")
    assert "48 queries of which none is nearly the same" in (Path(report.encoder) / "README.md").read_text()


def test_the_new_encoder_is_the_old_one_with_a_map_behind_it(adopted: tuple[Settings, Any], model: Path) -> None:
    settings, report = adopted
    base, new = (load_encoder(str(folder), folder=settings.folder) for folder in (model, report.encoder))
    assert new.fingerprint == report.fingerprint != base.fingerprint == report.base_fingerprint
    modules = json.loads((Path(report.encoder) / "modules.json").read_text())
    assert [each["type"].rpartition(".")[2] for each in modules[-3:]] == ["Normalize", "Dense", "Normalize"]
    texts = ["a thing", "another one"]
    assert not np.allclose(base.encode_texts(texts), new.encode_texts(texts), atol=0.01)


def test_an_encoder_with_a_map_states_the_prompts_that_the_leg_had(model: Path, tmp_path: Path) -> None:
    prompts, weight = Prompts("q: ", "p: "), np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    base = load_encoder(str(model), prompts=prompts, folder=tmp_path)
    save(open_model(model), weight, prompts_of(base), tmp_path / "new")
    new = load_encoder(str(tmp_path / "new"), folder=tmp_path)
    assert new.fingerprint == load_encoder(str(tmp_path / "new"), prompts=prompts, folder=tmp_path).fingerprint
    assert prompts_of(new) == prompts
    for asked, found in ((base.encode_queries, new.encode_queries), (base.encode_texts, new.encode_texts)):
        mapped = asked(["a thing"]) @ weight.T
        assert np.allclose(found(["a thing"]), mapped / np.linalg.norm(mapped), atol=1e-5)


def test_a_map_is_learned_behind_the_prompts_of_the_leg(model: Path, tmp_path: Path) -> None:
    settings = shop(tmp_path, model, judged=COUNT, query_prompt="q: ", passage_prompt="p: ")
    report = align(settings)
    base = load_encoder(str(model), prompts=Prompts("q: ", "p: "), folder=tmp_path)
    assert report.base_fingerprint == base.fingerprint
    with EncodeCache(Home(settings.home).vectors) as cache:
        assert cache.queries(base, list(report.held_out)).hits == len(report.held_out)


def test_a_rebuild_with_the_new_encoder_finds_all_vectors_of_the_products(adopted: tuple[Settings, Any]) -> None:
    settings, report = adopted
    encoder = load_encoder(report.encoder, folder=settings.folder)
    titles = [json.loads(line)["title"] for line in (settings.folder / "products.jsonl").read_text().splitlines()]
    with EncodeCache(Home(settings.home).vectors) as cache:
        kept = cache.texts(encoder, titles)
    assert kept.hits == COUNT
    assert np.allclose(kept.vectors, encoder.encode_texts(titles), atol=1e-4)
    leg = settings.vectors[0].model_copy(update={"encoder": report.encoder})
    with HybridSearch.open(settings.model_copy(update={"vectors": (leg,)})) as aligned_shop:
        aligned_shop.reindex()
        assert aligned_shop.engine.schema().legs[0].fingerprint == report.fingerprint


def test_the_held_out_queries_lie_beside_the_encoder_to_measure_it_on(adopted: tuple[Settings, Any]) -> None:
    _, report = adopted
    held_out = judgments.read(Path(report.encoder) / "alignment" / "judgments.jsonl")
    assert sorted(query.text for query in held_out.queries) == sorted(report.held_out)
    assert {grade for query in held_out.queries for grade in query.grades.values()} == {2.0}


def test_the_same_run_ends_with_the_same_encoder(adopted: tuple[Settings, Any]) -> None:
    settings, report = adopted
    assert align(settings, output=settings.folder / "again").fingerprint == report.fingerprint


def test_an_aligned_encoder_can_be_aligned_again(
    adopted: tuple[Settings, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, report = adopted
    monkeypatch.setattr(linear, "EPOCHS", 1)
    leg = settings.vectors[0].model_copy(update={"encoder": report.encoder})
    again = align(settings.model_copy(update={"vectors": (leg,)}), output=settings.folder / "twice")
    assert again.base_fingerprint == report.fingerprint


def test_attribute_values_are_learned_from_where_nothing_is_judged(model: Path, tmp_path: Path) -> None:
    settings = shop(tmp_path, model)
    report = align(settings)
    assert report.of == "phrases"
    assert report.held_out[0].split()[0] in {"qqqq", *map(name_of, range(7 * COUNT))}
    assert report.training["looks"][0]["step"] == 0
    assert not list(tmp_path.glob("aligned-*/alignment/judgments.jsonl"))


def test_an_encoder_that_does_not_get_better_is_not_written(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "EPOCHS", 0)
    report = align(shop(tmp_path, model, judged=COUNT))
    assert not report.adopted
    assert report.encoder is None
    left = Home(tmp_path / ".hybridsearch").align("words")
    assert list(left.folder.iterdir()) == [left.report]
    assert not list(tmp_path.glob("aligned-*"))


def test_an_interrupted_run_encodes_nothing_again(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = shop(tmp_path, model, judged=COUNT)
    monkeypatch.setattr(linear, "EPOCHS", 2)

    def tell(stage: str, *_: Any) -> None:
        if stage == "learning":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align(settings, progress=tell)
    encoder = load_encoder(str(model), folder=tmp_path)
    with EncodeCache(Home(settings.home).vectors) as cache:
        assert cache.texts(encoder, ["thing aaa zz"]).hits == 1
    assert align(settings).training["step"] > 0


def test_too_few_judged_queries_are_refused(model: Path, tmp_path: Path, capsys: Any) -> None:
    shop(tmp_path, model, judged=3)
    assert run(["align", "-c", str(tmp_path / "hybridsearch.toml")]) == 1
    assert "Found 3 different queries with a relevant product in the catalogue, at least 200" in capsys.readouterr().err


def test_products_without_attribute_values_are_refused(model: Path, tmp_path: Path) -> None:
    settings = shop(tmp_path, model)
    bare = settings.fields.model_copy(update={"text": ()})
    with pytest.raises(GateError, match=r"Found 0 different phrases .* Name judgments or clicks in \[judgments\]"):
        align(settings.model_copy(update={"fields": bare}))


def test_an_encoder_behind_an_address_is_refused(tmp_path: Path) -> None:
    settings = shop(tmp_path, "https://models.example.com/v1/embeddings#bge", judged=3)
    with pytest.raises(EncoderError, match=r"Choose a sentence encoder, such as 'minilm', or adapt the model where it"):
        align(settings)


def test_a_clip_is_refused_for_a_leg_that_reads_text(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"for a leg that reads text only a sentence encoder can be aligned"):
        align(shop(tmp_path, "starter"))


def test_judgments_that_are_not_there_are_refused(model: Path, tmp_path: Path) -> None:
    settings = shop(tmp_path, model, judged=3)
    (tmp_path / "judged.jsonl").unlink()
    with pytest.raises(CatalogError, match=r"judged.jsonl"):
        align(settings)


def test_the_benchmark_measures_queries_that_were_set_aside(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(linear, "EPOCHS", 3)
    settings = shop(tmp_path, model, judged=COUNT)
    config = tmp_path / "hybridsearch.toml"
    config.write_text(config.read_text().replace('[judgments]\npath = "judged.jsonl"\n', ""))
    judged = str(settings.folder / "judged.jsonl")
    monkeypatch.setattr("sys.argv", ["align_texts", "--config", str(config), "--judgments", judged, "--queries", "20"])
    align_texts.main()
    said = capsys.readouterr().out
    assert "20 queries aside, 220 to learn from" in said
    assert "before  tuned: " in said
