"""`hybridsearch judgments`: what a file of judgments holds, and whether its raters agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import REFUSED, options, show

if TYPE_CHECKING:
    from hybridsearch.learning.judging.raters import Told

FILE = click.Path(path_type=Path)


@click.command("judgments")
@click.argument("file", type=FILE)
@click.option("--topics", type=FILE, metavar="FILE", help="Texts of the queries, for TREC qrels.")
@click.option(
    "-k", "most", default=20, show_default=True, type=click.IntRange(min=0), help="Disagreements that are listed."
)
@options.as_json
def command(file: Path, topics: Path | None, most: int, as_json: bool) -> int:
    """Say what a file of judgments holds, who gave it, whether they agree, and where they do not."""
    from hybridsearch.learning.judging import raters

    found = raters.read(file, topics=topics, most=most)
    if as_json:
        show.print_json(found.to_json())
    else:
        summary(found)
    return REFUSED if found.refused else 0


def summary(told: Told) -> None:
    """Print counts, raters, agreement and disagreements."""
    from rich.markup import escape

    from hybridsearch.cli.eval import SHOWN_ROWS, table

    found, console = told.summary, show.out()
    console.print(f"{found.queries:,} queries, {found.products:,} products, {found.pairs:,} pairs of them")
    total = sum(found.grades.values())
    shares = (f"{grade:g}: {count / total:.0%}" for grade, count in found.grades.items())
    console.print(f"Grades: {', '.join(shares) or 'none'}")
    if found.raters:
        rows = [
            [show.safe(each.name), f"{each.grades:,}", f"{each.mean:.2f}", signed(each.above)] for each in found.raters
        ]
        console.print(table(["rater", "grades", "mean", "above others"], rows))
    agreed = found.agreement
    if agreed.alpha is not None:
        ends = "" if agreed.low is None else f", 95 % interval [{agreed.low:.3f}, {agreed.high:.3f}]"
        console.print(
            escape(f"Krippendorff's alpha {agreed.alpha:.3f}{ends}, of {agreed.products:,} pairs with several raters"),
            soft_wrap=True,
        )
    console.print(agreed.said, soft_wrap=True)
    for each in found.disagreements:
        given = ", ".join(f"{show.safe(name)} {grade:g}" for name, grade in each.grades.items())
        console.print(f"  {show.safe(each.query, 60)}, {show.safe(each.product, 40)}: {given}", soft_wrap=True)
    if told.changed:
        show.say(f"{told.changed:,} rows change or take back what their rater had said; the last one counts.")
    for row in told.first_refused[:SHOWN_ROWS]:
        click.echo(f"  {row.where}: {show.safe(row.reason, 300)}", err=True)
    if told.refused:
        show.say(f"  {told.refused:,} of {told.rows:,} rows cannot be used; the others were.")


def signed(value: float | None) -> str:
    """Return a difference as text."""
    return "-" if value is None else f"{value:+.2f}"
