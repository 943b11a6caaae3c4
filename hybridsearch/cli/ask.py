"""`hybridsearch ask`: what products state about a question."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from hybridsearch.asking.answers import Answers
from hybridsearch.asking.comparison import Comparison
from hybridsearch.cli import options, show
from hybridsearch.clients.client import HybridSearch
from hybridsearch.errors import QueryError
from hybridsearch.search.filters.written_filters import read_filters


@click.command("ask")
@click.argument("question", default="")
@click.option("--product", "products", multiple=True, metavar="ID", help="Ask this product; several times: several.")
@options.filters
@options.timeout
@options.as_json
@options.config
def command(
    question: str,
    products: tuple[str, ...],
    filters: tuple[str, ...],
    timeout: float | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Answer a QUESTION by what products state, in their own words; "not stated" where they do not.

    Without a QUESTION the products are set side by side.
    """
    if not question and not products:
        raise QueryError('Found neither a question nor a --product. Ask such as: hybridsearch ask "how heavy is it?"')
    if filters and products:
        raise QueryError("Found --filter beside --product, which is looked at whatever it has. Leave one out.")
    with HybridSearch.open(config) as shop:
        if not question:
            compared = shop.compare(products)
            show.print_json(compared.to_json()) if as_json else beside(compared)
            return
        if products:
            found = [shop.ask(question, product=key) for key in products]
            answers = Answers(
                question,
                tuple(answer for each in found for answer in each.answers),
                " ".join(each.phrased for each in found if each.phrased),
                tuple(dict.fromkeys(note for each in found for note in each.notes)),
            )
        else:
            answers = shop.ask(question, filters=read_filters(filters), timeout=timeout)
        show.print_json(answers.to_json()) if as_json else tell(answers)


def tell(answers: Answers) -> None:
    """Print answers, and the place of each."""
    if answers.phrased:
        click.echo(show.line(answers.phrased))
    for answer in answers.answers:
        click.echo(show.line(f"{answer.product_id}  {answer.text}  ({answer.field}, {answer.confidence:.2f})"))
    if not answers.stated:
        click.echo("not stated")
    for note in answers.notes:
        click.echo(show.line(f"note: {note}"), err=True)


def beside(compared: Comparison) -> None:
    """Print products side by side; what differs is marked."""
    table = Table("", *map(show.safe, compared.products))
    for each in compared.fields:
        table.add_row(f"{'' if each.same else '* '}{show.safe(each.name)}", *map(show.safe, each.values))
    show.out().print(table)
