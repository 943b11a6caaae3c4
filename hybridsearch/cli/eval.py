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
from hybridsearch.cli.saved import write_html
from hybridsearch.clients.client import HybridSearch
from hybridsearch.errors import EngineError

if TYPE_CHECKING:
    from hybridsearch.learning.sources.judgments import Judgments
    from hybridsearch.learning.trial import Trial
    from hybridsearch.runtime.progress import Progress

FILE = click.Path(path_type=Path)
BM25 = "BM25 over all text fields"
SHOWN_ROWS = 5
"""Refused rows that are printed."""
SHOP_QUERY = "the shop's own query"


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
    from hybridsearch.learning import trial
    from hybridsearch.learning.keyword_query import KeywordQuery, load
    from hybridsearch.learning.sources import judgments as judging

    with ExitStack() as stack:
        shop = stack.enter_context(HybridSearch.open(config))
        query = stack.enter_context(KeywordQuery(shop.settings, load(keyword_query))) if keyword_query else None
        judged = judging.read_named(shop.settings, judgments, topics=topics, irrelevant=irrelevant)
        with resumable(), progress() as tell:
            measured = trial.run(shop, judged, judgments.parent, tell, query)
        if as_json:
            show.print_json(measured.to_json())
        else:
            summary(measured)
        if html:
            with progress() as tell:
                write_report(html, shop, measured, judgments.name, SHOP_QUERY if query else BM25, tell)
    print_refused(judged)
    return REFUSED if judged.refused else 0


@contextmanager
def resumable() -> Iterator[None]:
    """Say that the answers so far are kept when the engine fails."""
    try:
        yield
    except EngineError:
        click.echo("The answers so far are kept: run the same command again to continue.", err=True)
        raise


def summary(measured: Trial) -> None:
    """Print the tables, the skipped queries with the reason, and the verdict."""
    from hybridsearch.learning.evaluate import MAIN

    evaluation = measured.evaluation
    console = show.out()
    measures = list(next(iter(evaluation.systems.values())))
    console.print(table(["", *measures], [[name, *figures(values)] for name, values in evaluation.systems.items()]))
    console.print(f"\n[bold]{MAIN}, difference with its 95 % interval[/bold]")
    rows = [
        [
            f"{a} - {b}",
            f"{comparison.difference:+.3f}",
            escape(f"[{comparison.low:+.3f}, {comparison.high:+.3f}]"),
            f"{comparison.p:.4f}",
        ]
        for (a, b), comparison in evaluation.comparisons.items()
    ]
    console.print(table(["", "difference", "interval", "p (Holm)"], rows))
    for by, parts in groupby(evaluation.breakdown, key=lambda part: part.by):
        console.print(f"\n[bold]{MAIN} by {by}[/bold]")
        rows = [[show.safe(part.value), f"{part.queries:,}", *figures(part.systems)] for part in parts]
        console.print(table(["", "queries", *evaluation.systems], rows))
    console.print()
    for line in (*evaluation.counts(), *evaluation.notes, *([str(measured.history)] if measured.history else [])):
        console.print(escape(line), soft_wrap=True)
    console.print(f"[bold]{escape(evaluation.verdict)}[/bold]", soft_wrap=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of figures with a name in the first column."""
    grid = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for column, name in enumerate(head):
        widest = max(map(len, name.split()), default=0)
        grid.add_column(name, justify="right" if column else "left", min_width=widest, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def figures(values: Mapping[str, float]) -> list[str]:
    """Return measures as text."""
    return [f"{value:.3f}" for value in values.values()]


def write_report(path: Path, shop: HybridSearch, measured: Trial, judgments: str, keyword: str, tell: Progress) -> None:
    """Write the HTML report, for which the searches of the queries are timed, and pictures of products read.

    Raises:
        ConfigError: The file cannot be written.
        EngineError: The engine cannot be reached.
    """
    from hybridsearch.learning.latency import latencies
    from hybridsearch.learning.ranges import calibrated, ranges
    from hybridsearch.learning.reports import examples, report
    from hybridsearch.thumbnails import Thumbnails

    asked, rankings = measured.runs.asked, measured.runs.rankings
    products = shop.get(examples.example_products(examples.extremes(measured.evaluation), rankings))
    with Thumbnails(shop.settings) as thumbnails:
        pictures = thumbnails.embedded(products)
    title = shop.settings.fields.title
    found = list(ranges(measured.runs.features))
    page = report.html(
        measured.evaluation,
        asked,
        examples.examples(measured.evaluation, asked, rankings, products, title, pictures),
        heading=f"{shop.settings.engine.index}, {judgments}, {datetime.now(UTC):%Y-%m-%d}",
        keyword=keyword,
        left_out=measured.left_out,
        ranges=found,
        scales=list(calibrated(shop.engine.schema(), [each.signal for each in found])),
        latencies=latencies(shop.engine, asked, measured.weights, tell),
    )
    write_html(path, page, "report")


def print_refused(judged: Judgments) -> None:
    """Print the first rows that cannot be used."""
    for row in judged.first_refused[:SHOWN_ROWS]:
        click.echo(f"  {row.where}: {show.safe(row.reason, 300)}", err=True)
    if judged.refused:
        click.echo(f"  {judged.refused:,} of {judged.rows:,} rows cannot be used; the others were.", err=True)
