"""`hybridsearch reindex`: build the index beside the live one, check it, swap."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.client import HybridSearch


@click.command("reindex")
@click.option("--dry-run", is_flag=True, help="Read the whole catalogue and say what would be done; write nothing.")
@click.option(
    "--replace-index", is_flag=True, help="Allow removing an index (not an alias) that has the configured name."
)
@options.as_json
@options.config
def command(dry_run: bool, replace_index: bool, as_json: bool, config: Path | None) -> int:
    """Build the index beside the live one, check it, and swap."""
    with HybridSearch.open(config, replace_index=replace_index) as shop:
        if dry_run:
            return preview(shop, as_json)
        with show.progress() as progress:
            report = shop.reindex(progress)
    if as_json:
        show.print_json(report.to_json())
    else:
        click.echo(
            f"Indexed {report.indexed:,} products into '{report.index}' in {report.seconds:.1f} s: "
            f"{report.encoded:,} vectors encoded, {report.cached:,} from the cache; {report.rejected:,} rejected, "
            f"{report.duplicates:,} duplicates, {report.without_picture:,} without a usable picture."
        )
        show.rejects(report.rejects, report.rejected, report.rejects_file)
    return REFUSED if report.rejected else 0


def preview(shop: HybridSearch, as_json: bool) -> int:
    """Print what a run would do."""
    from hybridsearch.preview import preview

    found = preview(shop.settings)
    if as_json:
        show.print_json(found.to_json())
    else:
        click.echo(
            f"Would index {found.products:,} products into '{shop.settings.engine.index}': "
            f"{found.texts:,} texts and {found.pictures:,} pictures to encode, {found.rejected:,} rejected. "
            "Nothing was written."
        )
        show.rejects(found.rejects, found.rejected, "give the command without --dry-run for a file of them")
    return REFUSED if found.rejected else 0
