"""The pipeline from a catalogue to an aligned encoder: choose the leg, train and measure, adopt or refuse."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

from hybridsearch.align.pictures import align_pictures
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.report import Report
from hybridsearch.align.sentences import align_sentences
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.home import AlignFolder, Home
from hybridsearch.encoders import PRETRAINED, kind_of
from hybridsearch.errors import ConfigError, EncoderError
from hybridsearch.runtime.progress import Progress, silent
from hybridsearch.sections import VectorLeg
from hybridsearch.settings import Settings


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
    """Adapt the encoder of a leg to the catalogue, and keep the result only if held-out queries prove it better.

    The encoder of a leg that reads pictures is trained on the catalogue's own pictures and words; that of a leg that
    reads text on the judgments that the configuration names, or else on the products' own titles and other texts. An
    interrupted run continues where it was if configuration, catalogue, encoder and seed are still the same. The index
    and the configuration are not changed.

    Args:
        settings: The configuration.
        leg: The vector leg; default: the only one, or the only one that reads pictures.
        output: Folder of the new encoder, which must not exist; default: a new one beside the configuration.
        seed: Decides what is held out, and everything that is drawn at random.
        restart: Discard an interrupted run.
        recipe: How long to train the encoder of pictures.
        progress: Is told how far the run is.

    Returns:
        The result. The encoder is in `output` if it was adopted; otherwise only the report was written.

    Raises:
        ConfigError: There is no such leg, the output exists, or the judgments cannot be used.
        EncoderError: The encoder is not available, or cannot be trained.
        CatalogError: The catalogue, or the judgments, cannot be read.
        GateError: There is too little to learn from.
    """
    started = time.monotonic()
    chosen = chosen_leg(settings, leg)
    if output is not None and output.exists():
        raise ConfigError(f"'{output}' exists. Choose another folder with -o, or remove it.")
    name = trainable(chosen, settings.folder)
    folder = Home(settings.home).align(chosen.name)
    if restart:
        shutil.rmtree(folder.folder, ignore_errors=True)
    if chosen.reads == "image":
        report = align_pictures(settings, chosen, name, folder, seed, recipe or Recipe(), progress)
    else:
        report = align_sentences(settings, chosen, name, folder, seed, progress)
    report.training["seconds"] = round(time.monotonic() - started, 1)
    target = output or settings.folder / f"aligned-{chosen.name}-{report.fingerprint[:8]}"
    return finish(report, target.resolve(), folder)


def chosen_leg(settings: Settings, name: str | None) -> VectorLeg:
    """Return the leg to align: the one of this name, or the only one, or the only one that reads pictures."""
    legs = {leg.name: leg for leg in settings.vectors}
    if not legs:
        raise ConfigError("There is no vector leg. Add [[vectors]] with an encoder, and what it reads.")
    listed = ", ".join(f"'{each}'" for each in legs)
    if name is not None:
        if name not in legs:
            raise ConfigError(f"There is no vector leg '{name}'; there are: {listed}. Choose one of them with --leg.")
        return legs[name]
    found = [leg for leg in legs.values() if leg.reads == "image"] or list(legs.values())
    if len(found) > 1:
        raise ConfigError(f"There are several vector legs: {listed}. Choose one with --leg.")
    return found[0]


def trainable(leg: VectorLeg, folder: Path) -> str:
    """Return the name of a leg's encoder without its kind; refuse one whose weights are not here."""
    kind, name = kind_of(leg.encoder, folder)
    if kind == PRETRAINED:
        return name
    kept = "a CLIP, such as 'starter' or 'clip'" if leg.reads == "image" else "a sentence encoder, such as 'minilm'"
    raise EncoderError(
        f"Encoder '{leg.encoder}' is of the kind '{kind}', whose weights cannot be trained. Choose {kept}, or adapt "
        "the model where it is served, under a new name."
    )


def finish(report: Report, target: Path, folder: AlignFolder) -> Report:
    """Adopt the new encoder if it is better; of the run's folder only the report is left."""
    if report.adopted:
        report = adopt(report, folder.encoder, target)
    shutil.rmtree(folder.folder, ignore_errors=True)
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


def write(report: Report, folder: AlignFolder) -> None:
    """Create the folder and write the report into it."""
    make_folder(folder.folder, None)
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    modes.write(folder.report, text.encode() + b"\n")
