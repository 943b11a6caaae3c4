"""The checks of `hybridsearch doctor`: each line ok, a warning or a failure, with the next step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice

import numpy as np

from hybridsearch.disk.paths import shown
from hybridsearch.encoders.base import words_alone
from hybridsearch.encoders.goods import comparing, kinds
from hybridsearch.engines.base import Check, live_of
from hybridsearch.errors import EngineError, HybridSearchError, VideoError
from hybridsearch.indexing.build import source_of
from hybridsearch.inputs.json_values import brief
from hybridsearch.query_sources import WORDS
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.arms import B
from hybridsearch.search.clauses import Neighbours
from hybridsearch.search.plan import Plan
from hybridsearch.search.rules import misplaced
from hybridsearch.search.words.synonyms import unused
from hybridsearch.shop.shop import Shop, lexicon_of
from hybridsearch.shop.weightings import NO_ARM
from hybridsearch.texts.languages import analysis_version
from hybridsearch.values import Vector
from hybridsearch.video import extra

ENOUGH = 0.5
"""Share of the products that have a vector, below which something is likely to be wrong with their pictures."""
NAMED = 5
"""Rules that are shown of those with which something is wrong."""
EXPLORED = 100
"""Vectors that an approximate leg looks at in the check."""


def checks(shop: Shop) -> list[Check]:
    """Check everything that a search depends on; nothing is changed."""
    lines = [catalogue(shop), *shop.engine.check()]
    try:
        schema = shop.engine.schema()
    except EngineError:
        schema = None  # the engine's own lines say why
    if schema:
        lines += [*mapping(shop, schema), *knowledge(shop, schema), *goods(shop, schema)]
    lines += [*legs(shop, schema), *voice(shop), *video(shop)]
    return [*lines, *synonyms(shop), *rules(shop, schema), weights(shop), *arm_b(shop, schema), *log(shop)]


def catalogue(shop: Shop) -> Check:
    """Say whether the catalogue can be read."""
    try:
        source = source_of(shop.settings)
        count = source.count()
    except HybridSearchError as error:
        return Check("catalogue", "failure", str(error), "correct [catalog] in the configuration")
    return Check("catalogue", "ok", f"{source.name}, {'size unknown' if count is None else f'about {count:,} rows'}")


def mapping(shop: Shop, schema: Schema) -> Iterator[Check]:
    """Say whether the index has the fields that the configuration names, and the same text analysis."""
    if schema.fields != shop.settings.fields:
        yield Check("mapping", "warning", "the index was built with other [fields]", "hybridsearch reindex")
    else:
        yield Check("mapping", "ok", "the index has the configured fields")
    if schema.unknown:
        newer = f"the index holds {', '.join(schema.unknown)}, which this version does not know"
        yield Check("mapping", "warning", newer, "upgrade hybridsearch")
    if schema.analysis != analysis_version():
        versions = f"the index has tokens of {schema.analysis}, here is {analysis_version()}"
        yield Check("analysis", "warning", versions, "hybridsearch reindex")


def legs(shop: Shop, schema: Schema | None) -> Iterator[Check]:
    """Say whether each vector leg's encoder loads, works, and is the one that the index was built with."""
    built = {leg.name: leg for leg in schema.legs} if schema else {}
    if not shop.encoders and not built:
        yield Check("vectors", "warning", "no vector legs: keywords alone", "add [[vectors]] to the configuration")
    for name in dict.fromkeys([*shop.encoders, *built]):
        yield leg(shop, name, built.get(name), indexed=schema is not None)


def leg(shop: Shop, name: str, built: Leg | None, indexed: bool) -> Check:
    """Say whether one vector leg works."""
    line = f"vectors {name}"
    try:
        encoder = shop.encoders[name]
        if WORDS.name in encoder.reads:
            shop.encoders.vector(name, WORDS.name, "red")
    except HybridSearchError as error:
        return Check(line, "failure", str(error), "correct [[vectors]] in the configuration")
    description = f"{encoder.name}, {encoder.dims} dims, {encoder.fingerprint}"
    if indexed and built is None:
        return Check(line, "failure", f"{description}: not in the index", "hybridsearch reindex")
    if built and built.fingerprint != encoder.fingerprint:
        return Check(
            line, "failure", f"{description}: the index was built with {built.fingerprint}", "hybridsearch reindex"
        )
    found = leg_of_index(shop, built, line, description) if built else Check(line, "ok", description)
    if found.state == "ok" and built and (changed := unlike(shop, built)):
        said = f"{found.found}; the index was built with {changed}"
        return Check(line, "warning", said, "hybridsearch reindex")
    if found.state == "ok" and words_alone(encoder):
        said = f"{found.found}; torch is not installed here, so that photos are not answered"
        return Check(line, "warning", said, 'pip install "hybridsearch[clip]"')
    return found


