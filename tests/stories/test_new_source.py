"""A new source of queries is registered, not woven in: `audio`, with an encoder that hears words as it reads them.

What the tests below put in from outside, a real source writes into these files, eight with its encoder and the docs:

1. `hybridsearch/query_sources.py`: the entry of `QUERY_SOURCES`.
2. `hybridsearch/encoders/sources.py`: the entry of `ENCODABLE`, how a recording becomes a vector.
3. the encoder's own file: `reads` names the source.
4. `hybridsearch/search/prior.json`: `audio.*`, and its floor.
5. `hybridsearch/client.py`: `plan` and `search` take it, and hand it to `plan_query`.
6. `hybridsearch/async_client.py`: so do those for asyncio.
7. `hybridsearch/cli/search.py`: the option `--audio`.
8. `docs/architecture.md`: the table of signals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridsearch import HybridSearch
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.sources import ENCODABLE, Encodable
from hybridsearch.errors import EncoderError, QueryError, WeightsError
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.result_lists import bare
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.query_sources import QUERY_SOURCES, QuerySource
from hybridsearch.schema import Calibration
from hybridsearch.search import weights
from hybridsearch.search.planner import Query, kind_of
from hybridsearch.search.signals import signal_names
from hybridsearch.settings import Settings
from hybridsearch.values import Page, Vectors
from tests.shops import settings, write_products

TITLES = ("red coat", "blue coat", "green boots", "white mug", "black bag", "grey hat", "pink scarf", "brown belt")
PRODUCTS = [{"id": str(number), "title": title} for number, title in enumerate(TITLES, 1)]
LEG = {"name": "title", "encoder": "ears", "reads": ["title"]}
WEIGHTS: dict[str, Any] = {
    "signals": {"text": 0.2, "words.*": 0.3, "audio.*": 0.4, "audio.title": 0.5},
    "floors": {"audio": 0.25},
}


class Ears:
    """Reads a text as the sum of its words' directions, and hears a recording as what is said in it, with noise."""

    name = "ears"
    dims = 32
    fingerprint = "0123456789abcdef"
    enough = 0

    def __init__(self, reads: Sequence[str] = ("words", "audio")) -> None:
        self.reads = frozenset(reads)
        self.heard: list[bytes] = []
        self.works = True

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return unit(np.array([sum(direction(word) for word in text.lower().split()) for text in texts]))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        raise EncoderError(f"{self.name} reads none of {len(images)} pictures.")

    def encode_audio(self, clips: Sequence[bytes]) -> Vectors:
        if not self.works:
            raise EncoderError("The microphone is broken.")
        self.heard += clips
        return unit(self.encode_texts([clip.decode() for clip in clips]) + 0.05 * direction("noise"))


def unit(rows: np.ndarray[Any, Any]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def direction(word: str) -> np.ndarray[Any, Any]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(Ears.dims)


class Hearing(Encoders):
    """Every leg is encoded by ears."""

    def __init__(self, settings: Settings, ears: Ears) -> None:
        super().__init__(settings)
        self.ears = ears

    def __getitem__(self, name: str) -> Encoder:
        return self.ears


class Shop(HybridSearch):
    """The client with the argument that a real source would have."""

    def hear(self, audio: bytes, text: str = "") -> Page:
        return self.engine.search(self.plan_query(self.engine.schema(), Query(text), {"audio": audio}))


def listening(folder: Path, ears: Ears, *, weighted: bool = True, built: bool = True) -> Shop:
    """Open a shop whose leg is encoded by ears, and index its catalogue unless that was done before."""
    write_products(folder / "products.jsonl", PRODUCTS)
    (folder / "weights.json").write_text(json.dumps(WEIGHTS))
    wanted = settings(
        folder,
        fields={"title": "title", "languages": ["en"]},
        vectors=[LEG],
        weights={"path": "weights.json"} if weighted else {},
    )
    found = Shop.open(wanted)
    found.encoders = Hearing(wanted, ears)
    if built:
        found.reindex()
    return found


def register(patch: pytest.MonkeyPatch, **changes: Any) -> QuerySource:
    """Add the source as a file of the package would."""
    audio = QuerySource("audio", "a recording", "sound", **{"stand_in": "products", **changes})
    patch.setitem(QUERY_SOURCES, "audio", audio)
    patch.setitem(ENCODABLE, "audio", lambda ears, clip: Encodable(clip, lambda: ears.encode_audio([clip])))
    return audio


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> QuerySource:
    return register(monkeypatch)


def test_a_recording_finds_what_is_said_in_it(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears()) as shop:
        page = shop.hear(b"blue coat")
        plan = shop.plan_query(shop.engine.schema(), Query(), {"audio": b"blue coat"})
    assert (plan.kind, plan.reason) == ("audio", "a recording came without words")
    assert (page[0].id, page.degraded) == ("2", ())
    assert set(page[0].signals) == {"audio.title"}
    assert page[0].score == pytest.approx(page[0].signals["audio.title"], abs=1e-5)


def test_its_weight_and_its_floor_are_those_of_the_weights_file(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears()) as shop:
        plan = shop.plan_query(shop.engine.schema(), Query(), {"audio": b"red coat"})
        (leg,) = shop.engine.schema().legs
    (signal,), (near,) = plan.signals, plan.neighbours
    scale = leg.calibration("audio")
    assert (signal.name, signal.weight) == ("audio.title", 0.5)
    assert near.floor == pytest.approx(scale.low + 0.25 * (scale.high - scale.low))


def test_without_a_weight_it_still_finds_candidates(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears(), weighted=False) as shop:
        plan = shop.plan_query(shop.engine.schema(), Query(), {"audio": b"red coat"})
    assert (len(plan.neighbours), plan.signals) == (1, ())


def test_a_weights_file_may_name_it_only_where_it_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=r"unknown signal 'audio\.\*'"):
        weights.parse(json.dumps(WEIGHTS), "weights.json")
    register(monkeypatch)
    assert weights.parse(json.dumps(WEIGHTS), "weights.json").weight("audio.any") == 0.4


