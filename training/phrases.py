"""What can be said of a picture: phrases in six languages with what each allows, their E5 vectors, and nonsense."""

from __future__ import annotations

import csv
import logging
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import BertModel, PreTrainedTokenizerFast

from hybridsearch.align.lexicon import LANGUAGES, Claim, Concept, lexicon

log = logging.getLogger("pair")
SPACELESS = ("ja", "zh")
COLOUR_FIRST = {"en": "{colour} {kind}", "de": "{colour} {kind}", "ja": "{colour}の{kind}", "zh": "{colour}{kind}"}
KIND_FIRST = "{kind} {colour}"
PHRASES = 10_000  # of the lexicon's own templates
FURTHER = 2_500  # of kinds that only the classes of ImageNet have
NONSENSE = 3_000
BATCH = 128


class Phrase(NamedTuple):
    """A text, and what it says; nothing for nonsense."""

    text: str
    claim: Claim | None
    alone: bool = False  # a colour, and no kind


class Classes:
    """The kinds of the thousand classes of ImageNet: those of `imagenet.tsv`, or each class its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.kinds = [f"imagenet/{number}" for number in range(len(names))]
        self.words: dict[str, dict[str, list[str]]] = {}
        with Path(__file__).with_name("imagenet.tsv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                for number in row["classes"].split():
                    self.kinds[int(number)] = row["kind"]
                if row["kind"].startswith("="):  # one that the lexicon lacks
                    self.words[row["kind"]] = {language: row[language].split("|") for language in LANGUAGES}


def phrases(classes: Classes, products: Iterable[dict[str, str]], rng: random.Random) -> list[Phrase]:
    """Write all texts: single words, phrases, names of classes and of groceries, nonsense."""
    told = [*_words(), *_templates(rng), *_further(classes, rng)]
    for name, kind in zip(classes.names, classes.kinds, strict=True):
        claim = Claim(frozenset({kind}))
        told += [Phrase(name, claim), Phrase(f"{rng.choice(('buy', 'a', 'new', 'cheap', 'best'))} {name}", claim)]
    for row in products:
        name, claim = row["name"].replace("-", " "), Claim(frozenset({f"grocery/{row['id']}"}))
        told += [Phrase(name, claim), Phrase(f"{name} {row['category'].replace('-', ' ').lower()}", claim)]
    sense = {phrase.text for phrase in told}
    odd = (lexicon().nonsense(rng) for _ in range(NONSENSE))
    return told + [Phrase(text, None) for text in odd if text not in sense]


def _words() -> Iterable[Phrase]:
    """Yield every word of the lexicon that training may use, alone."""
    book = lexicon()
    for axis in ("kind", "group"):
        for concept in book.concepts[axis].values():
            for word in (word for words in concept.words.values() for word in words if not word.held_out):
                for text in dict.fromkeys((word.text, word.text.lower())):
                    yield Phrase(text, Claim(book.meaning("kind", word)))
    for concept in book.concepts["colour"].values():
        for word in (word for words in concept.words.values() for word in words):
            for text in dict.fromkeys((word.text, *word.forms)):
                yield Phrase(text, Claim(colours=book.meaning("colour", word)), alone=True)


def _templates(rng: random.Random) -> Iterable[Phrase]:
    book = lexicon()
    kinds, groups = list(book.concepts["kind"].values()), list(book.concepts["group"].values())
    colours, patterns = list(book.concepts["colour"]), list(book.concepts["pattern"])[1:]
    for _ in range(PHRASES):
        concept: Concept | None = rng.choice(kinds if rng.random() < 0.93 else groups)
        dice, language = rng.random(), rng.choice(LANGUAGES)
        colour = rng.choice(colours) if dice < 0.75 else None
        text, claim = book.phrase(
            language, rng, concept if dice > 0.05 else None, colour, rng.choice(patterns) if dice < 0.15 else None
        )
        yield Phrase(text, claim, alone=not claim.kinds)


def _further(classes: Classes, rng: random.Random) -> Iterable[Phrase]:
    """Yield the words of kinds that the lexicon lacks, and phrases with a colour."""
    book = lexicon()
    every = [
        (kind, language, text)
        for kind, words in classes.words.items()
        for language in LANGUAGES
        for text in words[language]
    ]
    for kind, _, text in every:
        yield Phrase(text, Claim(frozenset({kind})))
    for _ in range(FURTHER):
        kind, language, text = rng.choice(every)
        hue = rng.choice(list(book.concepts["colour"].values())).pick(language, rng)
        template = COLOUR_FIRST.get(language, KIND_FIRST)
        claim = Claim(frozenset({kind}), book.meaning("colour", hue))
        yield Phrase(template.format(colour=hue.text, kind=text), claim)


@torch.inference_mode()
def vectors_of(texts: Sequence[str], bert: BertModel, tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """Encode texts as the tower will, averaged and of unit length: (n, 384); bfloat16 where it is fast."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    rows = torch.zeros(len(texts), bert.config.hidden_size)
    for start in range(0, len(order), BATCH):
        if start % (40 * BATCH) == 0:
            log.info("encoded %d of %d texts", start, len(order))
        batch = order[start : start + BATCH]
        tokens = tokenizer([texts[number] for number in batch], padding=True, truncation=True, return_tensors="pt")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = bert(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(2)
        rows[batch] = torch.nn.functional.normalize((states.float() * mask).sum(dim=1), dim=1)
    return rows


@dataclass
class Sayings:
    """Phrases ordered by what they say, to draw from."""

    told: list[Phrase]
    by_kind: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_both: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    by_colour: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_claim: dict[Claim, list[int]] = field(default_factory=lambda: defaultdict(list))
    covering: dict[frozenset[str], list[int]] = field(default_factory=dict)
    odd: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, phrase in enumerate(self.told):
            if phrase.claim is None:
                self.odd.append(number)
                continue
            self.by_claim[phrase.claim].append(number)
            for colour in phrase.claim.colours:
                if phrase.alone:
                    self.by_colour[colour].append(number)
                for kind in phrase.claim.kinds:
                    self.by_both[kind, colour].append(number)
            for kind in phrase.claim.kinds if not phrase.claim.colours else ():
                self.by_kind[kind].append(number)

    def draw(self, shown: Claim, rng: random.Random) -> int | None:
        """Return a phrase that is true of a picture; None where there is none."""
        colour = rng.choice(sorted(shown.colours)) if 0 < len(shown.colours) < 4 else None
        if colour and self.by_colour[colour] and rng.random() < 0.3:
            return rng.choice(self.by_colour[colour])
        if len(shown.kinds) > 1:
            covering = self._covering(shown.kinds)
            return rng.choice(covering) if covering else None
        kind = min(shown.kinds)
        pool = self.by_both.get((kind, colour or ""), []) if rng.random() < 0.65 else []
        pool = pool or self.by_kind.get(kind, [])
        return rng.choice(pool) if pool else None

    def _covering(self, kinds: frozenset[str]) -> list[int]:
        if kinds not in self.covering:
            self.covering[kinds] = [
                number
                for number, (_, claim, _) in enumerate(self.told)
                if claim and not claim.colours and kinds <= claim.kinds
            ]
        return self.covering[kinds]


def saved_vectors(cache: Path, texts: Sequence[str], bert: BertModel, tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """Encode each distinct text once, and keep the rows in a file for the next run."""
    file, known, rows = cache / "texts.npz", dict[str, int](), torch.zeros(0, bert.config.hidden_size)
    if file.exists():
        stored = np.load(file)
        known, rows = {text: i for i, text in enumerate(stored["texts"].tolist())}, torch.from_numpy(stored["rows"])
    fresh = [text for text in dict.fromkeys(texts) if text not in known]
    if fresh:
        rows = torch.cat([rows, vectors_of(fresh, bert, tokenizer)])
        known |= {text: len(known) + i for i, text in enumerate(fresh)}
        np.savez(file, texts=np.array(list(known)), rows=rows.numpy())
        log.info("encoded %d texts", len(fresh))
    return rows[[known[text] for text in texts]]
