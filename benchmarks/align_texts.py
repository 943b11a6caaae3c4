"""What `hybridsearch align` is worth to a leg that reads text: the judged queries that it never saw, before and after.

    python -m benchmarks.align_texts --config hybridsearch.toml --judgments DATA/homedepot/judgments.jsonl.gz
        [--irrelevant 1] [--queries 800] [--phrases]

The configuration names the catalogue and one leg that reads text; it names no judgments. The queries with the most
grades are set aside, and with them all that differ from one of them only in the form or the order of words. `align`
learns from the others, or with --phrases from the products' attribute values. Then the shop is indexed with each
encoder, and the queries aside are measured as `eval` and `tune` do.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from hybridsearch import HybridSearch, Settings
from hybridsearch.align.run import align
from hybridsearch.learning import trial
from hybridsearch.learning.evaluate import MAIN
from hybridsearch.learning.gate import interval
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources.judgments import Judgments, read
from hybridsearch.learning.sources.queries import groups
from hybridsearch.learning.tune import Tuned, tune
from hybridsearch.runtime.progress import silent
from hybridsearch.sections import JudgmentsSection


def parted(judgments: Judgments, count: int) -> tuple[Judgments, Judgments]:
    """Return the queries with the most grades, and those that have nothing to do with them."""
    aside = sorted(judgments.answerable, key=lambda query: -len(query.grades))[:count]
    keys = {query.key for query in aside}
    numbers = groups(judgments.queries)
    near = {number for number, query in zip(numbers, judgments.queries, strict=True) if query.key in keys}
    others = [query for number, query in zip(numbers, judgments.queries, strict=True) if number not in near]
    return replace(judgments, queries=tuple(aside)), replace(judgments, queries=tuple(others))


def written(judgments: Judgments, file: Path) -> Path:
    """Write judgments, whose irrelevant grade is 0."""
    rows = (
        {"query": query.text, "product_id": product, "grade": grade}
        for query in judgments.queries
        for product, grade in query.grades.items()
    )
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def measured(settings: Settings, judgments: Judgments, label: str) -> Tuned:
    """Index a shop and print how well it answers."""
    with HybridSearch.open(settings) as shop:
        shop.reindex()
        found = trial.run(shop, judgments, settings.folder, silent).evaluation
        for name, values in found.systems.items():
            low, high = found.intervals[name]
            print(f"{label:8}{name:8} {MAIN} {values[MAIN]:.4f}   [{low:.4f}, {high:.4f}]")
        tuned = tune(shop, judgments, settings.folder, progress=silent)
    print(f"{label:8}tuned: {tuned.decision.reason}", flush=True)
    return tuned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--judgments", type=Path, required=True)
    parser.add_argument("--irrelevant", type=float, default=0.0)
    parser.add_argument("--queries", type=int, default=800)
    parser.add_argument("--phrases", action="store_true")
    options = parser.parse_args()
    settings = Settings.load(options.config)
    aside, others = parted(read(options.judgments, irrelevant=options.irrelevant), options.queries)
    print(f"{len(aside.queries)} queries aside, {len(others.queries)} to learn from")
    material = JudgmentsSection()
    if not options.phrases:
        material = JudgmentsSection(path=written(others, settings.folder / "learned-from.jsonl"))
    report = align(settings.model_copy(update={"judgments": material}))
    print(f"adopted: {report.adopted}, {report.reason}, {report.training['seconds']} s")
    before = measured(settings, aside, "before")
    if report.encoder is None:
        return
    (leg,) = settings.vectors
    aligned = settings.model_copy(update={"vectors": (leg.model_copy(update={"encoder": report.encoder}),)})
    after = measured(aligned, aside, "after")
    new, old = (tuned.runs.features.ndcg(tuned.runs.current) for tuned in (after, before))
    print(f"default weights: {interval(compare(new, old))}")
    print(f"tuned: {interval(compare(after.held_out, before.held_out))}")


if __name__ == "__main__":
    main()
