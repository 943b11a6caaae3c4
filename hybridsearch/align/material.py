"""What a training step sees: products of the catalogue, pictures of the sample, and phrases in six languages."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from PIL import Image

from hybridsearch import sample
from hybridsearch.align import measure
from hybridsearch.align.concepts import Concepts
from hybridsearch.align.lexicon import LANGUAGES, Claim, lexicon
from hybridsearch.align.pairs import Pair, Pixels, Squeeze, digest
from hybridsearch.align.split import title_key
from hybridsearch.align.texts import Fits, Said, Writer, agree, fits
from hybridsearch.values import Vectors

SAMPLE = Path(sample.__file__).parent


class Contrast(NamedTuple):
    """Texts, and which of them fit which rows (pictures, or other texts) and which cannot; the rest does not count."""

    texts: list[str]
    match: Fits
    clash: Fits


class Batch(NamedTuple):
    """What one step compares.

    Attributes:
        pictures: Rows of the picture file.
        replayed: Rows of the sample's pictures.
        titles: Against the pictures.
        phrases: Attribute values, against the pictures.
        spoken: What the lexicon says in any language, against the pictures and the replayed ones behind them.
        here: Phrases of the lexicon.
        there: The same in other languages, against those.
    """

    pictures: list[int]
    replayed: list[int]
    titles: Contrast
    phrases: Contrast
    spoken: Contrast
    here: list[str]
    there: Contrast

    @property
    def texts(self) -> list[list[str]]:
        """All texts, part by part."""
        return [self.titles.texts, self.phrases.texts, self.spoken.texts, self.here, self.there.texts]


@dataclass(frozen=True)
class Replay:
    """Pictures of the sample catalogue: kinds and colours that this catalogue may not have are not forgotten."""

    pixels: Pixels
    known: list[Claim]

    @classmethod
    def load(cls, squeeze: Squeeze, without: Collection[str]) -> Self:
        """Read the pictures at the size of the model, except those with one of these digests."""
        lines = (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if "image" in row]
        pixels = squeeze([Image.open(SAMPLE / row["image"]).convert("RGB") for row in rows])
        kept = [place for place, each in enumerate(pixels) if digest(each) not in without]
        names = {kind.usual("en").text: name for name, kind in lexicon().concepts["kind"].items()}
        known = [
            Claim(*map(frozenset, ([names[row["category"]]], [row["color"].replace(" ", "-")], [row["pattern"]])))
            for row in rows
        ]
        return cls(pixels[kept], [known[place] for place in kept])


class Material:
    """Draws what a step sees.

    Args:
        pairs: All of the catalogue.
        train: Positions of those that may be seen.
        languages: Of the catalogue.
        replay: The sample's pictures.
    """

    def __init__(self, pairs: Sequence[Pair], train: Sequence[int], languages: Sequence[str], replay: Replay) -> None:
        self.pairs, self.train, self.languages, self.replay = pairs, list(train), languages, replay
        self.writer = Writer(pairs, languages[0])
        self.concepts = Concepts.of(lexicon(), languages)

    def draw(self, products: int, replayed: int, translated: int, rng: random.Random) -> Batch:
        """Draw what a step sees.

        Args:
            products: How many of the catalogue.
            replayed: How many pictures of the sample.
            translated: How many phrases with a translation.
            rng: Where chance comes from.
        """
        places = rng.sample(self.train, min(products, len(self.train)))
        again = rng.sample(range(len(self.replay.known)), min(replayed, len(self.replay.known)))
        known = [*map(self.known, places), *(self.replay.known[row] for row in again)]
        pairs = [self.concepts.translated(rng) for _ in range(translated)]
        here, there = [here for here, _ in pairs], [there for _, there in pairs]
        return Batch(
            pictures=[self.pairs[place].picture for place in places],
            replayed=again,
            titles=self.told(places, self.writer.title, rng),
            phrases=self.told(places, self.writer.phrase, rng),
            spoken=self.spoken(known, rng),
            here=[text for text, _ in here],
            there=Contrast(
                [text for text, _ in there], *agree([claim for _, claim in here], [claim for _, claim in there])
            ),
        )

    def known(self, place: int) -> Claim:
        """Return what the lexicon knows of a product."""
        pair = self.pairs[place]
        return self.concepts.known(
            [value for each in pair.values.values() for value in each], pair.title, self.languages
        )

    def told(self, places: list[int], tell: Callable[[int, random.Random], Said], rng: random.Random) -> Contrast:
        """Return a text about each product, in the catalogue's own words."""
        said = [tell(place, rng) for place in places]
        worded = np.asarray([bool(each.facts) for each in said])
        match = fits([self.writer.facts(place) for place in places], [each.facts for each in said]) & worded
        np.fill_diagonal(match, val=True)  # Chinese cut elsewhere has other tokens
        return Contrast([each.text for each in said], match, ~match)

    def spoken(self, known: list[Claim], rng: random.Random) -> Contrast:
        """Return a phrase of the lexicon about each picture of which it knows something."""
        said = [each for claim in known if (each := self.concepts.speak(claim, rng.choice(LANGUAGES), rng))]
        return Contrast([text for text, _ in said], *agree(known, [claim for _, claim in said]))


class PreparedQueries:
    """Fixed questions about products that are not trained on: titles, attribute values, words of the lexicon."""

    def __init__(self, material: Material, places: Sequence[int], seed: int) -> None:
        rng = random.Random(f"{seed} questions")
        asked = list(places)
        labels = [title_key(material.pairs[place].title, material.languages[0]) for place in asked]
        first = measure.distinct(labels)
        titles = [material.pairs[asked[place]].title for place in first]
        same = np.asarray(labels)[first][:, None] == np.asarray(labels)
        phrases = material.told(asked, material.writer.phrase, rng)
        spoken = material.spoken([material.known(place) for place in asked], rng)
        answered = np.flatnonzero(spoken.match.any(axis=0))
        self.pictures = [material.pairs[place].picture for place in asked]
        self.parts = [
            (titles, same),
            (phrases.texts, phrases.match.T),
            ([spoken.texts[place] for place in answered], spoken.match.T[answered]),
        ]

    def score(self, pictures: Vectors, encode: Callable[[Sequence[str]], Vectors]) -> float:
        """Return the mean average precision, each part of the questions counting the same."""
        found = [
            float(measure.ranked(encode(texts) @ pictures.T, relevant).average_precision.mean())
            for texts, relevant in self.parts
            if texts
        ]
        return sum(found) / len(found)
