"""How well the tone and the aspects of reviews are told, in six languages, and how fast.

    python -m benchmarks.reviews [--half held-out|tuning|both] [--small]

The sentences are those of review_sentences/LANGUAGE.tsv: a label (`+`, `-`, `0`), the aspects, the sentence. A hash of
the sentence says to which half it belongs; the words in hybridsearch/reviews/words were corrected on the tuning half
alone, but their first draft was written with all sentences in mind.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hybridsearch.reviews.summary import summary
from hybridsearch.reviews.tone import language_of, tone
from hybridsearch.sections import Reviews
from hybridsearch.texts import text

FOLDER = Path(__file__).with_name("review_sentences")
LANGUAGES = ("en", "de", "fr", "es", "ja", "zh")
HALVES = ("tuning", "held-out")
PRODUCTS, A_PRODUCT, SENTENCES = 200, 30, 3
SMALL = 5


class Sentence(NamedTuple):
    """A labelled sentence."""

    label: str
    aspects: frozenset[str]
    text: str

    @property
    def half(self) -> str:
        """The half that it belongs to."""
        return HALVES[hashlib.sha256(self.text.encode()).digest()[0] % 2]


def read(language: str) -> list[Sentence]:
    lines = (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return [Sentence(label, frozenset(filter(None, aspects.split(","))), said) for label, aspects, said in rows]


def measured(language: str, half: str) -> dict[str, object]:
    """Return the figures of a language: accuracy of three labels, of praise and complaint, of language and aspects."""
    own = [each for each in read(language) if half in ("both", each.half)]
    heard = [tone(text.clean(each.text), language) for each in own]
    right = [each.label == found.label for each, found in zip(own, heard, strict=True)]
    judged = [ok for each, ok in zip(own, right, strict=True) if each.label != "0"]
    named = [(each.aspects, frozenset(found.aspects)) for each, found in zip(own, heard, strict=True)]
    both = sum(len(meant & found) for meant, found in named)
    return {
        "language": language,
        "half": half,
        "sentences": len(own),
        "accuracy": round(sum(right) / len(own), 3),
        "of_judging": round(sum(judged) / len(judged), 3),
        "language_told": round(sum(language_of(text.clean(each.text)) == language for each in own) / len(own), 3),
        "aspects_precision": round(both / max(1, sum(len(found) for _, found in named)), 3),
        "aspects_recall": round(both / max(1, sum(len(meant) for meant, _ in named)), 3),
    }


def speed(products: int) -> Iterator[dict[str, object]]:
    """Yield how many reviews of three sentences are summed up in a second of one processor, bursts included."""
    for language in LANGUAGES:
        said = [each.text for each in read(language)]
        made = [" ".join(said[(turn + n) % len(said)] for n in range(SENTENCES)) for turn in range(len(said))]
        lists = [[made[(product + 3 * n) % len(made)] for n in range(A_PRODUCT)] for product in range(products)]
        summary(lists[0], Reviews(field="reviews"), (language,))
        started = time.process_time()
        for reviews in lists:
            summary(reviews, Reviews(field="reviews"), (language,))
        seconds = time.process_time() - started
        yield {"language": language, "reviews_a_second": round(products * A_PRODUCT / seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=(*HALVES, "both"), default="held-out")
    parser.add_argument("--small", action="store_true", help="a run of seconds, whose speed means nothing")
    arguments = parser.parse_args()
    for language in LANGUAGES:
        print(json.dumps(measured(language, arguments.half)))
    for line in speed(SMALL if arguments.small else PRODUCTS):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
