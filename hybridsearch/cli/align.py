"""`hybridsearch align`: adapt the encoder to the catalogue."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.settings import Settings


@click.command("align")
@click.option("--leg", metavar="NAME", help="The vector leg; needed only where several read pictures.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of the new encoder. Default: a new one beside the configuration.",
)
@click.option("--seed", default=0, show_default=True, help="Decides which products are held out, and what is drawn.")
@click.option("--restart", is_flag=True, help="Begin anew instead of going on with an interrupted run.")
@options.as_json
@options.config
def command(leg: str | None, output: Path | None, seed: int, restart: bool, as_json: bool, config: Path | None) -> int:
    """Train the encoder further on the catalogue's own pictures and words; keep it only if it finds more."""
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


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None, str], None]]:
    """Yield what a run tells its progress: a bar on a terminal, now and then a line in a pipe."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, TextColumn("{task.fields[remark]}"), console=Console(stderr=True)) as bar:
            task = bar.add_task("starting", total=None, remark="")
            yield lambda stage, done, total, remark: bar.update(
                task, description=stage, completed=done, total=total, remark=remark
            )
        return
    last = 0.0

    def line(stage: str, done: int, total: int | None, remark: str) -> None:
        nonlocal last
        if time.monotonic() - last >= show.PLAIN_EVERY:
            last = time.monotonic()
            click.echo(
                f"{stage}: {done:,} of {'?' if total is None else f'{total:,}'}; {remark}".rstrip("; "), err=True
            )

    yield line
