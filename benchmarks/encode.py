"""Throughput of encoding through the library against the bare model on ready tensors.

    python -m benchmarks.encode [--texts FOLDER ...] [--photos FOLDER ...] [--small]

`library` starts from what a catalogue has, texts and JPEG files, and ends with vectors in a cache that was empty;
`bare` is the model alone on tensors that are ready, in the batches that the library makes. Both take turns in one
process; a ratio is the median over rounds, with the lowest and the highest, once of the time that passed and once of
the processor time of all threads, which other work on the machine does not touch. Photos are the sample's pictures,
enlarged, with the grain of a camera. `vit-b-32` is a CLIP of that size with random weights, made on the spot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from benchmarks.catalogue import SEED, report
from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.models.pretrained import IMAGES_AT_ONCE, TEXTS_AT_ONCE, PretrainedEncoder
from hybridsearch.encoders.models.towers import Clip, Sentences
from hybridsearch.images import decode
from hybridsearch.indexing.fill import BATCH

SAMPLE = Path(__file__).parent.parent / "hybridsearch" / "sample"
EDGE = 800  # pixels of a photo: what shops offer for zooming
RANDOM_CLIP = "vit-b-32"


def sample_texts(count: int) -> list[str]:
    """Return titles and descriptions of the sample, each with a number of its own."""
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [f"{row['title']} {row.get('description', '')}".strip() for row in rows]
    return [f"{found[number % len(found)]} {number}" for number in range(count)]


def sample_photos(count: int) -> list[bytes]:
    """Return JPEG files, no two of which are equal."""
    random = np.random.default_rng(SEED)
    files = sorted((SAMPLE / "images").glob("*.webp"))
    return [photo(files[number % len(files)], random) for number in range(count)]


def photo(file: Path, random: np.random.Generator) -> bytes:
    """Return a picture enlarged, with grain, as a JPEG file."""
    with Image.open(file) as small:
        large = small.convert("RGB").resize((EDGE, EDGE), Image.Resampling.BICUBIC)
    grain = random.normal(0, 6, (EDGE, EDGE, 1))
    buffer = BytesIO()
    Image.fromarray(np.clip(np.asarray(large) + grain, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def random_clip(folder: Path, *, small: bool) -> Path:
    """Save a CLIP of the size of ViT-B/32 with random weights, or one layer of it."""
    torch.manual_seed(SEED)
    layers = {"num_hidden_layers": 1} if small else {}
    CLIPModel(CLIPConfig(text_config=layers, vision_config=layers)).save_pretrained(folder)
    CLIPTokenizer(vocab={"<|startoftext|>": 0, "<|endoftext|>": 1}, merges=[]).save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    return folder


def bare_texts(encoder: PretrainedEncoder, texts: Sequence[str]) -> Callable[[], object]:
    """Return the model on token tensors that are ready."""
    tower = encoder._text_tower
    model: Any = tower._model
    batches = []
    for start in range(0, len(texts), BATCH):
        some = sorted(texts[start : start + BATCH], key=len, reverse=True)
        batches += [some[place : place + TEXTS_AT_ONCE] for place in range(0, len(some), TEXTS_AT_ONCE)]
    if isinstance(tower, Clip):
        ready = [tower._tokens(batch) for batch in batches]
        return lambda: [model.get_text_features(**tokens) for tokens in ready]
    tokenized = [model.preprocess(batch) for batch in batches]
    return lambda: [model(dict(tokens)) for tokens in tokenized]


def bare_photos(encoder: PretrainedEncoder, files: Sequence[bytes]) -> Callable[[], object]:
    """Return the model on pixel tensors that are ready."""
    tower = encoder._image_tower
    batches = [files[start : start + IMAGES_AT_ONCE] for start in range(0, len(files), IMAGES_AT_ONCE)]
    ready = [
        tower._processor([decode(data, encoder.enough) for data in batch], return_tensors="pt").pixel_values
        for batch in batches
    ]
    return lambda: [tower._features(pixels) for pixels in ready]


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Return how long a call takes, on the clock and of the processor."""
    started = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        call()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def cold(encoder: PretrainedEncoder, items: Sequence[Any], kind: str) -> None:
    """Encode as a reindex does, a batch of products at a time, into an empty cache."""
    with tempfile.TemporaryDirectory() as folder, EncodeCache(Path(folder) / "vectors.db") as cache:
        encode: Callable[..., object] = getattr(cache, kind)
        for start in range(0, len(items), BATCH):
            encode(encoder, items[start : start + BATCH])


