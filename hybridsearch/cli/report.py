"""`hybridsearch report`: what the log says of queries, and what it proposes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.events.report import Report
    from hybridsearch.events.traffic import Asked

QUERIES = 20
"""Entries of each list, unless told otherwise."""


@click.command("report")
@click.argument("log", type=click.Path(path_type=Path), required=False)
@click.option(
    "-k", "most", default=QUERIES, show_default=True, type=click.IntRange(min=0), help="Entries of each list."
)
@click.option(
    "--at-least",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="SHOPPERS",
    help="Tell only of queries that so many shoppers asked.",
)
@options.as_json
@options.config
def command(log: Path | None, most: int, at_least: int, as_json: bool, config: Path | None) -> int:
    """Say which queries are asked most, find nothing or are never clicked, and propose synonyms and rules.

    LOG is a file, or the index under [log]; left out, the log of the configuration.
    """
    from hybridsearch.events import report as reporting
    from hybridsearch.events import source

    found = reporting.report(source.rows(Settings.load(config), log), most=most, at_least=at_least)
    if as_json:
        show.print_json(found.to_json())
    else:
        summary(found)
    return REFUSED if found.tally.refused else 0


def summary(found: Report) -> None:
    """Print the lists and the proposals."""
    from rich.markup import escape

    console = show.out()
    console.print(
        f"{found.answers:,} answers to {found.queries:,} queries, {found.clicked:,} of them clicked; "
        f"{found.browsed:,} pages without words"
    )
    queries("Asked most", found.top)
    queries("Found nothing", found.empty)
    queries("Never clicked", found.clickless)
    if found.reformulations:
        console.print("\n[bold]Not clicked, and then asked otherwise[/bold]")
        for first, then, count in found.reformulations:
            console.print(f"{show.safe(first, 40)} -> {show.safe(then, 40)}  ({count:,} shoppers)", soft_wrap=True)
    if found.synonyms:
        console.print("\n[bold]Synonyms to consider[/bold]")
        for each in found.synonyms:
            console.print(f"{show.safe(each.text, 120)}  # {show.safe(each.because, 200)}", soft_wrap=True)
    if found.rules:
        console.print("\n[bold]Rules to consider[/bold]")
        for each in found.rules:
            console.print(f"# {show.safe(each.because, 200)}", soft_wrap=True)
            console.print(escape(each.text), soft_wrap=True)
    for note in found.tally.notes:
        show.say(note)


def queries(heading: str, asked: tuple[Asked, ...]) -> None:
    """Print queries as a table."""
    from hybridsearch.cli.eval import table

    if not asked:
        return
    console = show.out()
    console.print(f"\n[bold]{heading}[/bold]")
    rows = [
        [
            show.safe(each.query, 60),
            f"{each.answers:,}",
            f"{each.crowd.count:,}",
            f"{each.ctr:.0%}",
            "-" if each.first_rank is None else f"{each.first_rank:.1f}",
        ]
        for each in asked
    ]
    console.print(table(["query", "asked", "shoppers", "clicked", "first rank"], rows))
