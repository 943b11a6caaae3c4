"""`hybridsearch encode`: encode what the next rebuild needs, in this process or in many."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.progress import progress
from hybridsearch.clients.client import HybridSearch


@click.command("encode")
@click.option("--on", default="local", show_default=True, metavar="WHERE", help="local, dask or ray.")
@click.option("--address", help="Of a cluster that runs already. Default: one is started on this machine.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that encode. Default: 2, or one for each GPU.")
@options.as_json
@options.config
def command(on: str, address: str | None, workers: int | None, as_json: bool, config: Path | None) -> int:
    """Encode what the next rebuild needs, so that it finds it. What was interrupted is continued."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # handled like Ctrl-C: nothing is lost
    with HybridSearch.open(config) as shop, progress(as_json=as_json) as tell:
        report = shop.encode(tell, on=on, address=address, workers=workers)
    if as_json:
        show.print_json(report.to_json())
    else:
        click.echo(
            f"Encoded {report.encoded:,} texts, pictures and videos of {report.read:,} products in "
            f"{report.seconds:.1f} s, {report.cached:,} were known; {report.rejected:,} rejected, "
            f"{report.without_picture:,} without a usable picture. Processes: {report.workers}."
        )
        if report.videos or report.unread_videos:
            click.echo(
                f"{report.videos:,} products are seen in a video; of {report.unread_videos:,} others it cannot be read."
            )
        show.rejects(report.rejects, report.rejected, "hybridsearch reindex writes a file of them")
    return REFUSED if report.rejected else 0
