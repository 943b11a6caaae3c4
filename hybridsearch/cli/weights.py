"""`hybridsearch weights`: the weights in use, those before them, and the way back to any of these."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hybridsearch.cli import options, show
from hybridsearch.cli.tune import FILE
from hybridsearch.disk.paths import shown
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.learning.versions import Version


@click.command("weights")
@click.option("--revert", "number", type=click.IntRange(min=1), metavar="NUMBER", help="Use earlier weights again.")
@options.as_json
@options.config
def command(number: int | None, as_json: bool, config: Path | None) -> int:
    """Say which weights are in use, how they were learned, and which there were before."""
    from hybridsearch.learning import history, versions

    settings = Settings.load(config)
    path = settings.resolve(settings.weights.path or FILE)
    if number is not None:
        with history.exclusive(settings):
            history.restore(path, number)
    found = versions.versions(path)
    if as_json:
        listed = [each.to_json() for each in found]
        show.print_json({"path": str(path), "reverted": number, "versions": listed})
        return 0
    if number is not None:
        click.echo(f"{shown(path)} has weights {number} again; what it had is the last entry of the history.")
    for each in found:
        click.echo(show.line(described(each)))
    if not found:
        click.echo(f"There is no {shown(path)}: the prior is in use. Learn weights with: hybridsearch tune JUDGMENTS")
    return 0


def described(version: Version) -> str:
    """Return a line on some weights."""
    name = f"{version.number:>4}" if version.number else "now "
    if version.problem:
        return f"{name}  {version.problem}"
    after, low, high = (
        version.number_of(*names) for names in (("nDCG@10", "after"), ("gain", "low"), ("gain", "high"))
    )
    if after is None or low is None or high is None:
        return f"{name}  {version.date or 'not learned'}"
    queries = version.number_of("queries") or 0
    return f"{name}  {version.date}  {queries:,.0f} queries, nDCG@10 {after:.4f}, gain {low:+.4f} to {high:+.4f}"
