"""Trial: from judgments to measures. Steps: prepare, ask, measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.disk.home import Home
from hybridsearch.errors import EngineError
from hybridsearch.learning import histories
from hybridsearch.learning.evaluate import Evaluation, evaluate
from hybridsearch.learning.keyword_query import KeywordQuery
from hybridsearch.learning.prepared import LeftOut, PreparedQueries, PreparedQuery, prepare
from hybridsearch.learning.result_lists import ResultCache
from hybridsearch.learning.runs import Runs, retrieve
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.learning.taste import WithHistory, with_history
from hybridsearch.runtime.progress import Progress
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import Shop

PARTIAL = "an answer was not whole"


@dataclass(frozen=True, slots=True)
class Trial:
    """The judgments, the runs of all systems, and their measures.

    Attributes:
        unknown: Judged products that the index does not have.
        left_out: The queries that were not asked.
        weights: Those in use.
        history: What it changes to tell a search what its session had done before; None where no session is known.
    """

    judgments: Judgments
    unknown: int
    runs: Runs
    evaluation: Evaluation
    left_out: tuple[LeftOut, ...]
    weights: Weights
    history: WithHistory | None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `eval --json` prints."""
        counts = {name: getattr(self.judgments, name) for name in ("rows", "duplicates", "contradictions", "refused")}
        judgments = {**counts, "unknown_products": self.unknown}
        history = self.history.to_json() if self.history else None
        return {**self.evaluation.to_json(), "judgments": judgments, "history": history}


@dataclass(frozen=True, slots=True)
class Asked:
    """The runs of all systems, with notes on the queries.

    Attributes:
        weights: Those in use.
        unknown: Judged products that the index does not have.
        left_out: The queries that were not asked.
        skipped: Number of skipped queries by reason.
        notes: What was changed or ignored, as sentences.
    """

    weights: Weights
    runs: Runs
    unknown: int
    left_out: tuple[LeftOut, ...]
    skipped: dict[str, int]
    notes: tuple[str, ...]


def run(
    shop: Shop, judgments: Judgments, folder: Path, progress: Progress, keyword_query: KeywordQuery | None = None
) -> Trial:
    """Ask every system the judged queries, and measure the answers.

    Args:
        shop: The shop to ask; its current weights are one of the systems.
        judgments: What was judged.
        folder: Where relative paths of photos start.
        progress: Called after every answer.
        keyword_query: The shop's own query; default: BM25 over all fields.

    Raises:
        ConfigError: No query can be asked.
        EngineError: The engine cannot be reached, or gave only partial answers; the answers until then are kept.
    """
    asked = ask(shop, judgments, folder, progress, keyword_query)
    runs = asked.runs
    evaluation = evaluate(runs.asked, runs.rankings, skipped=asked.skipped, notes=asked.notes)
    again = histories.ask(shop, judgments, asked.weights, folder, progress)
    return Trial(
        judgments,
        asked.unknown,
        runs,
        evaluation,
        asked.left_out,
        asked.weights,
        with_history(again, asked.weights),
    )


def ask(
    shop: Shop, judgments: Judgments, folder: Path, progress: Progress, keyword_query: KeywordQuery | None = None
) -> Asked:
    """Ask every system the judged queries; the arguments and errors are those of `run`."""
    weights, degraded = shop.weights_for(shop.engine.schema())
    prepared = prepare(shop, judgments, folder)
    with ResultCache(Home(shop.settings.home).candidates) as cache:
        runs = retrieve(shop, prepared.asked, weights, cache, progress, keyword_query)
    if not runs.asked:
        raise EngineError(
            f"None of the {runs.partial} answers was whole: the engine ran out of time, or a shard failed. "
            "Try again when it is healthy; to check it, run: hybridsearch doctor"
        )
    return Asked(
        weights=weights,
        runs=runs,
        unknown=prepared.unknown,
        left_out=prepared.left_out,
        skipped={**prepared.skipped, **({PARTIAL: runs.partial} if runs.partial else {})},
        notes=(*(note[:1].upper() + note[1:] for note in degraded), *remarks(judgments, prepared, keyword_query)),
    )


def remarks(judgments: Judgments, prepared: PreparedQueries, keyword_query: KeywordQuery | None) -> Iterator[str]:
    """Yield what was changed or ignored, as sentences."""
    yield from judgments.notes
    if judgments.refused:
        yield f"Rows that cannot be used: {judgments.refused:,} of {judgments.rows:,}."
    if judgments.duplicates:
        yield f"Rows that repeat another, and count once: {judgments.duplicates:,}."
    if judgments.contradictions:
        yield f"Products with several grades for one query, of which the mean counts: {judgments.contradictions:,}."
    if prepared.unknown:
        yield f"Judged products that the index does not have, and that no system can find: {prepared.unknown:,}."
    if keyword_query and (count := count_beyond_words(prepared.asked)):
        yield f"Queries with filters or photos, which the shop's own query was asked without: {count:,}."


def count_beyond_words(asked: Sequence[PreparedQuery]) -> int:
    """Return how many queries ask for more than words."""
    return sum(bool(prepared.query.filters or prepared.query.given) for prepared in asked)
