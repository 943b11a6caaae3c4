"""Real speech, by a real recogniser, on both engines: what is spoken finds what is typed, and nothing takes long.

`whisper` is tested here, where its words count and not their spelling.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import RecogniserError
from tests.engines.builders import on_both_engines
from tests.servers.whisper import say
from tests.shops import shop
from tests.voice.recordings import FORMATS, recorded, tone, wav

pytestmark = pytest.mark.beside_one_server

Shops = tuple[HybridSearch, HybridSearch]

GOODS = ("umbrella", "toner cartridge", "memory stick", "winter coat", "bicycle", "armchair", "blue backpack", "kettle")
PRODUCTS = [
    {"id": f"{color[0]}{number}", "title": f"{color} {good}", "brand": "Acme", "price": number}
    for color in ("red", "blue", "white")
    for number, good in enumerate(GOODS)
]
PATIENCE = 10.0
"""Seconds for one call on a machine that does other things besides; alone it takes half a second."""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, es_url: str, spoken: Path) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("voice")
    voice = {"recogniser": str(spoken), "languages": ["en"]}
    with on_both_engines(folder, es_url, PRODUCTS, voice=voice) as both:
        both[0].warm_up()
        yield both


@pytest.fixture(scope="module")
def heard(shops: Shops) -> HybridSearch:
    return shops[0]


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize("words", ["red umbrella", "toner cartridge", "winter coat", "white armchair", "blue backpack"])
def test_spoken_words_find_first_what_they_find_typed(shops: Shops, words: str, voice: str) -> None:
    recording = say(words, voice)
    pages = [each.search(audio=recording) for each in shops]
    typed = [each.search(words) for each in shops]
    assert [page[0].id for page in pages] == [page[0].id for page in typed]
    assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
    assert pages[0].heard
    assert pages[0].heard.language == "en"
    assert 0 < pages[0].heard.confidence <= 1


def resampled(recording: bytes, rate: int) -> NDArray[np.int16]:
    """Return the samples of a recording of flite at another rate, by nearest neighbours in time."""
    with wave.open(io.BytesIO(recording)) as read:
        samples = np.frombuffer(read.readframes(read.getnframes()), dtype="<i2")
        moments = np.arange(0, len(samples), read.getframerate() / rate)
    values: NDArray[np.int16] = np.interp(moments, np.arange(len(samples)), samples).astype(np.int16)
    return values


@pytest.mark.parametrize("name", FORMATS)
def test_what_browsers_and_telephones_record_is_understood(heard: HybridSearch, name: str) -> None:
    container, codec, rate = FORMATS[name]
    recording = recorded(resampled(say("red umbrella"), rate), container, codec, rate)
    assert heard.search(audio=recording)[0].id == "r0"


def test_a_telephone_is_understood(heard: HybridSearch) -> None:
    recording = recorded(resampled(say("red umbrella"), 8_000), "wav", "pcm_s16le", 8_000)
    assert heard.search(audio=recording)[0].id == "r0"


@pytest.mark.parametrize(
    "samples",
    [
        tone(2.0) * 0,
        tone(2.0),
        (np.random.default_rng(3).normal(0, 3000, 32_000)).astype(np.int16),
        (np.random.default_rng(3).normal(0, 300, 240_000)).astype(np.int16),
    ],
    ids=["silence", "tone", "noise", "long noise"],
)
def test_where_nobody_speaks_nothing_is_found_in_bounded_time(heard: HybridSearch, samples: NDArray[np.int16]) -> None:
    started = time.perf_counter()
    page = heard.search(audio=wav(samples))
    assert time.perf_counter() - started < PATIENCE
    assert page.total == 0
    assert page.notes == ("nothing was said in the recording",)
    assert page.heard
    assert page.heard.text == ""


def test_of_two_minutes_the_beginning_is_heard_in_bounded_time(heard: HybridSearch) -> None:
    speech = resampled(say("red umbrella"), 16_000)
    long = np.concatenate([speech, *[resampled(say("and so on and on and on"), 16_000)] * 60])[: 120 * 16_000]
    started = time.perf_counter()
    page = heard.search(audio=wav(long))
    assert time.perf_counter() - started < PATIENCE
    assert "only the first 15 s of the recording were heard" in page.notes
    assert page.heard
    assert page.heard.text.lower().startswith("red")
    assert len(page.query) <= 256


def test_silence_around_the_words_changes_nothing(heard: HybridSearch) -> None:
    quiet = tone(2.0) * 0
    speech = resampled(say("red umbrella"), 16_000)
    assert heard.search(audio=wav(np.concatenate([quiet, speech, quiet])))[0].id == "r0"


def test_a_photo_s_words_may_be_spoken_and_filters_hold(heard: HybridSearch) -> None:
    page = heard.search(audio=say("red umbrella"), filters={"price": {"gte": 3}})
    assert all(hit.product["price"] >= 3 for hit in page)


def test_coroutines_hear_several_at_once_and_other_searches_do_not_wait(
    tmp_path: Path, spoken: Path, heard: HybridSearch
) -> None:
    recording = say("red umbrella")

    async def run() -> tuple[list[str], float]:
        async with AsyncHybridSearch.open(heard.settings) as opened:
            await opened.warm_up()
            speaking = [asyncio.create_task(opened.search(audio=recording)) for _ in range(4)]
            await asyncio.sleep(0)
            started = time.perf_counter()
            await opened.search("winter coat")
            waited = time.perf_counter() - started
            return [page[0].id for page in await asyncio.gather(*speaking)], waited

    ids, waited = asyncio.run(run())
    assert ids == ["r0"] * 4
    assert waited < 1.0


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_process_that_is_forked_from_one_that_heard_hears_too(tmp_path: Path, spoken: Path) -> None:
    """Gunicorn with `preload_app`: the threads of the model stay with the parent."""
    recording = tmp_path / "said.wav"
    recording.write_bytes(say("winter coat"))
    with shop(tmp_path, voice={"recogniser": str(spoken)}):
        pass
    code = f"""
import os
from hybridsearch import HybridSearch, Settings
from tests.shops import settings
from pathlib import Path
shop = HybridSearch.open(settings(Path({str(tmp_path)!r}), voice={{"recogniser": {str(spoken)!r}}}))
assert shop.search(audio={str(recording)!r}).total
if child := os.fork():
    print(os.waitpid(child, 0)[1])
else:
    os._exit(0 if shop.search(audio={str(recording)!r}).total else 3)
"""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.stdout == "0\n", done.stderr


def test_a_damaged_model_is_an_error(tmp_path: Path, spoken: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for file in spoken.iterdir():
        (model / file.name).write_bytes(file.read_bytes()[:1000])
    with (
        shop(tmp_path, voice={"recogniser": "model"}) as opened,
        pytest.raises(RecogniserError, match="cannot be load"),
    ):
        opened.search(audio=say("red umbrella"))
