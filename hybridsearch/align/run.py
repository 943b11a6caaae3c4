"""The pipeline from a catalogue to an aligned encoder: gather, split, train, measure, adopt or refuse."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from hybridsearch.align import measure
from hybridsearch.align.material import Material, Replay, ValidationQueries
from hybridsearch.align.pairs import Dataset, Resize, gather
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.report import Qualities, Report
from hybridsearch.align.split import Split, linked_groups, split, title_key
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.home import AlignFolder, Home
from hybridsearch.encoders import PRESETS, PRETRAINED, Encoder, Preset, kind_of, load_encoder
from hybridsearch.encoders.folder import Model
from hybridsearch.encoders.hub import find_models
from hybridsearch.errors import ConfigError, EncoderError, GateError
from hybridsearch.progress import Progress, silent
from hybridsearch.sections import VectorLeg
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.align.towers import Towers

FEWEST = 200
"""With fewer pairs, a fifth of them is too few to measure on."""


def align(
    settings: Settings,
    *,
    leg: str | None = None,
    output: Path | None = None,
    seed: int = 0,
    restart: bool = False,
    recipe: Recipe | None = None,
    progress: Progress = silent,
) -> Report:
    """Train the encoder of an image leg further on the catalogue's own pictures and words.

    An interrupted run continues from its last checkpoint if configuration, catalogue, encoder and seed are still the
    same. The index and the configuration are not changed.

    Args:
        settings: The configuration.
        leg: The vector leg; default: the only one that reads pictures.
        output: Folder of the new encoder, which must not exist; default: a new one beside the configuration.
        seed: Decides which products are held out, and everything that is drawn at random.
        restart: Discard an interrupted run.
        recipe: How long to train.
        progress: Is told how far the run is.

    Returns:
        The result. The encoder is in `output` if it was adopted; otherwise only the report was written.

    Raises:
        ConfigError: There is no such leg, or the output exists.
        EncoderError: The encoder is not available, or cannot be trained.
        CatalogError: The catalogue cannot be read.
        GateError: The catalogue has too few pairs.
    """
    started = time.monotonic()
    chosen = image_leg(settings, leg)
    if output is not None and output.exists():
        raise ConfigError(f"'{output}' exists. Choose another folder with -o, or remove it.")
    model = trainable_model(chosen, settings.folder)
    base = load_encoder(chosen.encoder, fingerprint=chosen.fingerprint, folder=settings.folder)
    folder = Home(settings.home).align(chosen.name)
    if restart:
        shutil.rmtree(folder.folder, ignore_errors=True)

    from hybridsearch.align.towers import Towers

    towers = Towers(model.path)
    dataset = gather_enough(settings, towers.resize, folder, progress)
    languages = settings.fields.languages
    parts = split(dataset.pairs, languages[0], seed)
    before = qualities(base, dataset, parts.held_out, languages[0])
    training = train(towers, dataset, parts, languages, recipe or Recipe(), seed, base.fingerprint, folder, progress)
    aligned = saved(towers, folder.encoder)
    report = Report(
        leg=chosen.name,
        base=chosen.encoder,
        base_fingerprint=base.fingerprint,
        encoder=None,
        fingerprint=aligned.fingerprint,
        counts=counts(dataset, parts),
        training={**training, "seconds": round(time.monotonic() - started, 1)},
        before=before,
        after=qualities(aligned, dataset, parts.held_out, languages[0]),
        held_out=tuple(dataset.pairs[position].id for position in parts.held_out),
    )
    target = output or settings.folder / f"aligned-{chosen.name}-{aligned.fingerprint[:8]}"
    return finish(report, target.resolve(), folder)


def image_leg(settings: Settings, name: str | None) -> VectorLeg:
    """Return the leg to align: the one of this name, or the only one that reads pictures."""
    legs = [leg for leg in settings.vectors if leg.reads == "image" and name in (None, leg.name)]
    if len(legs) == 1:
        return legs[0]
    image_legs = ", ".join(f"'{leg.name}'" for leg in settings.vectors if leg.reads == "image")
    if not image_legs:
        raise ConfigError('No vector leg reads pictures. Add [[vectors]] with reads = "image" and an encoder.')
    if name is None:
        raise ConfigError(f"Several legs read pictures: {image_legs}. Choose one with --leg.")
    raise ConfigError(f"No leg '{name}' reads pictures; those that do: {image_legs}. Choose one of them with --leg.")


def trainable_model(leg: VectorLeg, folder: Path) -> Model:
    """Return the model of a leg; refuse one whose two towers are not in one folder."""
    kind, name = kind_of(leg.encoder, folder)
    if kind != PRETRAINED:
        raise EncoderError(
            f"Encoder '{leg.encoder}' is of the kind '{kind}', whose weights cannot be trained. Choose a CLIP, such as "
            "'starter' or 'clip'."
        )
    preset = PRESETS.get(name, Preset(name))
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
    groups = len(linked_groups(dataset.pairs, settings.fields.languages[0]))
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
    titles = encoder.encode_texts([pairs[number].title for number in first])
    images = (Image.fromarray(dataset.pixels[pair.picture].transpose(1, 2, 0)) for pair in pairs)
    pictures = encoder.encode_images(list(images))
    title_labels = [labels[number] for number in first]
    return {
        "text_to_photo": measure.rank(titles, pictures, title_labels, labels),
        "photo_to_text": measure.rank(pictures, titles, labels, title_labels),
    }


def finish(report: Report, target: Path, folder: AlignFolder) -> Report:
    """Adopt the new encoder if it is better; of the run's folder only the report is left."""
    if report.adopted:
        report = adopt(report, folder.encoder, target)
    shutil.rmtree(folder.folder)
    write(report, folder)
    return report


def adopt(report: Report, candidate: Path, target: Path) -> Report:
    """Move the new encoder to its folder, with its card and report, and return the report that names the folder."""
    report = replace(report, encoder=str(target))
    modes.write(candidate / "README.md", report.card().encode())
    # Beside the weights it would count as a file of the model.
    write(report, AlignFolder(candidate / "alignment"))
    shutil.rmtree(target, ignore_errors=True)  # a folder of this name holds the same weights
    shutil.move(candidate, target)
    modes.settle(target)
    return report


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


def write(report: Report, folder: AlignFolder) -> None:
    """Create the folder and write the report into it."""
    make_folder(folder.folder, None)
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    modes.write(folder.report, text.encode() + b"\n")
