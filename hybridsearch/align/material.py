"""What a training step uses: products of the catalogue, pictures of the sample, and phrases in six languages."""

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
from hybridsearch.align.pairs import Pair, Pixels, Resize, picture_digest
from hybridsearch.align.split import title_key
from hybridsearch.align.texts import Fits, Statement, Writer, agree, fits
from hybridsearch.values import Vectors

SAMPLE = Path(sample.__file__).parent


class Contrast(NamedTuple):
    """Texts, and which of them fit which rows (pictures, or other texts) and which cannot; other pairs do not count."""

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
        lexicon: Phrases of the lexicon in any language, against the pictures followed by the replayed ones.
        originals: Phrases of the lexicon.
        translations: The same phrases in other languages, against the originals.
    """

    pictures: list[int]
    replayed: list[int]
    titles: Contrast
    phrases: Contrast
    lexicon: Contrast
    originals: list[str]
    translations: Contrast

    @property
    def texts(self) -> list[list[str]]:
        """All texts, part by part."""
        return [self.titles.texts, self.phrases.texts, self.lexicon.texts, self.originals, self.translations.texts]


@dataclass(frozen=True)
class Replay:
    """Pictures of the sample catalogue, so that kinds and colours that the catalogue lacks are not unlearned."""

    pixels: Pixels
    claims: list[Claim]

    @classmethod
    def load(cls, resize: Resize, without: Collection[str]) -> Self:
        """Read the pictures at the size of the model, except those with these digests."""
        lines = (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if "image" in row]
        pixels = resize([Image.open(SAMPLE / row["image"]).convert("RGB") for row in rows])
        kept = [row for row, picture in enumerate(pixels) if picture_digest(picture) not in without]
        names = {kind.usual("en").text: name for name, kind in lexicon().concepts["kind"].items()}
        claims = [
            Claim(*map(frozenset, ([names[row["category"]]], [row["color"].replace(" ", "-")], [row["pattern"]])))
            for row in rows
        ]
        return cls(pixels[kept], [claims[row] for row in kept])


class Material:
    """Draws what a step uses.

    Args:
        pairs: All of the catalogue.
        train: Positions of the pairs that may be used.
        languages: Of the catalogue.
        replay: The sample's pictures.
    """

    def __init__(self, pairs: Sequence[Pair], train: Sequence[int], languages: Sequence[str], replay: Replay) -> None:
        self.pairs, self.train, self.languages, self.replay = pairs, list(train), languages, replay
        self.writer = Writer(pairs, languages[0])
        self.concepts = Concepts.of(lexicon(), languages)

    def draw(self, products: int, replayed: int, translated: int, rng: random.Random) -> Batch:
        """Draw what a step uses.

        Args:
            products: How many of the catalogue.
            replayed: How many pictures of the sample.
            translated: How many phrases with a translation.
            rng: Source of randomness.
        """
        positions = rng.sample(self.train, min(products, len(self.train)))
        rows = rng.sample(range(len(self.replay.claims)), min(replayed, len(self.replay.claims)))
        claims = [*map(self.claim, positions), *(self.replay.claims[row] for row in rows)]
        translated_pairs = [self.concepts.translated(rng) for _ in range(translated)]
        originals, translations = ([pair[side] for pair in translated_pairs] for side in (0, 1))
        return Batch(
            pictures=[self.pairs[position].picture for position in positions],
            replayed=rows,
            titles=self.catalogue_contrast(positions, self.writer.title, rng),
            phrases=self.catalogue_contrast(positions, self.writer.phrase, rng),
            lexicon=self.lexicon_contrast(claims, rng),
            originals=[text for text, _ in originals],
            translations=Contrast(
                [text for text, _ in translations],
                *agree([claim for _, claim in originals], [claim for _, claim in translations]),
            ),
        )

    def claim(self, position: int) -> Claim:
        """Return what the lexicon knows about a product."""
        pair = self.pairs[position]
        values = [value for of_field in pair.values.values() for value in of_field]
        return self.concepts.known(values, pair.title, self.languages)

    def catalogue_contrast(
        self, positions: list[int], write: Callable[[int, random.Random], Statement], rng: random.Random
    ) -> Contrast:
        """Return a text about each product, in the catalogue's own words."""
        statements = [write(position, rng) for position in positions]
        has_facts = np.asarray([bool(statement.facts) for statement in statements])
        known = [self.writer.facts(position) for position in positions]
        match = fits(known, [statement.facts for statement in statements]) & has_facts
        np.fill_diagonal(match, val=True)  # Chinese that is cut elsewhere has other tokens
        return Contrast([statement.text for statement in statements], match, ~match)

    def lexicon_contrast(self, claims: list[Claim], rng: random.Random) -> Contrast:
        """Return a phrase of the lexicon about each picture about which it knows something."""
        drawn = (self.concepts.phrase_about(claim, rng.choice(LANGUAGES), rng) for claim in claims)
        phrases = [phrase for phrase in drawn if phrase]
        return Contrast([text for text, _ in phrases], *agree(claims, [claim for _, claim in phrases]))


class ValidationQueries:
    """Fixed queries for products that are not trained on: titles, attribute values, phrases of the lexicon."""

    def __init__(self, material: Material, validation: Sequence[int], seed: int) -> None:
        rng = random.Random(f"{seed} questions")
        pairs = [material.pairs[position] for position in validation]
        labels = [title_key(pair.title, material.languages[0]) for pair in pairs]
        first = measure.distinct(labels)
        same_label = np.asarray(labels)[first][:, None] == np.asarray(labels)
        phrases = material.catalogue_contrast(list(validation), material.writer.phrase, rng)
        lexicon_phrases = material.lexicon_contrast([material.claim(position) for position in validation], rng)
        answered = np.flatnonzero(lexicon_phrases.match.any(axis=0))
        self.pictures = [pair.picture for pair in pairs]
        self.parts = [
            ([pairs[number].title for number in first], same_label),
            (phrases.texts, phrases.match.T),
            ([lexicon_phrases.texts[number] for number in answered], lexicon_phrases.match.T[answered]),
        ]

    def score(self, pictures: Vectors, encode: Callable[[Sequence[str]], Vectors]) -> float:
        """Return the mean average precision; each part of the queries counts the same."""
        by_part = [
            float(measure.ranked(encode(texts) @ pictures.T, relevant).average_precision.mean())
            for texts, relevant in self.parts
            if texts
        ]
        return sum(by_part) / len(by_part)
