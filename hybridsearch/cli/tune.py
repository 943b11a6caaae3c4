"""`hybridsearch tune`: learn weights from judgments, and use them only when held-out queries prove them better."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.eval import print_refused, resumable
from hybridsearch.cli.progress import progress
from hybridsearch.cli.saved import write_html
from hybridsearch.clients.client import HybridSearch
from hybridsearch.disk.paths import shown
from hybridsearch.search.weights import Weights

if TYPE_CHECKING:
    from hybridsearch.learning.shadow import Shadow
    from hybridsearch.learning.tune import Tuned
    from hybridsearch.runtime.progress import Progress

FILE = Path("weights.json")
"""Where weights are written when neither the configuration nor an option names a file."""


@click.command("tune")
@click.argument("judgments", type=click.Path(path_type=Path), required=False)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Weights file. Default: that of the configuration."
)
@click.option("--topics", type=click.Path(path_type=Path), help="Texts of the queries, for TREC qrels.")
@options.irrelevant
@click.option("--shadow", is_flag=True, help="Write the weights beside those in use, and say what they would change.")
@click.option("--log", type=click.Path(path_type=Path), help="Queries for --shadow: one in a line, or JSON lines.")
@click.option("--revert", is_flag=True, help="Restore the weights from before the last change.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a report with the learning curve, in one file; it takes a third longer.",
)
@click.option("--seed", default=0, show_default=True, help="Of the folds.")
@options.as_json
@options.config
def command(
    judgments: Path | None,
    output: Path | None,
    topics: Path | None,
    irrelevant: float,
    shadow: bool,
    log: Path | None,
    revert: bool,
    html: Path | None,
    seed: int,
    as_json: bool,
    config: Path | None,
) -> int:
    """Learn weights from JUDGMENTS (or clicks), and use them only when held-out queries prove them better."""
    if revert is (judgments is not None):
        raise click.UsageError("Give either JUDGMENTS to learn from, or --revert.")
    if html and revert:
        raise click.UsageError("--html reports on what is learned: give it with JUDGMENTS.")
    if log and not shadow:
        raise click.UsageError("--log names what --shadow compares: give both.")
    from hybridsearch.learning import history
    from hybridsearch.learning.history import exclusive
    from hybridsearch.learning.reports import tune_report
    from hybridsearch.learning.shadow import read_log
    from hybridsearch.learning.sources import judgments as judging
    from hybridsearch.learning.tune import tune

    with HybridSearch.open(config) as shop, exclusive(shop.settings):
        configured = shop.settings.weights.path
        path = output or shop.settings.resolve(configured or FILE)
        if judgments is None:
            return revert_weights(path, as_json)
        logged = read_log(log) if log else None
        judged = judging.read_named(shop.settings, judgments, topics=topics, irrelevant=irrelevant)
        with resumable(), progress() as tell:
            tuned = tune(shop, judged, judgments.parent, seed=seed, curve=html is not None, progress=tell)
            compared = compare_shadow(shop, tuned, logged, tell) if shadow else None
        activated = tuned.used is not None and not shadow
        if shadow:
            path = path.with_name(f"{path.stem}.shadow{path.suffix}")
            history.write(path, tuned.weights)
        elif tuned.used is not None:
            history.activate(path, tuned.used)
        used = configured is not None and shop.settings.resolve(configured).resolve() == path.resolve()
        if html:
            heading = f"{shop.settings.engine.index}, {judgments.name}, {datetime.now(UTC):%Y-%m-%d}"
            write_html(html, tune_report.html(tuned, heading=heading, activated=activated), "report")
    print_refused(judged)
    written = path if activated or shadow else None
    if as_json:
        data = {**tuned.to_json(shadow=shadow), "path": str(written) if written else None}
        show.print_json(data | ({"shadow": asdict(compared)} if compared else {}))
    else:
        report(tuned, compared, written)
        if activated and not used:
            click.echo(f"To use them, put into the configuration:\n[weights]\npath = {json.dumps(str(path))}")
    return 0 if written else REFUSED


def revert_weights(path: Path, as_json: bool) -> int:
    """Restore the weights from before the last change."""
    from hybridsearch.learning import history

    backup = history.revert(path)
    if as_json:
        show.print_json({"reverted": str(path), "from": str(backup)})
    else:
        click.echo(f"{shown(path)} has the weights from before the last change again.")
    return 0


def compare_shadow(shop: HybridSearch, tuned: Tuned, logged: list[str] | None, tell: Progress) -> Shadow:
    """Return what the new weights would change on logged queries, else on the judged ones."""
    from hybridsearch.learning.shadow import MOST, compare_pages

    queries = logged or [asked.query.text for asked in tuned.runs.asked if asked.query.text][:MOST]
    return compare_pages(shop, queries, tuned.weights, tell)


def report(tuned: Tuned, compared: Shadow | None, path: Path | None) -> None:
    """Print the measures, the weights and the decision."""
    for note in tuned.notes:
        click.echo(f"Note: {note}", err=True)
    skipped = "".join(f", {count:,} left out: {reason}" for reason, count in tuned.skipped.items())
    click.echo(f"{tuned.queries:,} queries{skipped}")
    click.echo(f"  keywords alone   {tuned.keyword:.4f}")
    click.echo(f"  current weights  {tuned.before:.4f}")
    click.echo(f"  new weights      {tuned.after:.4f}   (nDCG@10, each query under weights learned without it)")
    for line in weight_lines(tuned.weights):
        click.echo(f"  {line}")
    if compared and compared.queries:
        click.echo(
            f"On {compared.queries} queries {compared.overlap:.0%} of the first page stays, "
            f"and the first hit of {compared.same_first:.0%}. Most changed: "
            + "; ".join(f"'{show.safe(query, 40)}' ({overlap:.0%} stays)" for query, overlap in compared.most_changed)
        )
    click.echo(verdict(tuned.decision.activate and not compared, tuned.decision.reason))
    if tuned.taste:
        click.echo(
            f"Taste {tuned.taste.strength}. {verdict(tuned.taste.activate and not compared, tuned.taste.reason)}"
        )
    if path:
        click.echo(f"Written to {shown(path)}.")


def verdict(activated: bool, reason: str) -> str:
    """Return in a line whether something is used now, and why."""
    return f"{'Activated' if activated else 'Not activated'}: {reason}"


def weight_lines(weights: Weights) -> list[str]:
    """Return the weights, the largest first, as lines."""
    lines = []
    for kind, signals in (("", weights.signals), *weights.kinds.items()):
        ordered = sorted(signals.items(), key=lambda pair: -pair[1])
        text = ", ".join(f"{name} {value:.3f}" for name, value in ordered if value)
        lines.append(f"{f'for {kind}: ' if kind else 'weights: '}{text}")
    return lines
