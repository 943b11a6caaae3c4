"""Encoders by a short name: which models, and when to choose them. `docs/encoders.md` shows the same table."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Preset(NamedTuple):
    """A model, or a text model and the image model that shares its space; each a folder or a hub name.

    Attributes:
        texts: Reads words; reads pictures too when it is a CLIP and `images` is left out.
        images: Reads pictures.
        dims: Length of the vectors.
        languages: Those it was trained in.
        licence: Of the weights.
        choose: When to choose it.
    """

    texts: str
    images: str | None = None
    dims: int = 0
    languages: str = ""
    licence: str = ""
    choose: str = ""

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it consists of."""
        return tuple(filter(None, (self.texts, self.images)))

    @property
    def megabytes(self) -> int:
        """Size of what must be downloaded; 0 for what ships with the package."""
        return sum(MEGABYTES.get(model, 0) for model in self.models)


PRESETS = {
    "starter": Preset(
        str(Path(__file__).parent.parent / "models" / "starter"),
        dims=128,
        languages="en de fr es ja zh",
        licence="Apache-2.0",
        choose="the first run, offline, tests; adapt it to the shop or go on to a full CLIP",
    ),
    "clip-multilingual": Preset(
        "sentence-transformers/clip-ViT-B-32-multilingual-v1",
        images="sentence-transformers/clip-ViT-B-32",
        dims=512,
        languages="50 and more",
        licence="Apache-2.0 (texts), MIT (pictures)",
        choose="pictures of any goods, queries in several languages, a CPU",
    ),
    "siglip2": Preset(
        "google/siglip2-base-patch16-224",
        dims=768,
        languages="about 100",
        licence="Apache-2.0",
        choose="the same, better by its authors' figures; four times the work, best with a GPU",
    ),
    "clip": Preset(
        "sentence-transformers/clip-ViT-B-32",
        dims=512,
        languages="en",
        licence="MIT",
        choose="pictures of any goods, queries in English alone",
    ),
    "fashion-clip": Preset(
        "patrickjohncyh/fashion-clip",
        dims=512,
        languages="en",
        licence="MIT",
        choose="clothes, shoes and bags, queries in English alone",
    ),
    "minilm": Preset(
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        dims=384,
        languages="50 and more",
        licence="Apache-2.0",
        choose="a leg that reads text fields; it does not see pictures",
    ),
}

MEGABYTES = {
    "google/siglip2-base-patch16-224": 1540,
    "patrickjohncyh/fashion-clip": 610,
    "sentence-transformers/clip-ViT-B-32": 610,
    "sentence-transformers/clip-ViT-B-32-multilingual-v1": 545,
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2": 500,
}
"""What is downloaded of a model of the hub, rounded up: safetensors and tokenizer, no other formats."""
