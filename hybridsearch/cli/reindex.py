"""`hybridsearch reindex`: build the index beside the live one, check it, swap."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.progress import progress
from hybridsearch.clients.client import HybridSearch

if TYPE_CHECKING:
    from hybridsearch.indexing.fill import Options


@click.command("reindex")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and what it would cost; write nothing.")
@click.option("--restart", is_flag=True, help="Start a new run, even if an interrupted one could be continued.")
@click.option("--force", is_flag=True, help="Swap even if a check fails, and continue however much is rejected.")
@click.option("--retry-rejects", is_flag=True, help="Only retry the products that the last run rejected.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that analyse products. Default: one for each core, of a large catalogue.",
)
@click.option(
    "--max-segments",
    type=click.IntRange(min=1),
    help="Merge the new index into so many segments for each shard before the swap. Default: 'engine.max_segments'.",
)
@click.option(
    "--replace-index", is_flag=True, help="Allow removing an index (not an alias) that has the configured name."
)
@options.as_json
@options.config
def command(
    dry_run: bool,
    restart: bool,
    force: bool,
    retry_rejects: bool,
    workers: int | None,
    max_segments: int | None,
    replace_index: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Build the index beside the live one, check it, and swap. A run that was interrupted is continued."""
    with HybridSearch.open(config, replace_index=replace_index) as shop:
        if dry_run:
            return print_dry_run(shop, as_json)
        if retry_rejects:
            return retry(shop, as_json)
        from hybridsearch.indexing.fill import Options

        meant = Options(restart=restart, force=force, say=show.say, workers=workers, max_segments=max_segments)
        return rebuild(shop, meant, as_json)


def rebuild(shop: HybridSearch, meant: Options, as_json: bool) -> int:
    """Run, and print what was done."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # handled like Ctrl-C: nothing is lost
    with progress(as_json=as_json) as tell:
        report = shop.reindex(tell, meant)
    if as_json:
        show.print_json(report.to_json())
    else:
        click.echo(
            f"Indexed {report.indexed:,} products into '{report.index}' in {report.seconds:.1f} s: "
            f"{report.encoded:,} vectors encoded, {report.cached:,} from the cache; {report.rejected:,} rejected, "
            f"{report.duplicates:,} duplicates, {report.without_picture:,} without a usable picture."
        )
        if report.retried:
            click.echo(f"{report.retried:,} requests were retried: the server was busy or briefly unavailable.")
        if report.videos or report.unread_videos:
            click.echo(
                f"{report.videos:,} products are seen in a video; of {report.unread_videos:,} others it cannot be read."
            )
        if report.reviews:
            click.echo(
                f"{report.reviews:,} reviews: {report.odd_reviews:,} look made up and count as few, of "
                f"{report.unused_reviews:,} something could not be used."
            )
        if report.stray_reviews:
            click.echo(f"{report.stray_reviews:,} reviews of the file are of products that are not there.")
        if report.quality:
            click.echo(f"{report.quality}.")
        show.rejects(report.rejects, report.rejected, f"everything is in {report.rejects_file}")
    return REFUSED if report.rejected else 0


def retry(shop: HybridSearch, as_json: bool) -> int:
    """Retry the rejects of the last run, and print the outcome."""
    retried, file = shop.retry_rejects()
    if as_json:
        show.print_json({**retried.to_json(), "rejects_file": file or None})
    else:
        click.echo(
            f"Indexed {retried.written:,} products that were rejected before; {len(retried.rejects):,} still are."
        )
        show.rejects(retried.rejects, len(retried.rejects), f"everything is in {file}")
    return REFUSED if retried.rejects else 0


def print_dry_run(shop: HybridSearch, as_json: bool) -> int:
    """Print what a run would do, and its cost."""
    from hybridsearch.indexing.dry_run import dry_run

    report = dry_run(shop)
    if as_json:
        show.print_json(report.to_json())
    else:
        click.echo(
            f"Would index {report.products:,} products into '{shop.settings.engine.index}': "
            f"{report.texts:,} texts and {report.pictures:,} pictures, of which about {report.cached:,} are encoded "
            f"already; {report.rejected:,} rejected. Nothing was written."
        )
        if report.videos:
            click.echo(f"  videos: {report.videos:,} products name one")
        if report.unread:
            click.echo(f"  pictures: {report.unread} of {report.tried} that were tried cannot be read: {report.flaw}")
        click.echo(f"  time: about {report.seconds:,.0f} s, measured on {report.measured} products of this catalogue")
        click.echo(
            f"  room: about {report.disk / 1e6:,.1f} MB on disk, {report.memory / 1e6:,.1f} MB of them in memory"
        )
        if report.absent:
            names = ", ".join(report.absent)
            click.echo(show.line(f"  no product has: {names}; correct [fields] or [catalog], or what fills them"))
        for line in report.outlook:
            click.echo(f"  {line}")
        show.rejects(report.rejects, report.rejected, "run without --dry-run to write a file of them")
    return REFUSED if report.rejected else 0
