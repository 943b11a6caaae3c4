"""How far a run is: one line that moves on a terminal, a line now and then in a pipe, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from hybridsearch.indexing.report import Counts

EVERY = 5.0
"""Seconds between two lines in a pipe."""


class Tell(Protocol):
    """Is told the stage, how much of it is done, and of how much."""

    def __call__(
        self, stage: str, done: int, total: int | None, remark: str = "", more: Mapping[str, Any] | None = None, /
    ) -> None:
        """Show a remark too, and `more` to programs."""
        ...


@contextmanager
def progress(*, as_json: bool = False) -> Iterator[Tell]:
    """Yield what a run tells its progress, shown on standard error."""
    pace = Pace()
    if sys.stderr.isatty() and not as_json:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        times = (TextColumn("{task.fields[remark]}"), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, *times, console=Console(stderr=True)) as bar:
            task = bar.add_task("starting", total=None, remark="")

            def move(
                stage: str, done: int, total: int | None, remark: str = "", _: Mapping[str, Any] | None = None, /
            ) -> None:
                nonlocal task
                if pace.begins(stage):
                    bar.remove_task(task)
                    task = bar.add_task(stage, total=total, remark="")
                said = f"{pace.of(done, total)[0]:,.0f}/s{', ' * bool(remark)}{remark}"
                bar.update(task, completed=done, total=total, remark=said)

            yield move
        return
    last = time.monotonic()

    def line(
        stage: str, done: int, total: int | None, remark: str = "", more: Mapping[str, Any] | None = None, /
    ) -> None:
        nonlocal last
        pace.begins(stage)
        if time.monotonic() - last < EVERY:
            return
        last = time.monotonic()
        speed, left = pace.of(done, total)
        if as_json:
            found = {"stage": stage, **(more or {}), "total": total, "per_second": speed, "seconds_left": left}
            click.echo(json.dumps(found), err=True)
        else:
            of = "?" if total is None else f"{total:,}"
            soon = "" if left is None else f", {left:,.0f} s left"
            click.echo(f"{stage}: {done:,} of {of}, {speed:,.0f}/s{soon}{'; ' * bool(remark)}{remark}", err=True)

    yield line


def of_reindex(tell: Tell) -> Callable[[str, Counts, int | None], None]:
    """Return what a reindex tells its progress."""

    def told(stage: str, counts: Counts, total: int | None) -> None:
        remark = f"{counts.cached:,} vectors from the cache, {counts.encoded:,} encoded, {counts.rejected:,} rejected"
        tell(stage, counts.read, total, remark, asdict(counts))

    return told


class Pace:
    """How fast a stage is, not counting what an interrupted process of it did before."""

    def __init__(self) -> None:
        self.stage = ""
        self.first: int | None = None
        self.started = time.monotonic()

    def begins(self, stage: str) -> bool:
        """Say whether another stage begins, and start anew."""
        if stage == self.stage:
            return False
        self.stage, self.first = stage, None
        return True

    def of(self, done: int, total: int | None) -> tuple[float, float | None]:
        """Return how many are done a second, and the seconds that are left; None when that is unknown."""
        if self.first is None or done < self.first:
            self.first, self.started = done, time.monotonic()
        speed = (done - self.first) / max(1e-9, time.monotonic() - self.started)
        return round(speed, 1), None if total is None or not speed else round(max(0, total - done) / speed, 1)
