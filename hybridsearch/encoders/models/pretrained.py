"""The encoder that runs a pretrained model, or a pair of them, found in a folder or on the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hybridsearch.encoders.base import Backend, EncoderOptions
from hybridsearch.encoders.checked import unit_rows
from hybridsearch.encoders.models.fingerprint import fingerprint
from hybridsearch.encoders.models.folder import Model, open_model
from hybridsearch.encoders.models.hub import find_models
from hybridsearch.encoders.models.light import LightTexts, open_light
from hybridsearch.encoders.models.presets import PRESETS, Preset
from hybridsearch.encoders.prompts import UNSAID, Prompts
from hybridsearch.errors import EncoderError
from hybridsearch.query_sources import PHOTO, WORDS
from hybridsearch.runtime import forks
from hybridsearch.runtime.prefetch import prefetch_map
from hybridsearch.values import Vectors

if TYPE_CHECKING:
    from hybridsearch.encoders.models.towers import Clip, Sentences

TEXTS_AT_ONCE = 64
IMAGES_AT_ONCE = 32

RUST = "pyo3_runtime"
"""Where the panics of tokenizers and safetensors come from, which are no `Exception`."""

TORCH = ("torch", "transformers", "sentence_transformers")
PROBES = (
    "iPhone 15 PRO",
    "Übergröße, 2,5 kg",
    "crème brûlée",
    "niño",
    "ﾚｲﾝｺｰﾄ 赤い傘",
    "跑步鞋 42",
    "two  spaces 😀",
    "a " * 600,
)
"""Texts that tokenizers cut in different ways."""
DAMAGED = "Its weights are damaged; download the model again."
ALIKE = 1e-3
"""How far a number of a unit row may differ between two ways to compute it; 1e-6 is usual."""

Item = TypeVar("Item", str, Image.Image)


class PretrainedEncoder:
    """Encodes texts with one model and pictures with the same or another; loads them when first used.

    A single text is encoded without torch where `light` can, several too where torch is not installed. Any thread may
    call it; what torch does runs one call after the other, since it spreads a single one over all cores. A process
    that was forked from one in which torch has encoded something continues in one thread, and cannot use a GPU.

    Attributes:
        name: As the configuration wrote it.
        dims: Length of each vector.
        reads: The sources of queries that it encodes: words, and photos where it has a model for pictures.
        enough: Shorter side, in pixels, that a picture needs: twice what the model looks at.
        prompts: What stands before texts.
        asks_apart: Whether they are others before what is asked for.
    """

    def __init__(
        self, name: str, words: Model, pictures: Model | None, prompts: Prompts = UNSAID, *, backend: Backend = "auto"
    ) -> None:
        self.name = name
        self.dims = words.dims
        self.reads = frozenset({WORDS.name, PHOTO.name} if pictures else {WORDS.name})
        self.enough = 2 * pictures.side if pictures else 0
        self._words = words
        self._pictures = pictures
        self.prompts = prompts
        self.asks_apart = prompts.differ
        self._backend = backend
        self._lock = forks.Lock()  # a tokenizer that two threads share raises "Already borrowed"
        self._opening = forks.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights and of everything else that decides the vectors; reads about 1.5 GB/s."""
        return fingerprint(self._words, self._pictures, prompts=self.prompts)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text of a product, shape (len(texts), dims).

        Raises:
            EncoderError: The model cannot be loaded, or gave a row that is zero or not a number.
        """
        return self._encode_texts(texts, self.prompts.passage or "")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same for texts that are asked for: what differs is the prompt."""
        return self._encode_texts(texts, self.prompts.query or "")

    def _encode_texts(self, texts: Sequence[str], prompt: str) -> Vectors:
        if texts and (len(texts) == 1 or not has_torch()) and (light := self.light):
            with self._named():
                return unit_rows(light.texts(texts, prompt), self.name, DAMAGED)
        with self._alone():
            tower = self._text_tower
            return self._encode(lambda batch: tower.texts(batch, prompt), texts, TEXTS_AT_ONCE, cost=len)

    @property
    def words_alone(self) -> bool:
        """Whether it has a model for pictures that cannot be used here, where torch is not installed."""
        return self._pictures is not None and not has_torch()

    @property
    def light(self) -> LightTexts | None:
        """What encodes a text without torch; None for a model of another kind."""
        with self._opening.held:
            return self._light

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one unit row for each RGB picture, shape (len(images), dims).

        Raises:
            EncoderError: As `encode_texts`, or this encoder does not read pictures.
        """
        with self._alone():
            tower = self._image_tower
            ready = list(prefetch_map(tower.prepare, images, most=len(images))) if len(images) > 1 else images
            return self._encode(tower.images, ready, IMAGES_AT_ONCE)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of what torch does."""
        if not has_torch():
            raise lacks_torch(self.name)
        from hybridsearch.encoders.models.towers import require_usable

        with self._lock.held, self._named():
            require_usable(self.name)
            yield

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the encoder where it fails: the libraries raise whatever a damaged file leads to."""
        try:
            yield
        except EncoderError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__module__ != RUST:
                raise
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise EncoderError(f"Encoder '{self.name}' failed: {reason}. Download the model again.") from error

    def _encode(
        self,
        run: Callable[[Sequence[Item]], NDArray[np.float32]],
        items: Sequence[Item],
        size: int,
        cost: Callable[[Item], int] = lambda _: 0,
    ) -> Vectors:
        rows = np.empty((len(items), self.dims), dtype=np.float32)
        # A batch is padded to its longest text: batches of texts of similar length save a third and more.
        order = sorted(range(len(items)), key=lambda number: -cost(items[number]))
        done = 0
        while done < len(order):
            batch = order[done : done + size]
            try:
                rows[batch] = run([items[number] for number in batch])
            except Exception as error:
                from hybridsearch.encoders.models.towers import out_of_memory

                if not out_of_memory(error):
                    raise
                if size == 1:
                    raise EncoderError(f"Encoder '{self.name}' has too little memory for a single item.") from error
                size = size // 2
            else:
                done += len(batch)
        return unit_rows(rows, self.name, DAMAGED)

    @cached_property
    def _light(self) -> LightTexts | None:
        light = None if self._backend == "torch" else open_light(self._words)
        if light:  # else torch loads it, and what is altered is refused there
            self._require_unaltered(self._words)
        return light

    @cached_property
    def _text_tower(self) -> Clip | Sentences:
        from hybridsearch.encoders.models.towers import Sentences

        if self._words.reads_pictures:
            tower: Clip | Sentences = self._clip(self._words)
        else:
            self._require_unaltered(self._words)
            tower = Sentences(self._words.path)
        if self.light:
            self._require_alike(tower.texts(PROBES), self.light.texts(PROBES))
        return tower

    def _require_alike(self, ours: NDArray[np.float32], light: NDArray[np.float32]) -> None:
        """Refuse a model whose texts have other vectors without torch: no search would find what was indexed."""
        rows = [unit_rows(each, self.name, DAMAGED) for each in (ours, light)]
        far = float(np.abs(rows[0] - rows[1]).max())
        if far > ALIKE:
            raise EncoderError(
                f"Encoder '{self.name}' has other vectors without torch: they differ by {far:.3f}, expected {ALIKE} or "
                'less. Write backend = "torch" into its [[vectors]] table.'
            )

    @cached_property
    def _image_tower(self) -> Clip:
        if self._pictures is None:
            raise EncoderError(f"Encoder '{self.name}' does not read pictures. Name an 'image_encoder' beside it.")
        return self._clip(self._pictures)

    @cached_property
    def _clips(self) -> dict[Model, Clip]:
        return {}

    def _clip(self, model: Model) -> Clip:
        """Return the model, loaded once even where it is both towers."""
        from hybridsearch.encoders.models.towers import open_clip

        if model not in self._clips:
            self._require_unaltered(model)
            self._clips[model] = open_clip(model.path)
        return self._clips[model]

    def _require_unaltered(self, model: Model) -> None:
        """Refuse to load other files than those that were checked, perhaps long ago, and are in the fingerprint."""
        if (
            open_model(model.path) != model
            or fingerprint(self._words, self._pictures, prompts=self.prompts) != self.fingerprint
        ):
            raise EncoderError(
                f"The files of encoder '{self.name}' were altered since it was opened. Open the shop again; if its "
                "fingerprint is then another one, run: hybridsearch reindex"
            )


def open_pretrained(model: str, options: EncoderOptions) -> PretrainedEncoder:
    """Find a model, and check all of it that can be checked without loading it.

    Args:
        model: A preset, a model folder, or a name on the Hugging Face hub; the first that exists.
        options: Its `image_encoder` is the same for a separate image tower; it must share the text model's space.

    Raises:
        EncoderError: There is no such model, it cannot be downloaded, or it is in a format that is not loaded.
    """
    preset = PRESETS.get(model, Preset(model))
    images = options.image_encoder or preset.images
    if images is None:
        (words,) = find_models([preset.texts], options.folder)
        pictures = words if words.reads_pictures else None
    else:
        words, pictures = find_models([preset.texts, PRESETS.get(images, Preset(images)).texts], options.folder)
        check_pair(options.name, words, images, pictures)
    prompts = options.prompts.over(words.prompts).over(preset.prompts)
    encoder = PretrainedEncoder(options.name, words, pictures, prompts, backend=options.backend)
    if not has_torch() and not encoder.light:
        raise lacks_torch(options.name)
    return encoder


def has_torch() -> bool:
    """Tell whether all is installed that the models of `towers` need."""
    return all(map(find_spec, TORCH))


def lacks_torch(name: str) -> EncoderError:
    """Return the error for what only torch can do."""
    return EncoderError(f"Encoder '{name}' needs torch. Install it with: pip install \"hybridsearch[clip]\"")


def check_pair(name: str, words: Model, images: str, pictures: Model) -> None:
    """Refuse two models that cannot be of one space."""
    if not pictures.reads_pictures:
        raise EncoderError(f"Image encoder '{images}' does not read pictures. Name a CLIP model instead.")
    if pictures.dims != words.dims:
        raise EncoderError(
            f"Encoder '{name}' has {words.dims} dims, its image encoder '{images}' has {pictures.dims}. "
            "Name two models that were trained for one space."
        )