def unlike(shop: Shop, built: Leg) -> str:
    """Return what a leg of the index was built with, of that which the configuration now says otherwise."""
    (configured,) = (each for each in shop.settings.vectors if each.name == built.name)
    names = ("reads", "exact", "bits", "pictures")
    return ", ".join(
        f"{name} = {json.dumps(found)}"
        for name in names
        if (found := getattr(built, name)) != getattr(configured, name)
    )


def voice(shop: Shop) -> Iterator[Check]:
    """Say whether what recognises speech, if something is to, loads and works."""
    name = shop.settings.voice.recogniser
    if name is None:
        return
    try:
        shop.listening.warm_up()
    except HybridSearchError as error:
        yield Check("voice", "failure", str(error), "correct [voice] in the configuration")
    else:
        yield Check("voice", "ok", f"{name} recognises speech")


def video(shop: Shop) -> Iterator[Check]:
    """Say whether videos, if products have any, can be decoded."""
    if not shop.settings.fields.videos:
        return
    try:
        extra.require()
    except VideoError as error:
        yield Check("video", "failure", str(error), f"run: {extra.INSTALL}")
    else:
        yield Check("video", "ok", f"products are seen in: {', '.join(shop.settings.fields.videos)}")


def leg_of_index(shop: Shop, leg: Leg, line: str, description: str) -> Check:
    """Say how many products have a vector of a leg, and whether a search by vector finds one."""
    try:
        live = live_of(shop.engine.generations())
        products, having = live.documents if live else 0, shop.engine.vectors(leg.name)
        found = f"{description}; {having:,} of {products:,} products have a vector"
        anywhere = Vector(np.full(leg.dims, leg.dims**-0.5))
        near = Plan("photo", "check", neighbours=(Neighbours(leg.name, anywhere, 1, EXPLORED, -1.0),), size=1)
        finds = bool(shop.engine.search(near).hits)
    except HybridSearchError as error:
        return Check(line, "failure", str(error), "hybridsearch reindex")
    step = "see what cannot be read with: hybridsearch reindex --dry-run"
    if products and not having:
        return Check(line, "failure", found, step)
    if products and not finds:
        return Check(line, "failure", f"{found}, but a search by vector finds none", "hybridsearch reindex")
    return Check(line, "warning", found, step) if having < ENOUGH * products else Check(line, "ok", found)


def knowledge(shop: Shop, schema: Schema) -> Iterator[Check]:
    """Say how well each vector leg tells the products apart by words, and what it weighs for that."""
    in_use, _ = shop.weights_for(schema)
    for leg in schema.legs_for(WORDS):
        line, measured = f"words {leg.name}", leg.calibration(WORDS.name)
        weight = in_use.weight(f"{WORDS.name}.{leg.name}")
        if measured.tells is not None:
            told = f"words of a product tell it from another one in {measured.tells:.0%} of cases, chance is 50 %"
            if weight or measured.knowledge:
                yield Check(line, "ok", f"{told}: for words the leg weighs {weight:.2f}")
            else:
                step = "choose an encoder that knows such products, or learn weights: hybridsearch tune"
                yield Check(line, "warning", f"{told}: for words the leg weighs nothing", step)
        elif measured.borrowed:
            found = (
                "the products have no text to try words with, titles of other goods were tried: how near is "
                f"near enough is a guess, and for words the leg weighs {weight:.2f}, whether it knows such goods or not"
            )
            yield Check(line, "warning", found, "name a title or texts in [fields], or judge: hybridsearch eval")