def compare(
    calls: dict[str, Callable[[], object]], items: int, rounds: int, warm_up: Callable[[], object]
) -> dict[str, Any]:
    """Return items a second of each call, in turns, and the first's throughput over the others'."""
    warm_up()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call))
    taken = {name: np.array(each) for name, each in times.items()}
    figures: dict[str, Any] = {
        "items": items,
        "rounds": rounds,
        "per_s": {name: round(items / float(np.median(each[:, 0])), 1) for name, each in taken.items()},
    }
    for name in list(calls)[1:]:
        for clock, ratios in zip(("", ", processor"), (taken[name] / taken["library"]).T, strict=True):
            figures[f"library / {name}{clock}"] = [round(float(f(ratios)), 3) for f in (np.median, np.min, np.max)]
    return figures


def texts_through(folder: str, texts: Sequence[str], rounds: int) -> dict[str, Any]:
    """Return the figures of a text tower."""
    encoder = open_encoder(folder)
    calls: dict[str, Callable[[], object]] = {
        "library": lambda: cold(encoder, texts, "texts"),
        "bare": bare_texts(encoder, texts),
    }
    tower = encoder._text_tower
    if isinstance(tower, Sentences):
        calls["encode"] = lambda: tower._model.encode(list(texts), batch_size=TEXTS_AT_ONCE, show_progress_bar=False)
    return compare(calls, len(texts), rounds, lambda: cold(encoder, texts[:64], "texts"))


def photos_through(folder: str, files: Sequence[bytes], rounds: int) -> dict[str, Any]:
    """Return the figures of an image tower, and the processor time of decoding and resizing, in ms a photo."""
    encoder = open_encoder(folder)
    tower = encoder._image_tower
    calls: dict[str, Callable[[], object]] = {
        "library": lambda: cold(encoder, files, "images"),
        "bare": bare_photos(encoder, files),
    }
    figures = compare(calls, len(files), rounds, lambda: cold(encoder, files[:32], "images"))
    some = files[:64]
    pictures = [decode(data, encoder.enough) for data in some]
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: [decode(data, encoder.enough) for data in some],
        "resize": lambda: [tower.prepare(picture) for picture in pictures],
    }
    alone = {
        name: round(min(seconds(step)[1] for _ in range(rounds)) / len(some) * 1000, 2) for name, step in steps.items()
    }
    return {**figures, "ms_a_photo": alone}


def open_encoder(folder: str) -> PretrainedEncoder:
    """Return a model of a folder, or a preset."""
    encoder = load_encoder(folder if folder in PRESETS else str(Path(folder).resolve()), folder=Path())
    assert isinstance(encoder, PretrainedEncoder)
    return encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", nargs="*", default=["starter"], help="model folders or presets for texts")
    parser.add_argument("--photos", nargs="*", default=["starter", RANDOM_CLIP], help="the same for photos")
    parser.add_argument("--count", type=int, default=1024, help="texts; a quarter as many photos")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="of torch; left out: as it chooses")
    parser.add_argument("--small", action="store_true", help="64 texts, 16 photos, one layer, 2 rounds")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    if options.small:
        options.count, options.rounds = 64, 2
    if options.threads:
        torch.set_num_threads(options.threads)
    machine = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    texts, photos = sample_texts(options.count), sample_photos(options.count // 4)
    for folder in options.texts:
        what = {"what": "encode texts", "model": Path(folder).name}
        report({**what, **texts_through(folder, texts, options.rounds), **machine}, options)
    with tempfile.TemporaryDirectory() as temporary:
        for folder in options.photos:
            path = str(random_clip(Path(temporary), small=options.small)) if folder == RANDOM_CLIP else folder
            what = {"what": "encode photos", "model": Path(folder).name}
            report({**what, **photos_through(path, photos, options.rounds), **machine}, options)


if __name__ == "__main__":
    main()
