"""Progress of a run: one line that moves on a terminal, a line every few seconds in a pipe, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from hybridsearch.runtime.progress import Progress

EVERY = 5.0
"""Seconds between two lines in a pipe."""
WINDOW = 600.0
"""Seconds over which the speed is averaged; a batch of a slow encoder may take a minute."""
REMARKS = {
    "cached": "{:,.0f} vectors from the cache",
    "encoded": "{:,.0f} encoded",
    "rejected": "{:,.0f} rejected",
    "loss": "loss {:.2f}",
    "best": "best validation MAP {:.3f}",
}
"""How counts beside the progress are worded for people; counts without an entry are for programs only."""


@contextmanager
def progress(*, as_json: bool = False) -> Iterator[Progress]:
    """Yield a Progress that is shown on standard error."""
    terminal = sys.stderr.isatty() and not as_json
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TextColumn("{task.fields[remark]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not terminal,
        get_time=time.monotonic,
        speed_estimate_period=WINDOW,
    )
    with bars:
        stages = Stages(bars)
        yield stages.show if terminal else Lines(stages, as_json=as_json).show


class Stages:
    """The current stage; every stage is timed separately."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.task = bars.add_task("starting", total=None, remark="")

    def show(self, stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}, /) -> Task:
        """Move the bar at once; return its task."""
        if self.bars.tasks[0].description != stage:
            self.bars.remove_task(self.task)
            self.task = self.bars.add_task(stage, total=total, remark="")
        self.bars.update(self.task, completed=done, total=total, remark=remark(counts))
        return self.bars.tasks[0]


class Lines:
    """A line every few seconds."""

    def __init__(self, stages: Stages, *, as_json: bool) -> None:
        self.stages, self.as_json = stages, as_json
        self.last = time.monotonic()

    def show(self, stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}, /) -> None:
        """Print a line, unless the last one is too recent."""
        task = self.stages.show(stage, done, total, counts)
        if time.monotonic() - self.last < EVERY:
            return
        self.last = time.monotonic()
        click.echo(json_line(task, counts) if self.as_json else text_line(task), err=True)


class Rate(ProgressColumn):
    """How fast a stage is."""

    def render(self, task: Task) -> Text:
        """Return the items a second."""
        return Text(f"{task.speed or 0:,.0f}/s")


def json_line(task: Task, counts: Mapping[str, float]) -> str:
    """Return a line for programs."""
    speed = {"per_second": round(task.speed or 0, 1), "seconds_left": task.time_remaining}
    return json.dumps({"stage": task.description, "done": task.completed, **counts, "total": task.total, **speed})


def text_line(task: Task) -> str:
    """Return a line for people."""
    of = "?" if task.total is None else f"{task.total:,}"
    left = "" if task.time_remaining is None else f", {task.time_remaining:,.0f} s left"
    remarks = f"; {task.fields['remark']}" if task.fields["remark"] else ""
    return f"{task.description}: {task.completed:,} of {of}, {task.speed or 0:,.0f}/s{left}{remarks}"


def remark(counts: Mapping[str, float]) -> str:
    """Return the counts beside the progress, worded for people."""
    return ", ".join(text.format(counts[name]) for name, text in REMARKS.items() if name in counts)