def test_it_has_a_calibration_of_its_own_which_the_index_keeps(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears()):
        pass
    with listening(tmp_path, Ears(), built=False) as shop:
        (leg,) = shop.engine.schema().legs
    assert leg.calibration("audio").high == 1.0
    assert leg.calibration("audio") != leg.calibration("words") != Calibration()
    assert set(leg.to_json()) >= {"words", "photo", "audio"}


def test_an_index_from_before_it_existed_is_read_and_its_cosines_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with listening(tmp_path, Ears(), weighted=False) as shop:
        stored = shop.engine.schema().to_json()
    assert "audio" not in stored["legs"][0]
    register(monkeypatch)
    with listening(tmp_path, Ears(), built=False) as shop:
        (leg,) = shop.engine.schema().legs
        assert shop.hear(b"blue coat")[0].id == "2"
    assert leg.calibration("audio") == Calibration()


def test_words_and_a_recording_also_look_in_the_middle_of_both(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears()) as shop:
        plan = shop.plan_query(shop.engine.schema(), Query("blue"), {"audio": b"coat"})
        page = shop.hear(b"coat", "blue")
    assert (plan.kind, plan.reason) == ("audio and words", "a recording came with words")
    assert [signal.name for signal in plan.signals] == ["text", "words.title", "audio.title"]
    words, heard, middle = (near.vector.array for near in plan.neighbours)
    assert middle == pytest.approx((words + heard) / np.linalg.norm(words + heard), abs=1e-6)
    assert page[0].id == "2"


def test_a_recording_that_is_known_is_not_encoded_again(audio: QuerySource, tmp_path: Path) -> None:
    ears = Ears()
    with listening(tmp_path, ears) as shop:
        pages = [shop.hear(b"red coat") for _ in range(3)]
    assert ears.heard == [b"red coat"]
    assert pages[0].hits == pages[2].hits


def test_where_it_is_required_a_search_fails_without_it(audio: QuerySource, tmp_path: Path) -> None:
    ears = Ears()
    with listening(tmp_path, ears) as shop:
        ears.works = False
        with pytest.raises(EncoderError, match="microphone"):
            shop.hear(b"red coat", "red")


def test_where_it_is_not_required_the_rest_of_the_query_answers_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    register(monkeypatch, required=False)
    ears = Ears()
    with listening(tmp_path, ears) as shop:
        ears.works = False
        page = shop.hear(b"red coat", "red")
    assert (page[0].id, page.degraded) == ("1", ("no vectors from 'title': The microphone is broken.",))


@pytest.mark.parametrize(("leg_reads", "advice"), [(None, "an encoder that reads sound"), ("sound", 'reads = "sound"')])
def test_where_no_leg_reads_it_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, leg_reads: str | None, advice: str
) -> None:
    sentence = (
        "A recording was given, but no vector leg of the index reads sound. "
        f"Add [[vectors]] with {advice} and run: hybridsearch reindex"
    )
    register(monkeypatch, leg_reads=leg_reads)
    with listening(tmp_path, Ears(reads=("words",) if leg_reads is None else ("words", "audio"))) as shop:
        with pytest.raises(QueryError) as refused:
            shop.hear(b"red coat")
        assert str(refused.value) == sentence
        register(monkeypatch, leg_reads=leg_reads, required=False)
        assert shop.hear(b"red coat", "red").degraded == (sentence,)


def test_weights_are_learned_for_it_from_the_values_that_serving_adds_up(audio: QuerySource, tmp_path: Path) -> None:
    with listening(tmp_path, Ears()) as shop:
        schema, used = shop.engine.schema(), shop.weights[0]
        query = Query("red", ("audio",))
        vectors = {source: {"title": shop.encoders.vector("title", source, value)} for source, value in SAID.items()}
        prepared = PreparedQuery(JudgedQuery("red"), query, kind_of(query, schema)[0], vectors)
        values = shop.engine.search(prepared.plan(schema, bare(used)))[0].signals
        served = shop.engine.search(prepared.plan(schema, used))[0].signals
    assert signal_names(schema)[-2:] == ("words.title", "audio.title")
    assert served["audio.title"] == pytest.approx(0.5 * values["audio.title"])
    assert served["words.title"] == pytest.approx(0.3 * values["words.title"])


SAID: dict[str, Any] = {"words": "red", "audio": b"red coat"}