def goods(shop: Shop, schema: Schema) -> Iterator[Check]:
    """Say whether words can be told that mean goods of other shops."""
    known = shop.goods.of(schema)
    for leg in comparing(schema):
        line, count = f"goods {leg.name}", len(schema.elsewhere)
        if leg.name in known:
            found = f"no title names {count} of {len(kinds())} kinds of goods: words for them find nothing"
            yield Check(line, "ok", found)
        else:
            found = "kinds of goods are not encoded on this machine: words that mean one find what is near"
            yield Check(line, "warning", found, "call shop.warm_up() when a process starts")


def synonyms(shop: Shop) -> Iterator[Check]:
    """Say which synonyms are in use, what is wrong with them, and of which words no product has any."""
    if not shop.settings.synonyms.files:
        return
    rules, unread = shop.guidance.synonyms
    if unread:
        yield Check("synonyms", "failure", " ".join(unread), "correct the file, or leave it out of [synonyms]")
        return
    lexicon, _ = lexicon_of(shop.engine)
    idle = list(islice(unused(rules, lexicon), NAMED)) if lexicon and lexicon.documents else []
    found = f"{len(rules.rules):,} terms stand for others"
    if idle:
        found += f"; no product has any of these, nor what they stand for: {', '.join(map(brief, idle))}"
    for problem in rules.problems[:NAMED]:
        yield Check("synonyms", "warning", problem, "correct the line: the other rules are used")
    yield Check("synonyms", "warning" if idle else "ok", found, "leave them out, or correct them" if idle else "")


def rules(shop: Shop, schema: Schema | None) -> Iterator[Check]:
    """Say which rules are in use, what is wrong with them, and which products they name that are gone."""
    if shop.settings.rules.path is None:
        return
    found, unread = shop.guidance.rules
    if unread:
        yield Check("rules", "failure", " ".join(unread), "correct the file, or leave it out of [rules]")
        return
    flaws = [*found.problems, *(misplaced(found, schema) if schema else ())]
    if schema:
        named = dict.fromkeys(key for rule in found.rules for key in (*rule.then.pin, *rule.then.hide))
        there = shop.engine.get(list(named))
        gone = [key for key in named if key not in there]
        flaws += [f"no product is called {brief(key)}, which a rule names" for key in gone[:NAMED]]
    for flaw in flaws:
        yield Check("rules", "warning", flaw, "correct the rule: all else in the file is used")
    if not flaws:
        yield Check("rules", "ok", f"{len(found.rules):,} rules")


def weights(shop: Shop) -> Check:
    """Say which weights are in use."""
    in_use, degraded = shop.weights
    if degraded:
        return Check("weights", "failure", " ".join(degraded), "restore the file, or leave 'weights.path' out")
    path = shop.settings.weights.path
    return Check("weights", "ok", f"{path or 'the prior that ships with the package'}, {len(in_use.signals)} signals")


def arm_b(shop: Shop, schema: Schema | None) -> Iterator[Check]:
    """Say whether the weights of the other arm of a test can be used."""
    if shop.settings.weights.b is None:
        return
    found, why = shop.weightings.of_b
    if found is not None and schema is not None:
        why = tuple(reason for reason in shop.weights_for(schema, B)[1] if reason.startswith(NO_ARM))
    if why:
        yield Check("weights b", "failure", "; ".join(why), "learn them again, or correct 'weights.b'")
    else:
        yield Check("weights b", "ok", f"{shop.settings.weights.b}: arm 'b' of a test")


def log(shop: Shop) -> Iterator[Check]:
    """Say where the log is, and whether it can be written."""
    section = shop.settings.log
    if section.index is not None:
        yield Check("log", "ok", f"the index '{section.index}'")
    if section.path is None:
        return
    path = shop.settings.resolve(section.path)
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    if not os.access(nearest, os.W_OK) or (nearest != path and not nearest.is_dir()):
        yield Check("log", "failure", f"{shown(path)} cannot be written", "allow it, or correct 'log.path'")
    else:
        size = path.stat().st_size if path.exists() else 0
        yield Check("log", "ok", f"{shown(path)}, {size / 1e6:,.1f} MB")


def ready(error: HybridSearchError | None = None) -> Check:
    """Return the line of a first search, given why it failed, if it did."""
    if error is not None:
        return Check("search", "failure", str(error), "hybridsearch doctor")
    return Check("search", "ok", "words and photos, as far as the index has vectors for them, are answered in full")
