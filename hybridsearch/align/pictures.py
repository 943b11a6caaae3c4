"""A leg that reads pictures: the two towers of a CLIP are trained on the catalogue's own pictures and words."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from hybridsearch.align import measure
from hybridsearch.align.material import Material, Replay, ValidationQueries
from hybridsearch.align.pairs import Dataset, Resize, gather
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.report import Qualities, Report
from hybridsearch.align.split import FEWEST, Split, linked_groups, pair_keys, split, title_key
from hybridsearch.disk.home import AlignFolder
from hybridsearch.encoders import Encoder, load_encoder
from hybridsearch.encoders.models.folder import Model
from hybridsearch.encoders.models.hub import find_models
from hybridsearch.encoders.models.presets import PRESETS, Preset
from hybridsearch.errors import EncoderError, GateError
from hybridsearch.runtime.progress import Progress
from hybridsearch.sections import VectorLeg
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.align.towers import Towers


def align_pictures(
    settings: Settings, leg: VectorLeg, name: str, folder: AlignFolder, seed: int, recipe: Recipe, progress: Progress
) -> Report:
    """Train the encoder, measure it on held-out products, and write it into the run's folder.

    An interrupted run continues from its last checkpoint.

    Raises:
        EncoderError: The encoder is not one that can be trained.
        CatalogError: The catalogue cannot be read.
        GateError: The catalogue has too few pairs.
    """
    model = trainable_clip(leg, name, settings.folder)
    base = load_encoder(leg.encoder, fingerprint=leg.fingerprint, folder=settings.folder)

    from hybridsearch.align.towers import Towers

    towers = Towers(model.path)
    dataset = gather_enough(settings, towers.resize, folder, progress)
    languages = settings.fields.languages
    parts = split([pair.id for pair in dataset.pairs], linked_groups(pair_keys(dataset.pairs, languages[0])), seed)
    before = qualities(base, dataset, parts.held_out, languages[0])
    training = train(towers, dataset, parts, languages, recipe, seed, base.fingerprint, folder, progress)
    aligned = saved(towers, folder.encoder)
    return Report(
        leg=leg.name,
        base=leg.encoder,
        base_fingerprint=base.fingerprint,
        encoder=None,
        fingerprint=aligned.fingerprint,
        counts=counts(dataset, parts),
        training=training,
        before=before,
        after=qualities(aligned, dataset, parts.held_out, languages[0]),
        held_out=tuple(dataset.pairs[position].id for position in parts.held_out),
    )


def trainable_clip(leg: VectorLeg, name: str, folder: Path) -> Model:
    """Return the model of a leg; refuse one whose two towers are not in one folder."""
    preset = PRESETS.get(name, Preset(name))
    if leg.query_prompt or leg.passage_prompt:
        raise EncoderError(
            f"The leg '{leg.name}' puts prompts before texts, which the training of a CLIP does not know. Leave its "
            "'query_prompt' and 'passage_prompt' out."
        )
    if leg.image_encoder or preset.images:
        raise EncoderError(
            f"Encoder '{leg.encoder}' is a pair of two models; only a CLIP with both towers in one folder can be "
            "aligned. Choose one, such as 'starter' or 'clip'."
        )
    (model,) = find_models([preset.texts], folder)
    if not model.reads_pictures:
        raise EncoderError(
            f"Encoder '{leg.encoder}' does not read pictures. Choose a CLIP, such as 'starter' or 'clip'."
        )
    return model


def gather_enough(settings: Settings, resize: Resize, folder: AlignFolder, progress: Progress) -> Dataset:
    """Gather the catalogue's pairs.

    Raises:
        GateError: There are too few to train and to measure on, or too few different ones.
    """
    dataset = gather(settings, resize, folder.pictures, progress)
    groups = len(linked_groups(pair_keys(dataset.pairs, settings.fields.languages[0])))
    if groups >= FEWEST:
        return dataset
    shutil.rmtree(folder.folder)
    summary = (
        f"Found {len(dataset.pairs):,} products with a title and a usable picture among {dataset.products:,} "
        f"({dataset.without_picture:,} without a picture, {dataset.without_words:,} without words)"
    )
    if len(dataset.pairs) < FEWEST:
        raise GateError(f"{summary}, at least {FEWEST} are needed. Keep the encoder that you have, or add products.")
    raise GateError(
        f"{summary}, but their {len(dataset.pixels):,} different pictures and their titles leave only {groups:,} that "
        f"have neither in common; at least {FEWEST} are needed. Check the field that 'image' names."
    )


def train(
    towers: Towers,
    dataset: Dataset,
    parts: Split,
    languages: Sequence[str],
    recipe: Recipe,
    seed: int,
    base: str,
    folder: AlignFolder,
    progress: Progress,
) -> dict[str, Any]:
    """Train, load the best weights into the towers, and return the course of the training."""
    from hybridsearch.align.train import Training

    not_trained = {dataset.pairs[position].digest for position in (*parts.held_out, *parts.validation)}
    material = Material(dataset.pairs, parts.train, languages, Replay.load(towers.resize, without=not_trained))
    queries = ValidationQueries(material, parts.validation, seed)
    identity = f"{base} {dataset.digest()} {languages} {seed} {recipe}"
    run = Training(towers, dataset.pixels, material, queries, recipe, seed, identity, folder.checkpoint, progress)
    best = run.run()
    towers.model.load_state_dict(best.state)
    return {"seed": seed, "stage": best.stage, "step": best.step, "resumed": run.resumed_at, "looks": run.history}


def saved(towers: Towers, folder: Path) -> Encoder:
    """Save the towers in a folder, which is replaced, and return the encoder that it holds."""
    shutil.rmtree(folder, ignore_errors=True)
    towers.save(folder)
    return load_encoder(str(folder), folder=folder.parent)


def qualities(encoder: Encoder, dataset: Dataset, positions: Sequence[int], language: str) -> Qualities:
    """Measure an encoder, as it is used for searching, on held-out products; each title is one query."""
    pairs = [dataset.pairs[position] for position in positions]
    labels = [title_key(pair.title, language) for pair in pairs]
    first = measure.distinct(labels)
    titles = encoder.encode_queries([pairs[number].title for number in first])
    images = (Image.fromarray(dataset.pixels[pair.picture].transpose(1, 2, 0)) for pair in pairs)
    pictures = encoder.encode_images(list(images))
    title_labels = [labels[number] for number in first]
    return {
        "text_to_photo": measure.rank(titles, pictures, title_labels, labels),
        "photo_to_text": measure.rank(pictures, titles, labels, title_labels),
    }


def counts(dataset: Dataset, parts: Split) -> dict[str, int]:
    """Return how many products were read, left out, and are in each part."""
    return {
        "products": dataset.products,
        "rejected": dataset.rejected,
        "without_picture": dataset.without_picture,
        "without_words": dataset.without_words,
        "train": len(parts.train),
        "validation": len(parts.validation),
        "held_out": len(parts.held_out),
    }
