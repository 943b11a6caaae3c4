"""A leg that reads text: a linear map is learned behind its sentence encoder, and saved with it as one more module."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybridsearch.align.questions import Questions, gather
from hybridsearch.align.report import Report
from hybridsearch.align.split import FEWEST, Split, linked_groups, split, title_key
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.home import AlignFolder, Home
from hybridsearch.encoders import PRESETS, Encoder, Preset, load_encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.models.folder import Model
from hybridsearch.encoders.models.hub import find_models
from hybridsearch.encoders.models.pretrained import PretrainedEncoder
from hybridsearch.encoders.prompts import FILE as STATED
from hybridsearch.encoders.prompts import UNSAID, Prompts, to_json
from hybridsearch.errors import EncoderError, GateError
from hybridsearch.inputs.json_text import read_json
from hybridsearch.learning.sources.queries import group_keys
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.progress import Progress
from hybridsearch.schema import Leg
from hybridsearch.sections import VectorLeg
from hybridsearch.settings import Settings
from hybridsearch.values import Vectors

HOLD = {"queries": 1e-2, "phrases": 1e-1}
"""How near to the identity the map is held, by what is asked: phrases are not what people type."""
DIRECTION = "query_to_product"
AT_ONCE = 512
"""Texts that are encoded between two notes of how far the run is; what is encoded is kept when it is interrupted."""
MODULES = "sentence_transformers.models"
"""Where every version of sentence-transformers finds its modules."""
CHECKED = 32
"""Texts that the new encoder must give the vectors that were measured."""
SAME = 0.999
"""The least cosine between the two: vectors that another machine encoded, in fewer bits, may be in the cache."""


def align_sentences(
    settings: Settings, leg: VectorLeg, name: str, folder: AlignFolder, seed: int, progress: Progress
) -> Report:
    """Learn a map, measure it on held-out questions, and write the encoder with it into the run's folder.

    Vectors of texts are kept where a rebuild keeps them: an interrupted run does not encode them again, and a rebuild
    with the new encoder finds them all.

    Raises:
        EncoderError: The encoder is not one that can be aligned.
        CatalogError: The catalogue, or the judgments, cannot be read.
        GateError: There are too few questions.
    """
    model = sentence_model(leg, name, settings.folder)
    given = Prompts(leg.query_prompt, leg.passage_prompt)
    base = load_encoder(leg.encoder, fingerprint=leg.fingerprint, prompts=given, folder=settings.folder)
    found = gather(settings, Leg(leg.name, base.dims, base.fingerprint, leg.reads), seed, progress)
    parts = split_enough(found, settings, seed)

    from hybridsearch.align.linear import fit, mapped, qualities

    questions = found.questions
    with EncodeCache(Home(settings.home).vectors) as cache:
        texts = encoded(cache, base, found.texts, "encoding", progress)
        asked = encoded(cache, base, [question.text for question in questions], "encoding", progress, asked=True)
        learned = fit(questions, asked, texts, parts.train, parts.validation, HOLD[found.of], seed, progress)
        save(model, learned.weight, prompts_of(base), folder.encoder)
        aligned = load_encoder(str(folder.encoder), folder=folder.folder)
        new_texts, new_asked = mapped(texts, learned.weight), mapped(asked, learned.weight)
        require_same(aligned, found.texts[:CHECKED], new_texts[:CHECKED])
        held_out = [questions[position] for position in parts.held_out]
        rows = list(parts.held_out)
        report = Report(
            leg=leg.name,
            base=leg.encoder,
            base_fingerprint=base.fingerprint,
            encoder=None,
            fingerprint=aligned.fingerprint,
            counts=counts(found, parts),
            training={"seed": seed, "stage": "map", "step": learned.epoch, "resumed": None, "looks": learned.looks},
            before={DIRECTION: qualities(held_out, asked[rows], texts)},
            after={DIRECTION: qualities(held_out, new_asked[rows], new_texts)},
            held_out=tuple(question.text for question in held_out),
            of=found.of,
        )
        if report.adopted:
            cache.keep(aligned, found.texts, new_texts)
    if found.judged:
        beside = AlignFolder(folder.encoder / "alignment")
        make_folder(beside.folder, None)
        write_judgments(found, parts.held_out, beside.held_out)
    return report


def sentence_model(leg: VectorLeg, name: str, folder: Path) -> Model:
    """Return the model of a leg; refuse one that modules cannot be appended to."""
    (model,) = find_models([PRESETS.get(name, Preset(name)).texts], folder)
    if model.reads_pictures:
        raise EncoderError(
            f"Encoder '{leg.encoder}' is a CLIP; for a leg that reads text only a sentence encoder can be aligned. "
            "Choose one, such as 'minilm'."
        )
    return model


def split_enough(found: Questions, settings: Settings, seed: int) -> Split:
    """Split the questions, so that similar ones stay together.

    Raises:
        GateError: There are too few to learn from and to measure on.
    """
    language = settings.fields.languages[0]
    if found.judged:
        keys = [list(group_keys(query)) for query in found.judged]
    else:
        keys = [[title_key(question.text, language)] for question in found.questions]
    groups = linked_groups(keys)
    if len(groups) >= FEWEST:
        return split([question.text for question in found.questions], groups, seed)
    if found.judged:
        raise GateError(
            f"Found {len(groups):,} different queries with a relevant product in the catalogue, at least {FEWEST} are "
            "needed. Collect more judgments or clicks, or leave [judgments] out to learn from attribute values."
        )
    raise GateError(
        f"Found {len(groups):,} different phrases of attribute values in {found.products:,} products, at least "
        f"{FEWEST} are needed. Name judgments or clicks in [judgments], or facets and short text "
        "fields, such as the brand, in [fields]; or keep the encoder that you have."
    )


def encoded(
    cache: EncodeCache,
    encoder: Encoder,
    texts: Sequence[str],
    stage: str,
    progress: Progress,
    *,
    asked: bool = False,
) -> Vectors:
    """Return a unit row for each text, of products or, `asked`, of queries; what is known is taken from the cache."""
    encode = cache.queries if asked else cache.texts
    parts = []
    for batch in batches(texts, AT_ONCE):
        parts.append(encode(encoder, batch).vectors)
        progress(stage, sum(map(len, parts)), len(texts))
    return np.concatenate(parts)


def prompts_of(encoder: Encoder) -> Prompts:
    """Return what stands before texts."""
    return encoder.prompts if isinstance(encoder, PretrainedEncoder) else UNSAID


def save(model: Model, weight: Vectors, prompts: Prompts, folder: Path) -> None:
    """Write the files of a model, with a linear map and unit length behind its other modules, and its prompts."""
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize
    from torch import from_numpy, nn

    shutil.rmtree(folder, ignore_errors=True)
    listed = read_json(model.path / "modules.json", plain=False)
    for file in (*model.files, *model.further):
        copy = folder / file.relative_to(model.path)
        make_folder(copy.parent, None)
        shutil.copy(file, copy)
    dims = len(weight)
    dense = Dense(dims, dims, bias=False, activation_function=nn.Identity(), init_weight=from_numpy(weight))
    for module in (dense, Normalize()):
        kind, number = type(module).__name__, len(listed)
        listed.append({"idx": number, "name": str(number), "path": f"{number}_{kind}", "type": f"{MODULES}.{kind}"})
        make_folder(folder / f"{number}_{kind}", None)
        module.save(str(folder / f"{number}_{kind}"))
    modes.write(folder / "modules.json", json.dumps(listed, indent=2).encode())
    if any(prompts) or any(model.prompts):
        modes.write(folder / STATED, json.dumps(to_json(prompts)).encode())
    modes.settle(folder)


def require_same(encoder: Encoder, texts: Sequence[str], expected: Vectors) -> None:
    """Refuse an encoder that, as it was written, gives other vectors than those that were measured."""
    if (encoder.encode_texts(texts) * expected).sum(axis=1).min() < SAME:
        raise EncoderError(
            "The encoder with its new module gives other vectors than those that were measured. Its last module is one "
            "that none can follow; choose another encoder."
        )


def write_judgments(found: Questions, positions: Sequence[int], file: Path) -> None:
    """Write the held-out queries with their judgments: `eval` and `tune` on others would flatter the new encoder."""
    with open(file, "w", encoding="utf-8", opener=modes.opener) as out:
        for query in (found.judged[position] for position in positions):
            asked = {"query": query.text, "filters": dict(query.filters), "locale": query.locale}
            for product, grade in query.grades.items():
                out.write(json.dumps({**asked, "product_id": product, "grade": grade}, ensure_ascii=False) + "\n")


def counts(found: Questions, parts: Split) -> dict[str, int]:
    """Return how many products were read, left out, and how many questions are in each part."""
    return {
        "products": found.products,
        "rejected": found.rejected,
        "without_words": found.without_words,
        "candidates": len(found.texts),
        "train": len(parts.train),
        "validation": len(parts.validation),
        "held_out": len(parts.held_out),
    }
