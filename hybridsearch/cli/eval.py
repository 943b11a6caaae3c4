"""`hybridsearch eval`: how good the search is, measured on judged queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.progress import progress
from hybridsearch.client import HybridSearch
from hybridsearch.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from hybridsearch.learning.evaluate import Evaluation
    from hybridsearch.learning.judgments import Judgments
    from hybridsearch.learning.trial import Trial

FILE = click.Path(path_type=Path)
BM25 = "BM25 over all text fields"
FIRST = 5
"""Refused rows that are shown."""
OWN = "the shop's own query"


@click.command("eval")
@click.argument("judgments", type=FILE)
@click.option("--topics", type=FILE, metavar="FILE", help="Texts of the queries, for TREC qrels.")
@options.irrelevant
@click.option(
    "--keyword-query",
    type=FILE,
    metavar="FILE",
    help="The shop's own query: a JSON search body with {{query}} in it, run on 'catalog.index'. Default: BM25.",
)
@click.option("--html", type=FILE, metavar="FILE", help="Write a report for a browser, in one file.")
@options.as_json
@options.config
def command(
    judgments: Path,
    topics: Path | None,
    irrelevant: float,
    keyword_query: Path | None,
    html: Path | None,
    as_json: bool,
    config: Path | None,
) -> int:
    """Compare keywords, vectors, their fusion and the current weights on judged queries."""
    from hybridsearch.learning import judgments as judging
    from hybridsearch.learning import trial
    from hybridsearch.learning.keyword_query import KeywordQuery, load

    with ExitStack() as stack:
        shop = stack.enter_context(HybridSearch.open(config))
        query = stack.enter_context(KeywordQuery(shop.settings, load(keyword_query))) if keyword_query else None
        judged = judging.read(judgments, topics=topics, irrelevant=irrelevant)
        with resumable(), progress() as tell:
            found = trial.run(shop, judged, judgments.parent, tell, query)
        if as_json:
            show.print_json(found.to_json())
        else:
            summary(found.evaluation)
        if html:
            write(html, shop, found, judgments.name, OWN if query else BM25)
    refused(judged)
    return REFUSED if judged.refused else 0


@contextmanager
def resumable() -> Iterator[None]:
    """Say that nothing is lost when the engine goes away."""
    try:
        yield
    except EngineError:
        click.echo("What was answered so far is kept: the same command goes on from there.", err=True)
        raise


def summary(found: Evaluation) -> None:
    """Print the tables, what was left out and why, and the verdict."""
    from hybridsearch.learning.evaluate import MAIN

    console = show.out()
    measures = list(next(iter(found.systems.values())))
    console.print(table(["", *measures], [[name, *figures(values)] for name, values in found.systems.items()]))
    console.print(f"\n[bold]{MAIN}, difference with its 95 % interval[/bold]")
    rows = [
        [
            f"{a} - {b}",
            f"{comparison.difference:+.3f}",
            escape(f"[{comparison.low:+.3f}, {comparison.high:+.3f}]"),
            f"{comparison.p:.4f}",
        ]
        for (a, b), comparison in found.comparisons.items()
    ]
    console.print(table(["", "difference", "interval", "p (Holm)"], rows))
    for by, parts in groupby(found.breakdown, key=lambda part: part.by):
        console.print(f"\n[bold]{MAIN} by {by}[/bold]")
        rows = [[show.safe(each.value), f"{each.queries:,}", *figures(each.systems)] for each in parts]
        console.print(table(["", "queries", *found.systems], rows))
    console.print()
    for line in (*found.counts(), *found.notes):
        console.print(escape(line), soft_wrap=True)
    console.print(f"[bold]{escape(found.verdict)}[/bold]", soft_wrap=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of figures with a name in the first column."""
    made = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for place, name in enumerate(head):
        widest = max(map(len, name.split()), default=0)
        made.add_column(name, justify="right" if place else "left", min_width=widest, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def figures(values: Mapping[str, float]) -> list[str]:
    """Return measures as text."""
    return [f"{value:.3f}" for value in values.values()]


def write(path: Path, shop: HybridSearch, found: Trial, judgments: str, keyword: str) -> None:
    """Write the report.

    Raises:
        ConfigError: The file cannot be written.
    """
    from hybridsearch.learning import report

    asked, rankings = found.answers.asked, found.answers.rankings
    products = shop.get(report.example_products(report.extremes(found.evaluation), rankings))
    shows = report.examples(found.evaluation, asked, rankings, products, shop.settings.fields.title)
    heading = f"{shop.settings.engine.index}, {judgments}, {datetime.now(UTC):%Y-%m-%d}"
    page = report.html(found.evaluation, asked, shows, heading=heading, keyword=keyword)
    try:
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"Cannot write the report '{path}': {error.strerror}. Name another file.") from error
    click.echo(f"The report is in '{path}'.", err=True)


def refused(judged: Judgments) -> None:
    """Print the first rows that cannot be used."""
    for each in judged.first_refused[:FIRST]:
        click.echo(f"  {each.where}: {show.safe(each.reason, 300)}", err=True)
    if judged.refused:
        click.echo(f"  {judged.refused:,} of {judged.rows:,} rows cannot be used; the others were.", err=True)
