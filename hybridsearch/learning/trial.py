"""A trial: from judgments to figures. The line: prepare, ask, measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.disk.home import Home
from hybridsearch.errors import EngineError
from hybridsearch.learning.evaluate import Evaluation, evaluate
from hybridsearch.learning.judgments import Judgments
from hybridsearch.learning.keyword_query import KeywordQuery
from hybridsearch.learning.prepared import PreparedQueries, PreparedQuery, prepare
from hybridsearch.learning.result_lists import ResultCache
from hybridsearch.learning.runs import Answers, answers
from hybridsearch.progress import Progress
from hybridsearch.search.weights import Weights
from hybridsearch.shop import Shop

PARTIAL = "an answer was not whole"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was judged, what the systems answered, and what that is worth.

    Attributes:
        unknown: Judged products that the index does not have.
    """

    judgments: Judgments
    unknown: int
    answers: Answers
    evaluation: Evaluation

    def to_json(self) -> dict[str, Any]:
        """Return the object that `eval --json` prints."""
        counts = {name: getattr(self.judgments, name) for name in ("rows", "duplicates", "contradictions", "refused")}
        return {**self.evaluation.to_json(), "judgments": {**counts, "unknown_products": self.unknown}}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the systems answered, and what was said on the way.

    Attributes:
        weights: Those in use.
        unknown: Judged products that the index does not have.
        skipped: Queries that are left out, by reason.
        notes: What was changed or passed over, as sentences.
    """

    weights: Weights
    answers: Answers
    unknown: int
    skipped: dict[str, int]
    notes: tuple[str, ...]


def run(shop: Shop, judgments: Judgments, folder: Path, progress: Progress, own: KeywordQuery | None = None) -> Trial:
    """Ask every system the judged queries, and measure the answers.

    Args:
        shop: Where to ask; its current weights are one of the systems.
        judgments: What was judged.
        folder: Where relative paths of photos start.
        progress: Is told how many answers are there.
        own: The shop's own query; left out: BM25 over all fields.

    Raises:
        ConfigError: No query can be asked.
        EngineError: The engine cannot be reached, or gave no whole answer; what was answered until then is kept.
    """
    found = ask(shop, judgments, folder, progress, own)
    answered = found.answers
    evaluation = evaluate(answered.asked, answered.rankings, skipped=found.skipped, notes=found.notes)
    return Trial(judgments, found.unknown, answered, evaluation)


def ask(
    shop: Shop, judgments: Judgments, folder: Path, progress: Progress, own: KeywordQuery | None = None
) -> Gathered:
    """Ask every system the judged queries; the arguments and errors are those of `run`."""
    weights, degraded = shop.weights_for(shop.engine.schema())
    questions = prepare(shop, judgments, folder)
    with ResultCache(Home(shop.settings.home).candidates) as cache:
        found = answers(shop, questions.asked, weights, cache, progress, own)
    if not found.asked:
        raise EngineError(
            f"None of the {found.partial} answers was whole: the engine ran out of time, or a shard failed. "
            "Try again when it is healthy; hybridsearch doctor looks at it."
        )
    return Gathered(
        weights=weights,
        answers=found,
        unknown=questions.unknown,
        skipped={**questions.skipped, **({PARTIAL: found.partial} if found.partial else {})},
        notes=(*(each[:1].upper() + each[1:] for each in degraded), *remarks(judgments, questions, own)),
    )


def remarks(judgments: Judgments, questions: PreparedQueries, own: KeywordQuery | None) -> Iterator[str]:
    """Yield what was changed or passed over on the way, as sentences."""
    yield from judgments.notes
    if judgments.refused:
        yield f"Rows that cannot be used: {judgments.refused:,} of {judgments.rows:,}."
    if judgments.duplicates:
        yield f"Rows that repeat another, and count once: {judgments.duplicates:,}."
    if judgments.contradictions:
        yield f"Products with several grades for one query, of which the mean counts: {judgments.contradictions:,}."
    if questions.unknown:
        yield f"Judged products that the index does not have, and that no system can find: {questions.unknown:,}."
    if own and (count := unlike(questions.asked)):
        yield f"Queries with filters or photos, which the shop's own query was asked without: {count:,}."


def unlike(asked: Sequence[PreparedQuery]) -> int:
    """Return how many queries ask for more than words."""
    return sum(bool(each.query.filters or each.query.given) for each in asked)
