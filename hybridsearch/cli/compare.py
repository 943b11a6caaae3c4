"""`hybridsearch compare`: which of two weightings shoppers prefer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from hybridsearch.cli import REFUSED, options, show
from hybridsearch.settings import Settings

if TYPE_CHECKING:
    from hybridsearch.learning.arms import Compared, Difference


@click.command("compare")
@click.argument("log", type=click.Path(path_type=Path), required=False)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Of the samples that intervals are made from.",
)
@options.as_json
@options.config
def command(log: Path | None, seed: int, as_json: bool, config: Path | None) -> int:
    """Compare the two arms of a test: plain A/B, interleaved, or both.

    LOG is a file, or the index under [log]; left out, the log of the configuration.
    """
    from hybridsearch.events import source
    from hybridsearch.learning import arms

    found = arms.compare(source.rows(Settings.load(config), log), seed=seed)
    if as_json:
        show.print_json(found.to_json())
    else:
        summary(found)
    return REFUSED if found.tally.refused else 0


def summary(found: Compared) -> None:
    """Print both comparisons and the verdict."""
    from hybridsearch.cli.eval import table

    console = show.out()
    if apart := found.separate:
        told = ", ".join(
            f"{arm}: {apart.shoppers[arm]:,} with {apart.answers[arm]:,} answers" for arm in apart.shoppers
        )
        console.print(f"[bold]One arm for each shopper[/bold] ({told})")
        rows = [line("answers clicked", apart.ctr), line("clicks per answer", apart.clicks)]
        console.print(table(["", "a", "b", "difference", "95 % interval", "p", "at any time"], rows))
    if dealt := found.interleaved:
        console.print(f"[bold]Both arms in one list[/bold] ({dealt.answers:,} answers)")
        interval = escape(f"[{dealt.low:.3f}, {dealt.high:.3f}]")
        counts = [f"{count:,}" for count in (*dealt.wins.values(), dealt.ties)]
        always = escape(f"[{dealt.anytime[0]:.3f}, {dealt.anytime[1]:.3f}]")
        row = [*counts, f"{dealt.share:.3f}", interval, f"{dealt.p:.4f}", always]
        heads = ["prefer a", "prefer b", "neither", "share of b", "95 % interval", "p", "at any time"]
        console.print(table(heads, [row]))
    for note in found.notes:
        show.say(note)
    console.print(f"[bold]{escape(found.verdict)}[/bold]", soft_wrap=True)


def line(name: str, found: Difference) -> list[str]:
    """Return a row of figures."""
    interval = escape(f"[{found.low:+.4f}, {found.high:+.4f}]")
    always = escape(f"[{found.anytime[0]:+.4f}, {found.anytime[1]:+.4f}]")
    return [name, f"{found.a:.4f}", f"{found.b:.4f}", f"{found.difference:+.4f}", interval, f"{found.p:.4f}", always]
