"""`hybridsearch learn-baskets`: what is bought together, from a file of orders."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import options, show
from hybridsearch.disk.paths import shown
from hybridsearch.settings import Settings


@click.command("learn-baskets")
@click.argument("orders", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: 'baskets.path' of the configuration.")
@click.option("--order", default="order_id", show_default=True, help="Field that names the order.")
@click.option("--product", default="product_id", show_default=True, help="Field with the id of a product.")
@options.as_json
@options.config
def command(
    orders: Path, output: Path | None, order: str, product: str, as_json: bool, config: Path | None
) -> int | None:
    """Learn what is bought together from ORDERS: JSON lines or a table with a row for each product of an order.

    A row may also hold a whole basket as a list of ids under 'products'.
    """
    from hybridsearch.learning.sources import baskets

    if output is None:
        settings = Settings.load(config)
        output = settings.resolve(settings.baskets.path)
    found = baskets.read(orders, order=order, product=product)
    pairs = baskets.pairs_of(found)
    kept = baskets.write(output, found, pairs)
    report = baskets.report(found, pairs, kept, output)
    if as_json:
        show.print_json(report)
        return None
    click.echo(f"{report['baskets']:,} baskets of {report['products']:,} products: {kept:,} pairs, in {shown(output)}.")
    if pairs.large:
        click.echo(f"Left out: {pairs.large:,} baskets of more than {baskets.LARGEST} products.")
    if found.skipped:
        click.echo(f"Rows that cannot be used: {found.skipped.total():,}, for instance {found.first}.", err=True)
    if not kept:
        click.echo(f"No two products share {baskets.FEWEST} baskets: nothing goes with anything yet.", err=True)
    return None
