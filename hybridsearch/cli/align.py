"""`hybridsearch align`: adapt the encoder to the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.cli.progress import progress
from hybridsearch.settings import Settings


@click.command("align")
@click.option("--leg", metavar="NAME", help="The vector leg. Default: the only one, or the only one with pictures.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of the new encoder. Default: a new one beside the configuration.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of what is held out and of the training batches.")
@click.option("--restart", is_flag=True, help="Restart instead of continuing an interrupted run.")
@options.as_json
@options.config
def command(leg: str | None, output: Path | None, seed: int, restart: bool, as_json: bool, config: Path | None) -> int:
    """Adapt an encoder to the catalogue's pictures and words, or to judged queries; keep it only if it finds more."""
    from hybridsearch.align.run import align

    settings = Settings.load(config)
    with progress() as tell:
        report = align(settings, leg=leg, output=output, seed=seed, restart=restart, progress=tell)
    if as_json:
        show.print_json(report.to_json())
    elif report.adopted:
        click.echo(
            f"Better {report.reason}.\nThe new encoder is in '{report.encoder}'. To use it, set in the leg "
            f"'{report.leg}' of the configuration\n    encoder = \"{report.encoder}\"\nand run: hybridsearch reindex"
        )
    else:
        click.echo(
            f"Not better for sure {report.reason}. The encoder '{report.base}' stays; no new one was written.", err=True
        )
    return 0 if report.adopted else REFUSED
