"""The line catalogue → aligned encoder: gather, split, train, measure, adopt or refuse."""

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
from hybridsearch.align.material import Material, PreparedQueries, Replay
from hybridsearch.align.pairs import Squeeze, Stock, gather
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.report import Qualities, Report
from hybridsearch.align.split import Split, split, title_key, together
from hybridsearch.disk.home import AlignFolder, Home
from hybridsearch.encoders import PRESETS, Encoder, Preset, load_encoder
from hybridsearch.encoders.folder import Model
from hybridsearch.encoders.hub import find_models
from hybridsearch.errors import ConfigError, EncoderError, GateError
from hybridsearch.progress import Progress, silent
from hybridsearch.settings import Settings, VectorLeg

if TYPE_CHECKING:
    from hybridsearch.align.towers import Towers

FEWEST = 200
"""Pairs below which a fifth of them shows nothing."""


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

    A run that was interrupted goes on where it was last written down, if configuration, catalogue, encoder and seed
    are still the same. The index and the configuration are not touched.

    Args:
        settings: The configuration.
        leg: Which vector leg; left out: the only one that reads pictures.
        output: Folder of the new encoder, which must not exist; left out: a new one beside the configuration.
        seed: Decides which products are held out and everything that is drawn.
        restart: Forget an interrupted run.
        recipe: How long is trained; left out: the default.
        progress: Is told how far the run is.

    Returns:
        What was found. The encoder is in `output` if it was adopted; else only the report was written.

    Raises:
        ConfigError: There is no such leg, or the output exists.
        EncoderError: The encoder cannot be had, or cannot be trained.
        CatalogError: The catalogue cannot be read.
        GateError: The catalogue has too few pairs.
    """
    started = time.monotonic()
    chosen = image_leg(settings, leg)
    if output is not None and output.exists():
        raise ConfigError(f"'{output}' exists. Choose another folder with -o, or remove it.")
    model = trainable(chosen, settings.folder)
    base = load_encoder(chosen.encoder, fingerprint=chosen.fingerprint, folder=settings.folder)
    folder = Home(settings.home).align(chosen.name)
    if restart:
        shutil.rmtree(folder.folder, ignore_errors=True)

    from hybridsearch.align.towers import Towers

    towers = Towers(model.path)
    stock = enough(settings, towers.squeeze, folder, progress)
    languages = settings.fields.languages
    parts = split(stock.pairs, languages[0], seed)
    before = qualities(base, stock, parts.held_out, languages[0])
    training = train(towers, stock, parts, languages, recipe or Recipe(), seed, base.fingerprint, folder, progress)
    candidate = folder.encoder
    shutil.rmtree(candidate, ignore_errors=True)
    towers.save(candidate)
    aligned = load_encoder(str(candidate), folder=folder.folder)
    report = Report(
        leg=chosen.name,
        base=chosen.encoder,
        base_fingerprint=base.fingerprint,
        encoder=None,
        fingerprint=aligned.fingerprint,
        counts=counts(stock, parts),
        training={**training, "seconds": round(time.monotonic() - started, 1)},
        before=before,
        after=qualities(aligned, stock, parts.held_out, languages[0]),
        held_out=tuple(stock.pairs[place].id for place in parts.held_out),
    )
    if report.adopted:
        target = output or settings.folder / f"aligned-{chosen.name}-{aligned.fingerprint[:8]}"
        report = adopt(report, candidate, target.resolve())
    shutil.rmtree(folder.folder)
    write(report, folder)
    return report


def image_leg(settings: Settings, name: str | None) -> VectorLeg:
    """Return the leg to align: the one of this name, or the only one that reads pictures."""
    legs = [leg for leg in settings.vectors if leg.reads == "image" and name in (None, leg.name)]
    if len(legs) == 1:
        return legs[0]
    seeing = ", ".join(f"'{leg.name}'" for leg in settings.vectors if leg.reads == "image")
    if not seeing:
        raise ConfigError('No vector leg reads pictures. Add [[vectors]] with reads = "image" and an encoder.')
    if name is None:
        raise ConfigError(f"Several legs read pictures: {seeing}. Choose one with --leg.")
    raise ConfigError(f"No leg '{name}' reads pictures; those that do: {seeing}. Choose one of them with --leg.")


def trainable(leg: VectorLeg, folder: Path) -> Model:
    """Return the model of a leg whose towers lie in one folder and share a space by their heads."""
    preset = PRESETS.get(leg.encoder, Preset(leg.encoder))
    if leg.image_encoder or preset.images:
        raise EncoderError(
            f"Encoder '{leg.encoder}' is a pair of two models; only a CLIP with both towers in one folder can be "
            "aligned. Choose one, such as 'starter' or 'clip'."
        )
    (model,) = find_models([preset.texts], folder)
    if not model.sees:
        raise EncoderError(
            f"Encoder '{leg.encoder}' does not read pictures. Choose a CLIP, such as 'starter' or 'clip'."
        )
    return model


def enough(settings: Settings, squeeze: Squeeze, folder: AlignFolder, progress: Progress) -> Stock:
    """Gather the catalogue's pairs.

    Raises:
        GateError: There are too few to learn from and to show anything on, or too few that differ.
    """
    stock = gather(settings, squeeze, folder.pictures, progress)
    apart = len(together(stock.pairs, settings.fields.languages[0]))
    if apart >= FEWEST:
        return stock
    shutil.rmtree(folder.folder)
    found = (
        f"Found {len(stock.pairs):,} products with a title and a usable picture among {stock.products:,} "
        f"({stock.without_picture:,} without a picture, {stock.without_words:,} without words)"
    )
    if len(stock.pairs) < FEWEST:
        raise GateError(f"{found}, at least {FEWEST} are needed. Keep the encoder that you have, or add products.")
    raise GateError(
        f"{found}, but their {len(stock.pixels):,} different pictures and their titles leave only {apart:,} that have "
        f"neither in common; at least {FEWEST} are needed. Check the field that 'image' names."
    )


def train(
    towers: Towers,
    stock: Stock,
    parts: Split,
    languages: Sequence[str],
    recipe: Recipe,
    seed: int,
    base: str,
    folder: AlignFolder,
    progress: Progress,
) -> dict[str, Any]:
    """Leave the best weights in the towers, and return how it went."""
    from hybridsearch.align.train import Training

    aside = {stock.pairs[place].digest for place in (*parts.held_out, *parts.validation)}
    material = Material(stock.pairs, parts.train, languages, Replay.load(towers.squeeze, without=aside))
    questions = PreparedQueries(material, parts.validation, seed)
    identity = f"{base} {stock.digest()} {languages} {seed} {recipe}"
    run = Training(towers, stock.pixels, material, questions, recipe, seed, identity, folder.checkpoint, progress)
    best = run.run()
    towers.model.load_state_dict(best.state)
    return {"seed": seed, "stage": best.stage, "step": best.step, "resumed": run.resumed_at, "looks": run.history}


def qualities(encoder: Encoder, stock: Stock, places: Sequence[int], language: str) -> Qualities:
    """Measure an encoder, as it is in use, on products that were never trained on; each title is asked once."""
    pairs = [stock.pairs[place] for place in places]
    labels = [title_key(pair.title, language) for pair in pairs]
    asked = measure.distinct(labels)
    titles = encoder.encode_texts([pairs[place].title for place in asked])
    images = (Image.fromarray(stock.pixels[pair.picture].transpose(1, 2, 0)) for pair in pairs)
    pictures = encoder.encode_images(list(images))
    names = [labels[place] for place in asked]
    return {
        "text_to_photo": measure.rank(titles, pictures, names, labels),
        "photo_to_text": measure.rank(pictures, titles, labels, names),
    }


def adopt(report: Report, candidate: Path, target: Path) -> Report:
    """Move the new encoder to its place, with its card and report, and return the report that says where it is."""
    report = replace(report, encoder=str(target))
    (candidate / "README.md").write_text(report.card(), encoding="utf-8")
    # Beside the weights it would count as one of the model's own files.
    write(report, AlignFolder(candidate / "alignment"))
    shutil.rmtree(target, ignore_errors=True)  # a folder of this name holds the same weights
    shutil.move(candidate, target)
    return report


def counts(stock: Stock, parts: Split) -> dict[str, int]:
    """Return how many products there are of each sort."""
    return {
        "products": stock.products,
        "rejected": stock.rejected,
        "without_picture": stock.without_picture,
        "without_words": stock.without_words,
        "train": len(parts.train),
        "validation": len(parts.validation),
        "held_out": len(parts.held_out),
    }


def write(report: Report, folder: AlignFolder) -> None:
    """Write the report into a folder, which is made."""
    folder.folder.mkdir()
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    folder.report.write_text(text + "\n", encoding="utf-8")
